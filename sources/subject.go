package sources

import (
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/brondata/brondata/model"
)

// sameSubject compares the persons that documents name with the subject. A number that both have decides; else the birth
// date, and the family name with case, accents, blanks and marks left out. Where the two do not have enough in common,
// the answer is that it cannot be checked.
func sameSubject(rs []model.Record, subject *model.Person) model.Check {
	var all model.Check
	for _, r := range rs {
		if p, ok := r.(*model.Person); ok && subject != nil {
			all = all.Worse(samePerson(p, subject))
		}
	}
	if all == "" {
		return model.CheckNot
	}
	return all
}

func samePerson(p, q *model.Person) model.Check {
	if !p.BSN.IsZero() && !q.BSN.IsZero() {
		if p.BSN == q.BSN {
			return model.CheckYes
		}
		return model.CheckNo
	}
	dates := !p.BirthDate.IsZero() && !q.BirthDate.IsZero()
	if dates && (p.BirthDate.Latest().Before(q.BirthDate.Earliest()) || q.BirthDate.Latest().Before(p.BirthDate.Earliest())) {
		return model.CheckNo
	}
	family, full := fold(q.Name.Prefix+q.Name.Family), fold(q.Name.Full)
	own, ownFull := fold(p.Name.Prefix+p.Name.Family), fold(p.Name.Full)
	switch {
	case family != "" && own != "":
		if family != own && !strings.HasSuffix(own, family) && !strings.HasSuffix(family, own) {
			return model.CheckNo // a partner's name may stand before one's own
		}
	case family != "" && ownFull != "":
		if !strings.Contains(ownFull, family) {
			return model.CheckNo
		}
	case full != "" && own != "":
		if !strings.Contains(full, own) {
			return model.CheckNo
		}
	case full != "" && ownFull != "":
		if full != ownFull {
			return model.CheckNot // "J. Jansen" and "Jan Jansen" may be one
		}
	default:
		return model.CheckNot
	}
	if !dates {
		return model.CheckNot // a name alone is shared by many
	}
	return model.CheckYes
}

// fold leaves the letters of a name, small and without accents.
func fold(s string) string {
	t := transform.Chain(norm.NFD, runes.Remove(runes.Predicate(func(r rune) bool { return !unicode.IsLetter(r) })), norm.NFC)
	out, _, err := transform.String(t, s)
	if err != nil {
		return ""
	}
	return strings.ToLower(out)
}
