package sources_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/sources/mijnpensioenoverzicht"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/uwv"
	"github.com/brondata/brondata/testdata"
)

// odd is a content whose n-th call of ReadAt, from 0, goes wrong; -1 for all.
type odd struct {
	data  []byte
	size  func() int64
	at    int64
	calls atomic.Int64
	fault func(data, p []byte, off int64) (int, error)
}

func (o *odd) Size() int64 {
	if o.size != nil {
		return o.size()
	}
	return int64(len(o.data))
}

func (o *odd) ReadAt(p []byte, off int64) (int, error) {
	if call := o.calls.Add(1) - 1; o.fault != nil && (o.at < 0 || call == o.at) {
		return o.fault(o.data, p, off)
	}
	return bytes.NewReader(o.data).ReadAt(p, off)
}

var errDisk = errors.New("canary: the disk is on fire")

// faults are the ways in which a content of a host or a source breaks its contract, or only fails.
var faults = map[string]func(data, p []byte, off int64) (int, error){
	"an error":               func(_, _ []byte, _ int64) (int, error) { return 0, errDisk },
	"an error behind a part": func(d, p []byte, off int64) (int, error) { return copy(p, d[off:][:1]), errDisk },
	"ended too early":        func(_, _ []byte, _ int64) (int, error) { return 0, io.EOF },
	"a part, ended":          func(d, p []byte, off int64) (int, error) { return copy(p, d[off:][:1]), io.EOF },
	"a part, broken off":     func(d, p []byte, off int64) (int, error) { return copy(p, d[off:][:1]), io.ErrUnexpectedEOF },
	"a part without error":   func(d, p []byte, off int64) (int, error) { return copy(p, d[off:][:1]), nil },
	"nothing without error":  func(_, _ []byte, _ int64) (int, error) { return 0, nil },
	"too much":               func(_, p []byte, _ int64) (int, error) { return len(p) + 1, nil },
	"less than nothing":      func(_, _ []byte, _ int64) (int, error) { return -1, nil },
	"a panic":                func(_, _ []byte, _ int64) (int, error) { panic("canary") },
}

func formats(t testing.TB) *sources.Registry {
	t.Helper()
	var g sources.Registry
	require.NoError(t, g.AddNormalizer(camt.Normalizer{}, mijnpensioenoverzicht.Normalizer{}, psd2.Normalizer{}, uwv.Normalizer{}, bank))
	require.NoError(t, g.AddSource(sources.Upload{}))
	return &g
}

// documents are one of each format.
func documents(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{
		"psd2":  []byte(`{"transactions":{"booked":[{"bookingDate":"2026-01-05","transactionAmount":{"amount":"-1.00","currency":"EUR"}}],"_links":{}}}`),
		"lines": []byte(balancedText),
	}
	for _, name := range []string{"statement.camt053.xml", "pensioenaanspraken.xml", "pensioenoverzicht.json", "verzekeringsbericht.pdf"} {
		b, err := testdata.FS.ReadFile(name)
		require.NoError(t, err)
		out[name] = b
	}
	return out
}

// Whatever goes wrong with a body, and wherever, it ends as an error and is never taken for a document that ends there.
func TestOddContents(t *testing.T) {
	t.Parallel()
	g := formats(t)
	for name, data := range documents(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sound := &odd{data: data}
			_, err := g.Read(t.Context(), sources.Document{Body: sound}, sources.Everything(), nil)
			require.NoError(t, err)
			for fault, f := range faults {
				for at := int64(-1); at < sound.calls.Load(); at++ {
					r, err := g.Read(t.Context(), sources.Document{Body: &odd{data: data, at: at, fault: f}}, sources.Everything(), nil)
					if assert.Error(t, err, "%s at call %d", fault, at) {
						assert.NotContains(t, err.Error(), "canary")
						assert.NotEqual(t, model.CheckYes, r.Balanced)
						assert.NotEqual(t, sources.ErrUnknownFormat, errors.Unwrap(err), "what could not be looked at is not unknown")
					}
				}
			}
		})
	}
}

// In a collection the coverage says so too, and the other files go on.
func TestCollectOddContents(t *testing.T) {
	t.Parallel()
	data := []byte(balancedText)
	bodies := map[string]func() sources.Content{
		"a nil pointer":   func() sources.Content { return (*bytes.Reader)(nil) },
		"a negative size": func() sources.Content { return &odd{data: data, size: func() int64 { return -1 }} },
		"a size too large": func() sources.Content {
			return &odd{data: data, size: func() int64 { return int64(len(data)) + 1 }}
		},
		"no bytes":           func() sources.Content { return &odd{} },
		"a size that panics": func() sources.Content { return &odd{data: data, size: func() int64 { panic("canary") }} },
	}
	for fault, f := range faults {
		for when, at := range map[string]int64{"always": -1, "in the digest": 1, "in the reading": 2} { // 0 is the detection
			bodies[fault+" "+when] = func() sources.Content { return &odd{data: data, at: at, fault: f} }
		}
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := formats(t)
			in := sources.Input{Files: []sources.Document{{Institution: "bank", Body: body()}, {Institution: "bank", Body: sources.BytesContent(data)}}}
			d, err := collect(t, g, grant(t, scopeOf(bankCats[:2]...), "bank").Permit, in, nil)
			require.NoError(t, err)
			for _, c := range bankCats[:2] {
				cov := cover(t, d, "bank", c)
				if name == "a nil pointer" || name == "a negative size" || name == "a size that panics" {
					assert.NotEmpty(t, d.Issues, "a file that was not taken is told")
					continue
				}
				assert.Equal(t, model.ObtainedPart, cov.Obtained)
				assert.Equal(t, model.CheckNot, cov.Balanced)
			}
			assert.Len(t, d.Records, 4, "the other file")
		})
	}
	t.Run("a size that shrinks once the digest was made", func(t *testing.T) {
		t.Parallel()
		asked := 0
		in := sources.Input{Files: []sources.Document{{Institution: "bank", Body: &odd{data: data, size: func() int64 {
			if asked++; asked > 2 {
				return int64(len("lines bank\n"))
			}
			return int64(len(data))
		}}}}}
		d, err := collect(t, formats(t), grant(t, scopeOf(bankCats[:2]...), "bank").Permit, in, nil)
		require.NoError(t, err)
		assert.Equal(t, model.Digest(sha256.Sum256(data)), d.Documents[0].Digest)
		assert.Len(t, d.Records, 4, "what was read is what the digest is of")
	})
}

// The document itself says so as well, to normalizers that a host calls without a registry.
func TestDocumentOddContents(t *testing.T) {
	t.Parallel()
	for name, f := range faults {
		d := sources.Document{Body: &odd{data: []byte("abc"), at: -1, fault: f}}
		_, err := d.Bytes(t.Context(), 10)
		require.Error(t, err, name)
		_, err = io.ReadAll(d.Open(t.Context()))
		require.Error(t, err, name)
	}
	for name, d := range map[string]sources.Document{
		"none": {}, "a negative size": {Body: &odd{size: func() int64 { return -1 }}},
		"too large a size": {Body: &odd{data: []byte("abc"), size: func() int64 { return 4 }}},
	} {
		_, err := d.Bytes(t.Context(), 10)
		require.Error(t, err, name)
		_, err = io.ReadAll(d.Open(t.Context()))
		require.Error(t, err, name)
	}
	b, err := sources.Document{Body: &odd{data: []byte("abc"), size: func() int64 { return 2 }}}.Bytes(t.Context(), 2)
	require.NoError(t, err)
	assert.Equal(t, "ab", string(b))
	_, err = sources.Document{Body: &odd{data: []byte("abc")}}.Bytes(t.Context(), 2)
	require.ErrorIs(t, err, sources.ErrTooLarge)
}

// swallows is a normalizer that takes any error of reading for the end.
type swallows struct {
	lines
	read func(ctx context.Context, d sources.Document)
}

func (n swallows) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	n.read(ctx, d)
	return w.Record(&model.Transaction{Status: model.Booked}, model.AtLine(1))
}

// A normalizer that swallows an error of its body, or the end of its context, did not read the whole.
func TestSwallowedErrors(t *testing.T) {
	t.Parallel()
	read := func(d sources.Document, n func(context.Context, sources.Document)) error {
		var g sources.Registry
		require.NoError(t, g.AddNormalizer(swallows{lines{"bank", "", bankCats}, n}))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := g.Read(context.WithValue(ctx, cancelKey{}, cancel), d, sources.Everything(), nil)
		return err
	}
	some := func(ctx context.Context, d sources.Document) { _, _ = io.Copy(io.Discard, d.Open(ctx)) }
	require.NoError(t, read(text("lines bank\n"), some))
	d := text("lines bank\n")
	d.Body = &odd{data: []byte("lines bank\n"), at: 1, fault: faults["an error"]}
	require.ErrorIs(t, read(d, some), sources.ErrUnexpected)
	require.ErrorIs(t, read(text("lines bank\n"), func(ctx context.Context, _ sources.Document) {
		ctx.Value(cancelKey{}).(context.CancelFunc)()
	}), context.Canceled)
}

type cancelKey struct{}

// A source that swallows the end of its time has not disconnected.
func TestSwallowedDisconnect(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := deaf{fake: source("api", "bank", model.API, bankCats, nil), disconnect: func(context.Context, *sources.Session) error {
		cancel()
		return nil
	}}
	r, err := sources.NewRetriever(registry(t, c), nil)
	require.NoError(t, err)
	require.ErrorIs(t, r.Disconnect(ctx, "bank", nil), context.Canceled)
	require.NoError(t, r.Disconnect(t.Context(), "bank", nil))
}

type deaf struct {
	fake
	disconnect func(context.Context, *sources.Session) error
}

func (c deaf) Connect(context.Context, *sources.Session, sources.ConnectRequest) (sources.Step, error) {
	return sources.Step{Kind: sources.StepDone}, nil
}

func (c deaf) Disconnect(ctx context.Context, s *sources.Session) error { return c.disconnect(ctx, s) }

// What a document says of itself is not lost among other doubts, and what may be missing from it makes it incomplete.
func TestCollectDoubtsOfTheDocument(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		issues []model.Issue
		want   model.Obtained
	}{
		"a remark":              {[]model.Issue{model.Doubt(model.IssueUnknown, "")}, model.ObtainedAll},
		"it lacks data":         {[]model.Issue{model.Doubt(model.IssueIncompleteDoc, "")}, model.ObtainedPart},
		"it ends too early":     {[]model.Issue{model.Doubt(model.IssueTruncated, "")}, model.ObtainedPart},
		"it was mended":         {[]model.Issue{model.Doubt(model.IssueDamaged, "")}, model.ObtainedPart},
		"a limit":               {[]model.Issue{model.Doubt(model.IssueLimit, "")}, model.ObtainedPart},
		"behind many remarks":   {append(many(1000), model.Doubt(model.IssueIncompleteDoc, "")), model.ObtainedPart},
		"as many as are kept":   {many(1000), model.ObtainedAll},
		"entries, behind many":  {append(many(1000), model.Doubt(model.IssueHistoryCut, "")), model.ObtainedPart},
		"one more than is kept": {many(1001), model.ObtainedPart},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g sources.Registry
			require.NoError(t, g.AddNormalizer(doubting{lines{"bank", "", bankCats}, tc.issues}))
			require.NoError(t, g.AddSource(source("api", "bank", model.API, bankCats, nil, balancedText)))
			d, err := collect(t, &g, grant(t, scopeOf(model.CategoryTransaction), "bank").Permit, sources.Input{}, nil)
			require.NoError(t, err)
			assert.Equal(t, tc.want, cover(t, d, "bank", model.CategoryTransaction).Obtained)
		})
	}
}

func many(n int) []model.Issue {
	return slices.Repeat([]model.Issue{model.Doubt(model.IssueUnknown, "")}, n)
}

// doubting is lines with some doubts about the document.
type doubting struct {
	lines
	issues []model.Issue
}

func (n doubting) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	for _, i := range n.issues {
		w.Issue(i)
	}
	return n.lines.Normalize(ctx, d, q, w)
}

// A reader that broke off is no document that ended, wherever it does so; and a spool that was closed has no bytes, which is
// something else than none.
func TestSpoolBrokenOff(t *testing.T) {
	t.Parallel()
	for _, end := range []error{io.ErrUnexpectedEOF, io.ErrClosedPipe, context.DeadlineExceeded} {
		for _, n := range []int{0, 1, 10, 11, 100, 64<<10 - 1, 64 << 10, 64<<10 + 1, 128 << 10, 200_000} {
			for name, with := range map[string]bool{"with the last bytes": true, "after them": false} {
				_, err := sources.NewSpool(t.Context(), &breaking{n: n, err: end, with: with}, 10, 1<<20)
				assert.ErrorIs(t, err, end, "%v after %d bytes, %s", end, n, name)
			}
		}
	}
	for _, memory := range []int64{10, 1000} {
		s, err := sources.NewSpool(t.Context(), strings.NewReader(strings.Repeat("x", 100)), memory, 1<<20)
		require.NoError(t, err)
		_, err = s.ReadAt(make([]byte, 3), 0)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		_, err = s.ReadAt(make([]byte, 3), 0)
		require.ErrorIs(t, err, sources.ErrUnavailable)
		_, err = sources.Document{Body: s}.Bytes(t.Context(), 1000)
		require.Error(t, err)
	}
}

// breaking gives n bytes and then, or with the last of them, once an error; after that nothing but the end.
type breaking struct {
	n    int
	err  error
	with bool
	done bool
}

func (r *breaking) Read(p []byte) (int, error) {
	n := min(len(p), r.n)
	r.n -= n
	if r.n == 0 && !r.done && (r.with || n == 0) {
		r.done = true
		return n, r.err
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// A part that a server sends to who asked for the whole is no success.
func TestStatusError(t *testing.T) {
	t.Parallel()
	for status := 200; status < 300; status++ {
		err := sources.StatusError(status)
		assert.Equal(t, status == 206, err != nil, status)
	}
}

// A source that fails behind what it brought, however it says so, brought less than all, and nothing that is balanced.
func TestCollectFailsBehindABalance(t *testing.T) {
	t.Parallel()
	fail := sources.Errorf(sources.ErrUnavailable, "status 503")
	for name, tc := range map[string]struct {
		then     func(s *sources.Session) error
		docs     []string
		outcome  string
		obtained model.Obtained
		balanced model.Check
	}{
		"it does not fail":            {func(*sources.Session) error { return nil }, []string{balancedText}, "api ok", model.ObtainedAll, model.CheckYes},
		"an error":                    {func(*sources.Session) error { return fail }, []string{balancedText}, "api unavailable", model.ObtainedPart, model.CheckNot},
		"of a category":               {func(s *sources.Session) error { s.Failed(fail, model.CategoryTransaction); return nil }, []string{balancedText}, "api unavailable", model.ObtainedPart, model.CheckNot},
		"of none":                     {func(s *sources.Session) error { s.Failed(fail); return nil }, []string{balancedText}, "api unavailable", model.ObtainedPart, model.CheckNot},
		"without an error":            {func(s *sources.Session) error { s.Failed(nil, model.CategoryTransaction); return nil }, []string{balancedText}, "api adapter", model.ObtainedPart, model.CheckNot},
		"of another category":         {func(s *sources.Session) error { s.Failed(fail, model.CategoryPerson); return nil }, []string{balancedText}, "api unavailable", model.ObtainedAll, model.CheckYes},
		"a document that lacks data":  {func(*sources.Session) error { return nil }, []string{balancedText + "lacks\n"}, "api ok", model.ObtainedPart, model.CheckNot},
		"before it brought something": {func(*sources.Session) error { return fail }, nil, "api unavailable", model.ObtainedAll, model.CheckYes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := source("api", "bank", model.API, bankCats, nil, tc.docs...)
			inner := api.fetch
			api.fetch = func(ctx context.Context, s *sources.Session, q sources.Query, deliver func(sources.Document) error) error {
				if err := inner(ctx, s, q, deliver); err != nil {
					return err
				}
				return tc.then(s)
			}
			ss := []sources.Source{api}
			if tc.docs == nil {
				ss = append(ss, source("next", "bank", model.File, bankCats, nil, balancedText)) // what was never there spoils nothing
			}
			d, err := collect(t, registry(t, ss...), grant(t, scopeOf(bankCats...), "bank").Permit, sources.Input{}, nil)
			require.NoError(t, err)
			cov := cover(t, d, "bank", model.CategoryTransaction)
			assert.Equal(t, tc.outcome, outcomes(cov)[0])
			assert.Equal(t, tc.obtained, cov.Obtained)
			assert.Equal(t, tc.balanced, cov.Balanced)
		})
	}
}

// What ends properly at the moment in which its context does may be a part.
func TestSpoolEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, memory := range []int64{10, 1000} {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := sources.NewSpool(ctx, io.MultiReader(strings.NewReader(strings.Repeat("x", 100)), going(cancel)), memory, 1<<20)
		require.ErrorIs(t, err, context.Canceled)
	}
}

// going is a reader that ends its context, and then itself.
type going context.CancelFunc

func (g going) Read([]byte) (int, error) {
	g()
	return 0, io.EOF
}
