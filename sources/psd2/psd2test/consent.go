package psd2test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// consent is one consent as the bank keeps it.
type consent struct {
	id        string
	status    string
	access    map[string]json.RawMessage
	recurring bool
	until     time.Time
	frequency int
	redirect  string
	nok       string

	authorisation string
	scaStatus     string
	polls         int
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// route finds the handler. It holds the bank's lock: the bank does one thing at a time.
func (b *Bank) route(w http.ResponseWriter, r *http.Request, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case strings.HasPrefix(r.URL.Path, "/oauth/"):
		b.oauth(w, r)
		return
	case strings.HasPrefix(r.URL.Path, "/sca/"):
		b.page(w, r)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, basePath+"/v1/")
	if !ok {
		b.no(w, http.StatusNotFound, "RESOURCE_UNKNOWN")
		return
	}
	if !uuidForm.MatchString(r.Header.Get("X-Request-ID")) {
		b.no(w, http.StatusBadRequest, "FORMAT_ERROR")
		return
	}
	parts := strings.Split(rest, "/")
	switch parts[0] {
	case "consents":
		b.consent(w, r, parts[1:], body)
	case "accounts":
		b.accounts(w, r, parts[1:])
	default:
		b.no(w, http.StatusNotFound, "RESOURCE_UNKNOWN")
	}
}

func (b *Bank) consent(w http.ResponseWriter, r *http.Request, parts []string, body []byte) {
	if len(parts) == 0 {
		if r.Method != http.MethodPost {
			b.no(w, http.StatusMethodNotAllowed, "SERVICE_INVALID")
			return
		}
		b.create(w, r, body)
		return
	}
	c := b.consents[parts[0]]
	if c == nil {
		b.no(w, http.StatusForbidden, "CONSENT_UNKNOWN")
		return
	}
	b.lapse(c)
	switch {
	case len(parts) == 1 && r.Method == http.MethodGet:
		until := c.until.Format(time.DateOnly)
		b.yes(w, http.StatusOK, map[string]any{
			"access": c.access, "recurringIndicator": c.recurring, "validUntil": until, "frequencyPerDay": c.frequency,
			"lastActionDate": b.o.Now().Format(time.DateOnly), "consentStatus": c.status,
		})
	case len(parts) == 1 && r.Method == http.MethodDelete:
		if c.status != "terminatedByTpp" {
			c.status = "terminatedByTpp"
		}
		w.WriteHeader(http.StatusNoContent)
	case len(parts) == 2 && parts[1] == "status" && r.Method == http.MethodGet:
		b.yes(w, http.StatusOK, map[string]any{"consentStatus": c.status})
	case len(parts) >= 2 && parts[1] == "authorisations":
		b.authorisation(w, r, c, parts[2:], body)
	default:
		b.no(w, http.StatusNotFound, "RESOURCE_UNKNOWN")
	}
}

// lapse notes that a consent is over.
func (b *Bank) lapse(c *consent) {
	if (c.status == "valid" || c.status == "received") && b.o.Now().After(c.until.AddDate(0, 0, 1)) {
		c.status = "expired"
	}
}

// create checks a consent as the specification has it: all five members, and the subject present.
func (b *Bank) create(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		Access    map[string]json.RawMessage `json:"access"`
		Recurring *bool                      `json:"recurringIndicator"`
		Until     string                     `json:"validUntil"`
		Frequency int                        `json:"frequencyPerDay"`
		Combined  *bool                      `json:"combinedServiceIndicator"`
	}
	err := json.Unmarshal(body, &in)
	until, derr := time.Parse(time.DateOnly, in.Until)
	if err != nil || derr != nil || len(in.Access) == 0 || in.Recurring == nil || in.Combined == nil || in.Frequency < 1 ||
		r.Header.Get("PSU-IP-Address") == "" || !*in.Recurring && in.Frequency != 1 ||
		b.o.Approach == Redirect && r.Header.Get("TPP-Redirect-URI") == "" {
		b.no(w, http.StatusBadRequest, "FORMAT_ERROR")
		return
	}
	if last := b.o.Now().AddDate(0, 0, b.o.ValidDays); until.After(last) {
		until = last
	}
	c := &consent{
		id: b.id("consent"), status: "received", access: in.Access, recurring: *in.Recurring, until: until,
		frequency: min(in.Frequency, b.o.FrequencyPerDay), redirect: r.Header.Get("TPP-Redirect-URI"),
		nok: r.Header.Get("TPP-Nok-Redirect-URI"),
	}
	b.consents[c.id] = c
	path := basePath + "/v1/consents/" + c.id
	links := map[string]any{"self": href(path), "status": href(path + "/status")}
	out := map[string]any{"consentStatus": c.status, "consentId": c.id, "_links": links}
	switch {
	case b.o.Approach == Embedded:
		links["startAuthorisationWithPsuAuthentication"] = href(path + "/authorisations")
	case b.o.Explicit:
		links["startAuthorisation"] = href(path + "/authorisations")
	default:
		b.start(c, links)
		if b.o.Approach == Decoupled {
			out["psuMessage"] = "Bevestig in de app van de bank."
		}
	}
	w.Header().Set("ASPSP-SCA-Approach", b.approach())
	w.Header().Set("Location", path)
	b.yes(w, http.StatusCreated, out)
}

func (b *Bank) approach() string {
	if b.o.Approach == OAuth {
		return "REDIRECT"
	}
	return strings.ToUpper(string(b.o.Approach))
}

// start makes the authorisation of a consent, with the links that lead on.
func (b *Bank) start(c *consent, links map[string]any) {
	c.authorisation, c.scaStatus = b.id("authorisation"), "received"
	links["scaStatus"] = href(basePath + "/v1/consents/" + c.id + "/authorisations/" + c.authorisation)
	switch b.o.Approach {
	case Redirect:
		links["scaRedirect"] = href(b.server.URL + "/sca/" + c.id)
	case OAuth:
		links["scaOAuth"] = href(b.server.URL + "/oauth/.well-known/oauth-authorization-server")
	}
}

func (b *Bank) authorisation(w http.ResponseWriter, r *http.Request, c *consent, parts []string, body []byte) {
	if len(parts) == 0 && r.Method == http.MethodPost && c.authorisation == "" {
		links := map[string]any{}
		b.start(c, links)
		out := map[string]any{"scaStatus": c.scaStatus, "authorisationId": c.authorisation, "_links": links}
		if b.o.Approach == Embedded && !b.password(w, r, c, body, out) {
			c.authorisation = ""
			return
		}
		w.Header().Set("ASPSP-SCA-Approach", b.approach())
		b.yes(w, http.StatusCreated, out)
		return
	}
	if len(parts) != 1 || parts[0] != c.authorisation {
		b.no(w, http.StatusNotFound, "RESOURCE_UNKNOWN")
		return
	}
	switch r.Method {
	case http.MethodGet:
		if c.polls++; b.o.Approach == Decoupled && b.o.ApproveAfter > 0 && c.polls > b.o.ApproveAfter && c.status == "received" {
			b.decide(c, true)
		}
		b.yes(w, http.StatusOK, map[string]any{"scaStatus": c.scaStatus})
	case http.MethodPut:
		b.update(w, c, body)
	default:
		b.no(w, http.StatusMethodNotAllowed, "SERVICE_INVALID")
	}
}

// password is the first step of the embedded approach.
func (b *Bank) password(w http.ResponseWriter, r *http.Request, c *consent, body []byte, out map[string]any) bool {
	var in struct {
		Data struct{ Password string } `json:"psuData"`
	}
	if json.Unmarshal(body, &in) != nil || in.Data.Password != b.o.Password || r.Header.Get("PSU-ID") != b.o.User {
		b.no(w, http.StatusUnauthorized, "PSU_CREDENTIALS_INVALID")
		return false
	}
	c.scaStatus = "psuAuthenticated"
	out["scaStatus"] = c.scaStatus
	out["scaMethods"] = []any{
		map[string]any{"authenticationType": "SMS_OTP", "authenticationMethodId": "m-sms", "name": "SMS"},
		map[string]any{"authenticationType": "PUSH_OTP", "authenticationMethodId": "m-app", "name": "App"},
	}
	out["_links"].(map[string]any)["selectAuthenticationMethod"] = out["_links"].(map[string]any)["scaStatus"]
	return true
}

// update is the choice of a method, then the code.
func (b *Bank) update(w http.ResponseWriter, c *consent, body []byte) {
	var in struct {
		Method string `json:"authenticationMethodId"`
		Code   string `json:"scaAuthenticationData"`
	}
	self := href(basePath + "/v1/consents/" + c.id + "/authorisations/" + c.authorisation)
	switch err := json.Unmarshal(body, &in); {
	case err == nil && c.scaStatus == "psuAuthenticated" && (in.Method == "m-sms" || in.Method == "m-app"):
		c.scaStatus = "scaMethodSelected"
		b.yes(w, http.StatusOK, map[string]any{
			"scaStatus": c.scaStatus, "_links": map[string]any{"authoriseTransaction": self, "scaStatus": self},
			"chosenScaMethod": map[string]any{"authenticationType": "SMS_OTP", "authenticationMethodId": in.Method, "name": "SMS"},
			"challengeData":   map[string]any{"otpMaxLength": 6, "otpFormat": "integer", "additionalInformation": "Zes cijfers."},
		})
	case err == nil && c.scaStatus == "scaMethodSelected" && in.Code == b.o.Code:
		b.decide(c, true)
		b.yes(w, http.StatusOK, map[string]any{"scaStatus": c.scaStatus, "_links": map[string]any{"scaStatus": self}})
	default:
		b.no(w, http.StatusBadRequest, "SCA_INVALID")
	}
}

// decide is the subject's word on a consent. A recurring one ends those before it, as the specification says.
func (b *Bank) decide(c *consent, yes bool) {
	if c.status != "received" {
		return
	}
	c.status, c.scaStatus = "rejected", "failed"
	if !yes {
		return
	}
	for _, d := range b.consents {
		if c.recurring && d.recurring && d.status == "valid" {
			d.status = "expired"
		}
	}
	c.status, c.scaStatus = "valid", "finalised"
}

// Approve is the subject's confirmation, in their app, of all consents that wait for one.
func (b *Bank) Approve() { b.decideAll(true) }

// Refuse is the opposite of Approve.
func (b *Bank) Refuse() { b.decideAll(false) }

func (b *Bank) decideAll(yes bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ids := make([]string, 0, len(b.consents))
	for id := range b.consents {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		b.decide(b.consents[id], yes)
	}
}

// Expire ends all consents that are valid, as their last day would.
func (b *Bank) Expire() { b.setAll("expired") }

// RevokeAtBank is the subject ending all valid consents on the bank's own pages.
func (b *Bank) RevokeAtBank() { b.setAll("revokedByPsu") }

func (b *Bank) setAll(status string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.consents {
		if c.status == "valid" {
			c.status = status
		}
	}
}

// Consents returns how many consents have each status.
func (b *Bank) Consents() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]int{}
	for _, c := range b.consents {
		out[c.status]++
	}
	return out
}

func (b *Bank) yes(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	writeJSON(w, v)
}

// no answers with an error of the specification.
func (b *Bank) no(w http.ResponseWriter, status int, code string) {
	if code == "" {
		w.WriteHeader(status)
		return
	}
	messages := []any{map[string]any{"category": "ERROR", "code": code, "text": "An explanation for the caller."}}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if b.o.ArrayErrors {
		writeJSON(w, messages)
		return
	}
	writeJSON(w, map[string]any{"tppMessages": messages})
}

func writeJSON(w http.ResponseWriter, v any) {
	_ = json.NewEncoder(w).Encode(v) // into a recorder, which takes everything
}

// back returns the address that the subject is sent back to.
func back(address string, q url.Values) string {
	sep := "?"
	if strings.Contains(address, "?") {
		sep = "&"
	}
	if len(q) == 0 {
		return address
	}
	return address + sep + q.Encode()
}
