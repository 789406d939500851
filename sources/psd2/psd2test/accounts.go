package psd2test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// accounts serves the account information, under a consent that is checked in every call.
func (b *Bank) accounts(w http.ResponseWriter, r *http.Request, parts []string) {
	c := b.consents[r.Header.Get("Consent-ID")]
	if c == nil {
		b.no(w, http.StatusForbidden, "CONSENT_UNKNOWN")
		return
	}
	switch b.lapse(c); c.status {
	case "valid":
	case "expired":
		b.no(w, http.StatusUnauthorized, "CONSENT_EXPIRED")
		return
	default:
		b.no(w, http.StatusUnauthorized, "CONSENT_INVALID")
		return
	}
	if code := b.bearer(r, c); code != "" {
		b.no(w, http.StatusUnauthorized, code)
		return
	}
	q := r.URL.Query()
	if r.Header.Get("PSU-IP-Address") == "" && !q.Has("page") {
		key := c.id + " " + r.URL.Path + " " + b.o.Now().Format(time.DateOnly)
		if b.counts[key]++; b.counts[key] > c.frequency {
			b.no(w, http.StatusTooManyRequests, "ACCESS_EXCEEDED")
			return
		}
	}
	if len(parts) == 0 {
		list := []any{}
		for i, a := range b.o.Accounts {
			if c.names(a) {
				list = append(list, a.details(resourceID(i), c.allows("additionalInformation")))
			}
		}
		b.yes(w, http.StatusOK, map[string]any{"accounts": list})
		return
	}
	index := -1
	for i := range b.o.Accounts {
		if resourceID(i) == parts[0] {
			index = i
		}
	}
	if index < 0 || !c.names(b.o.Accounts[index]) || len(parts) != 2 {
		b.no(w, http.StatusNotFound, "RESOURCE_UNKNOWN")
		return
	}
	a := b.o.Accounts[index]
	switch {
	case !c.allows(parts[1]):
		b.no(w, http.StatusUnauthorized, "CONSENT_INVALID")
	case parts[1] == "balances":
		list := []any{}
		for _, x := range a.Balances {
			list = append(list, x.json(a.Currency))
		}
		b.yes(w, http.StatusOK, map[string]any{"account": a.reference(), "balances": list})
	case parts[1] == "transactions":
		b.transactions(w, r, a, resourceID(index), q)
	default:
		b.no(w, http.StatusNotFound, "RESOURCE_UNKNOWN")
	}
}

func resourceID(i int) string { return "3dc3d5b3-7023-4848-9853-" + strconv.Itoa(100000000001+i) }

// allows reports whether the consent has a list of the kind, empty or not.
func (c *consent) allows(kind string) bool {
	_, ok := c.access[kind]
	return ok
}

// names reports whether the consent is about the account.
func (c *consent) names(a Account) bool {
	for _, kind := range []string{"accounts", "balances", "transactions"} {
		var list []struct{ IBAN, BBAN string }
		raw, ok := c.access[kind]
		if !ok || json.Unmarshal(raw, &list) != nil {
			continue
		}
		if len(list) == 0 {
			return true // the subject chose all of them
		}
		for _, ref := range list {
			if ref.IBAN != "" && ref.IBAN == a.IBAN || ref.BBAN != "" && ref.BBAN == a.BBAN {
				return true
			}
		}
	}
	return false
}

func (b *Bank) transactions(w http.ResponseWriter, r *http.Request, a Account, id string, q url.Values) {
	from, err := time.Parse(time.DateOnly, q.Get("dateFrom"))
	status := q.Get("bookingStatus")
	if err != nil || status != "booked" && status != "pending" && status != "both" {
		b.no(w, http.StatusBadRequest, "FORMAT_ERROR")
		return
	}
	if b.o.BookedOnly && status != "booked" {
		b.no(w, http.StatusBadRequest, "PARAMETER_NOT_SUPPORTED")
		return
	}
	if d := b.o.HistoryDays; d > 0 {
		if first := b.o.Now().AddDate(0, 0, -d-1); from.Before(first) {
			if !b.o.SilentHistory {
				b.no(w, http.StatusBadRequest, "PERIOD_INVALID")
				return
			}
			from = first
		}
	}
	var all []Transaction
	for _, t := range a.Transactions {
		on := t.BookingDate
		if t.Pending {
			on = t.ValueDate
		}
		if (t.Pending && status == "booked") || (!t.Pending && status == "pending") || on != "" && on < from.Format(time.DateOnly) {
			continue
		}
		all = append(all, t)
	}
	page, _ := strconv.Atoi(q.Get("page")) // absent or malformed is the first
	size := b.o.PageSize
	if size == 0 {
		size = len(all) + 1
	}
	booked, pending := []any{}, []any{}
	for _, t := range all[min(len(all), page*size):min(len(all), (page+1)*size)] {
		if t.Pending {
			pending = append(pending, t.json())
		} else {
			booked = append(booked, t.json())
		}
	}
	path := basePath + "/v1/accounts/" + id
	address := func(n int) map[string]any {
		return href(path + "/transactions?" + url.Values{
			"bookingStatus": {status}, "dateFrom": {from.Format(time.DateOnly)}, "page": {strconv.Itoa(n)},
		}.Encode())
	}
	links := map[string]any{"account": href(path)}
	if (page+1)*size < len(all) {
		links["next"] = address(page + 1)
	}
	if b.o.PageSize > 0 || b.o.SilentHistory {
		links["first"] = address(0)
	}
	report := map[string]any{"_links": links, "booked": booked}
	if status != "booked" {
		report["pending"] = pending
	}
	b.yes(w, http.StatusOK, map[string]any{"account": a.reference(), "transactions": report})
}

// bearer returns the code of what is wrong with the token, "" for nothing.
func (b *Bank) bearer(r *http.Request, c *consent) string {
	if b.o.Approach != OAuth {
		return ""
	}
	t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	g := b.tokens[t]
	switch {
	case !ok || g == nil || g.kind != "access" || g.consent != c.id:
		return "TOKEN_INVALID"
	case b.o.Now().After(g.until):
		return "TOKEN_EXPIRED"
	}
	return ""
}
