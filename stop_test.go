package brondata_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/retention"
)

// stopGrant makes the child of a kill test one that is stopped instead: it adds a file under this grant.
const stopGrant = "BRONDATA_TEST_STOP_GRANT"

// TestStopped stops a process at a store call while it adds a file, for so long that its lease is over, and lets another one add a file
// meanwhile. Whatever each was told is kept is.
func TestStopped(t *testing.T) {
	t.Parallel()
	refused, step := 0, 5
	if testing.Short() {
		step = 15
	}
	for n := 2; ; n += step {
		require.Less(t, n, 1000)
		dir := t.TempDir()
		h, db, err := openKillHost(t.Context(), dir, nil)
		require.NoError(t, err)
		id := h.decided(t, nil)
		h.collect(t, id, month(1), add)

		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), killDir+"="+dir, killAt+"="+strconv.Itoa(n), stopGrant+"="+string(id))
		var errs bytes.Buffer
		cmd.Stderr = &errs
		pipe, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		said := bufio.NewScanner(pipe)
		said.Scan()
		stopped := said.Text() == "stops"
		if stopped {
			var status syscall.WaitStatus
			_, err = syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED, nil)
			require.NoError(t, err)
			require.True(t, status.Stopped())
			h.now = killNow.Add(3 * time.Minute)
			h.collect(t, id, month(3), add)
			require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
			said.Scan()
		}
		last := said.Text()
		require.NoError(t, cmd.Wait(), "%s", &errs)
		h.now = killNow.Add(time.Hour)
		kept := amounts(h.review(t, id).Records)
		assert.Contains(t, kept, "-101.00", "call %d", n)
		assert.Equal(t, stopped, strings.Contains(kept, "-103.00"), "call %d", n)
		switch last {
		case "kept":
			assert.Contains(t, kept, "-102.00", "call %d", n)
		case "conflict":
			assert.NotContains(t, kept, "-102.00", "call %d", n)
			refused++
		default:
			assert.Fail(t, "the child said something else", "call %d: %s", n, last)
		}
		h.Close()
		db.close()
		if !stopped {
			break
		}
	}
	assert.Positive(t, refused)
}

// stoppedChild adds a file, and stops at its n-th store call until somebody lets it go on.
func stoppedChild(dir string, n int, id consent.GrantID) error {
	var h *host
	f := &faults{n: n, stand: func() {
		goOn := make(chan os.Signal, 1)
		signal.Notify(goOn, syscall.SIGCONT)
		fmt.Println("stops")
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		<-goOn // this thread may be stopped a little after another one
		h.now = killNow.Add(3 * time.Minute)
	}}
	h, _, err := openKillHost(context.Background(), dir, f)
	if err != nil {
		return err
	}
	_, err = h.Collect(context.Background(), subject, id, month(2), add)
	switch {
	case err == nil:
		fmt.Println("kept")
	case errors.Is(err, retention.ErrConflict):
		fmt.Println("conflict")
	default:
		return err
	}
	return nil
}
