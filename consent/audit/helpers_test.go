package audit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

var start = time.Date(2031, 3, 30, 0, 30, 0, 0, time.UTC)

func signer(t testing.TB) crypto.Signer {
	t.Helper()
	s, _, err := crypto.GenerateLocalSigner()
	require.NoError(t, err)
	return s
}

func open(t testing.TB, s audit.Store, o *audit.Options) *audit.Log {
	t.Helper()
	l, err := audit.Open(context.Background(), s, signer(t), o)
	require.NoError(t, err)
	return l
}

func access(subject string, n int) retention.Access {
	return retention.Access{
		Actor: "adviser-7", Role: "adviser", OnBehalfOf: subject, Reason: "mortgage", Action: retention.ActionRead,
		Subject: subject, Grant: fmt.Sprintf("grant-%d", n), Compartment: retention.Financial,
		Categories: []model.Category{model.CategoryTransaction}, Items: n, Outcome: retention.OutcomeGranted,
	}
}

// fill records n entries of three subjects in turn.
func fill(t testing.TB, l *audit.Log, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, l.Record(context.Background(), access(fmt.Sprintf("subject-%d", i%3), i)))
	}
}

func held(t testing.TB, l *audit.Log) []byte {
	t.Helper()
	c, err := l.Checkpoint(t.Context())
	require.NoError(t, err)
	return c
}

// tampered is a store that shows rows and hashes other than those that were appended.
type tampered struct {
	audit.Store
	mu     sync.Mutex
	rows   []audit.Row
	hashes []tlog.Hash
}

// tamper copies a store's content, so that a test can change it.
func tamper(t testing.TB, s audit.Store) *tampered {
	t.Helper()
	size, err := s.Size(t.Context())
	require.NoError(t, err)
	_, rows, err := s.Rows(t.Context(), audit.Query{Max: int(size)})
	require.NoError(t, err)
	x := &tampered{Store: s}
	for _, r := range rows {
		r.Leaf, r.Detail = append([]byte(nil), r.Leaf...), append([]byte(nil), r.Detail...)
		x.rows = append(x.rows, r)
	}
	for i := range tlog.StoredHashCount(size) {
		h, err := s.Hashes(t.Context(), []int64{i})
		require.NoError(t, err)
		x.hashes = append(x.hashes, h[0])
	}
	return x
}

// rehash makes the tree anew over the rows as they are now.
func (x *tampered) rehash(t testing.TB) {
	t.Helper()
	x.hashes = nil
	for i, r := range x.rows {
		hs, err := tlog.StoredHashes(int64(i), r.Leaf, tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
			return x.Hashes(context.Background(), at)
		}))
		require.NoError(t, err)
		x.hashes = append(x.hashes, hs...)
	}
}

func (x *tampered) Size(context.Context) (int64, error) { return int64(len(x.rows)), nil }

func (x *tampered) Rows(_ context.Context, q audit.Query) ([]int64, []audit.Row, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var at []int64
	var rows []audit.Row
	for i := q.From; i < int64(len(x.rows)) && len(at) < q.Max; i++ {
		at, rows = append(at, i), append(rows, x.rows[i])
	}
	return at, rows, nil
}

func (x *tampered) Hashes(_ context.Context, at []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range at {
		if i >= int64(len(x.hashes)) {
			return nil, fmt.Errorf("no such hash")
		}
		out = append(out, x.hashes[i])
	}
	return out, nil
}
