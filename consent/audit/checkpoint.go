package audit

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/internal/foreign"
)

// Checkpoint is the state of a log at a moment: its first Size entries have the Merkle tree hash Root.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// text is the body of the signed note, in the form of C2SP tlog-checkpoint.
func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// Checkpoint returns the log's present state, signed: a note (golang.org/x/mod/sumdb/note) with the origin, the size and the
// root in its text. Give it to somebody who cannot change the log, or keep it where nobody who can has access.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
	size, err := l.store.Size(ctx)
	if err != nil {
		return nil, fmt.Errorf("audit: checkpoint: %w", err)
	}
	return l.checkpoint(ctx, size)
}

func (l *Log) checkpoint(ctx context.Context, size int64) ([]byte, error) {
	root, err := tlog.TreeHash(size, l.reader(ctx))
	if err != nil {
		return nil, fmt.Errorf("audit: checkpoint: %w", err)
	}
	c := Checkpoint{Origin: l.origin, Size: size, Root: root}
	v, err := verifier(l.origin, l.signer.Public())
	if err != nil {
		return nil, err
	}
	b, err := note.Sign(&note.Note{Text: c.text()}, &noteSigner{Verifier: v, sign: func(msg []byte) ([]byte, error) {
		b, err := l.signer.Sign(ctx, msg)
		return b, foreign.Wrap("sign", err, crypto.ErrNoSecret)
	}})
	if err != nil {
		return nil, fmt.Errorf("audit: checkpoint: %w", err)
	}
	return b, nil
}

// VerifierKey returns the log's public key in the text form of package note, with the origin as its name: what those who
// check statements and checkpoints need.
func (l *Log) VerifierKey() (string, error) {
	key := l.signer.Public()
	return note.NewEd25519VerifierKey(l.origin, key[:])
}

func (l *Log) reader(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) { return l.store.Hashes(ctx, indexes) })
}

// noteSigner is a crypto.Signer for package note.
type noteSigner struct {
	note.Verifier
	sign func(msg []byte) ([]byte, error)
}

func (s *noteSigner) Sign(msg []byte) ([]byte, error) { return s.sign(msg) }

func verifier(origin string, key crypto.SenderKey) (note.Verifier, error) {
	text, err := note.NewEd25519VerifierKey(origin, key[:])
	if err != nil {
		return nil, invalid("signing key")
	}
	return note.NewVerifier(text)
}

// OpenCheckpoint checks a signed checkpoint with the log's [Log.VerifierKey]. [ErrProof]: it is not signed by that key, or not
// a checkpoint of that log.
func OpenCheckpoint(signed []byte, verifierKey string) (Checkpoint, error) {
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return Checkpoint{}, invalid("verifier key")
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint's signature", ErrProof)
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil || c.Origin != v.Name() {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint's text", ErrProof)
	}
	return c, nil
}

var errText = errors.New("not a checkpoint")

// parseCheckpoint takes exactly the form that is written: one text per state.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, errText
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, errText
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, errText
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root)}
	if c.text() != text {
		return Checkpoint{}, errText
	}
	return c, nil
}
