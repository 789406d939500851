package mijnpensioenoverzicht

import (
	"slices"
	"strconv"
	"strings"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// reader collects the pensions of one overview: a scheme is whole only when the last period was read.
type reader struct {
	w       *sources.Writer
	xml     bool
	schemes map[key]*scheme
	order   []*scheme
}

// key tells a scheme. A HerkenningsNummer is the provider's own, so another provider's equal one is another scheme.
type key struct {
	kind                model.PensionKind
	provider, reference string
	nth                 int // of those that are alike in one period, from 0
}

type scheme struct {
	record *model.Pension
	at     model.Locator
}

func (r *reader) read(root node, q sources.Query) error {
	status, hasStatus := root.one("StatusCode")
	details, hasDetails := root.one("Details")
	_, hasTotals := root.one("Totalen")
	if hasStatus+hasDetails+hasTotals == 0 {
		return sources.Errorf(sources.ErrLayoutChanged, "neither StatusCode nor Totalen nor Details is there")
	}
	for _, n := range []struct {
		name  string
		count int
	}{{"StatusCode", hasStatus}, {"Details", hasDetails}} {
		switch {
		case n.count == 0:
			r.w.Issue(model.Issue{Code: model.IssueMissing, At: r.path(n.name)})
			if n.name == "StatusCode" {
				r.lacks(r.path(n.name)) // nobody says that the overview could be made
			}
		case n.count > 1:
			return sources.Errorf(sources.ErrMalformed, "%s is there %d times", n.name, n.count)
		}
	}
	r.unknown(root, "", "StatusCode", "TijdstipAanmakenBericht", "Bijzonderheden", "OntbrekendePuvsError",
		"OntbrekendePuvsGeenGegevens", "Statussen", "Totalen", "Details", "Naam", "Geboortedatum", "BSN", "Burgerservicenummer")
	known, broken := r.details(details)
	if hasStatus == 1 && status.text != "000" {
		if len(r.order) == 0 {
			return sources.Errorf(sources.ErrNotProvided, "the overview says by its StatusCode that it could not be made")
		}
		r.lacks(r.path("StatusCode"))
	}
	if !known {
		return sources.Errorf(sources.ErrLayoutChanged, "Details has none of its lists")
	}
	if q.Wants(model.CategoryPerson) {
		if err := r.person(root); err != nil {
			return err
		}
	}
	if !q.Wants(model.CategoryPension) {
		return broken
	}
	for _, s := range r.order {
		checkBands(s.record)
		if err := r.w.Record(s.record, s.at); err != nil {
			return err
		}
	}
	if err := r.remarks(root); err != nil {
		return err
	}
	return broken
}

// path is the locator of names and 1-based numbers below the root: an XPath in XML, whose root has no published name, and
// a JSON pointer with 0-based numbers in JSON.
func (r *reader) path(steps ...any) model.Locator {
	var b strings.Builder
	for i, s := range steps {
		switch s := s.(type) {
		case string:
			if i > 0 || !r.xml {
				b.WriteByte('/')
			}
			b.WriteString(s)
		case int:
			if r.xml {
				b.WriteString("[" + strconv.Itoa(s+1) + "]")
			} else {
				b.WriteString("/" + strconv.Itoa(s))
			}
		}
	}
	return model.AtPath(b.String())
}

// unknown raises a doubt about the document where a node has others below it than the model knows, and reports whether.
func (r *reader) unknown(n node, at model.Locator, known ...string) bool {
	for _, k := range n.kids {
		if !slices.Contains(known, k.name) {
			r.w.Issue(model.Issue{Code: model.IssueUnknown, At: at})
			return true
		}
	}
	return false
}

// lacks notes that the overview may not have all pensions, or not all of it was read.
func (r *reader) lacks(at model.Locator) {
	r.w.Issue(model.Issue{Code: model.IssueIncompleteDoc, At: at})
}

// person reads the two facts that some files have about whose overview it is.
func (r *reader) person(root node) error {
	p := new(model.Person)
	if n, count := root.one("Naam"); count == 1 && n.leaf {
		p.Name.Full = n.text
	}
	if n, count := root.one("Geboortedatum"); count == 1 && n.leaf && n.text != "" {
		d, err := model.ParseDate(n.text)
		if err != nil {
			add(&p.Issues, model.IssueInvalid, "birthDate")
		}
		p.BirthDate = d
	}
	if p.Name.IsZero() && p.BirthDate.IsZero() && len(p.Issues) == 0 {
		return nil
	}
	return r.w.Record(p, r.path("Naam"))
}

// remarks writes what the overview says about itself: when it was made, the remarks, and the providers that are missing.
func (r *reader) remarks(root node) error {
	extra := map[string]string{}
	for name, field := range map[string]string{
		"TijdstipAanmakenBericht": "created", "Bijzonderheden": "remarks",
		"OntbrekendePuvsError": "missing-providers", "OntbrekendePuvsGeenGegevens": "providers-without-data",
	} {
		var texts []string
		for _, k := range root.kids {
			if k.name == name && k.leaf && k.text != "" {
				texts = append(texts, k.text)
			}
		}
		if len(texts) > 0 {
			extra[field] = strings.Join(texts, "\n")
		}
	}
	for _, name := range []string{"OntbrekendePuvsError", "OntbrekendePuvsGeenGegevens"} {
		if slices.ContainsFunc(root.kids, func(k node) bool { return k.name == name && !k.null && (k.text != "" || len(k.kids) > 0) }) {
			r.lacks(r.path(name))
		}
	}
	if len(extra) == 0 {
		return nil
	}
	return r.w.Record(&model.Extra{For: model.CategoryPension, Extra: extra}, r.path())
}

// add adds a doubt once.
func add(is *[]model.Issue, code model.IssueCode, field string) {
	if i := model.Doubt(code, field); !slices.Contains(*is, i) {
		*is = append(*is, i)
	}
}
