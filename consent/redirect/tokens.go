package redirect

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/brondata/brondata/crypto"
)

// Tokens are what a server gave. They print as "[redacted]". The zero value is none.
type Tokens struct {
	Access  crypto.Secret
	Refresh crypto.Secret
	Expires time.Time // of Access, UTC; the zero time where the server does not say
	// Certificate is the one that the tokens are bound to; zero where none.
	Certificate [32]byte

	// previous is the refresh token before Refresh, kept until an access token that came with Refresh was seen to work:
	// a server that did not finish the rotation knows only this one.
	previous crypto.Secret
	id       string
}

// IsZero reports whether there are none.
func (t Tokens) IsZero() bool { return t.Access.IsZero() && t.Refresh.IsZero() }

// tokensJSON is the stored form.
type tokensJSON struct {
	Version     int       `json:"v"`
	Access      []byte    `json:"access,omitempty"`
	Refresh     []byte    `json:"refresh,omitempty"`
	Previous    []byte    `json:"previous,omitempty"`
	Expires     time.Time `json:"expires,omitzero"`
	Certificate []byte    `json:"certificate,omitempty"`
}

// Pack returns the tokens in one secret, to be sealed and stored.
func (t Tokens) Pack() (crypto.Secret, error) {
	j := tokensJSON{Version: 1, Expires: t.Expires}
	for _, f := range []struct {
		from crypto.Secret
		to   *[]byte
	}{{t.Access, &j.Access}, {t.Refresh, &j.Refresh}, {t.previous, &j.Previous}} {
		if f.from.IsZero() {
			continue
		}
		if err := f.from.Use(func(b []byte) error { *f.to = append([]byte(nil), b...); return nil }); err != nil {
			return crypto.Secret{}, fmt.Errorf("redirect: tokens: %w", err)
		}
		defer clear(*f.to)
	}
	if t.Certificate != [32]byte{} {
		j.Certificate = t.Certificate[:]
	}
	b, err := json.Marshal(j)
	if err != nil {
		return crypto.Secret{}, fmt.Errorf("redirect: tokens: %w", ErrInvalid)
	}
	defer clear(b)
	return crypto.NewSecret(b), nil
}

// UnpackTokens reads what [Tokens.Pack] made. The zero Secret gives no tokens; anything else is [ErrInvalid].
func UnpackTokens(s crypto.Secret) (Tokens, error) {
	if s.IsZero() {
		return Tokens{}, nil
	}
	var j tokensJSON
	err := s.Use(func(b []byte) error {
		if json.Unmarshal(b, &j) != nil || j.Version != 1 || len(j.Certificate) != 0 && len(j.Certificate) != 32 {
			return invalid("stored tokens")
		}
		return nil
	})
	if err != nil {
		return Tokens{}, err
	}
	t := Tokens{Access: crypto.NewSecret(j.Access), Refresh: crypto.NewSecret(j.Refresh), previous: crypto.NewSecret(j.Previous), Expires: j.Expires}
	copy(t.Certificate[:], j.Certificate)
	for _, b := range [][]byte{j.Access, j.Refresh, j.Previous} {
		clear(b)
	}
	return t, nil
}
