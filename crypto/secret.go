package crypto

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
)

// redacted is what every printed form of a Secret shows.
const redacted = "[redacted]"

// Secret holds bytes that must not be shown: a password, a token, a key. No verb of package fmt, no slog handler, no encoder
// of the standard library and no panic prints them, also when the Secret is an unexported field of another struct, where
// fmt cannot call its methods: the bytes sit behind a function value, of which only an address can be printed.
//
// Printed and text forms (also JSON and XML) show "[redacted]"; binary forms (gob) are refused, since they exist to be read
// back; so is every kind of decoding. The zero value is an absent secret. Copies of a Secret share the bytes: wiping
// one wipes all. Two Secrets cannot be compared with ==; see [Secret.Equal]. Safe for concurrent use.
type Secret struct {
	// do runs f on the shared bytes under their lock. A closure, because reflection (and so fmt) cannot look inside.
	do func(f func(b *[]byte))
}

var (
	_ fmt.Formatter            = Secret{}
	_ fmt.Stringer             = Secret{}
	_ fmt.GoStringer           = Secret{}
	_ slog.LogValuer           = Secret{}
	_ json.Marshaler           = Secret{}
	_ encoding.TextMarshaler   = Secret{}
	_ encoding.BinaryMarshaler = Secret{}
	_ gob.GobEncoder           = Secret{}
	_ json.Unmarshaler         = (*Secret)(nil)
	_ encoding.TextUnmarshaler = (*Secret)(nil)
	_ gob.GobDecoder           = (*Secret)(nil)
)

// NewSecret returns a Secret that holds a copy of b; the caller may wipe b. No bytes make an absent Secret.
func NewSecret(b []byte) Secret {
	if len(b) == 0 {
		return Secret{}
	}
	return adopt(append(make([]byte, 0, len(b)), b...))
}

// NewSecretString is NewSecret for a string. The string itself cannot be wiped: prefer bytes where there is a choice.
func NewSecretString(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return adopt(append(make([]byte, 0, len(s)), s...))
}

// adopt makes b itself the content of a Secret.
func adopt(b []byte) Secret {
	var mu sync.Mutex
	return Secret{do: func(f func(*[]byte)) {
		mu.Lock()
		defer mu.Unlock()
		f(&b)
	}}
}

// IsZero reports whether the Secret holds nothing: it was never set, or has been wiped.
func (s Secret) IsZero() bool {
	if s.do == nil {
		return true
	}
	var empty bool
	s.do(func(b *[]byte) { empty = len(*b) == 0 })
	return empty
}

// Use calls f with the secret's bytes and returns f's error. The slice is a copy that is overwritten when f returns or
// panics, so f must not keep it; changing it changes nothing. An absent or wiped Secret is ErrNoSecret, and f is not called.
// A Use in progress is not disturbed by Wipe.
func (s Secret) Use(f func(b []byte) error) error {
	lent := s.lend()
	if lent == nil {
		return ErrNoSecret
	}
	defer wipe(lent)
	return f(lent)
}

// lend returns a copy of the bytes, which the caller wipes, or nil.
func (s Secret) lend() []byte {
	if s.do == nil {
		return nil
	}
	var lent []byte
	s.do(func(b *[]byte) {
		if len(*b) > 0 {
			lent = append(make([]byte, 0, len(*b)), *b...)
		}
	})
	return lent
}

// Wipe overwrites the bytes of this Secret and of all its copies with zeros and makes them absent. Wiping is best effort: see
// the package documentation. Wiping twice, or an absent Secret, does nothing.
func (s Secret) Wipe() {
	if s.do == nil {
		return
	}
	s.do(func(b *[]byte) {
		wipe(*b)
		*b = nil
	})
}

// Equal reports whether both hold the same bytes, in a time that depends on their lengths only. Two absent Secrets are equal.
func (s Secret) Equal(t Secret) bool {
	// Digests, taken one after the other: no second lock is taken while the first is held, and lengths may differ.
	a, b := s.digest(), t.digest()
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

func (s Secret) digest() (d [sha256.Size]byte) {
	if s.do != nil {
		s.do(func(b *[]byte) {
			if len(*b) > 0 {
				d = sha256.Sum256(*b)
			}
		})
	}
	return d
}

// Format prints "[redacted]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (s Secret) GoString() string { return redacted }

// LogValue makes slog show "[redacted]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON encodes the string "[redacted]".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText encodes "[redacted]"; encoding/xml uses it too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalBinary is refused.
func (s Secret) MarshalBinary() ([]byte, error) { return nil, errEncode }

// GobEncode is refused.
func (s Secret) GobEncode() ([]byte, error) { return nil, errEncode }

// UnmarshalJSON is refused: what a Secret encodes is not its content, and plain JSON is no place for one.
func (s *Secret) UnmarshalJSON([]byte) error { return errDecode }

// UnmarshalText is refused.
func (s *Secret) UnmarshalText([]byte) error { return errDecode }

// GobDecode is refused.
func (s *Secret) GobDecode([]byte) error { return errDecode }

var (
	errEncode = fmt.Errorf("%w: a secret is not encoded", ErrInvalid)
	errDecode = fmt.Errorf("%w: a secret is not decoded", ErrInvalid)
)

// wipe overwrites b. KeepAlive keeps the compiler from dropping stores that nobody reads.
func wipe(b []byte) {
	clear(b)
	runtime.KeepAlive(b)
}
