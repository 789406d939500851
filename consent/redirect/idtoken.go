package redirect

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// checkID checks an ID token that came from the token endpoint itself: over TLS, and so from the issuer, which is why
// OpenID Connect Core §3.1.3.7 does not ask for its signature. Issuer, audience, time and nonce must be right.
func (c *Client) checkID(token, nonce string) error {
	var claims struct {
		Issuer   string          `json:"iss"`
		Audience json.RawMessage `json:"aud"`
		Party    string          `json:"azp"`
		Expires  json.Number     `json:"exp"`
		Issued   json.Number     `json:"iat"`
		Nonce    string          `json:"nonce"`
	}
	bad := func(what string) error { return fmt.Errorf("%w: ID token: %s", ErrAnswer, what) }
	if err := jwtClaims(token, &claims); err != nil {
		return bad("missing or malformed")
	}
	if claims.Issuer != c.cfg.Issuer {
		return ErrIssuer
	}
	var one string
	var many []string
	if json.Unmarshal(claims.Audience, &one) == nil {
		many = []string{one}
	} else if json.Unmarshal(claims.Audience, &many) != nil {
		return bad("audience")
	}
	// More than one audience would let another of them use the token here.
	if len(many) != 1 || many[0] != c.cfg.ClientID || claims.Party != "" && claims.Party != c.cfg.ClientID {
		return bad("audience")
	}
	now := c.now()
	exp, err := claims.Expires.Float64()
	if err != nil || !now.Before(time.Unix(int64(exp), 0)) {
		return bad("expired")
	}
	// FAPI 2.0: up to 10 seconds ahead is a clock's error, more than 60 is not.
	if iat, err := claims.Issued.Float64(); err != nil || time.Unix(int64(iat), 0).After(now.Add(time.Minute)) {
		return bad("issued in the future")
	}
	if !hmac.Equal([]byte(claims.Nonce), []byte(nonce)) {
		return bad("nonce")
	}
	return nil
}

// checkBound refuses an access token that says that it is bound to another certificate (RFC 8705 §3.1). An opaque token says
// nothing; the server that takes it checks.
func checkBound(token string, certificate [32]byte) error {
	var claims struct {
		Confirmation *struct {
			Thumbprint string `json:"x5t#S256"`
		} `json:"cnf"`
	}
	if jwtClaims(token, &claims) != nil || claims.Confirmation == nil {
		return nil
	}
	if claims.Confirmation.Thumbprint != base64.RawURLEncoding.EncodeToString(certificate[:]) {
		return ErrBinding
	}
	return nil
}

// jwtClaims reads the claims of a JWT without looking at its signature. One that claims to have none is refused.
func jwtClaims(token string, claims any) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxAnswer {
		return ErrAnswer
	}
	var header struct {
		Algorithm string `json:"alg"`
	}
	for i, dst := range []any{&header, claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, dst) != nil {
			return ErrAnswer
		}
	}
	if header.Algorithm == "" || strings.EqualFold(header.Algorithm, "none") {
		return ErrAnswer
	}
	return nil
}
