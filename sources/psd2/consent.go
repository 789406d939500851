package psd2

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// reference refers to an account in a consent.
type reference struct {
	IBAN string `json:"iban"`
}

// access is the part of a consent that says what may be read. A list that is there but empty asks for all accounts that the
// subject chooses; a list that is not there asks for nothing of the kind.
type access struct {
	Accounts     *[]reference `json:"accounts,omitempty"`
	Balances     *[]reference `json:"balances,omitempty"`
	Transactions *[]reference `json:"transactions,omitempty"`
	Additional   *additional  `json:"additionalInformation,omitempty"`
}

type additional struct {
	OwnerName *[]reference `json:"ownerName,omitempty"`
}

// consentBody is that of POST /v1/consents; the specification requires all five members.
type consentBody struct {
	Access    access     `json:"access"`
	Recurring bool       `json:"recurringIndicator"`
	Until     model.Date `json:"validUntil"`
	Frequency int        `json:"frequencyPerDay"`
	Combined  bool       `json:"combinedServiceIndicator"`
}

// wanted is the body of a consent for what the pending connection needs and no more. Without a last day the consent is for
// one access: a day of grace covers midnight and the zone of the bank, whose local date counts.
func (c *client) wanted(p *pending, accounts []reference) consentBody {
	if accounts == nil {
		accounts = []reference{}
	}
	b := consentBody{Recurring: true, Until: p.ValidUntil, Frequency: c.source.conf.FrequencyPerDay}
	if p.ValidUntil.IsZero() {
		b.Recurring, b.Frequency = false, 1
		b.Until = model.DateOf(c.session.Now()).AddDays(1)
	}
	if p.Accounts {
		b.Access.Accounts = &accounts
	}
	if p.Balances {
		b.Access.Balances = &accounts
	}
	if p.Booked {
		b.Access.Transactions = &accounts
	}
	if p.Owner {
		b.Access.Additional = &additional{OwnerName: &accounts}
	}
	return b
}

// create makes the consent at the bank and takes the first step of its authorisation.
func (c *client) create(ctx context.Context, accounts []reference) (sources.Step, error) {
	p := c.state.Pending
	header, err := c.way(p)
	if err != nil {
		return sources.Step{}, err
	}
	body, err := json.Marshal(c.wanted(p, accounts))
	if err != nil {
		return sources.Step{}, sources.Errorf(sources.ErrUnexpected, "the consent has no JSON form")
	}
	// Saved before the state goes out, and before there is something at the bank that only we know of.
	p.Phase = phaseCreate
	if err := c.save(ctx); err != nil {
		return sources.Step{}, err
	}
	a, err := c.do(ctx, request{method: http.MethodPost, url: c.source.path("consents"), header: header, body: body})
	if err != nil {
		return sources.Step{}, err
	}
	v, err := document(ctx, a)
	if err != nil {
		return sources.Step{}, err
	}
	id := v.get("consentId").str()
	if !visible(id) {
		return sources.Step{}, sources.Errorf(sources.ErrMalformed, "the answer to a consent has no usable consentId")
	}
	p.Consent = id
	if err := c.keep(ctx); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
		defer cancel()
		_ = c.end(ctx, connection{Consent: id}) // nobody else knows of it; what counts is why
		return sources.Step{}, err
	}
	if v.get("consentStatus").str() == "valid" {
		return c.finish(ctx) // the bank needed no authentication
	}
	return c.advance(ctx, a, v)
}

// way returns the headers that say how the subject would confirm, and where they come back: those of a consent, and of an
// authorisation that is started apart from it.
func (c *client) way(p *pending) (map[string]string, error) {
	back, err := withState(p.Redirect, p.State)
	if err != nil {
		return nil, err
	}
	nok, err := withState(p.Nok, p.NokState)
	if err != nil {
		return nil, err
	}
	header := map[string]string{"TPP-Redirect-URI": back, "TPP-Nok-Redirect-URI": nok}
	switch c.source.conf.Prefer {
	case ApproachDecoupled:
		header["TPP-Redirect-Preferred"], header["TPP-Decoupled-Preferred"] = "false", "true"
	case ApproachEmbedded:
		header["TPP-Redirect-Preferred"] = "false"
	default:
		header["TPP-Redirect-Preferred"] = "true"
	}
	return header, nil
}

// visible reports whether an id of the bank can stand in a header and a path.
func visible(id string) bool {
	if id == "" || len(id) > 512 || id == "." || id == ".." {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// path returns the address of a resource of the interface.
func (s *Source) path(parts ...string) string {
	u := s.base.String() + "/v1"
	for _, p := range parts {
		u += "/" + url.PathEscape(p)
	}
	return u
}

// Where a consent stands.
type verdict uint8

const (
	verdictOpen    verdict = iota // not decided
	verdictPartly                 // another holder of the account must authorise too
	verdictValid                  // it can be used
	verdictEnded                  // refused, revoked or over
	verdictUnknown                // a status that the specification does not have
)

// verdictOf reads consentStatus. The list is open: a bank may add codes, which count as neither good nor bad.
func verdictOf(status string) verdict {
	switch status {
	case "received":
		return verdictOpen
	case "partiallyAuthorised":
		return verdictPartly
	case "valid":
		return verdictValid
	case "rejected", "revokedByPsu", "expired", "terminatedByTpp":
		return verdictEnded
	}
	return verdictUnknown
}

// status asks the bank how the consent stands. The message is one for the subject.
func (c *client) status(ctx context.Context, consent string) (v verdict, message string, err error) {
	a, err := c.do(ctx, request{method: http.MethodGet, url: c.source.path("consents", consent, "status")})
	if err != nil {
		return verdictUnknown, "", err
	}
	body, err := document(ctx, a)
	if err != nil {
		return verdictUnknown, "", err
	}
	return verdictOf(body.get("consentStatus").str()), body.get("psuMessage").str(), nil
}

// validUntil asks the bank for the last day of the consent, which it may have moved. Where the answer does not say so, the
// day is not known; the far end of the calendar stands for "as long as the bank allows".
func (c *client) validUntil(ctx context.Context, consent string) (model.Date, error) {
	a, err := c.do(ctx, request{method: http.MethodGet, url: c.source.path("consents", consent)})
	if errors.Is(err, sources.ErrNotProvided) {
		return model.Date{}, nil
	}
	if err != nil {
		return model.Date{}, err
	}
	v, err := document(ctx, a)
	if err != nil {
		return model.Date{}, err
	}
	d, err := model.ParseDate(v.get("validUntil").str())
	if err != nil || !d.Complete() || d.Year() == 9999 {
		return model.Date{}, nil
	}
	return d, nil
}

// Disconnect deletes the consents at the bank: that of the connection, of one in the making, and those that an earlier try
// did not reach. What the bank does not know, or has ended already, is done. The state goes last.
func (s *Source) Disconnect(ctx context.Context, session *sources.Session) error {
	st, err := load(ctx, session)
	if err != nil {
		return err
	}
	c := &client{source: s, session: session, state: st}
	st.drop()
	if st.Current != nil {
		st.discard(*st.Current)
		st.Current = nil
	}
	if len(st.Stale) == 0 {
		saved, err := session.State(ctx)
		if err != nil || saved.IsZero() {
			return err
		}
		return c.forget(ctx)
	}
	if err := c.save(ctx); err != nil {
		return err
	}
	if err := c.sweep(ctx); err != nil {
		return err
	}
	return c.forget(ctx)
}

// sweep deletes the stale consents. The first error is returned after all were tried; what is left stays in the state.
func (c *client) sweep(ctx context.Context) error {
	var first error
	for _, old := range slices.Clone(c.state.Stale) {
		if err := c.end(ctx, old); err != nil {
			if first == nil {
				first = err
			}
			if ctx.Err() != nil {
				break
			}
			continue
		}
		c.state.Stale = slices.DeleteFunc(c.state.Stale, func(x connection) bool { return x.Consent == old.Consent })
		if err := c.save(ctx); err != nil {
			return err
		}
	}
	return first
}

// end deletes one consent at the bank.
func (c *client) end(ctx context.Context, old connection) error {
	own := client{source: c.source, session: c.session, state: c.state, token: old.Token}
	if err := own.fresh(ctx); err != nil {
		return err
	}
	a, err := own.do(ctx, request{method: http.MethodDelete, url: c.source.path("consents", old.Consent)})
	switch e, ok := errors.AsType[*apiError](err); {
	case gone(err), err == nil && a.status == http.StatusNoContent:
		return nil
	case err == nil:
		// What else is said with success may come from something in front of the bank, such as a page about maintenance.
		err = sources.Errorf(sources.ErrUnexpected, "a deletion is answered with status %d", a.status)
	case ok && e.page:
		err = sources.Errorf(sources.ErrUnexpected, "a deletion is answered with a web page, status %d", e.status)
	case !ok || !e.has("CONSENT_INVALID", "STATUS_INVALID"):
		return err
	}
	// Perhaps it is over all the same, now or before: the subject can revoke it at the bank.
	if v, _, serr := own.status(ctx, old.Consent); gone(serr) || serr == nil && v == verdictEnded {
		return nil
	}
	return err
}

// gone reports whether the bank says that it has no such consent, or none that lasts. A web page is not the bank's interface: it
// may come from something in front of it that does not find the way.
func gone(err error) bool {
	e, ok := errors.AsType[*apiError](err)
	return ok && !e.page && (e.status == http.StatusNotFound || e.status == http.StatusGone ||
		e.has("CONSENT_UNKNOWN", "CONSENT_EXPIRED", "RESOURCE_UNKNOWN", "RESOURCE_EXPIRED"))
}

// forget removes the state.
func (c *client) forget(ctx context.Context) error { return c.session.SaveState(ctx, noSecret) }
