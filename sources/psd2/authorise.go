package psd2

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"golang.org/x/net/http/httpguts"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// The fields of challenges.
const (
	fieldIBAN     = "iban"
	fieldPSU      = "psu-id"
	fieldPassword = "password"
	fieldMethod   = "method"
	fieldCode     = "code"
)

// maxStarts bounds the explicit starts in a row: each needs one call and leads to another step.
const maxStarts = 3

// The links that lead on, in the order in which they are taken. A link in an answer says what the bank expects next.
var (
	linksIdentify = []string{"updatePsuIdentification", "startAuthorisationWithPsuIdentification"}
	linksPassword = []string{"updatePsuAuthentication", "startAuthorisationWithPsuAuthentication"}
	linksMethod   = []string{"selectAuthenticationMethod", "startAuthorisationWithAuthenticationMethodSelection"}
	linksCode     = []string{"authoriseTransaction", "startAuthorisationWithTransactionAuthorisation"}
	linksCipher   = []string{"updateEncryptedPsuAuthentication", "startAuthorisationWithEncryptedPsuAuthentication"}
)

// advance takes the next step from an answer about the consent or its authorisation.
func (c *client) advance(ctx context.Context, a *answer, v value) (sources.Step, error) {
	p := c.state.Pending
	for range maxStarts {
		switch v.get("scaStatus").str() {
		case "finalised", "exempted":
			return c.poll(ctx)
		case "failed":
			return c.refused(ctx)
		}
		links, err := c.links(a, v.get("_links"))
		if err != nil {
			return sources.Step{}, err
		}
		if p.Links == nil {
			p.Links = map[string]string{}
		}
		for from, to := range map[string]string{"scaStatus": "status", "confirmation": "confirmation"} {
			if links[from] != "" {
				p.Links[to] = links[from]
			}
		}
		if u := links["scaRedirect"]; u != "" {
			return c.redirect(ctx, phaseRedirect, u)
		}
		if u := links["scaOAuth"]; u != "" {
			return c.authorise(ctx, u)
		}
		if u := links["startAuthorisation"]; u != "" {
			header, err := c.way(p)
			if err != nil {
				return sources.Step{}, err
			}
			if a, v, err = c.update(ctx, http.MethodPost, u, header, []byte("{}")); err != nil {
				return sources.Step{}, err
			}
			continue
		}
		return c.ask(ctx, links, v)
	}
	return sources.Step{}, sources.Errorf(sources.ErrMalformed, "the bank asks to start the authorisation again and again")
}

// links returns the addresses behind the names of a _links object.
func (c *client) links(a *answer, v value) (map[string]string, error) {
	out := map[string]string{}
	for name, m := range v.Members() {
		href := value{m}.href()
		if href == "" {
			continue
		}
		u, err := c.source.resolve(a.url, href)
		if err != nil {
			return nil, err
		}
		out[name] = u.String()
	}
	return out, nil
}

// redirect sends the subject to the bank.
func (c *client) redirect(ctx context.Context, ph phase, address string) (sources.Step, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return sources.Step{}, sources.Errorf(sources.ErrMalformed, "the bank sends the subject to an address that is not https")
	}
	c.state.Pending.Phase = ph
	if err := c.save(ctx); err != nil {
		return sources.Step{}, err
	}
	return sources.Step{Kind: sources.StepRedirect, URL: address}, nil
}

// ask turns the links of the embedded and the decoupled approach into a challenge or a wait.
func (c *client) ask(ctx context.Context, links map[string]string, v value) (sources.Step, error) {
	p := c.state.Pending
	message := v.get("psuMessage").str()
	identify := sources.Field{Name: fieldPSU, Label: "User name at the bank"}
	pick := func(names []string) bool {
		for _, n := range names {
			if links[n] != "" {
				p.Links["next"], p.Links["method"] = links[n], http.MethodPut
				if n[:5] == "start" {
					p.Links["method"] = http.MethodPost // the sub-resource does not exist yet
				}
				return true
			}
		}
		return false
	}
	embedded := func(names []string) (bool, error) {
		if !pick(names) {
			return false, nil
		}
		if !c.source.conf.Embedded {
			return false, sources.Errorf(sources.ErrUnexpected, "the bank wants the subject's credentials from this party, which the configuration does not allow")
		}
		return true, nil
	}
	if ok, err := embedded(linksCode); err != nil {
		return c.failed(ctx, err)
	} else if ok {
		if more := v.get("challengeData").get("additionalInformation").str(); more != "" && message == "" {
			message = more
		}
		return c.challenge(ctx, phaseChallenge, message, sources.Field{Name: fieldCode, Label: "Code", Secret: true})
	}
	if ok, err := embedded(linksMethod); err != nil {
		return c.failed(ctx, err)
	} else if ok {
		f := sources.Field{Name: fieldMethod, Label: "Method"}
		p.Methods = methods(v.get("scaMethods"))
		for _, m := range p.Methods {
			f.Values = append(f.Values, m.Name)
		}
		if len(f.Values) == 0 {
			return c.failed(ctx, sources.Errorf(sources.ErrMalformed, "the bank offers a choice of methods without any"))
		}
		return c.challenge(ctx, phaseChallenge, message, f)
	}
	if ok, err := embedded(linksPassword); err != nil {
		return c.failed(ctx, err)
	} else if ok {
		fields := []sources.Field{{Name: fieldPassword, Label: "Password at the bank", Secret: true}}
		if !p.Identified {
			fields = append([]sources.Field{identify}, fields...)
		}
		return c.challenge(ctx, phaseChallenge, message, fields...)
	}
	if pick(linksIdentify) {
		return c.challenge(ctx, phaseChallenge, message, identify)
	}
	if pick(linksCipher) {
		return c.failed(ctx, sources.Errorf(sources.ErrUnexpected, "the bank wants a password that is encrypted with its own key"))
	}
	// Nothing is left to do here: the subject confirms in the bank's app.
	p.Phase = phaseWait
	if err := c.save(ctx); err != nil {
		return sources.Step{}, err
	}
	return sources.Step{Kind: sources.StepWait, Retry: pollAfter, Message: message}, nil
}

// methods returns the ways to authenticate, each with a name of its own to choose by.
func methods(v value) []method {
	var out []method
	seen := map[string]bool{}
	for i, m := range v.elements() {
		id, name := m.get("authenticationMethodId").str(), m.get("name").str()
		if id == "" || i >= 32 {
			continue
		}
		if name == "" {
			name = m.get("authenticationType").str()
		}
		if name == "" || seen[name] {
			name += " (" + strconv.Itoa(len(out)+1) + ")"
		}
		seen[name] = true
		out = append(out, method{ID: id, Name: name})
	}
	return out
}

// challenge asks the host for fields.
func (c *client) challenge(ctx context.Context, ph phase, message string, fields ...sources.Field) (sources.Step, error) {
	p := c.state.Pending
	p.Phase, p.Ask = ph, nil
	for _, f := range fields {
		p.Ask = append(p.Ask, f.Name)
	}
	if err := c.save(ctx); err != nil {
		return sources.Step{}, err
	}
	return sources.Step{Kind: sources.StepChallenge, Fields: fields, Message: message}, nil
}

// fields sends the answers to a challenge. Each is sent once: after a refusal the connection must begin anew, so that a wrong
// password is never tried twice and does not block the subject's access to the bank.
func (c *client) fields(ctx context.Context, in map[string]crypto.Secret) (sources.Step, error) {
	p := c.state.Pending
	for _, name := range p.Ask {
		if in[name].IsZero() {
			return sources.Step{}, sources.Errorf(sources.ErrUnmatched, "the field %s of the challenge is missing", name)
		}
	}
	if p.Phase == phaseAccounts {
		var ref reference
		err := in[fieldIBAN].Use(func(b []byte) error {
			i, err := model.ParseIBAN(b)
			if err != nil {
				return sources.Errorf(sources.ErrUnmatched, "the field iban is no IBAN")
			}
			ref.IBAN = i.Value()
			return nil
		})
		if err != nil {
			return sources.Step{}, err
		}
		p.Ask = nil
		return c.create(ctx, []reference{ref})
	}
	asked := p.Ask
	link, verb := p.Links["next"], p.Links["method"]
	p.Phase, p.Ask = phaseSent, nil
	delete(p.Links, "next")
	delete(p.Links, "method")
	header, body := map[string]string{}, []byte(nil)
	for _, name := range asked {
		err := in[name].Use(func(b []byte) error {
			switch name {
			case fieldPSU:
				if len(b) > 256 || !httpguts.ValidHeaderFieldValue(string(b)) {
					return sources.Errorf(sources.ErrUnmatched, "the field psu-id cannot stand in a header")
				}
				header["PSU-ID"] = string(b)
				if t := c.source.conf.PSUIDType; t != "" {
					header["PSU-ID-Type"] = t
				}
				p.Identified = true
			case fieldPassword:
				body = append(appendQuoted([]byte(`{"psuData":{"password":`), b), "}}"...)
			case fieldCode:
				body = append(appendQuoted([]byte(`{"scaAuthenticationData":`), b), '}')
			case fieldMethod:
				for _, m := range p.Methods {
					if m.Name == string(b) {
						body = append(appendQuoted([]byte(`{"authenticationMethodId":`), []byte(m.ID)), '}')
						return nil
					}
				}
				return sources.Errorf(sources.ErrUnmatched, "the field method is none of the choices")
			}
			return nil
		})
		if err != nil {
			return sources.Step{}, err // nothing was saved or sent: the challenge still stands
		}
	}
	if body == nil {
		body = []byte("{}")
	}
	if err := c.save(ctx); err != nil {
		clear(body)
		return sources.Step{}, err
	}
	a, v, err := c.update(ctx, verb, link, header, body)
	if err != nil {
		return sources.Step{}, err
	}
	return c.advance(ctx, a, v)
}

// update writes to an authorisation and returns the answer.
func (c *client) update(ctx context.Context, verb, link string, header map[string]string, body []byte) (*answer, value, error) {
	if header == nil {
		header = map[string]string{}
	}
	a, err := c.do(ctx, request{method: verb, url: link, header: header, body: body})
	if err != nil {
		return nil, value{}, err
	}
	v, err := document(ctx, a)
	return a, v, err
}

// get reads a resource of an authorisation.
func (c *client) get(ctx context.Context, link string) (value, error) {
	a, err := c.do(ctx, request{method: http.MethodGet, url: link})
	if err != nil {
		return value{}, err
	}
	return document(ctx, a)
}

// confirm hands the code of the redirect over where the bank wants one.
func (c *client) confirm(ctx context.Context, link, code string) error {
	_, v, err := c.update(ctx, http.MethodPut, link, nil, append(appendQuoted([]byte(`{"confirmationCode":`), []byte(code)), '}'))
	if err == nil && v.get("scaStatus").str() == "failed" {
		err = sources.Errorf(sources.ErrAuthentication, "the bank did not accept the confirmation")
	}
	return err
}

// appendQuoted appends b as a string of JSON. It is here because encoding/json makes copies that nobody can overwrite.
func appendQuoted(dst, b []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
