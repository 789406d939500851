package audit_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"

	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/retention"
)

// TestCheckpointIsOfThisLog: a text that the log's own key signed, and that is not a checkpoint of this log in the one form that
// there is, is none.
func TestCheckpointIsOfThisLog(t *testing.T) {
	t.Parallel()
	secret, key, err := note.GenerateKey(nil, "log.example.com/consent")
	require.NoError(t, err)
	signer, err := note.NewSigner(secret)
	require.NoError(t, err)
	root := strings.Repeat("A", 43) + "="
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"as it is":         {"log.example.com/consent\n5\n" + root + "\n", true},
		"another log":      {"log.example.com/other\n5\n" + root + "\n", false},
		"no origin":        {"\n5\n" + root + "\n", false},
		"a line more":      {"log.example.com/consent\n5\n" + root + "\nmore\n", false},
		"a line less":      {"log.example.com/consent\n5\n", false},
		"a negative size":  {"log.example.com/consent\n-5\n" + root + "\n", false},
		"a size with zero": {"log.example.com/consent\n05\n" + root + "\n", false},
		"a size with plus": {"log.example.com/consent\n+5\n" + root + "\n", false},
		"no size":          {"log.example.com/consent\nfive\n" + root + "\n", false},
		"a short root":     {"log.example.com/consent\n5\nAAAA\n", false},
		"no root":          {"log.example.com/consent\n5\n-\n", false},
	} {
		signed, err := note.Sign(&note.Note{Text: c.text}, signer)
		require.NoError(t, err, name)
		got, err := audit.OpenCheckpoint(signed, key)
		if c.ok {
			require.NoError(t, err, name)
			assert.EqualValues(t, 5, got.Size)
			continue
		}
		assert.ErrorIs(t, err, audit.ErrProof, name)
	}
}

// TestProofsAreOfWhatTheySay: a proof that is right for another size, place or log is none for this one.
func TestProofsAreOfWhatTheySay(t *testing.T) {
	t.Parallel()
	l := open(t, audit.NewMemoryStore(), nil)
	key, err := l.VerifierKey()
	require.NoError(t, err)
	empty, err := audit.OpenCheckpoint(held(t, l), key)
	require.NoError(t, err)
	fill(t, l, 8)
	c, err := audit.OpenCheckpoint(held(t, l), key)
	require.NoError(t, err)
	s, err := l.Statement(t.Context(), "subject-1", 0)
	require.NoError(t, err)
	good := s.Entries[1]
	require.NoError(t, good.Proof.Check(good.Leaf, c))
	for name, change := range map[string]func(p *audit.Inclusion){
		"size": func(p *audit.Inclusion) { p.Size++ }, "smaller": func(p *audit.Inclusion) { p.Size-- },
		"index": func(p *audit.Inclusion) { p.Index++ }, "negative": func(p *audit.Inclusion) { p.Index = -1 }, "past the end": func(p *audit.Inclusion) { p.Index = 8 },
	} {
		p := good.Proof
		change(&p)
		assert.ErrorIs(t, p.Check(good.Leaf, c), audit.ErrProof, name)
	}
	for _, at := range [][2]int64{{-1, 8}, {8, 8}, {9, 8}} {
		_, err := l.Inclusion(t.Context(), at[0], at[1])
		assert.ErrorIs(t, err, audit.ErrInvalid)
	}
	for _, sizes := range [][2]int64{{-1, 8}, {8, 7}} {
		_, err := l.Consistency(t.Context(), sizes[0], sizes[1])
		assert.ErrorIs(t, err, audit.ErrInvalid)
	}
	p, err := l.Consistency(t.Context(), 5, 8)
	require.NoError(t, err)
	require.NoError(t, audit.CheckConsistency(nil, empty, c))
	require.ErrorIs(t, audit.CheckConsistency(p, empty, c), audit.ErrProof, "nothing is proved by nothing")
	other := c
	other.Origin = "another"
	require.ErrorIs(t, audit.CheckConsistency(nil, c, other), audit.ErrProof)
	negative := c
	negative.Size = -1
	require.ErrorIs(t, audit.CheckConsistency(nil, negative, c), audit.ErrProof)

	// What is somebody else's, however well it is proved, is not in a subject's statement.
	others, err := l.Statement(t.Context(), "subject-2", 0)
	require.NoError(t, err)
	s.Entries = []audit.StatementItem{s.Entries[0], others.Entries[0]}
	b, err := json.Marshal(s)
	require.NoError(t, err)
	_, _, err = audit.CheckStatement(b, key)
	require.ErrorIs(t, err, audit.ErrProof)
}

// TestEntryIsAsRecorded: a statement has every entry as it was recorded, with its time, from the index that was asked for; the subject
// stands in it as a pseudonym only.
func TestEntryIsAsRecorded(t *testing.T) {
	t.Parallel()
	s := audit.NewMemoryStore()
	now := start
	l := open(t, s, &audit.Options{Now: func() time.Time { return now }})
	a := access("subject-1", 3)
	a.OnBehalfOf = ""
	for range 3 {
		require.NoError(t, l.Record(t.Context(), a))
		now = now.Add(time.Hour)
	}
	key, err := l.VerifierKey()
	require.NoError(t, err)
	st, err := l.Statement(t.Context(), "subject-1", 1)
	require.NoError(t, err)
	b, err := json.Marshal(st)
	require.NoError(t, err)
	entries, _, err := audit.CheckStatement(b, key)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	want := a
	want.Subject = ""
	for i, e := range entries {
		assert.Equal(t, audit.Entry{Index: int64(1 + i), At: start.Add(time.Duration(1+i) * time.Hour), Subject: e.Subject, Access: want}, e)
		assert.Len(t, e.Subject, 32)
	}
	_, rows, err := s.Rows(t.Context(), audit.Query{Max: 10})
	require.NoError(t, err)
	for _, r := range rows {
		assert.NotContains(t, string(r.Detail)+string(r.Leaf), "subject-1")
	}
	for _, a := range []retention.Access{{Actor: "adviser-7"}, {Role: "adviser"}, {}} {
		assert.ErrorIs(t, l.Record(t.Context(), a), audit.ErrInvalid, "an entry names who acts, and as what")
	}

	// A statement over a store that was tampered with is none.
	x := tamper(t, s)
	x.rows[1].Detail[30] ^= 1
	bad, err := audit.Open(t.Context(), x, signer(t), nil)
	require.NoError(t, err)
	_, err = bad.Statement(t.Context(), "subject-1", 0)
	require.ErrorIs(t, err, audit.ErrDamaged)
}

// TestTwoTruths: two checkpoints of one size that differ show that the log told two things, and so does a tree whose inner hashes are
// not those of its entries.
func TestTwoTruths(t *testing.T) {
	t.Parallel()
	s, sig := audit.NewMemoryStore(), signer(t)
	l, err := audit.Open(t.Context(), s, sig, nil)
	require.NoError(t, err)
	fill(t, l, 8)
	x := tamper(t, s)
	x.rows[3].Leaf[8] ^= 1
	x.rehash(t)
	other, err := audit.Open(t.Context(), x, sig, nil)
	require.NoError(t, err)
	_, err = l.Verify(t.Context(), &audit.VerifyOptions{Held: [][]byte{held(t, l), held(t, other)}})
	require.ErrorIs(t, err, audit.ErrProof)

	x = tamper(t, s)
	x.hashes[2][0] ^= 1 // of the first two entries
	bad, err := audit.Open(t.Context(), x, sig, nil)
	require.NoError(t, err)
	r, err := bad.Verify(t.Context(), nil)
	var d *audit.Damage
	require.ErrorAs(t, err, &d)
	assert.Equal(t, audit.Damage{Index: 0, Kind: audit.Replaced}, *d)
	assert.EqualValues(t, 1, r.Size, "as far as it is right")

	hole := holed{tamper(t, s), 5}
	bad, err = audit.Open(t.Context(), hole, sig, nil)
	require.NoError(t, err)
	_, err = bad.Verify(t.Context(), nil)
	require.ErrorAs(t, err, &d)
	assert.Equal(t, audit.Damage{Index: 5, Kind: audit.Removed}, *d)
}

// holed is a store that lost the row of one entry and nothing else.
type holed struct {
	*tampered
	at int64
}

func (h holed) Rows(ctx context.Context, q audit.Query) ([]int64, []audit.Row, error) {
	indexes, rows, err := h.tampered.Rows(ctx, q)
	if i := slices.Index(indexes, h.at); i >= 0 {
		indexes, rows = slices.Delete(indexes, i, i+1), slices.Delete(rows, i, i+1)
	}
	return indexes, rows, err
}
