// Package redirecttest has a fake authorisation server for tests: it runs on loopback, keeps the rules of OAuth 2.0 strictly
// on its own side, and misbehaves on the other in each way that a client has to notice.
//
//	as := redirecttest.New(t, redirecttest.Behaviour{CallbackIss: "https://attacker.example"})
//	… as.Issuer() as the issuer, then the address to send the browser to:
//	callback := as.Authorize(t, address) // what a browser brings back
//
// [Misbehaviours] lists the ways by name, so that a host can run all of them against its own callback handler and check that
// each is refused.
package redirecttest
