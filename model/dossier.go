package model

// Dossier is what one collection brought: the records inside the scope, the documents they were read from, what was
// covered, and the doubts about the whole. Records are never merged; [Dossier.Matches] groups sightings of one fact.
//
// A dossier is plain data. It is safe for concurrent reading.
type Dossier struct {
	Documents []DocumentInfo `json:"documents"`
	Records   []Record       `json:"records"`
	Coverage  []Coverage     `json:"coverage"`
	Issues    []Issue        `json:"issues"`
	// Matched holds what [Dossier.Match] found. Nil means that nobody looked; none found is an empty slice.
	Matched []Match `json:"matches,omitzero"`

	unknown []unknownField // what a tolerant reader kept
}

// Complete reports whether every institution and category was covered completely.
func (d *Dossier) Complete() bool {
	for _, c := range d.Coverage {
		if !c.Complete() {
			return false
		}
	}
	return true
}

// All returns the records of one type, in the dossier's order: All[*model.Transaction](d).
func All[T Record](d *Dossier) []T {
	var out []T
	for _, r := range d.Records {
		if v, ok := r.(T); ok {
			out = append(out, v)
		}
	}
	return out
}
