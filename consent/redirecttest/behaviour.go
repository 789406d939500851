package redirecttest

// Behaviour says in which ways a server misbehaves, or uses a freedom that the standards leave it. The zero value does
// neither.
type Behaviour struct {
	// Metadata.
	MetadataIssuer   string // another issuer in the metadata
	NoIssParameter   bool   // does not announce nor send iss (RFC 9207)
	NoS256           bool   // announces PKCE without S256
	OpenIDPlace      bool   // metadata at OpenID Connect's place only
	PlainEndpoint    bool   // an endpoint without TLS that is not loopback
	CertificateBound bool   // announces certificate-bound tokens
	MTLSAliases      bool   // has separate endpoints for clients with a certificate

	// Callback.
	CallbackIss   string // another issuer in the callback
	OmitIss       bool   // announces iss and does not send it
	CallbackState string // another state
	OmitState     bool
	OmitCode      bool
	TwoCodes      bool   // the parameter code twice
	TwoStates     bool   // the parameter state twice
	Deny          string // answers with this error and a description that holds personal data
	InjectCode    string // sends this code instead of the one it made

	// Tokens.
	TokenType      string // another token type; default "Bearer"
	NoExpiresIn    bool
	ExpiresIn      string // raw JSON; default 300
	TokenBody      string // answers with this body
	TokenStatus    int    // answers with this status
	TokenRedirect  string // answers with a redirect to this address
	Huge           bool   // answers with 10 MB
	Thumbprint     string // access tokens are JWTs bound to a certificate with this x5t#S256
	NoRefreshToken bool

	// ID token.
	OpenID      bool   // sends an ID token
	IDIssuer    string // another iss
	IDAudience  string // raw JSON for aud
	IDNonce     string // another nonce
	OmitNonce   bool
	IDExpired   bool
	IDFuture    bool // issued in an hour
	IDAlgorithm string
	OmitIDToken bool

	// Refresh.
	Rotate bool // gives a new refresh token each time; the old one ends when the new one is first used
	Strict bool // the old one ends at once, and its use ends everything, as after a theft
	// LoseAnswers loses the answers of this many refresh requests after having done them.
	LoseAnswers int
	// FailRefreshes answers this many refresh requests with 503.
	FailRefreshes int

	// Revocation.
	NoRevocation     bool
	RevocationStatus int  // answers with this status
	OnlyRefresh      bool // revokes refresh tokens only: unsupported_token_type for others
}

// A Misbehaviour is one way that a client must refuse.
type Misbehaviour struct {
	Name string
	Behaviour
	// Stage is where the client can first notice: "discover", "begin" or "finish".
	Stage string
	// OpenID reports that it shows only when the scope "openid" is asked.
	OpenID bool
}

// Canary is in every text of the server that could hold personal data. It must never be in an error or a log.
const Canary = "canary-jan-jansen-NL91ABNA0417164300"

// Misbehaviours returns every way in which a round trip must fail. Names follow those of the OpenID Foundation's client tests for
// FAPI 2.0 where there is one.
func Misbehaviours() []Misbehaviour {
	return []Misbehaviour{
		{Name: "discovery issuer mismatch", Stage: "discover", Behaviour: Behaviour{MetadataIssuer: "https://attacker.example"}},
		{Name: "no PKCE with S256", Stage: "discover", Behaviour: Behaviour{NoS256: true}},
		{Name: "endpoint without TLS", Stage: "discover", Behaviour: Behaviour{PlainEndpoint: true}},
		{Name: "certificate-bound tokens, client without certificate", Stage: "discover", Behaviour: Behaviour{CertificateBound: true}},

		{Name: "invalid iss in the authorisation response (mix-up)", Stage: "finish", Behaviour: Behaviour{CallbackIss: "https://attacker.example"}},
		{Name: "iss with a slash at its end", Stage: "finish", Behaviour: Behaviour{CallbackIss: "slash"}},
		{Name: "iss removed from the authorisation response", Stage: "finish", Behaviour: Behaviour{OmitIss: true}},
		{Name: "iss though not announced, and wrong", Stage: "finish", Behaviour: Behaviour{NoIssParameter: true, CallbackIss: "https://attacker.example"}},
		{Name: "invalid state", Stage: "finish", Behaviour: Behaviour{CallbackState: "something-else"}},
		{Name: "missing state", Stage: "finish", Behaviour: Behaviour{OmitState: true}},
		{Name: "missing code", Stage: "finish", Behaviour: Behaviour{OmitCode: true}},
		{Name: "two codes", Stage: "finish", Behaviour: Behaviour{TwoCodes: true}},
		{Name: "two states", Stage: "finish", Behaviour: Behaviour{TwoStates: true}},
		{Name: "denied", Stage: "finish", Behaviour: Behaviour{Deny: "access_denied"}},
		{Name: "denied with an unknown code", Stage: "finish", Behaviour: Behaviour{Deny: Canary}},
		{Name: "denied by another issuer", Stage: "finish", Behaviour: Behaviour{Deny: "access_denied", CallbackIss: "https://attacker.example"}},
		{Name: "a code that is nobody's", Stage: "finish", Behaviour: Behaviour{InjectCode: "injected"}},

		{Name: "token type DPoP", Stage: "finish", Behaviour: Behaviour{TokenType: "DPoP"}},
		{Name: "token type missing", Stage: "finish", Behaviour: Behaviour{TokenBody: `{"access_token":"x"}`}},
		{Name: "no access token", Stage: "finish", Behaviour: Behaviour{TokenBody: `{"token_type":"Bearer"}`}},
		{Name: "HTML instead of tokens", Stage: "finish", Behaviour: Behaviour{TokenBody: "<html>" + Canary}},
		{Name: "an error with personal data", Stage: "finish", Behaviour: Behaviour{TokenStatus: 400, TokenBody: `{"error":"` + Canary + `","error_description":"` + Canary + `"}`}},
		{Name: "a server error with personal data", Stage: "finish", Behaviour: Behaviour{TokenStatus: 500, TokenBody: Canary}},
		{Name: "a redirect from the token endpoint", Stage: "finish", Behaviour: Behaviour{TokenRedirect: "/elsewhere?secret=" + Canary}},
		{Name: "a huge answer", Stage: "finish", Behaviour: Behaviour{Huge: true}},

		{Name: "ID token missing", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, OmitIDToken: true}},
		{Name: "ID token with another iss", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, IDIssuer: "https://attacker.example"}},
		{Name: "ID token with another aud", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, IDAudience: `"someone"`}},
		{Name: "ID token with a second aud", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, IDAudience: `["client-1","someone"]`}},
		{Name: "ID token without aud", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, IDAudience: `null`}},
		{Name: "ID token with another nonce", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, IDNonce: "other"}},
		{Name: "ID token without nonce", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, OmitNonce: true}},
		{Name: "ID token expired", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, IDExpired: true}},
		{Name: "ID token of the future", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, IDFuture: true}},
		{Name: "ID token with alg none", Stage: "finish", OpenID: true, Behaviour: Behaviour{OpenID: true, IDAlgorithm: "none"}},
	}
}
