package audit_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/crypto"
)

// fixedSigner is for property tests, which have no testing.TB at hand.
var fixedSigner, _ = crypto.NewLocalSigner(crypto.NewSecretString("0123456789abcdef0123456789abcdef"))

// BenchmarkAppendMemory has many writers at one log in memory. Wanted: 100,000 entries a second.
func BenchmarkAppendMemory(b *testing.B) {
	l := open(b, audit.NewMemoryStore(), nil)
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		a := access("subject-1", 1)
		for pb.Next() {
			if err := l.Record(context.Background(), a); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/100_000, "x_wanted")
}

// made is a store of a log that is too large to fill here: every hash is there, and none is right. What a proof costs
// depends on the number of hashes that are read, not on their values.
type made struct {
	audit.Store
	size int64
}

func (m made) Size(context.Context) (int64, error) { return m.size, nil }

func (m made) Hashes(_ context.Context, at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, n := range at {
		out[i] = sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	}
	return out, nil
}

// BenchmarkInclusion proves entries of a log of 10 million. Wanted: under a millisecond. With BRONDATA_LONG=1 the log is real and each
// proof is checked.
func BenchmarkInclusion(b *testing.B) {
	const size = 10_000_000
	var s audit.Store = made{size: size}
	var l *audit.Log
	var c audit.Checkpoint
	leaf := []byte("leaf")
	if os.Getenv("BRONDATA_LONG") != "" {
		s = fillTree(b, size, leaf)
		l = open(b, s, nil)
		key, err := l.VerifierKey()
		require.NoError(b, err)
		signed, err := l.Checkpoint(context.Background())
		require.NoError(b, err)
		c, err = audit.OpenCheckpoint(signed, key)
		require.NoError(b, err)
	} else {
		l = open(b, opened{made{size: size}}, nil)
	}
	n := int64(0)
	for b.Loop() {
		n = (n*6364136223846793005 + 1442695040888963407) & (1<<62 - 1)
		p, err := l.Inclusion(context.Background(), n%size, size)
		if err != nil {
			b.Fatal(err)
		}
		if c.Size != 0 && p.Check(leaf, c) != nil {
			b.Fatal("proof does not hold")
		}
	}
	perOp := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(perOp*1e3, "ms/proof")
	b.ReportMetric(0.001/perOp, "x_wanted")
}

// opened lets a log open over hashes without rows.
type opened struct{ made }

func (o opened) Rows(context.Context, audit.Query) ([]int64, []audit.Row, error) {
	return []int64{o.size - 1}, []audit.Row{{Leaf: make([]byte, 57)}}, nil
}

// treeStore is a real tree over equal leaves, without rows.
type treeStore struct {
	opened
	hashes []tlog.Hash
}

func (s *treeStore) Hashes(_ context.Context, at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, n := range at {
		out[i] = s.hashes[n]
	}
	return out, nil
}

func fillTree(b *testing.B, size int64, leaf []byte) audit.Store {
	b.Helper()
	s := &treeStore{opened: opened{made{size: size}}, hashes: make([]tlog.Hash, 0, tlog.StoredHashCount(size))}
	h := tlog.RecordHash(leaf)
	read := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) { return s.Hashes(context.Background(), at) })
	for i := range size {
		hs, err := tlog.StoredHashesForRecordHash(i, h, read)
		require.NoError(b, err)
		s.hashes = append(s.hashes, hs...)
	}
	return s
}
