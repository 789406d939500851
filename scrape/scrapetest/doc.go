// Package scrapetest is a fake portal for tests of recipes and of hosts that scrape: personal data, an address and a study
// debt behind a session cookie, in HTML and in JSON, on TLS on this machine. [Mutation] changes its layout or its state in
// the ways that real portals do, and in some that only an adversary would think of.
//
//	p := scrapetest.Start()
//	defer p.Close()
//	source, err := scrape.New(scrapetest.MijnDUO(p.URL(), scrape.HTML), nil)
//	// sources.Input{Handovers: {"duo": p.Handover()}}, sources.RetrieverOptions{HTTP: p.HTTP()}
//	p.Mutate(scrapetest.MovedColumns)
//
// What a reader may do with any of it: give the records of [Portal.Records], or an error. Never another value.
//
// The two recipes are samples. The pages of MijnOverheid and of Mijn DUO are not public: their layout is assumed, the fake
// portal follows the recipes rather than the portals, and every record that is read with them says so. A host that has a
// portal in front of it writes its own and checks it with [scrape.Source.Reduce] on saved pages.
//
// All persons, numbers and amounts are invented.
package scrapetest
