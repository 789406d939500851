// Package psd2 brings accounts, balances and transactions from banks with an account information interface after the Berlin
// Group's NextGenPSD2 framework. Make one [Source] per bank with [New], and register it with a [Normalizer]:
//
//	bank, err := psd2.New(psd2.Config{ID: "examplebank-api", Institution: "examplebank", BaseURL: "https://xs2a.bank.example/psd2"})
//	…
//	registry.AddSource(bank)
//	registry.AddNormalizer(psd2.Normalizer{})
//
// The rules are those of the official description, version 1.3.11. No real bank follows them in all details; what one does
// differently goes into [Config.Prepare] and other fields of [Config]. The host must be allowed to use such interfaces (as an
// account information service provider, or through one), and shows its certificate by
// [github.com/brondata/brondata/sources.HTTPOptions].
//
// # Connecting
//
// [Source.Connect] makes a consent at the bank for the categories of the scope and no longer than the grant. Then the bank
// chooses how the subject confirms it:
//
//   - on its own pages (scaRedirect), or on those of its OAuth server with PKCE (scaOAuth): [sources.StepRedirect];
//   - in its app (decoupled): [sources.StepWait];
//   - through the host (embedded), only where [Config.Embedded] allows it: [sources.StepChallenge] for "psu-id", "password",
//     "method" and "code". Passwords are sent once and never saved.
//
// With [AccessDedicated] the first step is a challenge for "iban". The saved state has the identifier of the consent, tokens,
// and what proves that the subject who comes back is the one who was sent away: random texts of 256 bits that count once.
// Each step may be taken by another process.
//
// # Fetching
//
// One access slot is taken for the list of accounts and one for each account; another one where the bank has to be asked for
// transactions in a second way. PSU-IP-Address and the other headers of the subject are sent exactly when the subject is
// present, since the bank counts the calls without them. An account that fails is reported by [sources.Session.Failed]; an
// expired consent, a missing token and a failing list end the collection. Transactions are asked from the look-back date on,
// without one from ten years ago, which is all that banks keep. Where the bank gives less, or says so in its links, the coverage
// tells from which date on. A bank that cuts the history silently cannot be seen through. Where the bank gives no pending
// transactions, the first document of the account has the issue "missing" at /transactions/pending.
//
// A bank that answers 429 or 503 with a Retry-After of at most ten seconds is asked once more then, while the subject is
// present; without them the call would count twice. A longer time is in the error's text.
//
// A page of a list that is larger than [github.com/brondata/brondata/sources.Limits].MemoryBytes waits in an encrypted temporary
// file; it is in memory while it is read, once.
//
// # Records
//
// Amounts have the sign that the bank gives. The counterparty is the creditor of an amount below zero and the debtor of one
// above; where only the other side is named and it is not the account itself, that is doubted. Accounts are named by IBAN,
// else BBAN, else the bank's own number. Of transactions, the id is transactionId, else entryReference.
//
// Not read: card accounts, standing orders (the list "information"), details of single transactions, and transactions that
// are given as a download only.
package psd2
