// Package pgtest gives tests a PostgreSQL server of their own, started from the binaries that are installed on the
// machine: no container, no network, nothing left behind.
//
// One server serves a whole test binary; it is stopped when the last test that asked for it has ended. Each call of
// [Start] gets a database of its own in it.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// requireTools is the environment variable that makes a missing server a failure, and not a skipped test.
const requireTools = "BRONDATA_REQUIRE_TOOLS"

// errAbsent says that the machine has no PostgreSQL server binaries.
var errAbsent = errors.New("no PostgreSQL server found: neither initdb and postgres in PATH nor in /usr/lib/postgresql")

// shared is the server of this test binary, with the number of tests that use it.
var shared struct {
	mu    sync.Mutex
	users int
	srv   *server
}

var databases atomic.Int64

// Start returns the data source name of a new, empty database, in the keyword form that libpq and the pgx drivers
// understand. It skips the test, saying why, when the machine has no PostgreSQL; with BRONDATA_REQUIRE_TOOLS=1 in the
// environment it fails instead.
func Start(t testing.TB) (dsn string) {
	t.Helper()
	srv, err := acquire()
	if errors.Is(err, errAbsent) && os.Getenv(requireTools) == "" {
		t.Skipf("pgtest: SKIPPED, nothing was tested against PostgreSQL: %v", err)
	}
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(release)
	name := "test" + strconv.FormatInt(databases.Add(1), 10)
	if err := srv.create(name); err != nil {
		t.Fatalf("pgtest: create database: %v", err)
	}
	return srv.dsn(name)
}

func acquire() (*server, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.srv == nil {
		srv, err := start()
		if err != nil {
			return nil, err
		}
		shared.srv = srv
	}
	shared.users++
	return shared.srv, nil
}

func release() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.users--; shared.users == 0 {
		shared.srv.stop()
		shared.srv = nil
	}
}

type server struct {
	cmd  *exec.Cmd
	done chan struct{}
	dir  string
	port int
}

func (s *server) dsn(database string) string {
	return fmt.Sprintf("host=127.0.0.1 port=%d user=brondata dbname=%s sslmode=disable", s.port, database)
}

// start makes a cluster in a temporary directory and waits until it answers.
func start() (*server, error) {
	initdb, postgres, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, done: make(chan struct{})}
	if err := s.run(initdb, postgres); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) run(initdb, postgres string) error {
	cred, err := credential(s.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = s.dir
		cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+s.dir)
		// A test binary that is killed takes its server with it.
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGQUIT}
		return cmd
	}
	out, err := command(initdb, "-D", data, "-U", "brondata", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	if s.port, err = freePort(); err != nil {
		return err
	}
	// Settings are those of a real server but for its size: fsync stays on, since durability is among what is tested.
	s.cmd = command(postgres, "-D", data, "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories=", "-c", "shared_buffers=32MB", "-c", "max_connections=200")
	var log bytes.Buffer
	s.cmd.Stdout, s.cmd.Stderr = &log, &log
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		select {
		case <-s.done:
			return fmt.Errorf("postgres ended: %s", log.Bytes())
		case <-time.After(20 * time.Millisecond):
		}
		if s.exec("SELECT 1") == nil {
			return nil
		}
	}
	return errors.New("postgres did not answer in 30 seconds")
}

func (s *server) create(name string) error { return s.exec("CREATE DATABASE " + name) }

func (s *server) exec(query string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, s.dsn("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, query).ReadAll()
	return err
}

// stop ends the server at once: nobody needs what is in it.
func (s *server) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT)
		select {
		case <-s.done:
		case <-time.After(10 * time.Second):
			_ = s.cmd.Process.Kill()
			<-s.done
		}
	}
	_ = os.RemoveAll(s.dir)
}

// binaries finds the server's programs. Debian keeps them out of PATH.
func binaries() (initdb, postgres string, err error) {
	initdb, err1 := exec.LookPath("initdb")
	postgres, err2 := exec.LookPath("postgres")
	if err1 == nil && err2 == nil {
		return initdb, postgres, nil
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Sort(dirs)
	for _, dir := range slices.Backward(dirs) {
		initdb, postgres = filepath.Join(dir, "initdb"), filepath.Join(dir, "postgres")
		if executable(initdb) && executable(postgres) {
			return initdb, postgres, nil
		}
	}
	return "", "", errAbsent
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// credential is whom the server runs as: PostgreSQL refuses to run as root.
func credential(dir string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chmod(dir, 0o755), os.Chown(dir, int(uid), int(gid))); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("tests run as root, PostgreSQL does not, and there is neither a user postgres nor nobody")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
