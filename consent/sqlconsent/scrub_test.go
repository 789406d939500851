package sqlconsent_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/consent/sqlconsent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// filed is a manager and a log in a database of which a test looks at the files.
type filed struct {
	*consent.Manager
	log     *audit.Log
	db      *sqlconsent.DB
	path    string
	now     time.Time
	by      consent.Actor
	host    consent.Actor
	grant   consent.GrantID
	dossier *model.Dossier
	key     crypto.RecipientPrivateKey
}

const subjectCanary = "canary-subject-7f3a"

func newFiled(t *testing.T) *filed {
	t.Helper()
	f := &filed{
		path: filepath.Join(t.TempDir(), "consent.db"), now: time.Date(2031, 3, 30, 12, 0, 0, 0, time.UTC),
		by: consent.Actor{ID: subjectCanary, Role: consent.RoleSubject}, host: consent.Actor{ID: "host", Role: consent.RoleSystem},
	}
	f.db = openSQLite(t, f.path)
	signer, _, err := crypto.GenerateLocalSigner()
	require.NoError(t, err)
	f.log = newLog(t, f.db.Audit(), signer)
	f.Manager, err = consent.NewManager(f.db.Store(), &consent.Options{Now: func() time.Time { return f.now }, Signer: signer, Audit: f.log})
	require.NoError(t, err)
	f.key, err = crypto.GenerateRecipientKey(crypto.X25519)
	require.NoError(t, err)
	g, err := f.Propose(t.Context(), f.by, consent.Proposal{
		Subject: subjectCanary, Recipient: consent.Recipient{ID: "advies", Name: "Voorbeeld Advies B.V.", Key: f.key.Public(),
			Contact: "privacy@advies.example", Country: "NL"},
		Purpose:      consent.Purpose{ID: "mortgage", Text: model.Text{Dutch: "Beoordelen.", English: "To assess."}},
		Scope:        model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryPerson)}},
		Institutions: []model.InstitutionID{"bank"},
	})
	require.NoError(t, err)
	_, err = f.Decide(t.Context(), f.by, g.ID, true)
	require.NoError(t, err)
	f.grant = g.ID
	f.dossier = &model.Dossier{
		Documents: []model.DocumentInfo{{Institution: "bank", Source: "bank", Method: model.File, Format: "test", Retrieved: f.now}},
		Records:   []model.Record{&model.Person{Header: model.Header{Provenance: model.Provenance{At: "line 1"}}, Name: model.Name{Full: "J. Jansen"}}},
		Coverage:  []model.Coverage{{Institution: "bank", Category: model.CategoryPerson, Obtained: model.ObtainedAll}},
		Issues:    []model.Issue{},
	}
	return f
}

// seal makes a sealed package and returns its release and a part of its bytes.
func (f *filed) seal(t *testing.T) (consent.ReleaseID, []byte) {
	t.Helper()
	r, _, err := f.Review(t.Context(), f.by, f.grant, f.dossier, nil)
	require.NoError(t, err)
	p, err := f.Seal(t.Context(), f.by, consent.Approval{Release: r.ID, Digest: r.Digest}, f.dossier)
	require.NoError(t, err)
	b := p.Bytes()
	part := b[len(b)-64 : len(b)-16]
	require.Positive(t, f.holds(t, part), "it is stored until it is delivered")
	return r.ID, part
}

// holds counts the places in which the database's files hold something.
func (f *filed) holds(t *testing.T, what []byte) int {
	t.Helper()
	names, err := filepath.Glob(f.path + "*")
	require.NoError(t, err)
	n := 0
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		n += bytes.Count(b, what)
	}
	return n
}

// TestNothingStaysInFiles: what must be gone is in no file of the database when the call returned, the write-ahead log included.
func TestNothingStaysInFiles(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	ctx := t.Context()

	id, part := f.seal(t)
	require.NoError(t, f.MarkDelivered(ctx, f.host, id))
	assert.Zero(t, f.holds(t, part), "delivered")

	id, part = f.seal(t)
	other, err := crypto.GenerateRecipientKey(crypto.X25519)
	require.NoError(t, err)
	require.NoError(t, f.SetKey(ctx, f.host, "advies", other.Public()))
	r, err := f.Release(ctx, f.by, id)
	require.NoError(t, err)
	_, err = f.Seal(ctx, f.by, consent.Approval{Release: id, Digest: r.Digest}, nil)
	require.ErrorIs(t, err, consent.ErrVoid)
	assert.Zero(t, f.holds(t, part), "void, since the key was replaced")

	_, part = f.seal(t)
	_, err = f.Revoke(ctx, f.by, f.grant)
	require.NoError(t, err)
	_, err = f.Sweep(ctx, f.host, 100, nil)
	require.NoError(t, err)
	assert.Zero(t, f.holds(t, part), "swept")

	f.now = f.now.Add(48 * time.Hour)
	_, err = f.Sweep(ctx, f.host, 100, nil)
	require.NoError(t, err)
	require.Positive(t, f.holds(t, []byte(subjectCanary)))
	n, err := f.Forget(ctx, f.host, subjectCanary, f.now)
	require.ErrorIs(t, err, consent.ErrNotPermitted)
	require.Zero(t, n)
	n, err = f.Forget(ctx, f.by, subjectCanary, f.now)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	assert.Zero(t, f.holds(t, []byte("Voorbeeld Advies")), "forgotten: the grant's recipient")
	require.NoError(t, f.log.Erase(ctx, subjectCanary))
	assert.Zero(t, f.holds(t, []byte(subjectCanary)), "forgotten and erased")
	assert.Zero(t, f.holds(t, []byte(f.grant)), "forgotten and erased")
}

// TestErasedStaysInNoFile looks for what only the access log holds.
func TestErasedStaysInNoFile(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	a := access(subjectCanary, 1)
	a.Reason = "canary-reason-51"
	for range 50 {
		require.NoError(t, f.log.Record(t.Context(), a))
	}
	require.NoError(t, f.log.Record(t.Context(), access("somebody", 2)))
	require.Positive(t, f.holds(t, []byte(a.Reason)))
	require.NoError(t, f.log.Erase(t.Context(), subjectCanary))
	assert.Zero(t, f.holds(t, []byte(a.Reason)))
}

// TestReaderDelaysScrub: a reader keeps what was deleted in the log's file, which fails and holds up nothing, until the next sweep.
func TestReaderDelaysScrub(t *testing.T) {
	t.Parallel()
	f := newFiled(t)
	ctx := t.Context()
	id, part := f.seal(t)
	db, err := sql.Open("sqlite", "file:"+f.path+pragmas)
	require.NoError(t, err)
	defer db.Close()
	reader, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	require.NoError(t, err)
	var n int
	require.NoError(t, reader.QueryRow("SELECT COUNT(*) FROM consent_items").Scan(&n))
	begun := time.Now()
	require.NoError(t, f.MarkDelivered(ctx, f.host, id))
	_, err = f.Sweep(ctx, f.host, 100, nil)
	require.NoError(t, err)
	require.NoError(t, f.log.Erase(ctx, "nobody"))
	assert.Less(t, time.Since(begun), 20*time.Second, "the busy timeout is a minute")
	require.Positive(t, f.holds(t, part), "the reader sees it still")
	require.NoError(t, reader.Rollback())
	_, err = f.Sweep(ctx, f.host, 100, nil)
	require.NoError(t, err)
	assert.Zero(t, f.holds(t, part))
}
