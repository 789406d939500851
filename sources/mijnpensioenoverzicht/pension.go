package mijnpensioenoverzicht

import (
	"slices"
	"strconv"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// section is one of the three lists of periods.
type section struct {
	name, period string
	kinds        map[string]model.PensionKind // by the name of a line
	survivor     bool                         // the amounts are in Bedragen
}

var sections = []section{
	{"OuderdomsPensioenDetails", "OuderdomsPensioen", map[string]model.PensionKind{
		"Pensioen":               model.PensionOldAge,
		"IndicatiefPensioen":     model.PensionOldAgeIndicative,
		"AlleenstaandenPensioen": model.PensionSingle,
	}, false},
	{"PartnerPensioenDetails", "PartnerPensioen", map[string]model.PensionKind{
		"Pensioen":           model.PensionPartner,
		"IndicatiefPensioen": model.PensionPartnerIndicative,
	}, true},
	{"WezenPensioenDetails", "WezenPensioen", map[string]model.PensionKind{
		"Pensioen": model.PensionOrphan,
	}, true},
}

// details reads the three lists, and reports whether there is one at all. The error is for after what was read: a list that is
// there twice was left out.
func (r *reader) details(details node) (known bool, err error) {
	if r.unknown(details, r.path("Details"), "OuderdomsPensioenDetails", "PartnerPensioenDetails", "WezenPensioenDetails") {
		r.lacks(r.path("Details")) // what a list holds that is not known may be pensions, and so below
	}
	for _, s := range sections {
		list, count := details.one(s.name)
		known = known || count > 0
		if count > 1 {
			r.w.Issue(model.Issue{Code: model.IssueConflict, At: r.path("Details", s.name)})
			err = sources.Errorf(sources.ErrMalformed, "%s is there %d times", s.name, count)
			continue
		}
		if r.unknown(list, r.path("Details", s.name), s.period) || list.text != "" {
			r.lacks(r.path("Details", s.name))
		}
		n := 0
		for _, p := range list.kids {
			if p.name != s.period || p.null {
				continue
			}
			if p.leaf {
				r.lacks(r.path("Details", s.name, s.period, n)) // a period has a beginning and an end at least
			}
			r.period(s, p, n)
			n++
		}
	}
	return known, err
}

// period reads one period: each line in it is a scheme that pays in it.
func (r *reader) period(s section, p node, index int) {
	var doubts []model.Issue
	band := model.PensionBand{
		From:  moment(p, "Van", "bands.from", &doubts),
		Until: moment(p, "Tot", "bands.until", &doubts),
	}
	counts := map[string]int{}
	alike := map[key]int{}
	for _, line := range p.kids {
		if line.null {
			continue
		}
		at := r.path("Details", s.name, s.period, index, line.name, counts[line.name])
		counts[line.name]++
		kind, ok := s.kinds[line.name]
		switch {
		case ok:
			r.line(s, kind, line, band, doubts, at, alike)
		case line.name == "AOW" && !s.survivor:
			r.state(line, band, doubts, r.path("Details", s.name, s.period, index, line.name), alike)
		case line.name != "Van" && line.name != "Tot":
			r.w.Issue(model.Issue{Code: model.IssueUnknown, At: r.path("Details", s.name, s.period, index)})
			r.lacks(r.path("Details", s.name, s.period, index))
		}
	}
}

// scheme returns the record of a scheme. Two lines of a period that are alike are two records: neither amount may get lost.
// Which line of another period goes on with which of them is a guess, so both say so.
func (r *reader) scheme(k key, at model.Locator, alike map[key]int) *model.Pension {
	k.nth = alike[k]
	alike[key{k.kind, k.provider, k.reference, 0}]++
	s := r.schemes[k]
	if s == nil || k.reference == "" && k.kind != model.PensionState {
		s = &scheme{record: &model.Pension{Kind: k.kind, Provider: k.provider, Reference: k.reference}, at: at}
		r.schemes[k] = s
		r.order = append(r.order, s)
	}
	if k.nth > 0 && (k.reference != "" || k.kind == model.PensionState) {
		add(&s.record.Issues, model.IssueSuspicious, "reference")
		k.nth = 0
		add(&r.schemes[k].record.Issues, model.IssueSuspicious, "reference")
	}
	return s.record
}

// line reads the line of one scheme in one period.
func (r *reader) line(s section, kind model.PensionKind, line node, band model.PensionBand, doubts []model.Issue, at model.Locator, alike map[key]int) {
	var is []model.Issue
	k := key{kind: kind, provider: text(line, "PensioenUitvoerder", "provider", &is), reference: text(line, "HerkenningsNummer", "reference", &is)}
	if k.reference == "" {
		add(&is, model.IssueMissing, "reference")
	}
	if k.provider == "" {
		add(&is, model.IssueMissing, "provider")
	}
	p := r.scheme(k, at, alike)
	merge(&p.Issues, is)
	merge(&p.Issues, doubts)
	asOf(p, line)
	known := []string{"PensioenUitvoerder", "HerkenningsNummer", "StandPer"}
	if !s.survivor {
		settlement(p, line, "AfhandelingVerevening")
		band.Attainable = amount(line, "TeBereiken", "bands.attainable", &p.Issues)
		band.Accrued = amount(line, "Opgebouwd", "bands.accrued", &p.Issues)
		known = append(known, "AfhandelingVerevening", "TeBereiken", "Opgebouwd")
	} else {
		settlement(p, line, "AfhandelingScheiding")
		sums, count := line.one("Bedragen")
		if count != 1 {
			add(&p.Issues, model.IssueMissing, "bands")
		} else {
			band.Insured = amount(sums, "VerzekerdBedrag", "bands.insured", &p.Issues)
			band.Accrued = amount(sums, "OpgebouwdBedrag", "bands.accrued", &p.Issues)
			band.InsuredAfterRetirement = amount(sums, "VerzekerdBedragNaPens", "bands.insuredAfterRetirement", &p.Issues)
			band.AccruedAfterRetirement = amount(sums, "OpgebouwdBedragNaPens", "bands.accruedAfterRetirement", &p.Issues)
			r.unknown(sums, at, "VerzekerdBedrag", "OpgebouwdBedrag", "VerzekerdBedragNaPens", "OpgebouwdBedragNaPens")
		}
		perChild(p, line)
		known = append(known, "AfhandelingScheiding", "Bedragen", "PerKind")
	}
	r.unknown(line, at, known...)
	p.Bands = append(p.Bands, band)
}

// state reads the AOW of one period.
func (r *reader) state(line node, band model.PensionBand, doubts []model.Issue, at model.Locator, alike map[key]int) {
	p := r.scheme(key{kind: model.PensionState}, at, alike)
	merge(&p.Issues, doubts)
	asOf(p, line)
	sums, count := line.one("AOWDetailsOpbouw")
	if count != 1 {
		add(&p.Issues, model.IssueMissing, "bands")
	} else {
		band.AttainableCohabiting = amount(sums, "TeBereikenSamenwonend", "bands.attainableCohabiting", &p.Issues)
		band.AccruedCohabiting = amount(sums, "OpgebouwdSamenwonend", "bands.accruedCohabiting", &p.Issues)
		band.AttainableSingle = amount(sums, "TeBereikenAlleenstaand", "bands.attainableSingle", &p.Issues)
		band.AccruedSingle = amount(sums, "OpgebouwdAlleenstaand", "bands.accruedSingle", &p.Issues)
		r.unknown(sums, at, "TeBereikenSamenwonend", "OpgebouwdSamenwonend", "TeBereikenAlleenstaand", "OpgebouwdAlleenstaand")
	}
	r.unknown(line, at, "StandPer", "AOWDetailsOpbouw")
	p.Bands = append(p.Bands, band)
}

func merge(is *[]model.Issue, more []model.Issue) {
	for _, i := range more {
		add(is, i.Code, i.Field)
	}
}

// text reads a leaf that may be there once.
func text(n node, name, field string, is *[]model.Issue) string {
	found, count := n.one(name)
	switch {
	case count == 0:
		return ""
	case count > 1:
		add(is, model.IssueConflict, field)
		return ""
	case !found.leaf:
		add(is, model.IssueInvalid, field)
		return ""
	}
	return found.text
}

// amount reads euros per year, no amount where it is absent or null.
func amount(n node, name, field string, is *[]model.Issue) model.Money {
	s := text(n, name, field, is)
	if s == "" {
		return model.Money{}
	}
	m, err := model.ParseMoney(s, model.EUR)
	if err != nil || m.Sign() < 0 {
		add(is, model.IssueInvalid, field)
		return model.Money{}
	}
	return m
}

// asOf takes over StandPer, which is the same in all periods of a scheme.
func asOf(p *model.Pension, line node) {
	s := text(line, "StandPer", "asOf", &p.Issues)
	if s == "" {
		return
	}
	d, err := model.ParseDate(s)
	switch {
	case err != nil:
		add(&p.Issues, model.IssueInvalid, "asOf")
	case slices.Contains(p.Issues, model.Doubt(model.IssueConflict, "asOf")):
	case !p.AsOf.IsZero() && p.AsOf != d:
		add(&p.Issues, model.IssueConflict, "asOf")
		p.AsOf = model.Date{}
	default:
		p.AsOf = d
	}
}

func settlement(p *model.Pension, line node, name string) {
	s := text(line, name, "settlement", &p.Issues)
	switch {
	case s == "" || s == p.Settlement || slices.Contains(p.Issues, model.Doubt(model.IssueConflict, "settlement")):
	case p.Settlement != "":
		add(&p.Issues, model.IssueConflict, "settlement")
		p.Settlement = ""
	default:
		p.Settlement = s
	}
}

func perChild(p *model.Pension, line node) {
	switch text(line, "PerKind", "perChild", &p.Issues) {
	case "true", "1":
		if len(p.Bands) > 0 && !p.PerChild {
			add(&p.Issues, model.IssueConflict, "perChild")
		}
		p.PerChild = true
	case "false", "0", "":
		if p.PerChild {
			add(&p.Issues, model.IssueConflict, "perChild")
		}
	default:
		add(&p.Issues, model.IssueInvalid, "perChild")
	}
}

// moment reads a PeriodeGrens: an age, or exactly one event.
func moment(period node, name, field string, is *[]model.Issue) model.PensionMoment {
	n, count := period.one(name)
	if count != 1 {
		code := model.IssueMissing
		if count > 1 {
			code = model.IssueConflict
		}
		add(is, code, field)
		return model.PensionMoment{}
	}
	var kids []node
	for _, k := range n.kids {
		if !k.null {
			kids = append(kids, k)
		}
	}
	if len(kids) != 1 {
		add(is, model.IssueInvalid, field)
		return model.PensionMoment{}
	}
	switch k := kids[0]; k.name {
	case "Leeftijd":
		var doubts []model.Issue
		years, ok := whole(text(k, "Jaren", field, &doubts), 130)
		months, ok2 := whole(text(k, "Maanden", field, &doubts), 11)
		switch {
		case len(doubts) > 0:
			merge(is, doubts)
			return model.PensionMoment{}
		case !ok || !ok2:
			add(is, model.IssueInvalid, field)
			return model.PensionMoment{}
		case years == 0 && months == 0:
			add(is, model.IssueSuspicious, field) // the model has no age of nought: it is the same as none
		}
		return model.PensionMoment{Years: years, Months: months}
	case "OuderdomsPensioenEvent", "PartnerEvent", "WezenEvent":
		switch k.text {
		case "Overlijden":
			return model.PensionMoment{Event: model.EventDeath}
		case "OverlijdenPartner":
			return model.PensionMoment{Event: model.EventPartnerDeath}
		case "OverlijdenOuder":
			return model.PensionMoment{Event: model.EventParentDeath}
		}
	}
	add(is, model.IssueUnknown, field)
	return model.PensionMoment{}
}

// whole reads a whole number from 0 to max. Months that are left out are none.
func whole(s string, max int) (int, bool) {
	if s == "" {
		return 0, max == 11
	}
	if len(s) > 3 {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 16)
	return int(n), err == nil && int(n) <= max
}

// checkBands looks whether the periods of a scheme follow one another, as the format has them.
func checkBands(p *model.Pension) {
	last := -1
	for _, b := range p.Bands {
		from := b.From.Years*12 + b.From.Months
		if b.From.Event == "" && !b.From.IsZero() {
			if from < last {
				add(&p.Issues, model.IssueOverlap, "bands")
			}
			last = from
		}
		if b.Until.Event == "" && !b.Until.IsZero() {
			until := b.Until.Years*12 + b.Until.Months
			if until <= from && b.From.Event == "" {
				add(&p.Issues, model.IssueSuspicious, "bands")
			}
			last = max(last, until)
		}
	}
}
