package consent

import (
	"crypto/rand"
	"strings"
)

// GrantID, ReleaseID and LinkID name a grant, a release and a link. Grant and release ids are random, at least 128 bits,
// and mean nothing: they may be logged and shown. A link has no id of its own: its LinkID is that of its grant, a slash
// and the institution.
type (
	GrantID   string
	ReleaseID string
	LinkID    string
)

// idLength is the length of a random id: 26 characters of base 32 carry 130 bits.
const idLength = 26

func newID() string { return strings.ToLower(rand.Text()) }

// validID reports whether s has the form of newID, so that a stray string never reaches a store as a key.
func validID(s string) bool {
	if len(s) != idLength {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

// Valid reports whether the id has the form that this package makes.
func (id GrantID) Valid() bool { return validID(string(id)) }

// Valid reports whether the id has the form that this package makes.
func (id ReleaseID) Valid() bool { return validID(string(id)) }
