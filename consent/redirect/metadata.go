package redirect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Metadata is what a server says about itself (RFC 8414; RFC 8705 §5 and RFC 9207 §3 add to it). A host that has it from the
// institution's documentation fills it in itself.
type Metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint,omitempty"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported,omitempty"`
	// AnswersName reports that every answer names the issuer: one that does not is refused.
	AnswersName bool `json:"authorization_response_iss_parameter_supported,omitempty"`
	// CertificateBound reports that tokens are bound to the client's certificate.
	CertificateBound bool `json:"tls_client_certificate_bound_access_tokens,omitempty"`
	// MTLS are the endpoints to use with a client certificate, where they differ.
	MTLS struct {
		TokenEndpoint      string `json:"token_endpoint,omitempty"`
		RevocationEndpoint string `json:"revocation_endpoint,omitempty"`
	} `json:"mtls_endpoint_aliases,omitzero"`
}

// maxAnswer bounds what is read of any answer.
const maxAnswer = 256 << 10

// Discover reads a server's metadata from its well-known place (RFC 8414 §3): the issuer with "/.well-known/oauth-authorization-server"
// between host and path, and, where that is not there, as OpenID Connect has it. [ErrMetadata]: the metadata is another
// issuer's (the match is exact), or unusable.
func Discover(ctx context.Context, hc *http.Client, issuer string) (Metadata, error) {
	u, err := url.Parse(issuer)
	if err != nil || checkURL(issuer) != nil || u.RawQuery != "" || u.Fragment != "" {
		return Metadata{}, invalid("issuer")
	}
	path := strings.TrimSuffix(u.Path, "/")
	u.Path = "/.well-known/oauth-authorization-server" + path
	m, err := fetchMetadata(ctx, hc, u.String())
	var status *ServerError
	if errors.As(err, &status) && status.Status == http.StatusNotFound {
		u.Path = path + "/.well-known/openid-configuration"
		m, err = fetchMetadata(ctx, hc, u.String())
	}
	if err != nil {
		return Metadata{}, err
	}
	return m, m.check(issuer)
}

// check holds metadata against the issuer that was asked for.
func (m Metadata) check(issuer string) error {
	if m.Issuer != issuer {
		return fmt.Errorf("%w: another issuer's", ErrMetadata)
	}
	for _, e := range []string{m.AuthorizationEndpoint, m.TokenEndpoint} {
		if checkURL(e) != nil {
			return fmt.Errorf("%w: endpoint", ErrMetadata)
		}
	}
	for _, e := range []string{m.RevocationEndpoint, m.MTLS.TokenEndpoint, m.MTLS.RevocationEndpoint} {
		if e != "" && checkURL(e) != nil {
			return fmt.Errorf("%w: endpoint", ErrMetadata)
		}
	}
	if m.ChallengeMethods != nil && !slices.Contains(m.ChallengeMethods, "S256") {
		return fmt.Errorf("%w: no PKCE with S256", ErrMetadata)
	}
	return nil
}

// checkURL takes https, and http on loopback addresses for tests.
func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return invalid("address")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "https" || u.Scheme == "http" && ip != nil && ip.IsLoopback() {
		return nil
	}
	return invalid("address")
}

func fetchMetadata(ctx context.Context, hc *http.Client, at string) (Metadata, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return Metadata{}, invalid("issuer")
	}
	req.Header.Set("Accept", "application/json")
	body, err := do(hc, req)
	if err != nil {
		return Metadata{}, err
	}
	var m Metadata
	if err := json.Unmarshal(body, &m); err != nil {
		return Metadata{}, fmt.Errorf("%w: not JSON", ErrMetadata)
	}
	return m, nil
}

// do makes a request and returns the body of a 2xx answer. It follows no redirect: what is sent here goes nowhere else.
func do(hc *http.Client, req *http.Request) ([]byte, error) {
	res, err := still(hc).Do(req)
	if err != nil {
		if req.Context().Err() != nil {
			return nil, req.Context().Err()
		}
		return nil, ErrUnavailable // the text of a url.Error holds the address with its query
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, ErrUnavailable
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("%w: too large", ErrAnswer)
	}
	if res.StatusCode/100 == 2 {
		return body, nil
	}
	var e struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &e) // what is not JSON has no code
	return nil, &ServerError{Code: serverCode(e.Error), Status: res.StatusCode}
}

// still returns the client without following redirects.
func still(hc *http.Client) *http.Client {
	if hc == nil {
		hc = http.DefaultClient
	}
	c := *hc
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &c
}
