package brondata_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/consent/audit"
	"github.com/brondata/brondata/consent/sqlconsent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/retention/sqlvault"
	"github.com/brondata/brondata/sources"
)

// The child of a kill test is this test binary, started again with these in its environment.
const (
	killDir  = "BRONDATA_TEST_KILL_DIR"
	killAt   = "BRONDATA_TEST_KILL_AT"
	killMode = "BRONDATA_TEST_KILL_MODE"
)

var killNow = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// TestKilled kills a process that goes the whole way over SQLite, at a store call: before it, while the database does it, or
// after it. The next process finds nothing half done and nothing lost that the first one was told was done; it goes on from there,
// revokes, and sweeps until nothing is left. In no file is anything in plain. BRONDATA_LONG=1 kills at every call, in all three
// ways, and at any moment between calls.
func TestKilled(t *testing.T) {
	t.Parallel()
	step, modes := 41, []string{"before", "during", "after"}
	long := os.Getenv("BRONDATA_LONG") == "1"
	if long {
		step = 1
	}
	for k, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			for n := 1 + k*step/len(modes); ; n += step {
				require.Less(t, n, 2000, "the child never ends")
				if !killAndGoOn(t, n, mode, 0) {
					t.Logf("killed at calls up to %d", n)
					return
				}
			}
		})
	}
	if long {
		t.Run("any moment", func(t *testing.T) {
			t.Parallel()
			for range 200 {
				killAndGoOn(t, 0, "", time.Duration(rand.Int64N(int64(400*time.Millisecond))))
			}
		})
	}
}

// killAndGoOn runs a child that is killed, and then what a host does next. It reports whether the child was killed.
func killAndGoOn(t *testing.T, n int, mode string, in time.Duration) bool {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killDir+"="+dir, killAt+"="+strconv.Itoa(n), killMode+"="+mode)
	var said, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &errs
	require.NoError(t, cmd.Start())
	if in > 0 {
		timer := time.AfterFunc(in, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	err := cmd.Wait()
	killed := err != nil
	if killed {
		exit, ok := errors.AsType[*exec.ExitError](err)
		require.True(t, ok)
		status, ok := exit.Sys().(syscall.WaitStatus)
		require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "child: %s", errs.String())
	}
	assertNoCanary(t, dir, said.Bytes(), errs.Bytes())

	h, db, err := openKillHost(t.Context(), dir, nil)
	require.NoError(t, err)
	defer db.close()
	defer h.Close()
	h.now = killNow.Add(time.Hour)
	told := map[string]string{}
	for s := bufio.NewScanner(&said); s.Scan(); {
		what, value, _ := strings.Cut(s.Text(), " ")
		told[what] = value
	}
	goOn(t, h, told)
	endOf(t, h, db)
	assertNoCanary(t, dir)
	return killed
}

// wholeWay is what the child does. It says what it was told is done.
func wholeWay(ctx context.Context, h *host, out io.Writer) error {
	p := h.proposal()
	p.KeepDocuments = true
	g, err := h.Propose(ctx, adviser, p)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "proposed", g.ID)
	if _, err := h.Decide(ctx, subject, g.ID, true); err != nil {
		return err
	}
	fmt.Fprintln(out, "decided")
	for _, r := range connectSteps() {
		if _, err := h.Connect(ctx, subject, g.ID, "bank", r); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "connected")
	for _, by := range []consent.Actor{subject, refresh} {
		d, err := h.Collect(ctx, by, g.ID, sources.Input{}, nil)
		if err == nil && !d.Complete() {
			err = errors.New("incomplete")
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(out, "collected")
	}
	r, err := h.Review(ctx, subject, g.ID, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "reviewed", r.Release, r.Digest)
	sealed, err := h.Release(ctx, subject, r.Approval())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "released %x\n", sha256.Sum256(sealed.Bytes()))
	if err := h.Delivered(ctx, subject, r.Release); err != nil {
		return err
	}
	fmt.Fprintln(out, "delivered")
	if err := h.Revoke(ctx, subject, g.ID); err != nil {
		return err
	}
	fmt.Fprintln(out, "revoked")
	for range 3 {
		h.now = h.now.Add(time.Minute)
		if _, err := h.Sweep(ctx, 100); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "done")
	return nil
}

func connectSteps() []sources.ConnectRequest {
	return []sources.ConnectRequest{{RedirectURL: "https://host.example/back"}, {Callback: map[string][]string{"code": {"ok"}}}}
}

// goOn looks at what a process finds after another was killed, and goes the rest of the way.
func goOn(t *testing.T, h *host, told map[string]string) {
	t.Helper()
	ctx := t.Context()
	grants, err := h.Consent().List(ctx, subject, "subject-1")
	require.NoError(t, err)
	if _, ok := told["proposed"]; !ok && len(grants) == 0 {
		return
	}
	require.Len(t, grants, 1)
	g := grants[0]
	if id, ok := told["proposed"]; ok {
		require.Equal(t, id, string(g.ID))
	}
	has := func(what string) bool { _, ok := told[what]; return ok }
	switch g.State {
	case consent.GrantProposed:
		require.False(t, has("decided"))
	case consent.GrantActive:
		require.False(t, has("revoked"))
	case consent.GrantRevoked:
		require.True(t, has("delivered"))
		_, err := h.Review(ctx, subject, g.ID, nil)
		require.ErrorIs(t, err, consent.ErrNotPermitted)
		if has("revoked") {
			require.ErrorIs(t, h.readPast(t, g.ID), retention.ErrShredded)
		}
		require.NoError(t, h.Revoke(ctx, subject, g.ID))
		require.ErrorIs(t, h.readPast(t, g.ID), retention.ErrShredded)
		return
	default:
		require.Fail(t, "state", g.State)
	}
	approval := oldRelease(t, h, g, told)
	_, err = h.Decide(ctx, subject, g.ID, true)
	require.NoError(t, err)
	before := kept(t, h, g.ID)
	require.True(t, before || !has("collected"))
	for _, r := range connectSteps() {
		_, err = h.Connect(ctx, subject, g.ID, "bank", r)
		require.NoError(t, err)
	}
	d, err := h.Collect(ctx, subject, g.ID, sources.Input{}, nil)
	require.NoError(t, err)
	require.True(t, d.Complete())
	require.True(t, kept(t, h, g.ID))
	if approval != nil {
		_, err = h.Release(ctx, subject, *approval)
		require.ErrorIs(t, err, consent.ErrVoid, "there is a later collection")
	}
	r, err := h.Review(ctx, subject, g.ID, nil)
	require.NoError(t, err)
	p, err := h.Release(ctx, subject, r.Approval())
	require.NoError(t, err)
	got, err := h.open(p)
	require.NoError(t, err)
	require.Len(t, got.Records, 2)
	if g.ID[0]%2 == 0 { // the other half is left to the sweep
		require.NoError(t, h.Delivered(ctx, subject, r.Release))
	}
	require.NoError(t, h.Revoke(ctx, subject, g.ID))
	require.ErrorIs(t, h.readPast(t, g.ID), retention.ErrShredded)
}

// oldRelease does with the killed process's release what its own retry would have done. It returns the approval of one that
// is pending still.
func oldRelease(t *testing.T, h *host, g consent.Grant, told map[string]string) *consent.Approval {
	t.Helper()
	ctx := t.Context()
	releases, err := h.Consent().Releases(ctx, subject, g.ID)
	require.NoError(t, err)
	_, reviewed := told["reviewed"]
	if len(releases) == 0 {
		require.False(t, reviewed)
		return nil
	}
	require.Len(t, releases, 1)
	rel := releases[0]
	a := consent.Approval{Release: rel.ID, Digest: rel.Digest}
	if reviewed {
		require.Equal(t, fmt.Sprint(rel.ID, " ", rel.Digest), told["reviewed"])
	}
	sum, released := told["released"]
	_, delivered := told["delivered"]
	switch rel.State {
	case consent.ReleasePending:
		require.False(t, released)
		return &a
	case consent.ReleaseSealed:
		require.False(t, delivered)
		for range 2 {
			p, err := h.Release(ctx, subject, a)
			require.NoError(t, err)
			if released {
				require.Equal(t, sum, fmt.Sprintf("%x", sha256.Sum256(p.Bytes())), "a retry gives the same bytes")
			}
			got, err := h.open(p)
			require.NoError(t, err)
			require.Len(t, got.Records, 2)
		}
		require.NoError(t, h.Delivered(ctx, subject, rel.ID))
	case consent.ReleaseDelivered:
	default:
		require.Fail(t, "state", rel.State)
	}
	_, err = h.Release(ctx, subject, a)
	require.ErrorIs(t, err, consent.ErrDelivered)
	return nil
}

// kept reports whether a collection is kept: all of it or nothing.
func kept(t *testing.T, h *host, id consent.GrantID) bool {
	t.Helper()
	e, err := h.Export(t.Context(), subject, "subject-1")
	require.NoError(t, err)
	d := e.Data[id]
	if d == nil || len(d.Records) == 0 { // a link may have been made
		require.Empty(t, e.Documents)
		return false
	}
	require.Len(t, d.Records, 2, "half of a collection is kept")
	require.Len(t, e.Documents, 1)
	require.Equal(t, bankRecords, string(e.Documents[0].Body))
	require.Equal(t, "1234.56", model.All[*model.Balance](d)[0].Amount.Text())
	return true
}

// endOf sweeps, and looks for what is left: nothing but the records of consent, the log, and tombstones.
func endOf(t *testing.T, h *host, db *killDB) {
	t.Helper()
	var last brondata.SweepReport
	for range 6 {
		h.now = h.now.Add(25 * time.Hour)
		for more := true; more; more = last.More {
			var err error
			last, err = h.Sweep(t.Context(), 100)
			require.NoError(t, err)
		}
	}
	require.Zero(t, last.Consent.Ended+last.Consent.Disconnected+last.Consent.Recorded+last.Consent.Failed+last.Vault.Rows+last.Vault.Links+last.Vault.Grants)
	require.NoFileExists(t, db.connection, "the bank was not told")
	var rows int
	require.NoError(t, db.data.QueryRowContext(t.Context(), "SELECT count(*) FROM brondata_vault_rows").Scan(&rows))
	require.Zero(t, rows, "rows of stored contents")
	require.NoError(t, db.data.QueryRowContext(t.Context(), "SELECT count(*) FROM consent_items WHERE kind IN ('package', 'event')").Scan(&rows))
	require.Zero(t, rows, "packages, or entries that the log has not got")
	all, err := h.conf.Keys.List(t.Context(), "g/", "", 1000)
	require.NoError(t, err)
	for _, r := range all {
		require.NotContains(t, string(r.Body), "subject-1", "%s is no tombstone", r.ID)
	}
	grants, err := h.Consent().List(t.Context(), subject, "subject-1")
	require.NoError(t, err)
	for _, g := range grants {
		require.True(t, g.State.Terminal() && g.Cleared)
		links, err := h.Consent().Links(t.Context(), subject, g.ID)
		require.NoError(t, err)
		for _, l := range links {
			require.Equal(t, consent.LinkClosed, l.State)
		}
	}
	_, err = db.log.Verify(t.Context(), nil)
	require.NoError(t, err)
}

// assertNoCanary looks for what is secret or outside the scope in all files, and in what a process said.
func assertNoCanary(t *testing.T, dir string, said ...[]byte) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		said = append(said, b)
	}
	for _, b := range said {
		for _, marker := range []string{"Canary-", "-canary", "999991772", "NL48BRON", "1234.56", strings.Repeat("k", 32)} {
			assert.False(t, bytes.Contains(b, []byte(marker)), "%s is in a file or in a message", marker)
		}
	}
}

// fileBank is a bank that outlives the process: there is a file as long as it has a connection.
type fileBank struct {
	bank
	connection string
}

func (b fileBank) Connect(ctx context.Context, s *sources.Session, r sources.ConnectRequest) (sources.Step, error) {
	step, err := b.bank.Connect(ctx, s, r)
	if err == nil && step.Kind == sources.StepDone {
		err = os.WriteFile(b.connection, nil, 0o600)
	}
	return step, err
}

func (b fileBank) Disconnect(ctx context.Context, s *sources.Session) error {
	st, err := s.State(ctx)
	if err != nil || st.IsZero() {
		return err
	}
	if err := os.Remove(b.connection); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return s.SaveState(ctx, crypto.Secret{})
}

// killDB is the host's storage: data, consent and the log in one file, keys in another.
type killDB struct {
	data, keys *sql.DB
	log        *audit.Log
	connection string
}

func (d *killDB) close() { _ = errors.Join(d.data.Close(), d.keys.Close()) }

// openKillHost opens an application as a process does that starts now. The keys are the same in every process.
func openKillHost(ctx context.Context, dir string, f *faults) (*host, *killDB, error) {
	db := &killDB{connection: filepath.Join(dir, "connection")}
	h := &host{now: killNow, bank: bank{body: bankRecords, pages: new([]string), disconnected: make(chan struct{}), asked: new(model.Date)}}
	const pragmas = "?_pragma=secure_delete(1)&_pragma=busy_timeout(60000)&_pragma=journal_mode(wal)"
	var errs [9]error
	db.data, errs[0] = sql.Open("sqlite", "file:"+filepath.Join(dir, "data.db")+pragmas)
	db.keys, errs[1] = sql.Open("sqlite", "file:"+filepath.Join(dir, "keys.db")+pragmas)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, nil, err
	}
	kek, err := crypto.NewLocalKEK(crypto.NewSecretString(strings.Repeat("k", crypto.KeySize)))
	errs[2] = err
	signer, err := crypto.NewLocalSigner(crypto.NewSecretString(strings.Repeat("s", 32)))
	errs[3] = err
	h.recipient, errs[4] = crypto.ParseRecipientPrivateKey(crypto.NewSecretString("BDQ\x01\x00\x20" + strings.Repeat("r", 32)))
	data, err := sqlvault.OpenStore(ctx, db.data, sqlvault.SQLite)
	errs[5] = err
	keys, err := sqlvault.OpenKeyStore(ctx, db.keys, sqlvault.SQLite, "")
	errs[6] = err
	consentDB, err := sqlconsent.Open(ctx, db.data, sqlconsent.SQLite)
	if err = errors.Join(append(errs[:], err)...); err != nil {
		return nil, nil, err
	}
	h.sender = signer.Public()
	if db.log, err = audit.Open(ctx, consentDB.Audit(), signer, &audit.Options{Now: func() time.Time { return h.now }}); err != nil {
		return nil, nil, err
	}
	var g sources.Registry
	if err := errors.Join(g.AddNormalizer(records{}), g.AddSource(fileBank{h.bank, db.connection}, sources.Upload{})); err != nil {
		return nil, nil, err
	}
	h.conf = brondata.Config{
		Registry: &g, Consent: consentDB.Store(), Data: data, Keys: keys, KEK: kek, Signer: signer, Audit: db.log,
		Tenant: "tenant-1", Now: func() time.Time { return h.now },
	}
	if f != nil {
		h.conf.Consent, h.conf.Data, h.conf.Keys = faultyConsent{h.conf.Consent, f}, faultyData{data, f}, faultyKeys{keys, f}
		h.conf.Audit = faultyLog{db.log, f}
	}
	h.Client, err = brondata.New(h.conf)
	return h, db, err
}

// child goes the whole way and is killed at its n-th store call.
func child(dir string) int {
	n, err := strconv.Atoi(os.Getenv(killAt))
	if id := consent.GrantID(os.Getenv(stopGrant)); err == nil && id != "" {
		err = stoppedChild(dir, n, id)
	} else if err == nil {
		mode := os.Getenv(killMode)
		f := &faults{n: n, kill: func(call func() error) {
			switch mode {
			case "during":
				go func() {
					time.Sleep(time.Duration(n%7) * 60 * time.Microsecond)
					die()
				}()
				_ = call()
			case "after":
				_ = call()
			}
			die()
		}}
		var h *host
		if h, _, err = openKillHost(context.Background(), dir, f); err == nil {
			err = wholeWay(context.Background(), h, os.Stdout)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return 0
}

// die ends this process as kill -9 does: nothing is flushed, closed or rolled back.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}
