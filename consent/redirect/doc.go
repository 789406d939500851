// Package redirect makes the round trip by which a subject authenticates at an institution and comes back: OAuth 2.0 with
// what the financial profile FAPI 2.0 asks of a client. It is for code that has a [consent.Store], knows the grant, and sees the
// subject's browser: that of a host, which has a callback address of its own, or a connector that a host writes for itself.
//
// A connector that works from its session alone does not need it, and cannot give it these: what it waits for is in the
// session's state, which is the grant's and sealed, and only the grant's subject gets as far as Connect, so that a callback of
// another fits no step. examples/customapi is a whole one over golang.org/x/oauth2; sources/psd2 does the same.
//
// [Attempts] keeps what one round trip needs, [Client] makes the requests, [Tokens] is what it brings, and [TokenSource] keeps
// it fresh:
//
//	c, err := redirect.NewClient(ctx, redirect.Config{Issuer: …, ClientID: …, Attempts: attempts, HTTP: …})
//	u, err := c.Begin(ctx, redirect.Binding{Grant: g.ID, Institution: "bank", Session: cookie, RedirectURI: …})
//	// send the browser to u; when it comes back, in any process:
//	tokens, err := c.Finish(ctx, redirect.Binding{… the same …}, request.URL.Query())
//
// It builds on golang.org/x/oauth2 and adds what that leaves to its users: attempts that are used once and survive a restart, the
// issuer check of RFC 9207, metadata with issuer match (RFC 8414), certificate-bound tokens (RFC 8705), rotation of
// refresh tokens that never loses the only valid one, revocation (RFC 7009), and errors without the server's text.
//
// # What is refused
//
//   - Replay: an attempt is deleted by compare-and-delete before its code goes anywhere.
//   - Session swapping and login CSRF: an attempt works only in the browser session that it was begun in, and is not used up by
//     another.
//   - Mix-up: it is bound to one issuer, and an answer's iss must be that one; where the server announces iss, an answer
//     without is refused.
//   - Code injection: the code is redeemed with the PKCE verifier of this attempt, which only the browser session, the
//     callback and the store together give. No one of them suffices: the store holds a hash of the state and a salt.
//   - A late answer: an attempt lives for 15 minutes at most.
//   - A stale consent: the caller checks the grant, with which the attempt is bound, before Begin and after Finish.
//
// # Room
//
// Pushed authorisation requests (RFC 9126), private_key_jwt (RFC 7523) and DPoP (RFC 9449) are not here yet. Their places are:
// [Config].Authenticate for how the client authenticates, [Config].Request for how an authorisation request is handed
// over, and the http.Client for proofs per request.
package redirect
