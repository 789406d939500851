// Package psd2test is a fake bank with an account information interface of NextGenPSD2, for the tests of hosts. It runs on
// loopback over TLS, with pages on which a subject confirms a consent, with paging, throttling and faults on demand:
//
//	bank := psd2test.New(psd2test.Options{Accounts: psd2test.Sample()})
//	defer bank.Close()
//	source, err := psd2.New(bank.Config("fakebank-api", "fakebank"))
//	// give sources.RetrieverOptions{HTTP: bank.HTTP()} to the retriever, connect, and where the step is a redirect:
//	callback, err := bank.Subject().Confirm(ctx, step.URL)
//
// The bank checks what a bank checks: the headers and the body of a consent, the state of a consent in every call, what it
// allows to read, and how often a day while the subject is away. Its answers follow the schema of the specification. It
// writes down each request: see [Bank.Requests].
//
// It is a fake: it proves that a host handles what the specification says, not that it works with any real bank.
package psd2test
