package sources_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// made is a normalizer made of functions.
type made struct {
	detect func(*sources.Probe) sources.Confidence
	read   func(w *sources.Writer) error
}

func (n made) Formats() []sources.Format {
	return []sources.Format{{ID: "made", Detect: func(_ context.Context, p *sources.Probe) sources.Confidence { return n.detect(p) }}}
}

func (made) Categories() []model.Category {
	return []model.Category{model.CategoryTransaction, model.CategoryBalance}
}

func (n made) Normalize(_ context.Context, _ sources.Document, _ sources.Query, w *sources.Writer) error {
	return n.read(w)
}

func readMade(t *testing.T, l sources.Limits, f func(w *sources.Writer) error) (*sources.Reading, error) {
	t.Helper()
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(made{read: f}))
	d := text("x")
	d.Format = "made"
	return g.Read(t.Context(), d, sources.Everything(), &sources.ReadOptions{Limits: l})
}

func TestWriterBreaches(t *testing.T) {
	t.Parallel()
	tx := func() *model.Transaction { return new(model.Transaction) }
	for name, f := range map[string]func(w *sources.Writer) error{
		"one variable in a loop": func(w *sources.Writer) error {
			var t model.Transaction
			for i := range 3 {
				t = model.Transaction{ID: string(rune('a' + i))}
				if err := w.Record(&t, model.AtLine(i)); err != nil {
					return err
				}
			}
			return nil
		},
		"two variables in a loop": func(w *sources.Writer) error {
			var t model.Transaction
			var b model.Balance
			for i := range 3 {
				t, b = model.Transaction{}, model.Balance{}
				if err := errors.Join(w.Record(&t, model.AtLine(i)), w.Record(&b, model.AtLine(i))); err != nil {
					return err
				}
			}
			return nil
		},
		"a breach that is not returned": func(w *sources.Writer) error {
			_ = w.Record(&model.Pension{}, model.AtLine(1))
			return nil
		},
		"another category": func(w *sources.Writer) error { return w.Record(&model.Pension{}, model.AtLine(1)) },
		"nothing":          func(w *sources.Writer) error { return w.Record((*model.Transaction)(nil), model.AtLine(1)) },
		"a value as place": func(w *sources.Writer) error { return w.Record(tx(), "NL48BRON0123456789") },
		"a value as the place of a doubt": func(w *sources.Writer) error {
			return w.Record(tx(), model.AtLine(1), model.Issue{Code: model.IssueInvalid, At: "NL48BRON0123456789"})
		},
		"a value as the field of a doubt": func(w *sources.Writer) error {
			return w.Record(tx(), model.AtLine(1), model.Doubt(model.IssueInvalid, "NL48BRON0123456789"))
		},
		"a code of one's own": func(w *sources.Writer) error {
			r := tx()
			r.Issues = []model.Issue{{Code: "canary"}}
			return w.Record(r, model.AtLine(1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readMade(t, sources.Limits{}, f)
			require.ErrorIs(t, err, sources.ErrAdapter)
			assert.Empty(t, got.Records, "what a normalizer wrote against its contract counts for nothing")
			assert.NotContains(t, err.Error(), "NL48")
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

// A normalizer that takes no for an answer, but does not say so, has not read the document.
func TestWriterRefusalIsKept(t *testing.T) {
	t.Parallel()
	got, err := readMade(t, sources.Limits{Records: 2}, func(w *sources.Writer) error {
		for i := range 5 {
			_ = w.Record(new(model.Transaction), model.AtLine(i))
		}
		return nil
	})
	require.ErrorIs(t, err, sources.ErrAdapter)
	assert.Len(t, got.Records, 2, "what it read is not wrong")
	assert.Contains(t, got.Issues, model.Doubt(model.IssueLimit, ""))
}

func TestWriterIssues(t *testing.T) {
	t.Parallel()
	got, err := readMade(t, sources.Limits{Issues: 3}, func(w *sources.Writer) error {
		for range 10 {
			w.Issue(model.Issue{Code: model.IssueInvalid, Field: "NL48BRON0123456789", At: "Jan Jansen, Straat 12345678901"})
		}
		return nil
	})
	require.NoError(t, err)
	doubt := model.Issue{Code: model.IssueInvalid}
	assert.Equal(t, []model.Issue{doubt, doubt, doubt, {Code: model.IssueLimit}}, got.Issues)
}

// A reader that panics over a document must not end the process, nor keep another from reading it.
func TestDetectPanics(t *testing.T) {
	t.Parallel()
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(made{detect: func(p *sources.Probe) sources.Confidence { panic(string(p.Head)) }}, bank))
	_, err := g.Detect(t.Context(), text("canary"))
	require.ErrorIs(t, err, sources.ErrAdapter)
	assert.NotContains(t, err.Error(), "canary")
	id, err := g.Detect(t.Context(), text("lines bank\n"))
	require.NoError(t, err)
	assert.EqualValues(t, "bank", id)
}

// brokenDisk is a body that cannot be read: a file on a broken disk.
type brokenDisk struct{ err error }

func (f brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, f.err }
func (brokenDisk) Size() int64                         { return 10 }

func TestDetectErrors(t *testing.T) {
	t.Parallel()
	g := registry(t)
	_, err := g.Detect(t.Context(), sources.Document{Body: brokenDisk{&leaky{"/home/canary.xml"}}})
	require.ErrorIs(t, err, sources.ErrUnexpected)
	assert.NotContains(t, err.Error(), "canary")
	_, err = g.Detect(t.Context(), sources.Document{})
	require.ErrorIs(t, err, sources.ErrAdapter)

	ctx, cancel := context.WithCancel(t.Context())
	var ending sources.Registry
	require.NoError(t, ending.AddNormalizer(made{detect: func(*sources.Probe) sources.Confidence { cancel(); return sources.No }}))
	_, err = ending.Detect(ctx, text("x"))
	require.ErrorIs(t, err, context.Canceled)
}
