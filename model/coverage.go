package model

import "time"

// Coverage says for one institution and one category what was asked and what came of it.
type Coverage struct {
	Institution InstitutionID `json:"institution"`
	Category    Category      `json:"category"`
	// Obtained says how much of what was asked is in the dossier.
	Obtained Obtained `json:"obtained"`
	// Method is the one that brought the data; the last one where several did.
	Method Method `json:"method,omitzero"`
	// Attempts are in the order in which they were made.
	Attempts []Attempt `json:"attempts,omitempty"`
	// Records counts the records inside the scope, each sighting of a fact by itself: see [Dossier.Resolved].
	Records int `json:"records"`
	// Since is the first day from which on the history is whole, where the sources say so: the latest of the accounts'.
	// HistoryCut reports that it is later than the scope's look-back date.
	Since      Date `json:"since,omitzero"`
	HistoryCut bool `json:"historyCut,omitempty"`
	// Until is the last day of that history, the earliest of the accounts'; it may lie before Since where they differ. Without
	// it, the history goes to when it was retrieved, as far as the sources say. How old a history may be is for its reader to
	// say: [Coverage.Complete] does not look at it.
	Until Date `json:"until,omitzero"`
	// Accounts counts the accounts that Since and Until are of, also those on which nothing happened; 0 where the sources do not
	// name all of them, or the scope does not hold a transaction's account.
	Accounts int `json:"accounts,omitempty"`
	// Balanced says whether opening balance plus transactions is the closing balance, over all statements.
	Balanced Check `json:"balanced,omitzero"`
	// Subject says whether the person that the documents name is the subject.
	Subject Check `json:"subject,omitzero"`
}

// Obtained is how much of a category was got.
type Obtained string

// The values of [Obtained].
const (
	ObtainedAll  Obtained = "all"  // what the source has within the scope, as far as the library can tell; see also HistoryCut
	ObtainedPart Obtained = "part" // some of it: a document failed or was cut off, a page was missing
	ObtainedNone Obtained = "none" // nothing
)

// Check is the outcome of a comparison. "Not checkable" is an answer of its own and never counts as yes.
type Check string

// The values of [Check]. The zero value means that the check does not apply.
const (
	CheckYes Check = "yes"
	CheckNo  Check = "no"
	CheckNot Check = "not-checkable"
)

// IsZero reports whether the check does not apply.
func (c Check) IsZero() bool { return c == "" }

// Worse returns the less reassuring of two outcomes: no before not checkable before yes.
func (c Check) Worse(d Check) Check {
	for _, v := range []Check{CheckNo, CheckNot, CheckYes} {
		if c == v || d == v {
			return v
		}
	}
	return ""
}

// Attempt is one try of one source.
type Attempt struct {
	Source  SourceID  `json:"source"`
	Method  Method    `json:"method"`
	Started time.Time `json:"started"`
	// Outcome is "ok", or the code of the error: that of a sentinel of package sources, such as "unavailable".
	Outcome   string `json:"outcome"`
	Documents int    `json:"documents"`
}

// Complete reports whether everything asked was obtained with its whole history. Whether it also adds up is for
// Balanced to say, whether it is the subject's for Subject, and how far it goes for Until.
func (c Coverage) Complete() bool { return c.Obtained == ObtainedAll && !c.HistoryCut }
