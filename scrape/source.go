package scrape

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

var _ sources.Source = (*Source)(nil)

// logoutTime is how long logging out may take. It is less than what the Retriever grants a source whose time is up.
const logoutTime = 2500 * time.Millisecond

// Describe returns what the recipe says of itself. The method is [model.Scrape].
func (s *Source) Describe() sources.Descriptor {
	d := s.desc
	d.Categories = slices.Clone(d.Categories)
	d.Hosts = slices.Clone(d.Hosts)
	d.Verified = slices.Clone(d.Verified)
	return d
}

// Fetch requests the pages that hold something the query asks for, in their order, and delivers of each a document in
// [Format] that holds the fields in scope and nothing else. The session must be a logged-in one: see [sources.Handover].
//
// A page whose layout is not the recipe's gives no document and is reported as failed, while the others go on; where no page
// could be read, that is the error: [sources.ErrLayoutChanged] with what was missing. [sources.ErrAuthentication] means that
// the portal asks to log in, [sources.ErrUnavailable] that it is closed for maintenance.
//
// At the end the recipe's logout is requested, with a timeout of its own, also where ctx has ended.
func (s *Source) Fetch(ctx context.Context, ss *sources.Session, q sources.Query, deliver func(sources.Document) error) error {
	defer s.leave(ctx, ss)
	var first error
	read := 0
	for i := range s.pages {
		p := &s.pages[i]
		if !slices.ContainsFunc(p.categories, q.Wants) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		recs, err := s.page(ctx, ss, p, q)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, sources.ErrAuthentication), errors.Is(err, sources.ErrUnavailable), errors.Is(err, sources.ErrThrottled):
			return err // what holds for one page holds for all
		case err != nil:
			ss.Failed(err, p.categories...)
			if first == nil {
				first = err
			}
			continue
		}
		if err := deliver(s.document(p, recs)); err != nil {
			return err
		}
		read++
	}
	if read == 0 {
		return first
	}
	return nil
}

// page requests and reads one page.
func (s *Source) page(ctx context.Context, ss *sources.Session, p *page, q sources.Query) ([]found, error) {
	resp, err := s.request(ctx, ss, &p.Request, true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, s.opts.MaxPage+1))
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, sources.ErrTooLarge), int64(len(body)) > s.opts.MaxPage:
		return nil, sources.Errorf(sources.ErrTooLarge, "page %s: more than %d bytes", p.Name, s.opts.MaxPage)
	case err != nil:
		return nil, sources.Errorf(sources.ErrUnavailable, "page %s: the answer broke off", p.Name)
	}
	return s.read(ctx, p, resp.StatusCode, resp.Header.Get("Content-Type"), body, q)
}

var errLogin = sources.Errorf(sources.ErrAuthentication, "the portal asks to log in")

// request sends a request of the recipe. A redirect to a login page ends it before that page is asked for.
func (s *Source) request(ctx context.Context, ss *sources.Session, r *Request, follow bool) (*http.Response, error) {
	u := s.base.Scheme + "://" + s.base.Host + r.Path
	var body io.Reader
	if r.Method == http.MethodPost {
		form := url.Values{}
		for k, v := range r.Form {
			form.Set(k, v)
		}
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, u, body)
	if err != nil {
		return nil, sources.Errorf(sources.ErrAdapter, "the request cannot be made")
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Header.Set("Accept", "text/html, application/json")
	req.Header.Set("Accept-Language", "nl")
	client := *ss.HTTP() // a copy, so that its redirects can be watched
	checked := client.CheckRedirect
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		switch {
		case !follow:
			return http.ErrUseLastResponse
		case toDigiD(req.URL), s.login.onWay(req.URL):
			return errLogin
		case s.maintenance.onWay(req.URL):
			return sources.Errorf(sources.ErrUnavailable, "the portal is closed for maintenance")
		}
		return checked(req, via)
	}
	resp, err := client.Do(req)
	if err != nil {
		if err = unwrapURL(err); sources.Code(err) == sources.Code(sources.ErrUnexpected) {
			// One of net/http itself, whose text can hold the address of a redirect.
			return nil, sources.Errorf(sources.ErrUnexpected, "the answer cannot be followed")
		}
		return nil, err
	}
	return resp, nil
}

// unwrapURL takes off what net/http puts around an error: an address with its query.
func unwrapURL(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}

// leave logs out. A failure is logged and no more: the session ends by itself some time.
func (s *Source) leave(ctx context.Context, ss *sources.Session) {
	if s.logout == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTime)
	defer cancel()
	resp, err := s.request(ctx, ss, s.logout, false)
	if err == nil {
		_ = resp.Body.Close()
		if resp.StatusCode >= 400 {
			err = sources.StatusError(resp.StatusCode)
		}
	}
	if err != nil {
		ss.Log().LogAttrs(ctx, slog.LevelWarn, "logout failed", slog.String("code", sources.Code(err)))
	}
}

// Reduce reads one page from bytes, as a collection would that got them with this content type, and returns the document.
// With it a host checks a recipe against a page that it has saved. Errors are those of [Source.Fetch]; an unknown page is
// [sources.ErrNotProvided].
func (s *Source) Reduce(ctx context.Context, page, contentType string, body []byte, q sources.Query) (sources.Document, error) {
	p := s.find(page)
	if p == nil {
		return sources.Document{}, sources.Errorf(sources.ErrNotProvided, "the recipe has no such page")
	}
	if int64(len(body)) > s.opts.MaxPage {
		return sources.Document{}, sources.Errorf(sources.ErrTooLarge, "page %s: more than %d bytes", p.Name, s.opts.MaxPage)
	}
	recs, err := s.read(ctx, p, http.StatusOK, contentType, body, q)
	if err != nil {
		return sources.Document{}, err
	}
	return s.document(p, recs), nil
}

func (s *Source) find(page string) *page {
	for i := range s.pages {
		if s.pages[i].Name == page {
			return &s.pages[i]
		}
	}
	return nil
}

// read tells what kind of page the answer is, and reads it where it is the one that the recipe knows.
func (s *Source) read(ctx context.Context, p *page, status int, contentType string, body []byte, q sources.Query) ([]found, error) {
	if status != http.StatusOK {
		if err := sources.StatusError(status); err != nil {
			return nil, err
		}
		return nil, (&fault{text: "the status is not 200"}).err(p.Name)
	}
	media, known := mediaOf(contentType)
	if !known && contentType != "" {
		return nil, (&fault{text: "the answer is neither HTML nor JSON"}).err(p.Name)
	}
	if !known {
		media = p.Media
	}
	var recs []found
	var err error
	if media == JSON {
		recs, err = s.readJSON(ctx, p, body, q)
	} else {
		recs, err = s.readHTML(ctx, p, contentType, body, q)
	}
	if err != nil || q.Scope.Since.IsZero() {
		return recs, err
	}
	return p.inside(recs, q)
}

// inside takes out records that end before the look-back date, and of the others what was read only to tell.
func (p *page) inside(recs []found, q sources.Query) ([]found, error) {
	out := recs[:0]
	for _, r := range recs {
		rec, err := newRecord(r.category, r.values)
		if err != nil {
			return nil, (&fault{text: "a value does not fit its record"}).err(p.Name)
		}
		if _, in := model.Minimise(rec, q.Scope); !in {
			continue
		}
		r.values = slices.DeleteFunc(r.values, func(v named) bool { return !asked(q, r.category, v.into) })
		out = append(out, r)
	}
	return out, nil
}

func (s *Source) readHTML(ctx context.Context, p *page, contentType string, body []byte, q sources.Query) ([]found, error) {
	text, ok := decode(body, contentType)
	if !ok {
		return nil, (&fault{text: "the characters are not in the encoding that the page declares"}).err(p.Name)
	}
	root, err := parse(ctx, p.Name, text)
	if err != nil {
		return nil, err
	}
	d := newDOM(root, s.ignore)
	switch {
	case d.password, s.login.onPage(d), d.digid && p.Media != HTML:
		return nil, errLogin
	case s.maintenance.onPage(d):
		return nil, sources.Errorf(sources.ErrUnavailable, "the portal is closed for maintenance")
	case p.Media != HTML:
		return nil, (&fault{text: "the answer is HTML, not JSON"}).err(p.Name)
	}
	s.watch(p, func() (Fingerprint, bool) { return p.fingerprintHTML(d) })
	if !ended(text, p.End) {
		return nil, (&fault{text: "the page was cut off"}).err(p.Name)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f := p.anchored(d); f != nil {
		if d.digid {
			return nil, errLogin // another page, with a way to log in: some portals show it without a redirect
		}
		return nil, f.err(p.Name)
	}
	return p.html(d, q)
}

func (s *Source) readJSON(ctx context.Context, p *page, body []byte, q sources.Query) ([]found, error) {
	v, err := jsonscan.Parse(body, nil)
	if err != nil {
		return nil, scanError(err, sources.ErrLayoutChanged, "page "+p.Name)
	}
	switch {
	case s.login.inAnswer(v):
		return nil, errLogin
	case s.maintenance.inAnswer(v):
		return nil, sources.Errorf(sources.ErrUnavailable, "the portal is closed for maintenance")
	case p.Media != JSON:
		return nil, (&fault{text: "the answer is JSON, not HTML"}).err(p.Name)
	}
	s.watch(p, func() (Fingerprint, bool) { return p.fingerprintJSON(v) })
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return p.json(v, q)
}
