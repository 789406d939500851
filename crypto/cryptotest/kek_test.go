package cryptotest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/crypto/cryptotest"
)

// broken is a KEK with a fault.
type broken struct {
	*crypto.LocalKEK
	id     func() string
	wrap   func(ctx context.Context, key []byte, c crypto.Context) ([]byte, error)
	unwrap func(ctx context.Context, w []byte, c crypto.Context) ([]byte, error)
}

func (b *broken) ID() string {
	if b.id != nil {
		return b.id()
	}
	return b.LocalKEK.ID()
}

func (b *broken) Wrap(ctx context.Context, key []byte, c crypto.Context) ([]byte, error) {
	if b.wrap != nil {
		return b.wrap(ctx, key, c)
	}
	return b.LocalKEK.Wrap(ctx, key, c)
}

func (b *broken) Unwrap(ctx context.Context, w []byte, c crypto.Context) ([]byte, error) {
	if b.unwrap != nil {
		return b.unwrap(ctx, w, c)
	}
	return b.LocalKEK.Unwrap(ctx, w, c)
}

// breakers break a rule each; the key is the rule that must notice.
func breakers() map[string]func(*broken) {
	return map[string]func(*broken){
		"id_is_stable_and_not_empty": func(b *broken) {
			n := 0
			b.id = func() string { n++; return fmt.Sprint(n) }
		},
		"every_length_comes_back": func(b *broken) {
			b.wrap = func(ctx context.Context, key []byte, c crypto.Context) ([]byte, error) {
				if len(key) < 16 {
					return nil, errors.New("too short")
				}
				return b.LocalKEK.Wrap(ctx, key, c)
			}
		},
		"neither_input_is_changed": func(b *broken) {
			b.wrap = func(ctx context.Context, key []byte, c crypto.Context) ([]byte, error) {
				w, err := b.LocalKEK.Wrap(ctx, key, c)
				clear(key)
				return w, err
			}
		},
		"the_result_belongs_to_the_caller": func(b *broken) {
			var mu sync.Mutex
			cache := map[string][]byte{}
			b.unwrap = func(ctx context.Context, w []byte, c crypto.Context) ([]byte, error) {
				mu.Lock()
				defer mu.Unlock()
				if k, ok := cache[string(w)+fmt.Sprint(c)]; ok {
					return k, ctx.Err()
				}
				k, err := b.LocalKEK.Unwrap(ctx, w, c)
				if err == nil {
					cache[string(w)+fmt.Sprint(c)] = k
				}
				return k, err
			}
		},
		"the_key_does_not_show": func(b *broken) {
			b.wrap = func(ctx context.Context, key []byte, c crypto.Context) ([]byte, error) {
				w, err := b.LocalKEK.Wrap(ctx, key, c)
				return append(append([]byte{byte(len(key))}, key...), w...), err
			}
			b.unwrap = func(ctx context.Context, w []byte, c crypto.Context) ([]byte, error) {
				if len(w) == 0 || len(w) < 1+int(w[0]) {
					return nil, crypto.ErrOpen
				}
				key, err := b.LocalKEK.Unwrap(ctx, w[1+int(w[0]):], c)
				if err == nil && !bytes.Equal(key, w[1:1+int(w[0])]) {
					return nil, crypto.ErrOpen
				}
				return key, err
			}
		},
		"every_byte_and_every_cut_matters": func(b *broken) {
			b.wrap = func(ctx context.Context, key []byte, c crypto.Context) ([]byte, error) {
				w, err := b.LocalKEK.Wrap(ctx, key, c)
				return append([]byte{1}, w...), err
			}
			b.unwrap = func(ctx context.Context, w []byte, c crypto.Context) ([]byte, error) {
				if len(w) == 0 {
					return nil, crypto.ErrOpen
				}
				return b.LocalKEK.Unwrap(ctx, w[1:], c)
			}
		},
		"an_ended_context_ends_the_call": func(b *broken) {
			b.unwrap = func(_ context.Context, w []byte, c crypto.Context) ([]byte, error) {
				return b.LocalKEK.Unwrap(context.Background(), w, c)
			}
		},
		"concurrent_use": func(b *broken) {
			var mu sync.Mutex
			busy := false
			b.wrap = func(ctx context.Context, key []byte, c crypto.Context) ([]byte, error) {
				mu.Lock()
				if busy {
					mu.Unlock()
					return nil, errors.New("busy")
				}
				busy = true
				mu.Unlock()
				defer func() { mu.Lock(); busy = false; mu.Unlock() }()
				var w []byte
				var err error
				for range 20 { // let the others in, also on one processor
					w, err = b.LocalKEK.Wrap(ctx, key, c)
					runtime.Gosched()
				}
				return w, err
			}
		},
		"data_keys_wrap,_bound_to_their_context": func(b *broken) {
			b.wrap = func(ctx context.Context, key []byte, c crypto.Context) ([]byte, error) {
				return b.LocalKEK.Wrap(ctx, key[:min(len(key), crypto.MaxWrap-1)], c)
			}
		},
		"the_context_is_bound": func(b *broken) {
			strip := func(c crypto.Context) crypto.Context { c.Purpose = ""; return c }
			b.wrap = func(ctx context.Context, key []byte, c crypto.Context) ([]byte, error) {
				return b.LocalKEK.Wrap(ctx, key, strip(c))
			}
			b.unwrap = func(ctx context.Context, w []byte, c crypto.Context) ([]byte, error) {
				return b.LocalKEK.Unwrap(ctx, w, strip(c))
			}
		},
		"another_key_does_not_open": func(b *broken) {
			b.unwrap = func(ctx context.Context, w []byte, c crypto.Context) ([]byte, error) {
				k, err := b.LocalKEK.Unwrap(ctx, w, c)
				if errors.Is(err, crypto.ErrOpen) && len(w) == crypto.Overhead+32 && string(w[:3]) == "BDK" {
					return nil, errors.New("no such key") // a refusal told as an outage
				}
				return k, err
			}
		},
	}
}

// TestSuiteNoticesEachBrokenRule runs the suite on broken KEKs in child processes and reads which rules failed.
func TestSuiteNoticesEachBrokenRule(t *testing.T) {
	const which = "BRONDATA_TEST_BROKEN_KEK"
	if name := os.Getenv(which); name != "" {
		cryptotest.KEK(t, func(t *testing.T) crypto.KEK {
			local, _, err := crypto.GenerateLocalKEK()
			require.NoError(t, err)
			b := &broken{LocalKEK: local}
			if name != "none" {
				breakers()[name](b)
			}
			return b
		}, nil)
		return
	}
	t.Parallel()
	exe, err := os.Executable()
	require.NoError(t, err)
	run := func(name string) (string, error) {
		cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestSuiteNoticesEachBrokenRule$", "-test.v")
		cmd.Env = append(os.Environ(), which+"="+name)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("none")
	require.NoError(t, err, out)
	for name := range breakers() {
		out, err := run(name)
		require.Error(t, err, name)
		require.Contains(t, out, "--- FAIL: TestSuiteNoticesEachBrokenRule/"+name, strings.TrimSpace(out))
	}
}
