package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/internal/foreign"
	"github.com/brondata/brondata/retention"
)

// Log is one access log. Several Logs, in several processes, may share a store. Safe for concurrent use.
type Log struct {
	store  guardedStore
	signer crypto.Signer
	origin string
	now    func() time.Time

	mu      sync.Mutex
	queue   []*pending
	leading bool

	// The tree's state belongs to whoever leads. It is stale after a failure of which the store could not be asked.
	tree  frontier
	stale bool

	names names
}

// Options are the optional parts of [Open].
type Options struct {
	// Origin names the log in its checkpoints, as a URL without its scheme. It never changes. Default "brondata.audit".
	Origin string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// maxBatch bounds how many entries go to the store at once.
const maxBatch = 512

var (
	_ retention.Recorder = (*Log)(nil)
	_ retention.Locator  = (*Log)(nil)
	_ retention.Scrubber = (*Log)(nil)
)

// Open returns the log in a store. signer signs its checkpoints. [ErrInvalid]: no store, no signer, or an unusable origin.
func Open(ctx context.Context, store Store, signer crypto.Signer, o *Options) (*Log, error) {
	if o == nil {
		o = &Options{}
	}
	l := &Log{store: guardedStore{store}, signer: signer, origin: o.Origin, now: o.Now}
	if l.origin == "" {
		l.origin = "brondata.audit"
	}
	if l.now == nil {
		l.now = time.Now
	}
	if store == nil || signer == nil || signer.Public().IsZero() {
		return nil, invalid("log needs a store and a signer")
	}
	if strings.ContainsFunc(l.origin, func(r rune) bool { return r <= ' ' || r == '+' || r > '~' }) || len(l.origin) > 256 {
		return nil, invalid("origin")
	}
	if _, err := l.store.Size(ctx); err != nil {
		return nil, fmt.Errorf("audit: open: %w", err)
	}
	l.stale = true // the first append loads: a log that is damaged opens all the same, for Verify to look at
	return l, nil
}

// pending is one entry on its way.
type pending struct {
	subject [16]byte
	detail  []byte
	digest  [sha256.Size]byte
	done    chan struct{}
	index   int64
	err     error
}

// Record implements [retention.Recorder]: when it returns nil, the entry is durable.
func (l *Log) Record(ctx context.Context, a retention.Access) error {
	_, err := l.append(ctx, a)
	return foreign.Own(err)
}

// RecordAt implements [retention.Locator]: the place is "entry " and the index.
func (l *Log) RecordAt(ctx context.Context, a retention.Access) (string, error) {
	i, err := l.append(ctx, a)
	if err != nil {
		return "", foreign.Own(err)
	}
	return "entry " + strconv.FormatInt(i, 10), nil
}

func (l *Log) append(ctx context.Context, a retention.Access) (int64, error) {
	if a.Actor == "" || a.Role == "" {
		return 0, invalid("entry names nobody")
	}
	p := &pending{done: make(chan struct{})}
	var err error
	if p.subject, err = l.name(ctx, a.Subject); err != nil {
		return 0, err
	}
	a.Subject = "" // the pseudonym stands for it
	if p.detail, err = newDetail(a); err != nil {
		return 0, err
	}
	p.digest = detailDigest(p.detail)

	l.mu.Lock()
	l.queue = append(l.queue, p)
	lead := !l.leading
	l.leading = true
	l.mu.Unlock()
	if lead {
		// Whoever finds nobody writing writes for all who come meanwhile. Others' entries must not depend on this
		// caller's context.
		go l.lead(context.WithoutCancel(ctx))
	}
	select {
	case <-p.done:
		return p.index, p.err
	case <-ctx.Done():
		return 0, ctx.Err() // it may be logged all the same: the caller returns nothing, and the log says a bit too much
	}
}

// lead writes batches until nobody waits.
func (l *Log) lead(ctx context.Context) {
	for {
		l.mu.Lock()
		batch := l.queue
		if len(batch) == 0 {
			l.leading = false
			l.mu.Unlock()
			return
		}
		if len(batch) > maxBatch {
			batch, l.queue = batch[:maxBatch:maxBatch], batch[maxBatch:]
		} else {
			l.queue = nil
		}
		l.mu.Unlock()
		err := l.write(ctx, batch)
		for _, p := range batch {
			p.err = err
			close(p.done)
		}
	}
}

// write appends a batch, again when another process was first.
func (l *Log) write(ctx context.Context, batch []*pending) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if l.stale {
			if err := l.load(ctx); err != nil {
				return err
			}
		}
		at := l.now()
		if at.Before(l.tree.last) {
			at = l.tree.last
		}
		at = time.UnixMicro(at.UnixMicro()).UTC()
		next := l.tree
		rows := make([]Row, len(batch))
		hashes := make([]tlog.Hash, 0, 2*len(batch)+64)
		for i, p := range batch {
			leaf := newLeaf(at, p.subject, p.digest)
			rows[i] = Row{Leaf: leaf, Subject: p.subject, Detail: p.detail}
			p.index = next.size
			hashes = next.add(hashes, tlog.RecordHash(leaf))
		}
		next.last = at
		err := l.store.Append(ctx, l.tree.size, rows, hashes)
		if err == nil {
			l.tree = next
			return nil
		}
		// Whatever happened, the store knows: only a conflict is tried again, since another error may have been a success.
		l.stale = true
		if !errors.Is(err, ErrConflict) {
			return fmt.Errorf("audit: append: %w", err)
		}
	}
}

// load reads the tree's state from the store.
func (l *Log) load(ctx context.Context) error {
	size, err := l.store.Size(ctx)
	if err != nil {
		return fmt.Errorf("audit: open: %w", err)
	}
	f := frontier{size: size}
	at := f.indexes()
	hashes, err := l.store.Hashes(ctx, at)
	if err != nil {
		return fmt.Errorf("audit: open: %w", err)
	}
	f.set(hashes)
	if size > 0 {
		_, rows, err := l.store.Rows(ctx, Query{From: size - 1, Max: 1})
		if err != nil {
			return fmt.Errorf("audit: open: %w", err)
		}
		if len(rows) != 1 || len(rows[0].Leaf) != leafSize {
			return &Damage{Index: size - 1, Kind: Edited}
		}
		f.last = rows[0].at()
	}
	l.tree, l.stale = f, false
	return nil
}

// frontier is the right edge of the tree: one complete subtree for each bit of its size.
type frontier struct {
	size  int64
	last  time.Time // of the last entry
	roots [64]tlog.Hash
}

// indexes are the stored-hash indexes of the subtrees, the smallest first.
func (f *frontier) indexes() []int64 {
	var out []int64
	for level := range 63 {
		if f.size>>level&1 == 1 {
			out = append(out, tlog.StoredHashIndex(level, f.size>>level-1))
		}
	}
	return out
}

func (f *frontier) set(hashes []tlog.Hash) {
	i := 0
	for level := range 63 {
		if f.size>>level&1 == 1 && i < len(hashes) {
			f.roots[level] = hashes[i]
			i++
		}
	}
}

// add adds a leaf, and appends to out the hashes that it completes: those that tlog stores.
func (f *frontier) add(out []tlog.Hash, leaf tlog.Hash) []tlog.Hash {
	h := leaf
	out = append(out, h)
	level := 0
	for ; f.size>>level&1 == 1; level++ {
		h = tlog.NodeHash(f.roots[level], h)
		out = append(out, h)
	}
	f.roots[level] = h
	f.size++
	return out
}

// names remembers subjects' pseudonyms for a while, since most entries are about few subjects.
type names struct {
	mu   sync.Mutex
	by   map[string][16]byte
	from time.Time
}

// How long and how many pseudonyms are remembered. After an erasure by another process the old one may be used that long.
const (
	namesFor = time.Minute
	namesMax = 10_000
)

func (n *names) get(subject string, now time.Time) ([16]byte, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if d := now.Sub(n.from); d < 0 || d > namesFor || len(n.by) >= namesMax {
		n.by, n.from = map[string][16]byte{}, now
	}
	p, ok := n.by[subject]
	return p, ok
}

func (n *names) put(subject string, p [16]byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.by[subject] = p
}

func (n *names) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.by = map[string][16]byte{}
}

// name returns a subject's pseudonym, which it makes for a new one.
func (l *Log) name(ctx context.Context, subject string) ([16]byte, error) {
	if subject == "" {
		return [16]byte{}, nil
	}
	if p, ok := l.names.get(subject, l.now()); ok {
		return p, nil
	}
	proposal := make([]byte, 32)
	if _, err := rand.Read(proposal); err != nil {
		return [16]byte{}, fmt.Errorf("audit: random source: %w", err)
	}
	secret, err := l.store.Secret(ctx, secretID(subject), proposal)
	if err != nil {
		return [16]byte{}, fmt.Errorf("audit: subject: %w", err)
	}
	p := pseudonym(secret, subject)
	l.names.put(subject, p)
	return p, nil
}

// known returns the pseudonym of a subject who has one.
func (l *Log) known(ctx context.Context, subject string) ([16]byte, bool, error) {
	secret, err := l.store.Secret(ctx, secretID(subject), nil)
	if err != nil {
		return [16]byte{}, false, fmt.Errorf("audit: subject: %w", err)
	}
	return pseudonym(secret, subject), secret != nil, nil
}

// Erase makes a subject's entries unreadable and their pseudonym meaningless; the proofs stay valid. Erasing twice, or a
// subject of whom nothing was logged, is no error. Somebody who was erased and comes back gets another pseudonym. What is erased is
// also removed from the store's files, where it is a [retention.Scrubber]; an error of that comes when it is erased, and erasing again,
// or Scrub, removes it.
func (l *Log) Erase(ctx context.Context, subject string) error {
	p, ok, err := l.known(ctx, subject)
	if err != nil {
		return err
	}
	if ok {
		if err := l.store.Erase(ctx, p, secretID(subject)); err != nil {
			return fmt.Errorf("audit: erase: %w", err)
		}
		l.names.forget()
	}
	return l.Scrub(ctx) // also what an earlier call was kept from
}

// Scrub implements [retention.Scrubber]: it removes what was erased from the store's files. A Manager's sweep calls it.
func (l *Log) Scrub(ctx context.Context) error {
	if err := l.store.Scrub(ctx); err != nil {
		return foreign.Own(fmt.Errorf("audit: %w", err))
	}
	return nil
}
