package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/retention"
)

// errHost is what a host's store and signer return here: its text is never to be seen.
var errHost = errors.New("CANARY of a host")

type hostile struct {
	audit.Store
	crypto.Signer
	method string
}

func (h hostile) err(method string, do error) error {
	if h.method == method {
		return errHost
	}
	return do
}

func (h hostile) Size(ctx context.Context) (int64, error) {
	n, err := h.Store.Size(ctx)
	return n, h.err("size", err)
}

func (h hostile) Append(ctx context.Context, size int64, rows []audit.Row, hashes []tlog.Hash) error {
	if err := h.err("append", nil); err != nil {
		return err
	}
	return h.Store.Append(ctx, size, rows, hashes)
}

func (h hostile) Rows(ctx context.Context, q audit.Query) ([]int64, []audit.Row, error) {
	at, rows, err := h.Store.Rows(ctx, q)
	return at, rows, h.err("rows", err)
}

func (h hostile) Hashes(ctx context.Context, at []int64) ([]tlog.Hash, error) {
	hs, err := h.Store.Hashes(ctx, at)
	return hs, h.err("hashes", err)
}

func (h hostile) Secret(ctx context.Context, id [32]byte, proposal []byte) ([]byte, error) {
	b, err := h.Store.Secret(ctx, id, proposal)
	return b, h.err("secret", err)
}

func (h hostile) Erase(ctx context.Context, p [16]byte, secret [32]byte) error {
	return h.err("erase", h.Store.Erase(ctx, p, secret))
}

func (h hostile) Scrub(context.Context) error { return h.err("scrub", nil) }

func (h hostile) Sign(ctx context.Context, m []byte) ([]byte, error) {
	b, err := h.Signer.Sign(ctx, m)
	return b, h.err("sign", err)
}

// TestForeignTexts drives every method of the log with every method of store and signer failing in turn.
func TestForeignTexts(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"size", "append", "rows", "hashes", "secret", "erase", "scrub", "sign"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			store, key := audit.NewMemoryStore(), signer(t)
			sound, err := audit.Open(ctx, store, key, nil)
			require.NoError(t, err)
			fill(t, sound, 5)
			h := hostile{store, key, method}
			var errs []error
			log, err := audit.Open(ctx, h, h, nil)
			if err != nil {
				errs = append(errs, err)
			} else {
				_, place := log.RecordAt(ctx, access("subject-new", 1))
				_, checkpoint := log.Checkpoint(ctx)
				_, statement := log.Statement(ctx, "subject-1", 0)
				_, inclusion := log.Inclusion(ctx, 1, 5)
				_, consistency := log.Consistency(ctx, 3, 5)
				_, verify := log.Verify(ctx, nil)
				errs = append(errs, log.Record(ctx, access("subject-1", 1)), place, checkpoint, statement, inclusion, consistency, verify,
					log.Erase(ctx, "subject-1"))
			}
			told := false
			for _, err := range errs {
				assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "CANARY")
				if errors.Is(err, errHost) {
					told = true
					assert.Contains(t, err.Error(), "error of type *errors.errorString")
				}
			}
			assert.True(t, told)
		})
	}
}

// TestOwnTextsReachTheHost: what the log says of itself is told by those who record in it, for they know it for ours.
func TestOwnTextsReachTheHost(t *testing.T) {
	t.Parallel()
	log := open(t, hostile{audit.NewMemoryStore(), signer(t), "append"}, nil)
	m, err := consent.NewManager(consent.NewMemoryStore(), &consent.Options{Audit: log})
	require.NoError(t, err)
	_, err = m.Export(t.Context(), consent.Actor{ID: "subject-1", Role: consent.RoleSubject}, "subject-1")
	require.ErrorIs(t, err, retention.ErrNotRecorded)
	require.ErrorIs(t, err, errHost)
	require.EqualError(t, err, "consent: retention: access not recorded: audit: append: store append: error of type *errors.errorString")
}

// TestEntryJSON: an entry's keys are of one kind, and entries that were written before are still read.
func TestEntryJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(audit.Entry{At: start, Access: access("subject-1", 2)})
	require.NoError(t, err)
	assert.JSONEq(t, `{"index":0,"at":"`+start.Format(time.RFC3339)+`","subject":"","access":{"actor":"adviser-7","role":"adviser",
		"onBehalfOf":"subject-1","reason":"mortgage","subject":"subject-1","action":"read","grant":"grant-2","compartment":"financial",
		"categories":["transaction"],"items":2,"outcome":"granted"}}`, string(b))
	var old retention.Access
	require.NoError(t, json.Unmarshal([]byte(`{"Actor":"adviser-7","Role":"adviser","OnBehalfOf":"subject-1","Reason":"mortgage","LegalBasis":"",
		"Request":"","Subject":"subject-1","Action":"read","Tenant":"","Grant":"grant-2","Link":"","Compartment":"financial",
		"Categories":["transaction"],"Items":2,"Outcome":"granted"}`), &old))
	assert.Equal(t, access("subject-1", 2), old)
}
