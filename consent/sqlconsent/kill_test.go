package sqlconsent_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/consent/sqlconsent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// The child of a kill test is this test binary, started again with these in its environment.
const (
	childDir  = "BRONDATA_TEST_KILL_DIR"
	childAt   = "BRONDATA_TEST_KILL_AT"
	childMode = "BRONDATA_TEST_KILL_MODE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		at, _ := strconv.Atoi(os.Getenv(childAt))
		if err := child(dir, int64(at), os.Getenv(childMode)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// killer ends the process at the n-th write: before it, while the database does it, or after it.
type killer struct {
	n    atomic.Int64
	at   int64
	mode string
}

// die ends this process as kill -9 does: nothing is flushed, closed or rolled back.
func die() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }

func (k *killer) write(do func() error) error {
	if k.n.Add(1) != k.at {
		return do()
	}
	switch k.mode {
	case "before":
		die()
	case "during":
		go func() {
			time.Sleep(time.Duration(k.at%7) * 60 * time.Microsecond)
			die()
		}()
		_ = do()
		die()
	}
	_ = do()
	die()
	return nil
}

// killStore and killAudit count their writes together.
type killStore struct {
	consent.Store
	k *killer
}

func (s killStore) Apply(ctx context.Context, cs ...consent.Change) error {
	return s.k.write(func() error { return s.Store.Apply(ctx, cs...) })
}

type killAudit struct {
	audit.Store
	k *killer
}

func (s killAudit) Append(ctx context.Context, size int64, rows []audit.Row, hashes []tlog.Hash) error {
	return s.k.write(func() error { return s.Store.Append(ctx, size, rows, hashes) })
}

func (s killAudit) Secret(ctx context.Context, id [32]byte, proposal []byte) (out []byte, err error) {
	err = s.k.write(func() error { out, err = s.Store.Secret(ctx, id, proposal); return err })
	return out, err
}

var (
	killSigner, _ = crypto.NewLocalSigner(crypto.NewSecretString("0123456789abcdef0123456789abcdef"))
	killNow       = time.Date(2031, 3, 29, 12, 0, 0, 0, time.UTC)

	subject   = consent.Actor{ID: "subject-1", Role: consent.RoleSubject, Presence: &consent.Presence{IPAddress: netip.MustParseAddr("192.0.2.7")}}
	scheduler = consent.Actor{ID: "scheduler", Role: consent.RoleSystem, OnBehalfOf: "subject-1"}
	sweeper   = consent.Actor{ID: "scheduler", Role: consent.RoleSystem}
)

func killProposal() consent.Proposal {
	return consent.Proposal{
		Subject: subject.ID, Recipient: consent.Recipient{ID: "r", Name: "n", Contact: "c"},
		Purpose:      consent.Purpose{ID: "mortgage", Text: model.Text{English: "why"}},
		Scope:        model.Scope{Baskets: []model.Basket{model.Everything(model.CategoryPerson)}},
		Institutions: []model.InstitutionID{"bank"},
	}
}

func killManager(s consent.Store, a audit.Store) (*consent.Manager, *audit.Log, error) {
	now := func() time.Time { return killNow }
	l, err := audit.Open(context.Background(), a, killSigner, &audit.Options{Now: now})
	if err != nil {
		return nil, nil, err
	}
	m, err := consent.NewManager(s, &consent.Options{Now: now, Audit: l, Signer: killSigner})
	return m, l, err
}

func openDB(dir string) (*sql.DB, *sqlconsent.DB, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "kill.db")+pragmas)
	if err != nil {
		return nil, nil, err
	}
	d, err := sqlconsent.Open(context.Background(), db, sqlconsent.SQLite)
	return db, d, err
}

// child does everything once, and writes a line to a file after each step that was acknowledged.
func child(dir string, at int64, mode string) error {
	ctx := context.Background()
	_, d, err := openDB(dir)
	if err != nil {
		return err
	}
	acked, err := os.OpenFile(filepath.Join(dir, "acked"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	ack := func(format string, args ...any) { fmt.Fprintf(acked, format+"\n", args...) }
	k := &killer{at: at, mode: mode}
	key, err := crypto.GenerateRecipientKey(crypto.X25519)
	if err != nil {
		return err
	}
	m, _, err := killManager(killStore{d.Store(), k}, killAudit{d.Audit(), k})
	if err != nil {
		return err
	}
	p := killProposal()
	p.Recipient.Key = key.Public()
	old, err := m.Propose(ctx, subject, p)
	if err != nil {
		return err
	}
	ack("proposed %s", old.ID)
	if _, err := m.Decide(ctx, subject, old.ID, true); err != nil {
		return err
	}
	ack("active %s", old.ID)
	permit, err := m.Permit(ctx, scheduler, old.ID)
	if err != nil {
		return err
	}
	for range 5 {
		switch err := permit.Access(ctx, "bank", "a"); {
		case err == nil:
			ack("slot")
		case !errors.Is(err, consent.ErrLimit):
			return err
		}
	}
	dossier := &model.Dossier{
		Documents: []model.DocumentInfo{{Institution: "bank", Source: "bank", Method: model.File, Format: "f", Retrieved: killNow}},
		Records:   []model.Record{&model.Person{Name: model.Name{Full: "J. Jansen"}}},
	}
	r, _, err := m.Review(ctx, subject, old.ID, dossier, nil)
	if err != nil {
		return err
	}
	if _, err := m.Seal(ctx, subject, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier); err != nil {
		return err
	}
	ack("sealed %s", r.ID)
	p.Supersedes = old.ID
	next, err := m.Propose(ctx, subject, p)
	if err != nil {
		return err
	}
	ack("proposed %s", next.ID)
	if _, err := m.Decide(ctx, subject, next.ID, true); err != nil {
		return err
	}
	ack("superseded %s", old.ID)
	ack("active %s", next.ID)
	if _, err := m.Revoke(ctx, subject, next.ID); err != nil {
		return err
	}
	ack("revoked %s", next.ID)
	_, err = m.Sweep(ctx, sweeper, 100, nil)
	ack("writes %d", k.n.Load())
	return err
}

// TestKilledAtEveryWrite kills a process at its n-th write, for every n, and looks at what is left: what was acknowledged
// holds, nothing is half done, nothing came back, and another process finishes the work.
func TestKilledAtEveryWrite(t *testing.T) {
	t.Parallel()
	writes := 0
	for _, line := range runChild(t, t.TempDir(), 0, "after") {
		if n, ok := strings.CutPrefix(line, "writes "); ok {
			writes, _ = strconv.Atoi(n)
		}
	}
	require.Greater(t, writes, 25)
	step := 1
	if os.Getenv("BRONDATA_LONG") == "" {
		step = 4
	}
	for i, mode := range []string{"before", "during", "after"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			for n := 1 + i; n <= writes; n += step {
				dir := t.TempDir()
				afterKill(t, dir, runChild(t, dir, n, mode))
			}
		})
	}
}

func runChild(t *testing.T, dir string, at int, mode string) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childAt+"="+strconv.Itoa(at), childMode+"="+mode)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL && at > 0 {
		err = nil
	}
	require.NoError(t, err, "%s", out)
	b, err := os.ReadFile(filepath.Join(dir, "acked"))
	if !errors.Is(err, os.ErrNotExist) {
		require.NoError(t, err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// afterKill opens what a killed process left.
func afterKill(t *testing.T, dir string, acked []string) {
	t.Helper()
	ctx := t.Context()
	db, d, err := openDB(dir)
	require.NoError(t, err)
	defer db.Close()
	m, log, err := killManager(d.Store(), d.Audit())
	require.NoError(t, err)
	_, err = log.Verify(ctx, nil)
	require.NoError(t, err, "the log is intact")

	grants, err := m.List(ctx, subject, subject.ID)
	require.NoError(t, err, "no grant is half-written")
	state := map[consent.GrantID]consent.GrantState{}
	active := 0
	for _, g := range grants {
		state[g.ID] = g.State
		if g.State == consent.GrantActive {
			active++
		}
		require.Equal(t, g.State == consent.GrantSuperseded, g.SupersededBy != "", "never half superseded")
		if g.SupersededBy != "" {
			require.NotEqual(t, consent.GrantProposed, state[g.SupersededBy], "never without a valid one")
		}
	}
	require.LessOrEqual(t, active, 1, "never both usable")

	slots := 0
	var first consent.GrantID
	for _, line := range acked {
		what, id, _ := strings.Cut(line, " ")
		s := state[consent.GrantID(id)]
		switch what {
		case "proposed":
			require.NotEmpty(t, s, "no grant is lost")
			if first == "" {
				first = consent.GrantID(id)
			}
		case "active":
			require.Contains(t, []consent.GrantState{consent.GrantActive, consent.GrantSuperseded, consent.GrantRevoked}, s)
		case "superseded":
			require.Equal(t, consent.GrantSuperseded, s)
		case "revoked":
			require.Equal(t, consent.GrantRevoked, s, "none is revived")
			_, err := m.Permit(ctx, scheduler, consent.GrantID(id))
			require.ErrorIs(t, err, consent.ErrNotPermitted)
		case "slot":
			slots++
		}
	}
	require.LessOrEqual(t, slots, 4)
	if state[first] == consent.GrantActive {
		p, err := m.Permit(ctx, scheduler, first)
		require.NoError(t, err)
		for err = nil; err == nil; slots++ {
			err = p.Access(ctx, "bank", "a")
		}
		require.ErrorIs(t, err, consent.ErrLimit)
		require.LessOrEqual(t, slots-1, 4, "no slot is given twice")
	}

	// The work goes on: everything revoked, swept, logged.
	for id := range state {
		if s := state[id]; s == consent.GrantActive || s == consent.GrantProposed {
			_, err := m.Revoke(ctx, subject, id)
			require.NoError(t, err)
		}
	}
	ended := 0
	_, err = m.Sweep(ctx, sweeper, 100, &consent.SweepOptions{Ended: func(context.Context, consent.Grant) error { ended++; return nil }})
	require.NoError(t, err)
	left, err := d.Store().Due(ctx, "event", killNow.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Empty(t, left, "what the log had not got, it has now")
	st, err := log.Statement(ctx, subject.ID, 0)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, e := range st.Entries {
		seen[string(e.Entry.Access.Action)+" "+e.Entry.Access.Grant] = true
	}
	for id := range state {
		require.True(t, seen["propose "+string(id)], "each transition is in the log")
		require.True(t, seen["revoke "+string(id)] || seen["supersede "+string(id)], "each transition is in the log")
	}
	_, err = log.Verify(ctx, nil)
	require.NoError(t, err)
}
