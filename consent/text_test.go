package consent_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
)

// golden compares with a file, or writes it when BRONDATA_UPDATE is set.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("BRONDATA_UPDATE") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func fixedGrant(t *testing.T) consent.Grant {
	t.Helper()
	k := newKit(t, consent.Limits{})
	g := k.active(t, func(p *consent.Proposal) {
		p.Purpose.LegalBasis = "Wft art. 4:25"
		p.Scope.Baskets[0].Fields = append(p.Scope.Baskets[0].Fields, "bsn")
		p.Purpose.Keep[model.CategoryPerson] = 90 * time.Minute
	})
	g.ID, g.Shown = "aaaaaaaaaaaaaaaaaaaaaaaaaa", model.Digest{1} // ids are random, and the digest is over them
	return g
}

func TestTexts(t *testing.T) {
	t.Parallel()
	g := fixedGrant(t)
	zone := time.FixedZone("CET", 3600)
	o := &consent.TextOptions{
		Institutions: map[model.InstitutionID]string{"bank": "Voorbeeldbank", "uwv": "UWV"}, Zone: zone,
		Withdraw: model.Text{Dutch: "Op de pagina Mijn toestemmingen.", English: "On the page My consents."},
	}
	for _, l := range []string{"nl", "en"} {
		golden(t, "onboarding_"+l+".txt", g.Onboarding().Text(l, o))
		golden(t, "receipt_"+l+".txt", consent.NewReceipt(g, start, o).Text(l))
	}
	b, err := json.MarshalIndent(consent.NewReceipt(g, start, o), "", "  ")
	require.NoError(t, err)
	golden(t, "receipt.json", string(b)+"\n")
}

// TestEveryFieldHasItsText fails when the model gets a category or a field that a subject would be shown by its JSON name.
func TestEveryFieldHasItsText(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	for _, c := range model.Categories() {
		b := model.Everything(c)
		if c == model.CategoryPerson {
			b.Fields = append(b.Fields, "bsn")
		}
		p := k.proposal()
		p.Scope = model.Scope{Baskets: []model.Basket{b}}
		p.Purpose.LegalBasis = "a law"
		g, err := k.Propose(t.Context(), jan, p)
		require.NoError(t, err)
		for _, s := range g.Onboarding().Sections(nil) {
			require.NotEmpty(t, s.Lines, s.ID)
			for _, l := range append(s.Lines, s.Title) {
				require.NotEmpty(t, l.Dutch, s.ID)
				require.NotEmpty(t, l.English, s.ID)
				if s.ID != "data" {
					continue
				}
				for _, f := range b.Fields {
					if strings.ContainsAny(f, ".ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
						assert.NotContains(t, l.Dutch, f, "%s has no text", f)
						assert.NotContains(t, l.English, f, "%s has no text", f)
					}
				}
				if strings.Contains(l.Dutch, ": ") {
					assert.Len(t, strings.Split(strings.SplitN(l.English, ": ", 2)[1], ", "), strings.Count(strings.SplitN(l.Dutch, ": ", 2)[1], ", ")+1, c)
				}
			}
		}
	}
}

func TestOnboardingShowsEverything(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.propose(t, func(p *consent.Proposal) {
		p.KeepDocuments = true
		p.Purpose.Further = model.Text{English: "The data goes to Norway."}
		p.Purpose.Withdrawal = model.Text{Dutch: "Bel ons."}
	})
	nl, en := g.Onboarding().Text("nl", nil), g.Onboarding().Text("en", nil)
	for _, want := range []string{"Voorbeeld Advies B.V.", "privacy@advies.example", "Uw hypotheekaanvraag beoordelen.", "bank", "uwv", "vanaf 29 maart 2030.", "12:00 UTC",
		"naam van de tegenpartij", "30 dagen", "documenten zelf worden bewaard, niet langer", "burgerservicenummer wordt niet gebruikt", "Norway", "Bel ons.", "intrekken"} {
		assert.Contains(t, nl, want)
	}
	for _, want := range []string{"To assess your mortgage application.", "name of the other party", "30 days", "kept as well", "is not used", "Norway", "Bel ons.", "withdraw"} {
		assert.Contains(t, en, want)
	}
	shown, err := g.Onboarding().Digest()
	require.NoError(t, err)
	assert.Equal(t, g.Shown, shown)
	stored, err := k.Get(t.Context(), jan, g.ID)
	require.NoError(t, err)
	again, err := stored.Onboarding().Digest()
	require.NoError(t, err)
	assert.Equal(t, g.Shown, again, "the stored grant still shows what was asked")
	stored.Scope.Baskets = stored.Scope.Baskets[:1]
	other, err := stored.Onboarding().Digest()
	require.NoError(t, err)
	assert.NotEqual(t, g.Shown, other)
}

// TestOnboardingSaysOnlyWhatIsSo: the lines that depend on the grant, each with what it depends on and without.
func TestOnboardingSaysOnlyWhatIsSo(t *testing.T) {
	t.Parallel()
	const law, noBSN = "on the ground of: Wft art. 4:25", "citizen service number is not used"
	const destroyed, replaced = "destroyed when your consent ends", "takes the place of an earlier one"
	basket := func(fields ...string) []model.Basket {
		return []model.Basket{{Category: model.CategoryPerson, Fields: fields}}
	}
	for name, c := range map[string]struct {
		edit          func(o *consent.Onboarding)
		want, without []string
	}{
		"as it is":              {nil, []string{noBSN, "Data from 29 March 2030 on.", "kept for 30 days"}, []string{law, destroyed, replaced}},
		"a law without the BSN": {func(o *consent.Onboarding) { o.Purpose.LegalBasis = "Wft art. 4:25" }, []string{noBSN}, []string{law}},
		"the BSN without a law": {func(o *consent.Onboarding) { o.Scope.Baskets = basket("bsn") }, []string{noBSN}, []string{law}},
		"both": {func(o *consent.Onboarding) {
			o.Purpose.LegalBasis, o.Scope.Baskets = "Wft art. 4:25", basket("bsn")
		}, []string{law}, []string{noBSN}},
		"no retention":       {func(o *consent.Onboarding) { o.Purpose.Keep = nil }, []string{destroyed}, []string{"kept for"}},
		"retention of zero":  {func(o *consent.Onboarding) { o.Purpose.Keep[model.CategoryTransaction] = 0 }, []string{destroyed}, []string{"kept for"}},
		"a day":              {func(o *consent.Onboarding) { o.Purpose.Keep[model.CategoryTransaction] = 24 * time.Hour }, []string{"kept for 1 day after"}, nil},
		"an hour":            {func(o *consent.Onboarding) { o.Purpose.Keep[model.CategoryTransaction] = time.Hour }, []string{"at most 1 hour after"}, []string{"kept for"}},
		"all history":        {func(o *consent.Onboarding) { o.Scope.Since = model.Date{} }, []string{"As far back as the sources go."}, []string{"Nothing older"}},
		"from a month":       {func(o *consent.Onboarding) { o.Scope.Since = month(2030, 3) }, []string{"Data from March 2030 on."}, nil},
		"from a year":        {func(o *consent.Onboarding) { o.Scope.Since = year(2030) }, []string{"Data from 2030 on."}, nil},
		"in another's place": {func(o *consent.Onboarding) { o.Supersedes = "aaaaaaaaaaaaaaaaaaaaaaaaaa" }, []string{replaced}, nil},
		"no field":           {func(o *consent.Onboarding) { o.Scope.Baskets = basket() }, []string{"Who you are: only that there are any"}, nil},
		"one language":       {func(o *consent.Onboarding) { o.Purpose.Text.English = "" }, []string{"Uw hypotheekaanvraag beoordelen."}, nil},
	} {
		k := newKit(t, consent.Limits{})
		o := k.propose(t, nil).Onboarding()
		before, err := o.Digest()
		require.NoError(t, err)
		if c.edit != nil {
			c.edit(&o)
			after, err := o.Digest()
			require.NoError(t, err)
			assert.NotEqual(t, before, after, "what is shown is what is kept the digest of: %s", name)
		}
		text := o.Text("en", nil)
		for _, want := range c.want {
			assert.Contains(t, text, want, name)
		}
		for _, not := range c.without {
			assert.NotContains(t, text, not, name)
		}
	}
}

func year(y int) model.Date { return parsed(fmt.Sprintf("%04d", y)) }

func month(y, m int) model.Date { return parsed(fmt.Sprintf("%04d-%02d", y, m)) }

func parsed(s string) model.Date {
	d, err := model.ParseDate(s)
	if err != nil {
		return model.Date{}
	}
	return d
}

// TestReceiptTellsHowItEnded: a receipt says what became of a consent, by whose act, and what took its place.
func TestReceiptTellsHowItEnded(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	further := model.Text{English: "The data goes to Norway."}
	old := k.active(t, func(p *consent.Proposal) { p.KeepDocuments, p.Purpose.Further = true, further })
	denied, late := k.propose(t, nil), k.propose(t, nil)
	next := k.active(t, func(p *consent.Proposal) { p.Supersedes = old.ID })
	_, err := k.Decide(t.Context(), jan, denied.ID, false)
	require.NoError(t, err)
	k.clock.pass(8 * 24 * time.Hour)
	_, err = k.Sweep(t.Context(), system, 10, nil)
	require.NoError(t, err)
	receipt := func(id consent.GrantID) consent.Receipt {
		b, err := k.Receipt(t.Context(), jan, id)
		require.NoError(t, err)
		r, err := consent.OpenReceipt(b, k.signer.Public())
		require.NoError(t, err)
		return r
	}
	events := func(id consent.GrantID) (out []string) {
		for _, e := range receipt(id).Events {
			out = append(out, string(e.State)+" "+e.Type+" "+e.By.Actor)
		}
		return out
	}
	assert.Equal(t, []string{"proposed explicit subject-jan", "denied explicit subject-jan"}, events(denied.ID))
	assert.Equal(t, []string{"proposed explicit subject-jan", "expired automatic brondata"}, events(late.ID))
	assert.Equal(t, []string{"proposed explicit subject-jan", "active explicit subject-jan", "superseded explicit subject-jan"}, events(old.ID))
	was, is := receipt(old.ID), receipt(next.ID)
	assert.Equal(t, []consent.GrantID{next.ID, ""}, []consent.GrantID{was.SupersededBy, was.Supersedes})
	assert.Equal(t, []consent.GrantID{"", old.ID}, []consent.GrantID{is.SupersededBy, is.Supersedes})
	assert.Equal(t, consent.Onboarding{
		Grant: next.ID, Recipient: next.Recipient, Purpose: next.Purpose, Scope: next.Scope, Institutions: next.Institutions,
		ValidUntil: next.ValidUntil, DecideBy: next.DecideBy, Supersedes: old.ID,
	}, next.Onboarding(), "the digest of what was shown is over all of it")
	assert.Equal(t, further, was.Purposes[0].Further)
	assert.True(t, was.Purposes[0].Documents)
	assert.False(t, is.Purposes[0].Documents)
	was.Events[0].When = model.Text{}
	assert.Contains(t, was.Text("en"), "29 March 2031, 12:00 UTC: asked", "one that was made before there was this text")
	for name, bad := range map[string]string{
		"no JSON": "receipt", "receipt is no object": `{"receipt":[]}`, "another schema": `{"receipt":{"schema":"other"}}`,
	} {
		_, err := consent.OpenReceipt([]byte(bad))
		assert.ErrorIs(t, err, consent.ErrInvalid, name)
	}
}

func TestReceiptIsReadableWithoutUs(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g := k.active(t, nil)
	b, err := k.Receipt(t.Context(), jan, g.ID)
	require.NoError(t, err)
	r, err := consent.OpenReceipt(b, k.signer.Public())
	require.NoError(t, err)
	assert.Equal(t, consent.GrantActive, r.State)
	assert.Len(t, r.Events, 2)
	assert.Equal(t, g.Shown, r.Notice.Digest)

	var indented map[string]any
	require.NoError(t, json.Unmarshal(b, &indented))
	for name, change := range map[string]func(s string) string{
		"recipient": func(s string) string { return strings.Replace(s, "Voorbeeld Advies", "Ander Advies", 1) },
		"state":     func(s string) string { return strings.Replace(s, `"active"`, `"denied"`, 1) },
		"signature": func(s string) string { return strings.Replace(s, `"signature": "`, `"signature": "AAAA`, 1) },
	} {
		changed := change(string(b))
		require.NotEqual(t, string(b), changed)
		_, err := consent.OpenReceipt([]byte(changed), k.signer.Public())
		assert.ErrorIs(t, err, consent.ErrInvalid, name)
	}
	other, _, err := crypto.GenerateLocalSigner()
	require.NoError(t, err)
	_, err = consent.OpenReceipt(b, other.Public())
	require.ErrorIs(t, err, consent.ErrInvalid)
	_, err = consent.OpenReceipt(b)
	require.NoError(t, err, "without a key it is read, not checked")
	_, err = consent.OpenReceipt([]byte("{}"))
	require.ErrorIs(t, err, consent.ErrInvalid)

	_, err = k.Revoke(t.Context(), jan, g.ID)
	require.NoError(t, err)
	b, err = k.Receipt(t.Context(), jan, g.ID)
	require.NoError(t, err)
	r, err = consent.OpenReceipt(b, k.signer.Public())
	require.NoError(t, err)
	assert.Equal(t, consent.GrantRevoked, r.Events[2].State)
	assert.Equal(t, "explicit", r.Events[2].Type)
	assert.Contains(t, r.Text("nl"), "ingetrokken")
}

func TestExportHasEverything(t *testing.T) {
	t.Parallel()
	k := newKit(t, consent.Limits{})
	g, other := k.active(t, nil), k.propose(t, nil)
	_, err := k.MoveLink(t.Context(), g.ID, "bank", consent.LinkRestart, time.Time{})
	require.NoError(t, err)
	_, _, err = k.Review(t.Context(), jan, g.ID, dossier(t), nil)
	require.NoError(t, err)
	require.NoError(t, k.permit(t, refresh, g.ID).Access(t.Context(), "bank", "a"))
	p := k.proposal()
	p.Subject = piet.ID
	_, err = k.Propose(t.Context(), piet, p)
	require.NoError(t, err)

	b, err := k.Export(t.Context(), jan, jan.ID)
	require.NoError(t, err)
	var e consent.Export
	require.NoError(t, json.Unmarshal(b, &e))
	assert.Equal(t, jan.ID, e.Subject)
	assert.Equal(t, start, e.Made)
	require.Len(t, e.Grants, 2)
	parts := map[consent.GrantID][2]int{}
	for _, x := range e.Grants {
		parts[x.Grant.ID] = [2]int{len(x.Links), len(x.Releases)}
	}
	assert.Equal(t, map[consent.GrantID][2]int{g.ID: {1, 1}, other.ID: {0, 0}}, parts)
	assert.Equal(t, [][]time.Time{{start}}, e.Accesses)
	assert.NotContains(t, string(b), piet.ID)
}
