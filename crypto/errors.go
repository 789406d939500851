package crypto

import (
	"errors"

	"github.com/brondata/brondata/internal/foreign"
)

var (
	// ErrOpen is the error of everything that does not open: the wrong key, another context, a changed, cut or extended
	// input, an unknown format, a sender that is not trusted, a package for somebody else. It carries no detail on purpose,
	// for an attacker could learn from it.
	ErrOpen = errors.New("crypto: cannot open")

	// ErrShredded says that the key of something was destroyed, so that nobody can read it any more. It is final.
	ErrShredded = errors.New("crypto: key destroyed")

	// ErrKeyVersion says that a key is wrapped under a version below the keyring's minimum, or one that the ring lacks.
	ErrKeyVersion = errors.New("crypto: key version not accepted")

	// ErrNoSecret says that a Secret was never set or has been wiped.
	ErrNoSecret = errors.New("crypto: secret absent or wiped")

	// ErrReplayed says that a package is authentic but its release was opened before.
	ErrReplayed = errors.New("crypto: release opened before")

	// ErrInvalid says that an argument is unusable: a key of the wrong length, a name that is too long, no recipient.
	ErrInvalid = errors.New("crypto: invalid argument")
)

// outside is what is said of an error that a KEK, a signer, or another part of the host returned: the operation and its type. The
// errors of this package keep their meaning, and errors.Is and errors.As find the original.
func outside(op string, err error) error {
	return foreign.Wrap("crypto: "+op, err, ErrOpen, ErrShredded, ErrKeyVersion, ErrNoSecret, ErrInvalid)
}
