package sources

import (
	"sync"

	"github.com/brondata/brondata/crypto"
)

// saved is what a session knows of the state that is saved while it has its lock. Nobody else changes it meanwhile, and each load
// of the host's is a read of secrets that its access log tells of: one for each session is enough.
type saved struct {
	mu     sync.Mutex
	value  crypto.Secret // the session's own copy
	known  bool
	change int // counts what may have changed the state
	closed bool
}

// get returns a copy of the state where it is known, and what set needs where it is to be loaded.
func (s *saved) get() (value crypto.Secret, known bool, change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.known {
		return crypto.Secret{}, false, s.change
	}
	return copyOf(s.value), true, s.change
}

// begin notes that a save begins: until it succeeded, nobody knows what is there.
func (s *saved) begin() (change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	return s.change
}

// set notes what was loaded or saved, unless something else was saved meanwhile: then the order is not known, and nothing is.
func (s *saved) set(value crypto.Secret, change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if change != s.change || s.closed {
		s.forget()
		return
	}
	s.value.Wipe()
	s.value, s.known = copyOf(value), true
}

func (s *saved) forget() {
	s.value.Wipe()
	s.value, s.known = crypto.Secret{}, false
	s.change++
}

// close wipes it for good.
func (s *saved) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.forget()
}

// copyOf returns a secret of its own: whoever gets one may wipe it.
func copyOf(s crypto.Secret) (c crypto.Secret) {
	_ = s.Use(func(b []byte) error { // an absent one stays one
		c = crypto.NewSecret(b)
		return nil
	})
	return c
}
