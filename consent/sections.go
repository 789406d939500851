package consent

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/brondata/brondata/model"
)

// Section is one part of what a subject is shown, in both languages.
type Section struct {
	ID    string       `json:"id"` // from code: "who", "what-for", "data", …
	Title model.Text   `json:"title"`
	Lines []model.Text `json:"lines"`
}

// TextOptions are the optional parts of texts. A nil *TextOptions is what the manager has that the grant is from, [Options].Texts; a
// grant from elsewhere has ids, and UTC.
type TextOptions struct {
	// Institutions are the names by which the public knows institutions; an id without one is shown as it is.
	Institutions map[model.InstitutionID]string
	// Zone is the time zone of times, which name it; nil is UTC.
	Zone *time.Location
	// Withdraw tells where the subject withdraws, such as a page of the host; both languages.
	Withdraw model.Text
}

func (o *TextOptions) zone() *time.Location {
	if o == nil || o.Zone == nil {
		return time.UTC
	}
	return o.Zone
}

func (o *TextOptions) institution(id model.InstitutionID) string {
	if o != nil && o.Institutions[id] != "" {
		return o.Institutions[id]
	}
	return string(id)
}

// Sections returns what a subject must be shown before they decide, in plain language and in order: who, what for, which
// data, from where and from when, for how long, what happens to it, how to withdraw, and what their rights are (GDPR
// articles 7 and 13). A host shows all of it, in its own layout; [Onboarding.Text] is one.
func (o Onboarding) Sections(t *TextOptions) []Section {
	if t == nil {
		t = o.texts
	}
	out := []Section{
		{"who", tr("Wie krijgt uw gegevens?", "Who gets your data?"), []model.Text{
			same(o.Recipient.Name), same(o.Recipient.Contact),
		}},
		{"what-for", tr("Waarvoor?", "What for?"), []model.Text{full(o.Purpose.Text)}},
		{"data", tr("Welke gegevens?", "Which data?"), o.dataLines()},
		{"where", tr("Waar komen ze vandaan?", "Where do they come from?"), nil},
		{"since", tr("Vanaf wanneer?", "From when?"), []model.Text{o.since()}},
		{"how-long", tr("Hoe lang geldt uw toestemming?", "How long does your consent last?"), o.validLines(t)},
		{"what-happens", tr("Wat gebeurt er met uw gegevens?", "What happens to your data?"), o.happensLines()},
		{"withdraw", tr("Hoe trekt u uw toestemming in?", "How do you withdraw your consent?"), o.withdrawLines(t)},
		{"rights", tr("Wat zijn uw rechten?", "What are your rights?"), []model.Text{
			tr("U bepaalt zelf of u toestemming geeft. U kunt ook nee zeggen.", "You decide whether to consent. You may also say no."),
			tr("Voordat iets wordt verstuurd, ziet u precies wat, en kunt u hele soorten gegevens weglaten.",
				"Before anything is sent you see exactly what, and can leave out whole kinds of data."),
			tr("U kunt uw gegevens inzien, laten verbeteren en laten wissen, en zien wie ze wanneer heeft bekeken.",
				"You can see your data, have it corrected and erased, and see who looked at it and when."),
			tr("Bent u het ergens niet mee eens, dan kunt u een klacht indienen bij de Autoriteit Persoonsgegevens, in België bij de "+
				"Gegevensbeschermingsautoriteit.",
				"If you disagree with something, you can complain to the data protection authority: in the Netherlands the Autoriteit "+
					"Persoonsgegevens, in Belgium the Gegevensbeschermingsautoriteit."),
		}},
	}
	for _, inst := range o.Institutions {
		out[3].Lines = append(out[3].Lines, same(t.institution(inst)))
	}
	if o.Recipient.Country != "" {
		out[0].Lines = append(out[0].Lines, tr("Land van verwerking: "+o.Recipient.Country, "Country of processing: "+o.Recipient.Country))
	}
	return out
}

func same(s string) model.Text { return tr(s, s) }

// full fills in the other language where one is missing: a text in one language is better than none.
func full(t model.Text) model.Text { return tr(t.In("nl"), t.In("en")) }

func (o Onboarding) dataLines() []model.Text {
	var out []model.Text
	for _, c := range o.Scope.Categories() {
		for _, b := range o.Scope.Baskets {
			if b.Category != c {
				continue
			}
			var nl, en []string
			for _, f := range fieldTexts(b) {
				nl, en = append(nl, f.Dutch), append(en, f.English)
			}
			name := categoryTexts[c]
			line := tr(name.Dutch+": "+strings.Join(nl, ", "), name.English+": "+strings.Join(en, ", "))
			if len(nl) == 0 {
				line = tr(name.Dutch+": alleen dat ze er zijn", name.English+": only that there are any")
			}
			out = append(out, line)
		}
	}
	return out
}

func (o Onboarding) since() model.Text {
	if o.Scope.Since.IsZero() {
		return tr("Zo ver terug als de bronnen gaan.", "As far back as the sources go.")
	}
	nl, en := date(o.Scope.Since)
	return tr("Gegevens vanaf "+nl+". Wat ouder is wordt niet opgehaald.", "Data from "+en+" on. Nothing older is retrieved.")
}

func (o Onboarding) validLines(t *TextOptions) []model.Text {
	nl, en := moment(o.ValidUntil.In(t.zone()))
	out := []model.Text{tr("Tot "+nl+". Daarna stopt het vanzelf.", "Until "+en+". After that it ends by itself.")}
	if o.Supersedes != "" {
		out = append(out, tr("Deze toestemming komt in de plaats van een eerdere, die dan stopt.",
			"This consent takes the place of an earlier one, which then ends."))
	}
	return out
}

func (o Onboarding) happensLines() []model.Text {
	out := []model.Text{tr("Alleen de gegevens hierboven worden opgehaald en bewaard, versleuteld. Al het andere wordt meteen weggegooid.",
		"Only the data above is retrieved and kept, encrypted. Everything else is thrown away at once.")}
	for _, c := range o.Scope.Categories() {
		keep, ok := o.Purpose.Keep[c]
		if !ok || keep == 0 {
			continue
		}
		name := categoryTexts[c]
		nl, en := duration(keep)
		if keep < day {
			out = append(out, tr(name.Dutch+": niet opgeslagen, alleen in het geheugen bewaard tot hoogstens "+nl+" na het ophalen, en niet langer dan uw toestemming.",
				name.English+": not stored, only held in memory for at most "+en+" after retrieval, and no longer than your consent."))
			continue
		}
		out = append(out, tr(name.Dutch+": bewaard tot "+nl+" na het ophalen, en niet langer dan uw toestemming.",
			name.English+": kept for "+en+" after retrieval, and no longer than your consent."))
	}
	if len(out) == 1 {
		out = append(out, tr("De gegevens worden vernietigd als uw toestemming stopt.", "The data is destroyed when your consent ends."))
	}
	if o.KeepDocuments {
		out = append(out, tr("Ook de opgehaalde documenten zelf worden bewaard, niet langer dan de gegevens erin.",
			"The retrieved documents themselves are kept as well, no longer than the data in them."))
	} else {
		out = append(out, tr("De opgehaalde documenten zelf worden niet bewaard.", "The retrieved documents themselves are not kept."))
	}
	if o.Purpose.LegalBasis != "" && namesBSN(o.Scope) {
		out = append(out, tr("Uw burgerservicenummer wordt gebruikt op grond van: "+o.Purpose.LegalBasis+".",
			"Your citizen service number is used on the ground of: "+o.Purpose.LegalBasis+"."))
	} else {
		out = append(out, tr("Uw burgerservicenummer wordt niet gebruikt.", "Your citizen service number is not used."))
	}
	if o.Purpose.Further != (model.Text{}) {
		out = append(out, full(o.Purpose.Further))
	}
	return out
}

func (o Onboarding) withdrawLines(t *TextOptions) []model.Text {
	out := []model.Text{tr("U kunt uw toestemming op elk moment intrekken, zonder reden. Dat werkt meteen: er wordt niets meer opgehaald of "+
		"verstuurd, en wat bewaard is wordt onleesbaar gemaakt. Wat al was verstuurd blijft bij de ontvanger.",
		"You can withdraw your consent at any time, without a reason. It works at once: nothing more is retrieved or sent, and what is "+
			"kept is made unreadable. What was sent before stays with the recipient.")}
	for _, x := range []model.Text{o.Purpose.Withdrawal, t.withdraw()} {
		if x != (model.Text{}) {
			out = append(out, full(x))
		}
	}
	return out
}

func (o *TextOptions) withdraw() model.Text {
	if o == nil {
		return model.Text{}
	}
	return o.Withdraw
}

// Text returns the sections as plain text in a language, "nl" or "en".
func (o Onboarding) Text(language string, t *TextOptions) string {
	var b strings.Builder
	writeSections(&b, language, o.Sections(t))
	return b.String()
}

func writeSections(b *strings.Builder, language string, ss []Section) {
	for i, s := range ss {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(s.Title.In(language) + "\n")
		for _, l := range s.Lines {
			b.WriteString("- " + l.In(language) + "\n")
		}
	}
}

var months = [...]model.Text{
	tr("januari", "January"), tr("februari", "February"), tr("maart", "March"), tr("april", "April"), tr("mei", "May"), tr("juni", "June"),
	tr("juli", "July"), tr("augustus", "August"), tr("september", "September"), tr("oktober", "October"), tr("november", "November"),
	tr("december", "December"),
}

// moment writes a time as people do, in both languages, with the name of its zone.
func moment(t time.Time) (nl, en string) {
	nl, en = date(model.DateOf(t))
	clock := t.Format(", 15:04 MST")
	return nl + clock, en + clock
}

// date writes a date as people do, as far as it is known.
func date(d model.Date) (nl, en string) {
	year := strconv.Itoa(d.Year())
	if d.Month() == 0 {
		return year, year
	}
	m := months[d.Month()-1]
	nl, en = m.Dutch+" "+year, m.English+" "+year
	if d.Day() == 0 {
		return nl, en
	}
	day := strconv.Itoa(d.Day()) + " "
	return day + nl, day + en
}

// duration writes a time span in whole days, or in hours where it is shorter.
func duration(d time.Duration) (nl, en string) {
	n, unit := int64((d+day-1)/day), tr("dagen", "days")
	if n == 1 {
		unit = tr("dag", "day")
	}
	if d < day {
		if n, unit = int64((d+time.Hour-1)/time.Hour), tr("uur", "hours"); n == 1 {
			unit = tr("uur", "hour")
		}
	}
	return fmt.Sprintf("%d %s", n, unit.Dutch), fmt.Sprintf("%d %s", n, unit.English)
}
