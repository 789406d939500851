package psd2

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// The formats of the documents.
const (
	FormatAccounts     model.FormatID = "psd2.accounts.v1"
	FormatBalances     model.FormatID = "psd2.balances.v1"
	FormatTransactions model.FormatID = "psd2.transactions.v1"
)

// The attributes of a document.
const (
	// AttrAccount is the IBAN or other number of the account, or the bank's id of the resource where it gives none: see
	// AttrKind. It is also what the access slot was taken for.
	AttrAccount = "account"
	// AttrKind says what AttrAccount is: "iban", "bban", "other" or "resource".
	AttrKind = "kind"
	// AttrPage counts the pages of one list from 1.
	AttrPage = "page"
	// AttrSince is the first day of the history, where that is later than what was asked.
	AttrSince = "since"
	// AttrStatus is "booked" where the bank was asked for booked transactions alone, as it does not give pending ones.
	AttrStatus = "status"
)

// recentDays is the history that each bank must give without a new authentication (RTS on SCA, article 10).
const recentDays = 90

// longestDays is what is asked for where the scope has no look-back date, since the bank wants one: ten years, which is
// longer than Dutch and Belgian banks must keep their records. What the bank gives of it is as much as was asked.
const longestDays = 3653

// The values of bookingStatus that are asked for. Banks must know the second one only.
const (
	statusBoth   = "both"
	statusBooked = "booked"
)

// resource is one account at the bank.
type resource struct {
	id       string // of the account, as in AttrAccount
	kind     string
	ordinal  int // in the list, from 1
	balances string
	booked   string
}

// Fetch asks for the accounts, and for the balances and transactions of each, as far as q wants them. What one account does
// not give is reported and the others go on.
func (s *Source) Fetch(ctx context.Context, session *sources.Session, q sources.Query, deliver func(sources.Document) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	st, err := load(ctx, session)
	if err != nil {
		return err
	}
	if st.Current == nil {
		return sources.Errorf(sources.ErrAuthentication, "there is no connection to the bank")
	}
	f := &fetch{
		client: client{source: s, session: session, state: st, token: st.Current.Token},
		query:  q, deliver: deliver, status: statusBoth, slots: map[string]error{},
	}
	if s.conf.BookedOnly {
		f.status = statusBooked
	}
	if err := f.fresh(ctx); err != nil {
		return err
	}
	if err := session.Account(ctx, ""); err != nil { // the list of accounts is an access too
		return err
	}
	list, err := f.accounts(ctx)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := f.account(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// fetch is one collection.
type fetch struct {
	client
	query   sources.Query
	deliver func(sources.Document) error
	status  string           // bookingStatus that the bank is known to take
	slots   map[string]error // the accounts that asked for their slot
}

// stopping marks an error that ends the collection: one of deliver.
type stopping struct{ error }

// Unwrap returns the error of deliver.
func (s stopping) Unwrap() error { return s.error }

// accounts reads the list of accounts, and delivers it where it is asked.
func (f *fetch) accounts(ctx context.Context) ([]resource, error) {
	var out []resource
	err := f.pages(ctx, f.source.path("accounts"), func(a *answer, page int) (value, error) {
		if f.query.Wants(model.CategoryAccount) {
			if err := f.hand(a, FormatAccounts, "accounts", map[string]string{AttrPage: strconv.Itoa(page)}); err != nil {
				return value{}, err
			}
		}
		v, err := document(ctx, a)
		if err != nil {
			return value{}, err
		}
		list := v.get("accounts")
		if !list.is(jsonscan.Array) {
			return value{}, sources.Errorf(sources.ErrMalformed, "the answer has no list of accounts")
		}
		for _, e := range list.elements() {
			r := f.resource(a, e)
			r.ordinal = len(out) + 1
			out = append(out, r)
		}
		return v.get("_links"), nil
	})
	if s, ok := errors.AsType[stopping](err); ok {
		err = s.error
	}
	return out, err
}

// resource reads how an account of the list is addressed: by its resourceId; by its links where it has none.
func (f *fetch) resource(a *answer, e value) resource {
	var r resource
	r.id, r.kind = accountNumber(e)
	id := e.get("resourceId").str()
	if r.id == "" || len(r.id) > 256 {
		r.id, r.kind = id, "resource"
	}
	if id != "" && len(id) <= 512 && id != "." && id != ".." {
		r.balances, r.booked = f.source.path("accounts", id, "balances"), f.source.path("accounts", id, "transactions")
		return r
	}
	for name, to := range map[string]*string{"balances": &r.balances, "transactions": &r.booked} {
		if href := e.get("_links").get(name).href(); href != "" {
			if u, err := f.source.resolve(a.url, href); err == nil { // else as where there is none: the others go on
				*to = u.String()
			}
		}
	}
	return r
}

// account fetches what is asked of one account. Only an error that ends the whole collection is returned.
func (f *fetch) account(ctx context.Context, r resource) error {
	var cats []model.Category
	for _, c := range []model.Category{model.CategoryBalance, model.CategoryTransaction} {
		if f.query.Wants(c) {
			cats = append(cats, c)
		}
	}
	if len(cats) == 0 {
		return nil
	}
	slot, asked := f.slots[r.id]
	if !asked { // the parts of an account in several currencies share a number, and the slot
		slot = f.session.Account(ctx, r.id)
		f.slots[r.id] = slot
	}
	if slot != nil {
		if errors.Is(slot, sources.ErrLimit) {
			f.session.Failed(slot, cats...)
			return nil
		}
		return slot // the permit is over, or the store of the slots is away: nothing more may be asked
	}
	for _, c := range cats {
		var err error
		if c == model.CategoryBalance {
			err = f.balances(ctx, r)
		} else {
			err = f.transactions(ctx, r)
		}
		if s, ok := errors.AsType[stopping](err); ok {
			return s.error
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if over(err) {
				return err
			}
			f.session.Failed(err, c)
		}
	}
	return nil
}

// over reports whether an error of one account is one of the whole connection, so that the next calls would be in vain.
func over(err error) bool {
	e, ok := errors.AsType[*apiError](err)
	return ok && e.has("CONSENT_EXPIRED", "CONSENT_UNKNOWN", "TOKEN_EXPIRED", "TOKEN_INVALID", "TOKEN_UNKNOWN",
		"CERTIFICATE_EXPIRED", "CERTIFICATE_INVALID", "CERTIFICATE_REVOKE", "CERTIFICATE_BLOCKED") ||
		errors.Is(err, sources.ErrNotPermitted)
}

func (f *fetch) balances(ctx context.Context, r resource) error {
	if r.balances == "" {
		return sources.Errorf(sources.ErrNotProvided, "the bank gives no balances of account %d of the list", r.ordinal)
	}
	return f.pages(ctx, r.balances, func(a *answer, page int) (value, error) {
		if err := f.hand(a, FormatBalances, group(r), r.attrs(page)); err != nil {
			return value{}, err
		}
		e, err := envelope(ctx, a)
		return e.links, err
	})
}

// transactions reads the pages of one account's transactions. Where the bank does not have pending ones or does not go back
// that far, it is asked again for what it must give.
func (f *fetch) transactions(ctx context.Context, r resource) error {
	if r.booked == "" {
		return sources.Errorf(sources.ErrNotProvided, "the bank gives no transactions of account %d of the list", r.ordinal)
	}
	today := model.DateOf(f.session.Now())
	asked := f.query.Scope.Since.Earliest()
	if asked.IsZero() {
		asked = today.AddDays(-longestDays)
	}
	from := asked
	if d := f.source.conf.HistoryDays; d > 0 && from.Before(today.AddDays(-d)) {
		from = today.AddDays(-d)
	}
	recent := today.AddDays(-recentDays)
	status := f.status
	for {
		began, err := f.booked(ctx, r, asked, from, status)
		if began || err == nil {
			f.status = status // for the other accounts too: the answer is the bank's, not the account's
			return err        // once a page was delivered, to begin anew would deliver it twice
		}
		e, ok := errors.AsType[*apiError](err)
		if !ok || e.status == http.StatusTooManyRequests {
			return err
		}
		period := e.has("PERIOD_INVALID", "TIMESTAMP_INVALID")
		switch {
		case status == statusBoth && !period && e.parameter():
			status = statusBooked
			if !e.vague() {
				f.status = status
			}
		case !period && !e.vague():
			return err
		case from.Before(recent):
			from = recent
		case period && from == recent:
			from = recent.AddDays(1) // where the bank is, the next day has begun
		default:
			return err
		}
		if err := f.session.Account(ctx, r.id); err != nil {
			return err // the bank counts each call of the resource
		}
	}
}

// booked reads the pages from one day on. It reports whether it delivered any.
func (f *fetch) booked(ctx context.Context, r resource, asked, from model.Date, status string) (began bool, err error) {
	since := model.Date{}
	if asked.Before(from) {
		since = from
	}
	address := r.booked
	q := url.Values{"bookingStatus": {status}, "dateFrom": {from.String()}}.Encode()
	if strings.Contains(address, "?") {
		address += "&" + q
	} else {
		address += "?" + q
	}
	err = f.pages(ctx, address, func(a *answer, page int) (value, error) {
		if statement(a) {
			// The bank answers with a statement in camt or MT940: the reader of that format takes it, if there is one.
			began = true
			d := sources.Document{MediaType: a.media, Body: a.body, Group: group(r), Attrs: r.attrs(page)}
			err := f.give(d)
			if err == nil && a.cut {
				err = errCut // a reader of lines would not notice
			}
			return value{}, err
		}
		e, parsed := envelope(ctx, a)
		links := e.transactions.links
		attrs := r.attrs(page)
		if status == statusBooked {
			attrs[AttrStatus] = statusBooked
		}
		for _, name := range []string{"first", "self"} {
			// A bank that gives less than asked says so in the addresses of its pages, if anywhere.
			if d := dateFrom(links.get(name).href()); from.Before(d) && since.Before(d) {
				since = d
			}
		}
		if next, err := links.next(); err == nil && next == "" {
			links = e.links // in the wrong place; left out, the history would seem to end here
		}
		if !since.IsZero() {
			attrs[AttrSince] = since.String()
		}
		if parsed == nil && !e.transactions.there {
			if e.links.get("download").href() != "" {
				return value{}, sources.Errorf(sources.ErrNotProvided, "the bank gives the transactions of account %d as a download only", r.ordinal)
			}
			return value{}, sources.Errorf(sources.ErrMalformed, "the answer has no transactions")
		}
		began = true
		if err := f.hand(a, FormatTransactions, group(r), attrs); err != nil {
			return value{}, err
		}
		return links, parsed
	})
	return began, err
}

// statement tells statements from the interface's own answers, which some banks send as plain text.
func statement(a *answer) bool {
	switch a.media {
	case "application/xml", "text/xml", "text/plain":
		return !bytes.HasPrefix(bytes.TrimLeft(a.head(512), " \t\r\n"), []byte("{"))
	}
	return false
}

// outline is what stands around the records of an answer.
type outline struct {
	links        value
	transactions struct { // the object that has the lists of booked and pending ones
		there bool
		links value
	}
}

// envelope reads the outline of an answer, so that a page of any size takes no tree of its own. Everything else is checked
// and left out. Of a broken answer it returns what it could read.
func envelope(ctx context.Context, a *answer) (o outline, err error) {
	if a.cut {
		return o, errCut
	}
	if err := isPage(a); err != nil {
		return o, err
	}
	b, err := a.bytes(ctx)
	if err != nil {
		return o, err
	}
	r := newReader(ctx, b)
	err = r.Object(func(name string) error {
		k, err := r.Kind()
		switch {
		case name == "_links":
			o.links, err = tree(r)
		case name == "transactions" && k == jsonscan.Object:
			o.transactions.there = true
			err = r.Object(func(name string) (err error) {
				if name == "_links" {
					o.transactions.links, err = tree(r)
				}
				return err
			})
		}
		return err
	})
	if err == nil {
		err = r.End()
	}
	return o, jsonError(err)
}

func dateFrom(href string) model.Date {
	u, err := url.Parse(href)
	if err != nil {
		return model.Date{}
	}
	d, err := model.ParseDate(u.Query().Get("dateFrom"))
	if err != nil || !d.Complete() {
		return model.Date{}
	}
	return d
}

// pages follows a list from page to page by the bank's own links. read handles one answer and returns its _links.
func (f *fetch) pages(ctx context.Context, address string, read func(a *answer, page int) (value, error)) error {
	seen := map[string]bool{}
	for page := 1; ; page++ {
		if page > f.source.conf.MaxPages {
			return sources.Errorf(sources.ErrLimit, "more than %d pages", f.source.conf.MaxPages)
		}
		if seen[address] {
			return sources.Errorf(sources.ErrMalformed, "page %d leads back to one before it", page-1)
		}
		seen[address] = true
		a, err := f.do(ctx, request{method: http.MethodGet, url: address, consent: f.state.Current.Consent, list: true})
		if err != nil {
			return err
		}
		links, err := read(a, page)
		a.close()
		if err != nil {
			return err
		}
		next, err := links.next()
		if err != nil || next == "" {
			return err
		}
		u, err := f.source.resolve(a.url, next)
		if err != nil {
			return err
		}
		address = u.String()
	}
}

// hand delivers an answer. One that is cut goes on too, since what it holds can be read; a web page does not.
func (f *fetch) hand(a *answer, format model.FormatID, group string, attrs map[string]string) error {
	if err := isPage(a); err != nil {
		return err
	}
	return f.give(sources.Document{
		Format: format, MediaType: "application/json", Body: a.body, Group: group, Attrs: attrs,
	})
}

func (f *fetch) give(d sources.Document) error {
	d.Institution = f.source.conf.Institution
	if err := f.deliver(d); err != nil {
		return stopping{err}
	}
	return nil
}

// group names the documents of one account by its place in the list, which is no value.
func group(r resource) string { return "account " + strconv.Itoa(r.ordinal) }

func (r resource) attrs(page int) map[string]string {
	return map[string]string{AttrAccount: r.id, AttrKind: r.kind, AttrPage: strconv.Itoa(page)}
}
