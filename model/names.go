package model

// InstitutionID names an institution, such as "uwv", "ing" or "duo". SourceID names one way to get at an
// institution's data, FormatID a document format that a reader knows. All three are of the form of [ValidName].
type (
	InstitutionID string
	SourceID      string
	FormatID      string
)

// ValidName reports whether s can name an institution, a source or a format: 1 to 64 small letters, digits, points
// and dashes, a letter or digit first. Such names come from code, never from a document, so they may be logged.
func ValidName[T ~string](s T) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		word := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !word && (i == 0 || c != '.' && c != '-') {
			return false
		}
	}
	return true
}

// Method is how data was got from an institution. Methods are tried in the order of the constants.
type Method uint8

// The methods. The zero value is none of them.
const (
	API    Method = iota + 1 // the institution's own interface
	File                     // a file that the subject downloaded there
	Scrape                   // pages of the institution's portal in the subject's own session
)

var methodNames = [...]string{"", "api", "file", "scrape"}

// String returns "api", "file" or "scrape"; "" for none.
func (m Method) String() string {
	if int(m) < len(methodNames) {
		return methodNames[m]
	}
	return ""
}

// MarshalText writes what [Method.String] does.
func (m Method) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads it; anything else is [ErrSyntax].
func (m *Method) UnmarshalText(b []byte) error {
	for i, n := range methodNames {
		if n == string(b) {
			*m = Method(i)
			return nil
		}
	}
	return ErrSyntax
}
