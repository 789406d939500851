package psd2_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/psd2"
	"github.com/brondata/brondata/sources/psd2/internal/hosttest"
	"github.com/brondata/brondata/sources/psd2/psd2test"
	"github.com/brondata/brondata/sources/sourcetest"
)

func TestConnectorConformance(t *testing.T) {
	for name, o := range map[string]struct {
		bank psd2test.Options
		set  func(*psd2.Config)
	}{
		"redirect":  {bank: psd2test.Options{Approach: psd2test.Redirect}},
		"OAuth":     {bank: psd2test.Options{Approach: psd2test.OAuth, TokenLife: 10 * time.Minute}},
		"explicit":  {bank: psd2test.Options{Explicit: true}},
		"decoupled": {bank: psd2test.Options{Approach: psd2test.Decoupled}},
		"embedded":  {bank: psd2test.Options{Approach: psd2test.Embedded}},
		"dedicated": {bank: psd2test.Options{}, set: func(c *psd2.Config) { c.Access = psd2.AccessDedicated }},
	} {
		if testing.Short() && name != "redirect" && name != "OAuth" {
			continue // the others take the same code with other answers
		}
		t.Run(name, func(t *testing.T) {
			sourcetest.Connector(t, func() sourcetest.ConnectorSetup { return connectorSetup(t, o.bank, o.set) }, nil)
		})
	}
}

func connectorSetup(t *testing.T, o psd2test.Options, set func(*psd2.Config)) sourcetest.ConnectorSetup {
	var later atomic.Int64
	now := func() time.Time { return hosttest.Today.Add(time.Duration(later.Load())) }
	o.Accounts, o.Now, o.FrequencyPerDay = psd2test.Sample(), now, 1000
	h := hosttest.Open(t, o)
	if set != nil {
		set(&h.Conf)
	}
	su := sourcetest.ConnectorSetup{
		Source:  func() sources.Connector { return h.Source() },
		Session: sources.SessionOptions{HTTP: h.Bank.HTTP(), Now: now, Presence: hosttest.Present()},
		Request: sources.ConnectRequest{RedirectURL: hosttest.HomeURL, ValidUntil: hosttest.Date("2027-02-01"), Scope: hosttest.Everything()},
		Subject: func(ctx context.Context, step sources.Step, agrees bool) (r sources.ConnectRequest, err error) {
			switch {
			case step.Kind == sources.StepWait && agrees:
				h.Bank.Approve()
			case step.Kind == sources.StepWait:
				h.Bank.Refuse()
			case step.Kind == sources.StepRedirect && agrees:
				r.Callback, err = h.Bank.Subject().Confirm(ctx, step.URL)
			case step.Kind == sources.StepRedirect:
				r.Callback, err = h.Bank.Subject().Refuse(ctx, step.URL)
			default:
				r.Fields = map[string]crypto.Secret{}
				for _, f := range step.Fields {
					v := map[string]string{"iban": o.Accounts[0].IBAN, "psu-id": "subject", "password": "geheim", "code": "123456"}[f.Name]
					if f.Name == "method" {
						v = f.Values[0]
					}
					if f.Name == "code" && !agrees {
						v = "654321"
					}
					r.Fields[f.Name] = crypto.NewSecretString(v)
				}
			}
			return r, err
		},
		Live:    func() int { return h.Bank.Consents()["valid"] },
		Forget:  h.Bank.RevokeAtBank,
		Private: []string{o.Accounts[0].IBAN},
		Close:   h.Bank.Close,
	}
	if o.Approach == psd2test.OAuth {
		su.Expire = func() { later.Add(int64(o.TokenLife)) }
	}
	return su
}
