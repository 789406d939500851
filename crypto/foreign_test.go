package crypto_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
)

// errHost is what parts of a host return here: its text is never to be seen.
var errHost = errors.New("CANARY of a host")

// hostPart fails in every role that a host can have.
type hostPart struct{ known error }

func (h hostPart) err() error {
	if h.known != nil {
		return fmt.Errorf("CANARY: %w: %w", h.known, errHost)
	}
	return errHost
}

func (hostPart) ID() string { return "host" }
func (h hostPart) Wrap(context.Context, []byte, crypto.Context) ([]byte, error) {
	return nil, h.err()
}
func (h hostPart) Unwrap(context.Context, []byte, crypto.Context) ([]byte, error) {
	return nil, h.err()
}
func (hostPart) Stale(context.Context, []byte, crypto.Context) bool { return true }
func (hostPart) Public() crypto.SenderKey                           { return crypto.SenderKey{1} }
func (h hostPart) Sign(context.Context, []byte) ([]byte, error)     { return nil, h.err() }
func (h hostPart) Write([]byte) (int, error)                        { return 0, h.err() }
func (h hostPart) Read([]byte) (int, error)                         { return 0, h.err() }
func (h hostPart) ReadAt([]byte, int64) (int, error)                { return 0, h.err() }

// TestForeignTexts drives every method of every interface that a host implements: of its errors the type is said, and the
// rest is for errors.Is and errors.As.
func TestForeignTexts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	good, _, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	key, err := crypto.NewDataKey()
	require.NoError(t, err)
	firstRing, err := crypto.NewKeyring(1, good)
	require.NoError(t, err)
	wrapped, err := key.Wrap(ctx, firstRing, crypto.Context{})
	require.NoError(t, err)
	recipient, err := crypto.GenerateRecipientKey(crypto.X25519)
	require.NoError(t, err)
	signer, _, err := crypto.GenerateLocalSigner()
	require.NoError(t, err)
	params := crypto.PackageParams{ReleaseID: "r", Recipients: []crypto.RecipientKey{recipient.Public()}, Sender: signer}
	p, err := crypto.SealPackage(ctx, params, []byte("x"))
	require.NoError(t, err)

	for _, known := range []error{nil, crypto.ErrShredded, crypto.ErrKeyVersion, context.DeadlineExceeded} {
		h := hostPart{known}
		ring, err := crypto.NewKeyring(1, h)
		require.NoError(t, err)
		router, err := crypto.NewKEKRouter(func(context.Context, string, string) (crypto.KEK, error) { return h, nil })
		require.NoError(t, err)
		lost, err := crypto.NewKEKRouter(func(context.Context, string, string) (crypto.KEK, error) { return nil, h.err() })
		require.NoError(t, err)
		keks := map[string]crypto.KEK{"kek": h, "ring": ring, "router": router, "lost router": lost}
		calls := map[string]func() error{
			"sign": func() error { q := params; q.Sender = h; _, err := crypto.SealPackage(ctx, q, nil); return err },
			"seen": func() error {
				_, err := crypto.OpenPackage(ctx, p, recipient, []crypto.SenderKey{signer.Public()},
					&crypto.OpenOptions{Seen: func(context.Context, crypto.Header) (bool, error) { return false, h.err() }})
				return err
			},
			"write stream":   func() error { _, err := key.SealTo(h, crypto.Context{}); return err },
			"read stream":    func() error { _, err := key.OpenFrom(h, crypto.Context{}); return err },
			"read stream at": func() error { _, err := key.OpenAt(h, 1000, crypto.Context{}); return err },
		}
		for name, k := range keks {
			calls[name+": wrap"] = func() error { _, err := key.Wrap(ctx, k, crypto.Context{}); return err }
			calls[name+": unwrap"] = func() error { _, err := crypto.UnwrapDataKey(ctx, k, wrapped, crypto.Context{}); return err }
			calls[name+": rewrap"] = func() error { _, _, err := crypto.Rewrap(ctx, k, wrapped, crypto.Context{}); return err }
			if name != "kek" {
				calls[name+": wrap itself"] = func() error { _, err := k.Wrap(ctx, []byte("k"), crypto.Context{}); return err }
				calls[name+": unwrap itself"] = func() error {
					_, err := k.Unwrap(ctx, []byte("\x00\x00\x00\x01wrapped"), crypto.Context{})
					return err
				}
			}
		}
		for name, call := range calls {
			err := call()
			require.Error(t, err, name)
			assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "CANARY", name)
			assert.ErrorIs(t, err, errHost, name)
			if known != nil {
				assert.ErrorIs(t, err, known, name)
			} else {
				assert.Contains(t, err.Error(), "error of type *errors.errorString", name)
			}
		}
	}
	// The end of a stream is still one.
	_, err = key.OpenFrom(bytes.NewReader(nil), crypto.Context{})
	require.ErrorIs(t, err, crypto.ErrOpen)
}
