//go:build linux

package pdf_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// childFile tells the test binary to read the file it names instead of running tests.
const childFile = "BRONDATA_PDF_CHILD"

// The bounds of one hostile document: what the issue asks for.
const (
	childTime   = 2 * time.Second
	childMemory = 256 << 20
)

func TestMain(m *testing.M) {
	if file := os.Getenv(childFile); file != "" {
		child(file)
		return
	}
	os.Exit(m.Run())
}

// child reads one document as far as it goes and says what came out. A limit of the address space turns runaway memory into a
// crash of this process only; Go needs a part of it just to start.
func child(file string) {
	_ = syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 3 << 30, Max: 3 << 30})
	data, err := os.ReadFile(file)
	if err != nil {
		fmt.Println("cannot read:", err)
		os.Exit(3)
	}
	start := time.Now()
	n, err := exhaust(data, nil)
	fmt.Printf("%d KiB; %d pages and objects in %v: %v\n", peakMemory(), n, time.Since(start).Round(time.Millisecond), err)
}

// peakMemory returns the most memory that this process had resident, in KiB. The parent cannot tell: what it learns from
// rusage includes its own memory, from before the child's exec.
func peakMemory() (kib int64) {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	_, _ = fmt.Sscan(after, &kib)
	return kib
}

func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each of 80 documents")
	}
	t.Parallel()
	dir := t.TempDir()
	for name, make := range hostile() {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".pdf")
			require.NoError(t, os.WriteFile(file, make(), 0o600))
			took, out := runChild(t, file)
			t.Logf("%v, %s", took.Round(time.Millisecond), out)
			var kib int64
			_, err := fmt.Sscanf(out, "%d KiB", &kib)
			require.NoError(t, err)
			assert.Positive(t, kib)
			assert.Less(t, kib<<10, int64(childMemory))
			assert.Less(t, took, childTime)
			require.NoError(t, os.Remove(file))
		})
	}
}

// runChild reads file in a process of its own and returns the processor time that it took and what it said.
func runChild(t *testing.T, file string) (took time.Duration, out string) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	// The wall clock only stops what never ends: on a busy machine it says little about the document.
	ctx, cancel := context.WithTimeout(context.Background(), 60*childTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), childFile+"="+file)
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%.2000s", text)
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), strings.TrimSpace(string(text))
}
