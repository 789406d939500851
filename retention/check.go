package retention

import "time"

// Forever is the expiry of what has none: the last instant of the year 9999.
var Forever = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// CheckRow reports whether row and sealed are within the bounds of [Store]. Implementations call it first in Put, so that all
// refuse the same. The error wraps [ErrInvalid].
func CheckRow(row Row, sealed []byte) error {
	switch {
	case !token(row.Link) || !token(row.Item):
		return invalid("id of a row")
	case row.Chunk < 0 || row.Chunk > 65535:
		return invalid("chunk of a row")
	case row.Expires.IsZero() || row.Expires.Nanosecond()%int(time.Millisecond) != 0:
		return invalid("expiry of a row")
	case len(sealed) == 0 || len(sealed) > MaxChunk:
		return invalid("size of a row")
	}
	return nil
}

// CheckChanges reports whether changes are within the bounds of [KeyStore]. Implementations call it first in Apply. The
// error wraps [ErrInvalid].
func CheckChanges(changes []Change) error {
	if len(changes) == 0 || len(changes) > 64 {
		return invalid("number of changes")
	}
	for i, c := range changes {
		switch {
		case c.Op < OpCreate || c.Op > OpCheck:
			return invalid("operation")
		case !recordID(c.Record.ID):
			return invalid("id of a record")
		case c.Record.Due.Nanosecond()%int(time.Millisecond) != 0:
			return invalid("due time of a record")
		case len(c.Record.Body) > MaxBody:
			return invalid("size of a record")
		}
		for _, d := range changes[:i] {
			if d.Record.ID == c.Record.ID {
				return invalid("two changes of one record")
			}
		}
	}
	return nil
}

// token reports whether s is 1 to 64 bytes of a-z and 0-9.
func token(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// recordID reports whether s is 1 to 255 bytes of printable ASCII without space.
func recordID(s string) bool {
	if len(s) == 0 || len(s) > 255 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// name reports whether s can name a grant, a link or an item inside a record's id: 1 to 64 bytes of letters, digits and - _ .
func name(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
