package main

import (
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/scrape"
	"github.com/brondata/brondata/scrape/scrapetest"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/camt"
	"github.com/brondata/brondata/sources/mijnpensioenoverzicht"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/psd2test"
	"github.com/brondata/brondata/sources/uwv"
	"github.com/brondata/brondata/testdata"
)

const (
	bankID     model.InstitutionID = "fakebank" // has an interface
	filesID    model.InstitutionID = "bronbank" // gives statements as files
	fundsID                        = mijnpensioenoverzicht.Institution
	wagesID                        = uwv.Institution
	overheidID model.InstitutionID = "mijnoverheid"
	duoID      model.InstitutionID = "duo"
)

// parties are the institutions of this example, and what the host has of them.
type parties struct {
	bank     *psd2test.Bank
	portal   *scrapetest.Portal
	registry *sources.Registry
	http     sources.HTTPOptions
	input    sources.Input
	names    map[model.InstitutionID]string
}

func startParties() (*parties, error) {
	who, err := applicant()
	if err != nil {
		return nil, err
	}
	accounts := psd2test.Sample()
	for i := range accounts {
		accounts[i].Owner = "J. Voorbeeld"
	}
	p := &parties{
		bank:     psd2test.New(psd2test.Options{Accounts: accounts}),
		portal:   scrapetest.Start(),
		registry: &sources.Registry{},
		names: map[model.InstitutionID]string{bankID: "Fake Bank", filesID: "Bron Bank", fundsID: "Mijnpensioenoverzicht", wagesID: "UWV",
			overheidID: "MijnOverheid (sample)", duoID: "DUO (sample)",
		},
	}
	p.portal.SetSubject(*who)
	p.input.Subject = who
	if err := p.register(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// applicant is whom the host knows as the subject: coverage says whether the documents are theirs.
func applicant() (*model.Person, error) {
	born, err := model.ParseDate("1985-06-14")
	return &model.Person{Name: model.Name{Initials: "J.", Given: "Jan", Family: "Voorbeeld"}, BirthDate: born}, err
}

// register fills the registry with the sources and readers that this host chose.
func (p *parties) register() error {
	p.http = p.bank.HTTP() // trusts the certificate of test servers on loopback
	bank, err := psd2.New(p.bank.Config("fakebank-api", bankID))
	if err != nil {
		return err
	}
	// The recipes are samples: the real portals' layout is not public, so every record of them says that it is assumed.
	overheid, err := scrape.New(scrapetest.MijnOverheid(p.portal.URL(), scrape.HTML), nil)
	if err != nil {
		return err
	}
	duo, err := scrape.New(scrapetest.MijnDUO(p.portal.URL(), scrape.JSON), nil)
	if err != nil {
		return err
	}
	// The host ran the login in a browser of its own and hands over the session.
	p.input.Handovers = map[model.InstitutionID]sources.Handover{
		overheidID: p.portal.Handover(), duoID: p.portal.Handover(),
	}
	if err := p.registry.AddSource(bank, overheid, duo, sources.Upload{}); err != nil {
		return err
	}
	if err := p.registry.AddNormalizer(psd2.Normalizer{}, scrape.Normalizer{}, camt.Normalizer{}, mijnpensioenoverzicht.Normalizer{}, uwv.Normalizer{}); err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		inst model.InstitutionID
	}{{"statement.camt053.xml", filesID}, {"pensioenaanspraken.xml", ""}, {"verzekeringsbericht.pdf", ""}} {
		b, err := testdata.FS.ReadFile(f.name)
		if err != nil {
			return err
		}
		p.input.Files = append(p.input.Files, sources.Document{Name: f.name, Institution: f.inst, Body: sources.BytesContent(b)})
	}
	return nil
}

func (p *parties) institutions() []model.InstitutionID {
	return []model.InstitutionID{bankID, filesID, fundsID, wagesID, overheidID, duoID}
}

// Close stops the parties.
func (p *parties) Close() {
	p.bank.Close()
	p.portal.Close()
}
