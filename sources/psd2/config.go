package psd2

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Access is how a consent names the accounts that it is about.
type Access string

// The kinds of access.
const (
	// AccessOffered lets the subject choose the accounts at the bank: the lists in the consent are empty.
	AccessOffered Access = "offered"
	// AccessDedicated names the accounts: the connection begins with a challenge for their IBANs.
	AccessDedicated Access = "dedicated"
)

// Approach is how the subject proves to the bank who they are. The bank decides; it is told what is preferred.
type Approach string

// The approaches.
const (
	ApproachRedirect  Approach = "redirect"  // on the bank's own pages
	ApproachDecoupled Approach = "decoupled" // in the bank's app, while the connection waits
	ApproachEmbedded  Approach = "embedded"  // the host asks for password and code: see Config.Embedded
)

// Config says what one bank's interface is. It holds nothing of a subject.
type Config struct {
	// ID and Institution name the source and whose data it brings.
	ID          model.SourceID
	Institution model.InstitutionID
	// BaseURL is what stands before "/v1/consents", such as "https://api.bank.example/psd2". Consent and tokens go to its
	// origin only.
	BaseURL string
	// Hosts are further ones to be called, with a port where it is not 443: that of the bank's OAuth server, for example.
	Hosts []string
	// OAuth is how this party is known at the bank's OAuth server; needed where the bank answers with scaOAuth.
	OAuth *OAuth
	// Access is AccessOffered by default.
	Access Access
	// Prefer is what the bank is asked for; ApproachRedirect by default.
	Prefer Approach
	// Embedded allows challenges for the subject's password at the bank. Without it a bank that has nothing else ends the
	// connection with [sources.ErrUnexpected].
	Embedded bool
	// OwnerName asks for the right to the account owner's name too, where the scope has it. Banks that do not know this
	// part of the specification refuse the whole consent.
	OwnerName bool
	// PSUIDType is the type that the bank wants beside the subject's identification, "" for none.
	PSUIDType string
	// FrequencyPerDay is how often a day the accounts may be read while the subject is away; 4 by default, which is the
	// most without another agreement with the bank.
	FrequencyPerDay int
	// HistoryDays is how far back the bank gives transactions, 0 where it is not known. Asked for more, the source asks for
	// that and says that the history is cut.
	HistoryDays int
	// BookedOnly is for a bank that does not give pending transactions: these are not asked for then. Without it the source
	// finds out by asking, for which a collection takes one access more.
	BookedOnly bool
	// MaxPages bounds the pages of one list; 1,000 by default.
	MaxPages int
	// Prepare sees each request last, the ones for tokens too, and may change its headers: this is where messages are
	// signed (the body is at GetBody) and where a bank's own headers come from. Its error ends the call; of it only the
	// sentinel of package sources is kept. It may be called concurrently and must not keep the request.
	Prepare func(*http.Request) error
	// Verified goes into the descriptor.
	Verified []sources.Verification
}

// OAuth is the registration at a bank's OAuth server.
type OAuth struct {
	ClientID string
	// ClientSecret is absent where the client's certificate authenticates it (RFC 8705).
	ClientSecret crypto.Secret
	// Scopes are asked for beside "AIS:<consent>".
	Scopes []string
}

const (
	defaultFrequency = 4
	defaultPages     = 1000
)

// Source is one bank. It is safe for concurrent use.
type Source struct {
	conf Config
	base *url.URL // without a slash at its end
	desc sources.Descriptor
}

var _ sources.Connector = (*Source)(nil)

// New checks the configuration. Errors are [sources.ErrConfig] and say which field is wrong.
func New(c Config) (*Source, error) {
	wrong := func(field string) error { return fmt.Errorf("psd2: %w: %s", sources.ErrConfig, field) }
	if !model.ValidName(c.ID) {
		return nil, wrong("ID")
	}
	if !model.ValidName(c.Institution) {
		return nil, wrong("Institution")
	}
	base, err := url.Parse(strings.TrimRight(c.BaseURL, "/"))
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" ||
		base.Scheme != "https" && base.Scheme != "http" || strings.HasSuffix(base.Path, "/v1") {
		return nil, wrong("BaseURL")
	}
	if c.FrequencyPerDay < 0 || c.HistoryDays < 0 || c.MaxPages < 0 {
		return nil, wrong("a number below zero")
	}
	if c.OAuth != nil && c.OAuth.ClientID == "" {
		return nil, wrong("OAuth.ClientID")
	}
	if c.Access == "" {
		c.Access = AccessOffered
	}
	if c.Access != AccessOffered && c.Access != AccessDedicated {
		return nil, wrong("Access")
	}
	if c.Prefer == "" {
		c.Prefer = ApproachRedirect
	}
	if !slices.Contains([]Approach{ApproachRedirect, ApproachDecoupled, ApproachEmbedded}, c.Prefer) ||
		c.Prefer == ApproachEmbedded && !c.Embedded {
		return nil, wrong("Prefer")
	}
	if c.FrequencyPerDay == 0 {
		c.FrequencyPerDay = defaultFrequency
	}
	if c.MaxPages == 0 {
		c.MaxPages = defaultPages
	}
	hosts := append([]string{hostOf(base)}, c.Hosts...)
	slices.Sort(hosts)
	return &Source{conf: c, base: base, desc: sources.Descriptor{
		ID: c.ID, Institution: c.Institution, Method: model.API,
		Categories: []model.Category{model.CategoryAccount, model.CategoryBalance, model.CategoryTransaction},
		Hosts:      slices.Compact(hosts), Verified: slices.Clone(c.Verified),
	}}, nil
}

// hostOf returns the host in the form that a descriptor has it.
func hostOf(u *url.URL) string {
	host := u.Hostname()
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	port := u.Port()
	if port == "" && u.Scheme == "http" {
		port = "80"
	}
	if port == "" || port == "443" && u.Scheme == "https" {
		return host
	}
	return net.JoinHostPort(host, port)
}

// Describe implements [sources.Source].
func (s *Source) Describe() sources.Descriptor {
	d := s.desc
	d.Categories, d.Hosts, d.Verified = slices.Clone(d.Categories), slices.Clone(d.Hosts), slices.Clone(d.Verified)
	return d
}

// prepare runs the host's own hand over a request.
func (s *Source) prepare(req *http.Request) error {
	if s.conf.Prepare == nil {
		return nil
	}
	err := s.conf.Prepare(req)
	if err == nil {
		return nil
	}
	if ctx := req.Context(); ctx.Err() != nil {
		return ctx.Err()
	}
	return sources.Errorf(sentinel(err), "the request could not be prepared")
}

// sentinel returns the one that err wraps, ErrUnexpected for none.
func sentinel(err error) error {
	for _, s := range []error{
		sources.ErrNotPermitted, sources.ErrAuthentication, sources.ErrThrottled, sources.ErrUnavailable, sources.ErrNotProvided,
		sources.ErrTooLarge, sources.ErrLimit, sources.ErrHost, sources.ErrTruncated, sources.ErrMalformed,
	} {
		if err == s || sources.Code(err) == sources.Code(s) {
			return s
		}
	}
	return sources.ErrUnexpected
}
