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
		srv, err := start(freePort)
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

// patience is how long the server may take for one thing on a machine that is busy with others.
const patience = 2 * time.Minute

// start makes a cluster in a temporary directory and waits until it answers. It listens at one of the ports.
func start(ports func() (int, error)) (*server, error) {
	initdb, postgres, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	if err := s.run(initdb, postgres, ports); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) run(initdb, postgres string, ports func() (int, error)) error {
	cred, err := credential(s.dir)
	if err != nil {
		return err
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, append([]string{"-D", s.data()}, args...)...)
		cmd.Dir = s.dir
		cmd.Env = append(os.Environ(), "LC_ALL=C", "HOME="+s.dir)
		// A test binary that is killed takes its server with it.
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGQUIT}
		return cmd
	}
	out, err := command(initdb, "-U", "brondata", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions").CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	// A port that was free may be taken by another process before the server has it, so there is more than one try.
	for range 5 {
		if s.port, err = ports(); err != nil {
			return err
		}
		// Settings are those of a real server but for its size: fsync stays on, since durability is among what is tested.
		err = s.listen(command(postgres, "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1",
			"-c", "unix_socket_directories=", "-c", "shared_buffers=32MB", "-c", "max_connections=200"))
		if !errors.Is(err, errEnded) {
			return err
		}
	}
	return err
}

// errEnded says that the server ended before it answered.
var errEnded = errors.New("postgres ended")

// listen starts the server and waits until it answers.
func (s *server) listen(cmd *exec.Cmd) error {
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	done := make(chan struct{})
	s.cmd, s.done = cmd, done
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	go func() {
		_ = cmd.Wait()
		close(done)
		cancel() // whoever has the port may accept a connection and say nothing
	}()
	for ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
		// Or it is a server of another test: that answers too, and ends with its test.
		if of, err := s.exec(ctx, "SHOW data_directory"); err == nil && of == s.data() {
			return nil
		}
	}
	select {
	case <-done:
		return fmt.Errorf("%w: %s", errEnded, log.Bytes())
	default:
		return fmt.Errorf("postgres did not answer in %v", patience)
	}
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }

func (s *server) create(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := s.exec(ctx, "CREATE DATABASE "+name)
	return err
}

// exec runs one statement and returns the first value of its answer, where there is one.
func (s *server) exec(ctx context.Context, query string) (string, error) {
	conn, err := pgconn.Connect(ctx, s.dsn("postgres"))
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, query).ReadAll()
	if err != nil || len(results) == 0 || len(results[0].Rows) == 0 {
		return "", err
	}
	return string(results[0].Rows[0][0]), nil
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
