package brondata

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"time"

	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

// Config is what a [Client] works with. The first group is required.
type Config struct {
	// Registry holds the sources and normalizers. It must not change once the client is made.
	Registry *sources.Registry
	// Consent stores grants, links and releases.
	Consent consent.Store
	// Data stores sealed contents, Keys the wrapped keys that open them. They must not share a backup: see
	// [retention.KeyStore].
	Data retention.Store
	Keys retention.KeyStore
	// KEK wraps the keys: a key service of the host's, or [crypto.NewLocalKEK].
	KEK crypto.KEK
	// Signer signs packages and receipts of deletions.
	Signer crypto.Signer
	// Audit is the access log. Where it cannot take an entry, nothing is returned. [retention.NoRecorder] keeps none.
	Audit retention.Recorder

	// Tenant is the host's own customer, bound into everything that is sealed; optional. A tenant has a consent store and a
	// key store of its own: ids of subjects are unique within a tenant only.
	Tenant string
	// Texts are what texts for the subject need: the names that the public knows institutions by, the time zone, and where
	// to withdraw. Consent pages, receipts and reviews use them; nil is ids, and UTC.
	Texts *consent.TextOptions
	// Terms says how long things are kept that come from an institution under a grant. Nil is [DefaultTerms]. It must
	// answer the same each time: terms are fixed when the first thing is stored.
	Terms func(g consent.Grant, inst model.InstitutionID) retention.Policy
	// Policy decides what actors may do; nil is [consent.DefaultRules].
	Policy consent.Policy
	// Compartments gives a compartment a data store and a key-encryption key of its own: both, which may be those above.
	Compartments map[retention.Compartment]Compartment
	HTTP         sources.HTTPOptions
	Limits       sources.Limits
	// Access are the rules about validity and numbers of accesses.
	Access consent.Limits
	// Log gets names, counts and the ids of grants, which are random, never values; nil logs nothing.
	Log *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Compartment is a place of its own for a part of the data.
type Compartment struct {
	Data retention.Store
	KEK  crypto.KEK
}

// Client is the façade: it alone orchestrates consent, sources, retention and sealing. A host holds one and uses it from
// any number of goroutines, and any number of processes may share the stores.
type Client struct {
	consent   *consent.Manager
	vault     *retention.Vault
	retriever *sources.Retriever
	conf      Config
	log       *slog.Logger
}

// ErrConfig says that a configuration is unusable. The text says which part.
var ErrConfig = errors.New("brondata: configuration")

func misconfigured(what string) error { return fmt.Errorf("%w: %s", ErrConfig, what) }

// New returns a client. Nothing is read or written yet. [ErrConfig]: something that is required is missing, a nil pointer stands
// for it, or a local key is none.
func New(c Config) (*Client, error) {
	for _, p := range []struct {
		name string
		part any
	}{
		{"registry", c.Registry}, {"consent store", c.Consent}, {"data store", c.Data}, {"key store", c.Keys},
		{"key-encryption key", c.KEK}, {"signer", c.Signer}, {"access log; retention.NoRecorder keeps none", c.Audit},
	} {
		if absent(p.part) {
			return nil, misconfigured("no " + p.name)
		}
	}
	if c.Policy != nil && absent(c.Policy) {
		return nil, misconfigured("the policy is a nil pointer")
	}
	if !hasKey(c.KEK) {
		return nil, misconfigured("the local key-encryption key has no key")
	}
	if s, ok := c.Signer.(*crypto.LocalSigner); ok && s.Public() == (crypto.SenderKey{}) {
		return nil, misconfigured("the local signer has no key")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Terms == nil {
		c.Terms = DefaultTerms
	}
	m, err := consent.NewManager(c.Consent, &consent.Options{
		Now: c.Now, Limits: c.Access, Policy: c.Policy, Signer: c.Signer, Audit: c.Audit, Tenant: c.Tenant,
		Texts: c.Texts,
	})
	if err != nil {
		return nil, misconfigured(err.Error())
	}
	stores, keks := map[retention.Compartment]retention.Store{}, map[retention.Compartment]crypto.KEK{}
	for name, p := range c.Compartments {
		switch {
		case !slices.Contains(retention.Compartments(), name):
			return nil, misconfigured("a compartment that there is not")
		case absent(p.Data) || absent(p.KEK):
			return nil, misconfigured("a compartment has a data store and a key-encryption key, both")
		case !hasKey(p.KEK):
			return nil, misconfigured("the local key-encryption key of a compartment has no key")
		}
		stores[name], keks[name] = p.Data, p.KEK
	}
	v, err := retention.New(c.Data, c.Keys, c.KEK, c.Audit, &retention.Options{
		Tenant: c.Tenant, Stores: stores, KEKs: keks, Signer: c.Signer, Now: c.Now,
	})
	if err != nil {
		return nil, misconfigured(err.Error())
	}
	r, err := sources.NewRetriever(c.Registry, &sources.RetrieverOptions{HTTP: c.HTTP, Limits: c.Limits, Log: c.Log, Now: c.Now})
	if err != nil {
		return nil, misconfigured(err.Error())
	}
	return &Client{consent: m, vault: v, retriever: r, conf: c, log: c.Log}, nil
}

// absent reports whether an interface holds nothing, or a pointer to nothing.
func absent(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// hasKey reports whether a key-encryption key can be used, as far as that is known without asking a key service.
func hasKey(k crypto.KEK) bool {
	l, ok := k.(*crypto.LocalKEK)
	if !ok {
		return true
	}
	_, err := l.Wrap(context.Background(), make([]byte, crypto.KeySize), crypto.Context{})
	return err == nil
}

// Close forgets what the client holds in memory: unwrapped keys, and data that is kept in memory only.
func (c *Client) Close() { c.vault.Close() }

// Consent returns the manager, for what a host's consent pages need beyond the façade: texts of the onboarding, lists of
// grants and links, consent receipts, exports.
func (c *Client) Consent() *consent.Manager { return c.consent }

// DefaultTerms keeps what was retrieved as long as the purpose says, at most until the grant ends. A document that is kept
// holds data of several categories, and so lives as long as the one of the scope that is kept shortest.
func DefaultTerms(g consent.Grant, _ model.InstitutionID) retention.Policy {
	p := retention.Policy{Until: g.ValidUntil}
	for c, d := range g.Purpose.Keep {
		if d <= 0 {
			continue
		}
		if p.Lives == nil {
			p.Lives = map[model.Category]time.Duration{}
		}
		p.Lives[c] = d
		if shortest, ok := p.Lives[retention.CategoryDocument]; g.KeepDocuments && g.Scope.Has(c) && (!ok || d < shortest) {
			p.Lives[retention.CategoryDocument] = d
		}
	}
	return p
}

// access says in the words of the access log who acts and why. The purpose is the grant's where the actor names none.
func access(by consent.Actor, g consent.Grant, what string) retention.Access {
	a := retention.Access{Actor: by.ID, Role: string(by.Role), OnBehalfOf: by.OnBehalfOf, Reason: by.Reason, LegalBasis: g.Purpose.LegalBasis}
	if a.Reason == "" {
		a.Reason = string(g.Purpose.ID) + ": " + what
	}
	return a
}

// ref names what is kept of one institution under a grant.
func ref(g consent.Grant, link string) retention.Ref {
	return retention.Ref{Subject: g.Subject, Grant: string(g.ID), Purpose: string(g.Purpose.ID), Link: link}
}
