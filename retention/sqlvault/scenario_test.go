package sqlvault_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/retention/sqlvault"
)

var (
	start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	by    = retention.Access{Actor: "adviser-7", Role: "adviser", Reason: "mortgage"}

	big     = strings.Repeat("0123456789abcdef", 1<<16) + "tail" // two chunks
	allKept = []model.Category{model.CategoryPerson, model.CategoryTransaction, model.CategoryPension}
)

// scenario is a vault in which one grant has two links with data, on a space of its own in a database that others use.
type scenario struct {
	*retention.Vault
	ref, ref2 retention.Ref
	ring      *crypto.Keyring
	now       time.Time
	db        *sql.DB
}

// openScenario opens a vault as a process does that starts now.
func openScenario(ctx context.Context, db *sql.DB, d sqlvault.Dialect, space string, now time.Time) (*scenario, error) {
	data, err := sqlvault.OpenStore(ctx, db, d)
	if err != nil {
		return nil, err
	}
	keys, err := sqlvault.OpenKeyStore(ctx, db, d, space)
	if err != nil {
		return nil, err
	}
	s := &scenario{now: now, db: db,
		ref:  retention.Ref{Subject: "subject-1", Grant: "grant-" + space, Purpose: "mortgage", Link: "bank"},
		ref2: retention.Ref{Subject: "subject-1", Grant: "grant-" + space, Purpose: "mortgage", Link: "pension"},
	}
	var keks []*crypto.LocalKEK
	for _, seed := range []string{"1", "2"} {
		k, err := crypto.NewLocalKEK(crypto.NewSecretString(strings.Repeat(seed, crypto.KeySize)))
		if err != nil {
			return nil, err
		}
		keks = append(keks, k)
	}
	if s.ring, err = crypto.NewKeyring(1, keks[0]); err != nil {
		return nil, err
	}
	if err := s.ring.Add(2, keks[1]); err != nil {
		return nil, err
	}
	signer, err := crypto.NewLocalSigner(crypto.NewSecretString(strings.Repeat("3", crypto.KeySize)))
	if err != nil {
		return nil, err
	}
	s.Vault, err = retention.New(data, keys, s.ring, retention.NoRecorder{}, &retention.Options{
		Tenant: "tenant-1", Signer: signer, Now: func() time.Time { return s.now },
	})
	return s, err
}

// at opens a scenario for a test.
func at(t testing.TB, db *sql.DB, d sqlvault.Dialect, space string, now time.Time) *scenario {
	t.Helper()
	s, err := openScenario(t.Context(), db, d, space, now)
	require.NoError(t, err)
	return s
}

// contents are what version v of the first link holds.
func contents(v int) []retention.Content {
	return []retention.Content{
		{Category: model.CategoryPerson, Schema: 1, Body: fmt.Appendf(nil, "person %d", v)},
		{Category: model.CategoryTransaction, Schema: 1, Body: fmt.Appendf(nil, "%d %s", v, big)},
	}
}

// fill makes both links and stores version 1; the first link also holds a pension, which version 2 does not touch.
func (s *scenario) fill(ctx context.Context) error {
	pension := retention.Content{Category: model.CategoryPension, Schema: 1, Body: []byte("pension 1")}
	return errors.Join(
		s.CreateLink(ctx, s.ref, retention.Policy{}),
		s.CreateLink(ctx, s.ref2, retention.Policy{Recurrent: true}),
		s.Keep(ctx, s.ref, append(contents(1), pension), nil),
		s.SaveState(ctx, s.ref, []byte("token 1")),
		s.Keep(ctx, s.ref2, []retention.Content{pension}, nil),
	)
}

// version reads the first link and says which version it holds. All of it must be of one version, or all must fail alike.
func (s *scenario) version(t testing.TB) (int, error) {
	t.Helper()
	var (
		versions []int
		errs     []error
	)
	for _, c := range allKept {
		cs, err := s.Read(t.Context(), by, s.ref, c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		require.Len(t, cs, 1)
		switch body := string(cs[0].Body); {
		case c == model.CategoryPension:
			require.Equal(t, "pension 1", body)
		case body == "person 1" || body == "1 "+big:
			versions = append(versions, 1)
		case body == "person 2" || body == "2 "+big:
			versions = append(versions, 2)
		default:
			require.Fail(t, "neither version")
		}
	}
	if len(errs) > 0 {
		require.Len(t, errs, len(allKept), "half of it is readable: %v", errs)
		for _, err := range errs {
			require.Equal(t, kind(errs[0]), kind(err), "%v", errs)
		}
		return 0, errs[0]
	}
	require.Equal(t, []int{versions[0], versions[0]}, versions, "two versions are mixed")
	return versions[0], nil
}

// kind is the sentinel of a reading's error; anything unexpected is itself.
func kind(err error) error {
	for _, k := range []error{retention.ErrShredded, retention.ErrExpired, fs.ErrNotExist, retention.ErrDamaged} {
		if errors.Is(err, k) {
			return k
		}
	}
	return err
}

// rows counts the rows of the data table.
func (s *scenario) rows(t testing.TB) (n int) {
	t.Helper()
	require.NoError(t, s.db.QueryRowContext(t.Context(), "SELECT count(*) FROM brondata_vault_rows").Scan(&n))
	return n
}

// sweep sweeps until nothing is left.
func (s *scenario) sweep(t testing.TB) (all retention.SweepReport) {
	t.Helper()
	for {
		r, err := s.Sweep(t.Context(), 1000)
		require.NoError(t, err)
		all.Rows, all.Days, all.Links, all.Grants = all.Rows+r.Rows, all.Days+r.Days, all.Links+r.Links, all.Grants+r.Grants
		if !r.More {
			return all
		}
	}
}
