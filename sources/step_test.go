package sources_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// What a connector answers is shown to a subject, or a browser is sent there: it is checked for all of them.
func TestConnectSteps(t *testing.T) {
	t.Parallel()
	redirect := func(u string) sources.Step { return sources.Step{Kind: sources.StepRedirect, URL: u} }
	pin := sources.Field{Name: "pin", Label: "PIN", Secret: true}
	for name, tc := range map[string]struct {
		step  sources.Step
		local bool // http to this machine is allowed
		ok    bool
	}{
		"done":                      {sources.Step{Kind: sources.StepDone}, false, true},
		"a redirect":                {redirect("https://bank.example/sca?x=1#y"), false, true},
		"to where a portal logs in": {redirect("https://digid.nl/inloggen"), false, true},
		"to this machine in tests":  {redirect("http://127.0.0.1:8080/sca"), true, true},
		"to this machine":           {redirect("http://127.0.0.1:8080/sca"), false, false},
		"to http in tests":          {redirect("http://bank.example/sca"), true, false},
		"to http":                   {redirect("http://bank.example/sca"), false, false},
		"to a script":               {redirect("javascript:alert(1)"), false, false},
		"to a script with slashes":  {redirect("javascript://bank.example/%0aalert(1)"), false, false},
		"to data":                   {redirect("data:text/html,x"), false, false},
		"to nowhere":                {redirect(""), false, false},
		"to a path":                 {redirect("/sca"), false, false},
		"to a host without scheme":  {redirect("//bank.example/sca"), false, false},
		"to https without host":     {redirect("https:///sca"), false, false},
		"to a port without host":    {redirect("https://:443/sca"), false, false},
		"with credentials":          {redirect("https://bank.example@evil.example/"), false, false},
		"with a backslash":          {redirect(`https://bank.example\@evil.example/`), false, false},
		"with a control character":  {redirect("https://bank.example/\nx"), false, false},
		"a wait":                    {sources.Step{Kind: sources.StepWait, Retry: time.Second}, false, true},
		"a wait without a time":     {sources.Step{Kind: sources.StepWait}, false, false},
		"a wait for the past":       {sources.Step{Kind: sources.StepWait, Retry: -time.Hour}, false, false},
		"a challenge":               {sources.Step{Kind: sources.StepChallenge, Fields: []sources.Field{pin, {Name: "iban"}}}, false, true},
		"a challenge for nothing":   {sources.Step{Kind: sources.StepChallenge}, false, false},
		"a field without a name":    {sources.Step{Kind: sources.StepChallenge, Fields: []sources.Field{{Label: "PIN"}}}, false, false},
		"a field twice":             {sources.Step{Kind: sources.StepChallenge, Fields: []sources.Field{pin, pin}}, false, false},
		"the zero step":             {sources.Step{}, false, false},
		"a kind that there is not":  {sources.Step{Kind: "later"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connecting{source("api", "bank", model.API, bankCats, nil), func(sources.ConnectRequest) (sources.Step, error) { return tc.step, nil }}
			r, err := sources.NewRetriever(registry(t, c), &sources.RetrieverOptions{HTTP: sources.HTTPOptions{InsecureLoopback: tc.local}})
			require.NoError(t, err)
			got, err := r.Connect(t.Context(), grant(t, scopeOf(model.CategoryBalance), "bank").Permit, "bank", sources.ConnectRequest{}, nil)
			if tc.ok {
				require.NoError(t, err)
				assert.Equal(t, tc.step, got)
				return
			}
			require.ErrorIs(t, err, sources.ErrAdapter)
			assert.Zero(t, got)
			assert.NotContains(t, err.Error(), "example", "an address can hold a value")
		})
	}
}

// A connection lasts no longer than its grant, whatever is asked and whatever the institution gives.
func TestConnectValidity(t *testing.T) {
	t.Parallel()
	p := grant(t, scopeOf(model.CategoryBalance), "bank").Permit
	end := model.DateOf(p.ValidUntil())
	for name, tc := range map[string]struct{ asked, given, wantAsked, want model.Date }{
		"nothing said": {wantAsked: end},
		"less":         {end.AddDays(-1), end.AddDays(-1), end.AddDays(-1), end.AddDays(-1)},
		"as long":      {end, end, end, end},
		"longer":       {end.AddDays(1), date(t, "2099-01-01"), end, end},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked model.Date
			r := connector(t, func(req sources.ConnectRequest) (sources.Step, error) {
				asked = req.ValidUntil
				return sources.Step{Kind: sources.StepDone, ValidUntil: tc.given}, nil
			})
			step, err := r.Connect(t.Context(), p, "bank", sources.ConnectRequest{ValidUntil: tc.asked}, nil)
			require.NoError(t, err)
			assert.Equal(t, tc.wantAsked, asked)
			assert.Equal(t, tc.want, step.ValidUntil)
		})
	}
}

// An address that no institution sends a browser back to is the host's mistake, and no source hears of it.
func TestConnectRedirectURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct{ real, tests bool }{
		"https://host.example/back?x=1":  {true, true},
		"nl.host.app:/back":              {true, true},
		"nl.host.app://back":             {true, true},
		"http://localhost:8080/back":     {false, true},
		"http://[::1]:8080/back":         {false, true},
		"http://host.example/back":       {},
		"/back":                          {},
		"//host.example/back":            {},
		"host.example/back":              {},
		"javascript:alert(1)":            {},
		"app://back":                     {},
		"nl.host.app:back":               {},
		"https://host.example/back#x":    {},
		"https://u:canary@host.example/": {},
		"https://host.example/%zz":       {},
		"https:///back":                  {},
		" https://host.example/back":     {},
	} {
		for _, nok := range []bool{false, true} {
			for _, local := range []bool{false, true} {
				called := false
				c := connecting{source("api", "bank", model.API, bankCats, nil), func(sources.ConnectRequest) (sources.Step, error) {
					called = true
					return sources.Step{Kind: sources.StepDone}, nil
				}}
				r, err := sources.NewRetriever(registry(t, c), &sources.RetrieverOptions{HTTP: sources.HTTPOptions{InsecureLoopback: local}})
				require.NoError(t, err)
				req := sources.ConnectRequest{RedirectURL: address}
				if nok {
					req = sources.ConnectRequest{RedirectURL: "https://host.example/back", NokRedirectURL: address}
				}
				_, err = r.Connect(t.Context(), grant(t, scopeOf(model.CategoryBalance), "bank").Permit, "bank", req, nil)
				ok := want.real || local && want.tests
				assert.Equal(t, ok, called, address)
				if ok {
					assert.NoError(t, err, address)
				} else if assert.ErrorIs(t, err, sources.ErrConfig, address) {
					assert.NotContains(t, err.Error(), "canary")
				}
			}
		}
	}
}
