package retention

import (
	"fmt"
	"strconv"
	"time"
)

// MaxDays is the largest number of days in a policy.
const MaxDays = 365

// TokenWindow is how long credentials live at most under [CredentialsNoStore], from the link's creation: the time in
// which an institution may ask the subject for one more token.
const TokenWindow = 15 * time.Minute

const day = 24 * time.Hour

// Days is a number of days, 1 to 365, each of 24 hours. Its text form is "1d" to "365d" and nothing else. The zero value means the
// default, and has the text form "".
type Days int16

// ParseDays reads the text form. ErrPolicy: it is anything else, such as "0d", "366d", "1D", "01d" or "1 d".
func ParseDays(s string) (Days, error) {
	n, err := days(s)
	if err != nil {
		return 0, err
	}
	return Days(n), nil
}

func days(s string) (int, error) {
	if len(s) < 2 || len(s) > 4 || s[len(s)-1] != 'd' || s[0] == '0' {
		return 0, errTerm
	}
	n := 0
	for i := range len(s) - 1 {
		if s[i] < '0' || s[i] > '9' {
			return 0, errTerm
		}
		n = n*10 + int(s[i]-'0')
	}
	if n > MaxDays {
		return 0, errTerm
	}
	return n, nil
}

var errTerm = fmt.Errorf("%w: not a term", ErrPolicy)

// String returns the text form.
func (d Days) String() string {
	if d == 0 {
		return ""
	}
	return strconv.Itoa(int(d)) + "d"
}

// MarshalText returns the text form.
func (d Days) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the text form.
func (d *Days) UnmarshalText(b []byte) (err error) {
	*d = 0
	if len(b) > 0 {
		*d, err = ParseDays(string(b))
	}
	return err
}

// Duration returns the length of the term.
func (d Days) Duration() time.Duration { return time.Duration(d) * day }

func (d Days) valid() bool { return d >= 0 && d <= MaxDays }

// Storage is how long a link's credentials are kept: [CredentialsStore], [CredentialsNoStore], or a number of days from the
// link's creation, 1 to 365. Its text form is "store", "nostore" or "1d" to "365d". The zero value means the default: 365
// days for a single link, store for a recurrent one.
type Storage int16

// The storages that are no number of days.
const (
	// CredentialsStore keeps credentials as long as the link exists.
	CredentialsStore Storage = -1
	// CredentialsNoStore keeps them for TokenWindow from the link's creation at most.
	CredentialsNoStore Storage = -2
)

// CredentialsDays keeps credentials for a number of days; [Policy.Validate] refuses what is not 1 to 365.
func CredentialsDays(n int) Storage {
	if n < 1 || n > MaxDays {
		return badStorage
	}
	return Storage(n)
}

// badStorage is a value that no policy accepts.
const badStorage Storage = -3

// ParseStorage reads the text form. ErrPolicy: it is anything else.
func ParseStorage(s string) (Storage, error) {
	switch s {
	case "store":
		return CredentialsStore, nil
	case "nostore":
		return CredentialsNoStore, nil
	}
	n, err := days(s)
	if err != nil {
		return 0, err
	}
	return Storage(n), nil
}

// String returns the text form, "" for the default.
func (s Storage) String() string {
	switch {
	case s == CredentialsStore:
		return "store"
	case s == CredentialsNoStore:
		return "nostore"
	case s > 0:
		return strconv.Itoa(int(s)) + "d"
	}
	return ""
}

// MarshalText returns the text form.
func (s Storage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the text form.
func (s *Storage) UnmarshalText(b []byte) (err error) {
	*s = 0
	if len(b) > 0 {
		*s, err = ParseStorage(string(b))
	}
	return err
}

func (s Storage) valid() bool {
	return s == 0 || s == CredentialsStore || s == CredentialsNoStore || s > 0 && s <= MaxDays
}
