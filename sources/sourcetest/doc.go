// Package sourcetest is the conformance suite for adapters. Whoever writes a normalizer runs it in one call:
//
//	func TestConformance(t *testing.T) {
//		sourcetest.Normalizer(t, mybank.Statements{}, sourcetest.Files(t, "testdata/*.csv"), nil)
//	}
//
// and whoever writes a source gives it a factory that starts what the source needs:
//
//	func TestConformance(t *testing.T) {
//		sourcetest.Source(t, func() sourcetest.Setup { … }, &sourcetest.SourceOptions{Golden: "testdata/mybank.golden.jsonl", Accounts: 2})
//	}
//
// A source that is a Connector has a second suite, which plays host and subject against the author's fake institution:
//
//	func TestConnectorConformance(t *testing.T) {
//		sourcetest.Connector(t, func() sourcetest.ConnectorSetup { … }, nil)
//	}
//
// A breach names its [Rule], whose sentence stands there. The suite has no false alarms that we know of; it cannot find every
// breach, so run it with the race detector too. [CheckNormalizer], [CheckSource] and [CheckConnector] return the breaches instead of
// failing a test.
//
// Golden files hold the records of each document as JSON. Running the tests with BRONDATA_UPDATE=1 writes them; read what it
// wrote, since only a person can see that an amount is wrong.
package sourcetest

// Rule names one part of the contract.
type Rule string

// The rules, each with the sentence that it checks.
const (
	RulePure          Rule = "describe-is-pure"  // Describe, Formats and Categories return the same each time.
	RuleDetect        Rule = "detect"            // A document is claimed by its own format and by nobody else, and other documents are not claimed.
	RuleGolden        Rule = "golden"            // The records are those of the golden file.
	RuleDeterministic Rule = "deterministic"     // The same bytes and query give the same records, at any time and from several goroutines.
	RuleNoNetwork     Rule = "no-network"        // Reading makes no request, and a source makes its own through the session only.
	RuleDeclared      Rule = "declared"          // Only declared categories are written, and only declared hosts are called.
	RuleQuery         Rule = "within-query"      // Nothing is read beyond the query, and no document fetched that holds nothing of it; no BSN without a legal basis.
	RuleCancel        Rule = "cancel"            // The end of the context stops the work.
	RuleStop          Rule = "stop"              // An error from deliver, or from the writer, stops the work and is returned.
	RuleSlot          Rule = "account-slot"      // Each account takes its slot before it is accessed; a refused one is not accessed.
	RuleGroup         Rule = "group"             // The pages of one list, documents with an attribute "page", have a group in common.
	RuleTruncated     Rule = "truncated"         // A record of a truncated document equals one of the whole, or carries an issue.
	RulePrivate       Rule = "no-personal-data"  // No value of a document, and no token or code of a connection, is in an error, a log or the address of a step.
	RuleLeak          Rule = "no-goroutine-left" // When the call returns, its goroutines have ended.
	RuleResume        Rule = "resumes-anywhere"  // Each step works in another process, from the saved state alone; one value of the source serves many subjects.
	RuleStep          Rule = "step"              // A step has what its kind needs: an https address, a time to wait, fields with names.
	RuleUnmatched     Rule = "unmatched"         // An answer that fits no step (made up, another subject's, a second time) is ErrUnmatched and changes nothing.
	RuleRefused       Rule = "refusal"           // Where the subject refuses, the error is ErrAuthentication and not ErrUnmatched, and a connection can be begun anew.
	RuleSaved         Rule = "saved-before-use"  // What a process that dies has saved suffices to go on, to begin anew and to disconnect; no token is used before it is saved, and one that came is saved also for a caller who has gone.
	RuleDisconnect    Rule = "disconnect"        // Disconnect ends what there is at the institution, as often as it is called, also where that has ended it; no state is left.
	RuleUnconnected   Rule = "unconnected"       // Without a connection Fetch is ErrAuthentication and delivers nothing.
	RulePresence      Rule = "presence"          // The institution is told that the subject is there only where they are.
	RuleError         Rule = "error"             // Work ends as the case expects, without a panic; an error wraps a sentinel of package sources.
)

// Violation is one breach of the contract.
type Violation struct {
	Rule   Rule
	Case   string // the name of the document or of the setup
	Detail string // what was seen; it may quote the fixture
}

// Error returns rule, case and what was seen.
func (v Violation) Error() string { return string(v.Rule) + ": " + v.Case + ": " + v.Detail }
