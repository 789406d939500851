package retention

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
)

func sampleLink() *linkRecord {
	at := time.UnixMilli(1_772_355_600_123).UTC()
	return &linkRecord{token: "abc", created: at, retrieved: at.Add(time.Hour),
		policy: encodePolicy(Policy{Lives: map[model.Category]time.Duration{model.CategoryIncome: time.Hour}}),
		baskets: []basket{
			{category: model.CategoryBalance, state: basketLive, expires: Forever, key: []byte("key"),
				items: []item{{name: "n", id: "i", schema: 7, size: 1 << 30, chunks: 3, stored: at}}},
			{category: model.CategoryPerson, state: basketDeleted, key: []byte{}, items: []item{}, obituary: obituary{requested: at, finished: at,
				place: "12", counts: []Count{{Identity, 1, 2, 3, 4}}}},
		},
		pending: []pending{{compartment: Credentials, expires: at, id: "p", chunks: 2, doomed: true, deadline: at}},
		dead:    true, alone: true, obituary: obituary{requested: at},
	}
}

func TestLinkCodec(t *testing.T) {
	t.Parallel()
	l := sampleLink()
	got, err := decodeLink(Record{Body: l.encode()})
	require.NoError(t, err)
	assert.Equal(t, l, got)
	p, err := decodePolicy(got.policy)
	require.NoError(t, err)
	assert.True(t, p.Equal(Policy{Lives: map[model.Category]time.Duration{model.CategoryIncome: time.Hour}}))
	b := l.encode()
	for n := range b {
		_, err := decodeLink(Record{Body: b[:n]})
		require.ErrorIs(t, err, ErrDamaged, "cut at %d", n)
	}
	_, err = decodeLink(Record{Body: append(b, 0)})
	require.ErrorIs(t, err, ErrDamaged)
	for i := range 2 { // a record of another kind, or of a version to come
		other := slices.Clone(b)
		other[i]++
		_, err = decodeLink(Record{Body: other})
		require.ErrorIs(t, err, ErrDamaged)
	}
	d := newDecoder('X', []byte{'X', codecVersion, 2})
	d.bool()
	require.ErrorIs(t, d.end(), ErrDamaged, "neither true nor false")
}

// FuzzDecode reads any bytes as each kind of record: an error or a value, and what was read is written the same.
func FuzzDecode(f *testing.F) {
	f.Add(sampleLink().encode())
	f.Add((&grantRecord{tenant: "t", subject: "s", purpose: "p", wrapped: []byte("w")}).encode())
	f.Add((&grantRecord{destroyed: time.UnixMilli(5)}).encode())
	f.Add((&jobRecord{obituary: obituary{place: "1"}}).encode())
	f.Add((&dayRecord{tenant: "t", wrapped: []byte("w")}).encode())
	f.Add(encodePolicy(Policy{Recurrent: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := Record{Body: b}
		if l, err := decodeLink(r); err == nil {
			again, err := decodeLink(Record{Body: l.encode()})
			require.NoError(t, err)
			require.Equal(t, l, again)
		}
		if g, err := decodeGrant(r); err == nil {
			again, err := decodeGrant(Record{Body: g.encode()})
			require.NoError(t, err)
			require.Equal(t, g, again)
		}
		if j, err := decodeJob(r); err == nil {
			again, err := decodeJob(Record{Body: j.encode()})
			require.NoError(t, err)
			require.Equal(t, j, again)
		}
		if k, err := decodeDay(r); err == nil {
			require.Equal(t, len(k.encode()) > 0, true)
		}
		if p, err := decodePolicy(b); err == nil && p.Validate() == nil {
			again, err := decodePolicy(encodePolicy(p))
			require.NoError(t, err)
			require.True(t, p.Equal(again))
		}
	})
}
