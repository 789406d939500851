package sqlvault_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/pgtest"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// operations are what a child process is killed in. each is done on a filled scenario, unless it is creating one.
var operations = map[string]func(ctx context.Context, s *scenario) error{
	"create": func(ctx context.Context, s *scenario) error { return s.fill(ctx) },
	"put":    func(ctx context.Context, s *scenario) error { return s.Keep(ctx, s.ref, contents(2), nil) },
	"state":  func(ctx context.Context, s *scenario) error { return s.SaveState(ctx, s.ref, []byte("token 2")) },
	"rotate": rotate,
	"revoke": func(ctx context.Context, s *scenario) error { return s.DestroyGrant(ctx, s.ref.Grant) },
	"delete": deleteGrant,
	"link": func(ctx context.Context, s *scenario) error {
		_, err := s.DeleteLink(ctx, by, s.ref.Grant, "bank")
		return err
	},
	"category": deleteCategory,
	"sweep":    func(ctx context.Context, s *scenario) error { _, err := s.Sweep(ctx, 1000); return err },
}

func rotate(ctx context.Context, s *scenario) error {
	if err := s.ring.SetPrimary(2); err != nil {
		return err
	}
	next, _, err := s.Rewrap(ctx, "", 1000)
	if err == nil && next != "" {
		err = errors.New("walk is not complete")
	}
	return err
}

func deleteGrant(ctx context.Context, s *scenario) error {
	_, err := s.DeleteGrant(ctx, by, s.ref.Grant)
	return err
}

func deleteCategory(ctx context.Context, s *scenario) error {
	_, err := s.DeleteCategory(ctx, by, s.ref.Grant, "", model.CategoryTransaction)
	return err
}

// TestMain makes the test binary a child when it is told to.
func TestMain(m *testing.M) {
	if job := os.Getenv("BRONDATA_KILL"); job != "" {
		os.Exit(child(job))
	}
	os.Exit(m.Run())
}

// child does one operation, and is killed before its n-th write. It exits with 0 when there are less writes.
func child(job string) int {
	f := strings.SplitN(job, "|", 6)
	op, database, space := f[0], f[1], f[2]
	n, err := strconv.ParseInt(f[3], 10, 64)
	ms, err2 := strconv.ParseInt(f[4], 10, 64)
	if err := errors.Join(err, err2); err != nil {
		return fail(err)
	}
	for _, d := range databases {
		if d.name != database {
			continue
		}
		db, err := sql.Open(map[string]string{"sqlite": "sqlite", "postgres": "pgx"}[d.name], f[5])
		if err != nil {
			return fail(err)
		}
		k := &killer{driver: db.Driver(), dsn: f[5]}
		s, err := openScenario(context.Background(), sql.OpenDB(k), d.dialect, space, time.UnixMilli(ms).UTC())
		if err != nil {
			return fail(err)
		}
		k.at.Store(k.writes.Load() + n)
		if err := operations[op](context.Background(), s); err != nil {
			return fail(err)
		}
		return 0
	}
	return fail(errors.New("no such database"))
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 3
}

// killed runs a child, and says whether it was killed (and not done).
func killed(t *testing.T, op string, d database, dsn, space string, n int, now time.Time) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "BRONDATA_KILL="+strings.Join([]string{
		op, d.name, space, strconv.Itoa(n), strconv.FormatInt(now.UnixMilli(), 10), dsn}, "|"))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	status, ok := exit.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "child: %s", out)
	return true
}

// TestKilled kills a process before every single write of every operation, and looks at what the next process finds:
// nothing is half there, nothing is readable that an acknowledged deletion removed, and doing it again, or only sweeping,
// ends where an undisturbed operation ends, with no row left over.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			dsn := ""
			if d.name == "sqlite" {
				dsn = "file:" + filepath.Join(t.TempDir(), "vault.db") + pragmas
			} else {
				dsn = pgtest.Start(t)
			}
			db, _ := killDB(t, d, dsn)
			for _, op := range []string{"create", "put", "state", "rotate", "revoke", "delete", "link", "category", "sweep"} {
				t.Run(op, func(t *testing.T) {
					step := 1
					if testing.Short() {
						step = 7 // every kill point is tried without -short
					}
					for n := 1; ; n += step {
						require.Less(t, n, 200, "the child never ends")
						space := fmt.Sprintf("%s-%d", op, n)
						before := at(t, db, d.dialect, space, start)
						if op != "create" {
							require.NoError(t, before.fill(t.Context()))
						}
						now := start.Add(time.Hour)
						if op == "sweep" {
							now = start.Add(500 * 24 * time.Hour)
							prepareSweep(t, before)
						}
						was := killed(t, op, d, dsn, space, n, now)
						afterKill[op](t, at(t, db, d.dialect, space, now), was)
						end(t, at(t, db, d.dialect, space, now.Add(time.Hour)), wholly[op])
						if !was {
							t.Logf("%s on %s: killed before each of %d writes", op, d.name, n-1)
							return
						}
					}
				})
			}
		})
	}
}

// prepareSweep leaves something of each kind to sweep: a half-deleted grant, a half-written link, and what expires.
func prepareSweep(t *testing.T, s *scenario) {
	other := *s
	other.ref.Grant += "-x"
	other.ref2.Grant += "-x"
	require.NoError(t, other.fill(t.Context()))
	require.NoError(t, other.DestroyGrant(t.Context(), other.ref.Grant))
}

// afterKill says what must be true for the next process, and then does the operation again.
var afterKill = map[string]func(t *testing.T, s *scenario, was bool){
	"create": func(t *testing.T, s *scenario, was bool) {
		require.NoError(t, s.fill(t.Context()))
		v, err := s.version(t)
		require.NoError(t, err)
		require.Equal(t, 1, v)
	},
	"put": func(t *testing.T, s *scenario, was bool) {
		v, err := s.version(t)
		require.NoError(t, err)
		require.True(t, was || v == 2, "an acknowledged Keep is not there")
		rows := s.rows(t)
		// What was killed is swept when its time is over, and nothing of what is kept goes with it.
		later := *s
		later.now = s.now.Add(16 * time.Minute)
		s.now = later.now
		s.sweep(t)
		after, err := s.version(t)
		require.NoError(t, err)
		require.Equal(t, v, after)
		require.LessOrEqual(t, s.rows(t), rows)
		require.Equal(t, 6, s.rows(t), "rows: person, two chunks, pension, state; the other link's pension")
		require.NoError(t, s.Keep(t.Context(), s.ref, contents(2), nil))
		v, err = s.version(t)
		require.NoError(t, err)
		require.Equal(t, 2, v)
		require.Equal(t, 6, s.rows(t))
	},
	"state": func(t *testing.T, s *scenario, was bool) {
		state, err := s.State(t.Context(), by, s.ref)
		require.NoError(t, err)
		if was {
			require.Contains(t, []string{"token 1", "token 2"}, string(state))
		} else {
			require.Equal(t, "token 2", string(state))
		}
	},
	"rotate": func(t *testing.T, s *scenario, was bool) {
		_, err := s.version(t)
		require.NoError(t, err, "half-way both forms open")
		require.NoError(t, rotate(t.Context(), s))
		require.NoError(t, s.ring.SetMinVersion(2))
		s.Close() // forget what is cached
		_, err = s.version(t)
		require.NoError(t, err, "no key was left under the old version")
	},
	"revoke": shredded(func(ctx context.Context, s *scenario) error { return s.DestroyGrant(ctx, s.ref.Grant) }),
	"delete": shredded(deleteGrant),
	"link":   shredded(operations["link"]),
	"category": func(t *testing.T, s *scenario, was bool) {
		_, err := s.Read(t.Context(), by, s.ref, model.CategoryTransaction)
		if !was || err != nil {
			require.ErrorIs(t, err, retention.ErrShredded)
		}
		require.NoError(t, deleteCategory(t.Context(), s))
		_, err = s.Read(t.Context(), by, s.ref, model.CategoryTransaction)
		require.ErrorIs(t, err, retention.ErrShredded)
		_, err = s.Read(t.Context(), by, s.ref, model.CategoryPerson, model.CategoryPension)
		require.NoError(t, err, "the other categories stay")
		require.Equal(t, 4, s.rows(t))
	},
	"sweep": func(t *testing.T, s *scenario, was bool) {
		_, err := s.version(t)
		require.ErrorIs(t, err, retention.ErrExpired)
		s.sweep(t)
		require.Zero(t, s.rows(t))
		_, err = s.version(t)
		require.ErrorIs(t, err, retention.ErrExpired)
	},
}

// shredded is what is found after a deletion was killed: all or nothing is readable, and once shredded it stays so.
func shredded(again func(ctx context.Context, s *scenario) error) func(t *testing.T, s *scenario, was bool) {
	return func(t *testing.T, s *scenario, was bool) {
		_, err := s.version(t)
		if !was || err != nil {
			require.ErrorIs(t, err, retention.ErrShredded)
			// A sweep alone ends what was begun.
			s.sweep(t)
			_, err = s.Read(t.Context(), by, s.ref, model.CategoryPerson)
			require.ErrorIs(t, err, retention.ErrShredded)
			require.LessOrEqual(t, s.rows(t), 1, "only the other link's")
		}
		require.NoError(t, again(t.Context(), s))
		_, err = s.version(t)
		require.ErrorIs(t, err, retention.ErrShredded)
	}
}

// wholly lists the operations that leave everything to the deletion of the grant.
var wholly = map[string]bool{"create": true, "put": true, "state": true, "rotate": true, "revoke": true, "delete": true}

// end deletes the grant, checks the receipt and that no row is left, neither of this run nor of one before.
func end(t *testing.T, s *scenario, wholly bool) {
	first, err := s.DeleteGrant(t.Context(), by, s.ref.Grant)
	require.NoError(t, err)
	second, err := s.DeleteGrant(t.Context(), by, s.ref.Grant)
	require.NoError(t, err)
	require.Equal(t, first, second)
	if wholly {
		keys, items, chunks := 0, 0, 0
		for _, c := range first.Counts {
			keys, items, chunks = keys+c.Keys, items+c.Items, chunks+c.Chunks
		}
		require.Equal(t, [3]int{5, 5, 6}, [3]int{keys, items, chunks}, "the receipt counts everything once")
	}
	_, err = s.version(t)
	require.ErrorIs(t, err, retention.ErrShredded)
	s.sweep(t)
	require.Zero(t, s.rows(t), "rows without an owner")
}
