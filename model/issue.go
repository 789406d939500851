package model

// IssueCode names a kind of doubt.
type IssueCode string

// The doubts that readers raise. A reader that meets something odd keeps what it can read and says what it doubted.
const (
	IssueTruncated     IssueCode = "truncated"      // the document ends before the record, or what it depends on, does
	IssueDamaged       IssueCode = "damaged"        // the document had to be repaired to be read
	IssueInvalid       IssueCode = "invalid"        // a value is not of its type's form and was left out
	IssueChecksum      IssueCode = "checksum"       // an identifier fails its check digits and was left out
	IssueMissing       IssueCode = "missing"        // a field that the format requires is not there
	IssueConflict      IssueCode = "conflict"       // two places of the document contradict each other; neither was taken
	IssueUnknown       IssueCode = "unknown"        // a code or element that the reader does not know was left out
	IssueUnbalanced    IssueCode = "unbalanced"     // opening balance plus entries is not the closing balance
	IssueUncheckable   IssueCode = "not-checkable"  // a balance needed for that check is missing
	IssueSubject       IssueCode = "other-subject"  // the document names another person than the subject
	IssueHistoryCut    IssueCode = "history-cut"    // the source gave less history than was asked
	IssueAggregate     IssueCode = "aggregate"      // one record stands for several that the document does not give
	IssueCharset       IssueCode = "charset"        // characters could not be decoded
	IssueDuplicate     IssueCode = "duplicate"      // the document states the same fact twice; it was kept once
	IssueUnverified    IssueCode = "unverified"     // the layout follows an assumption, not a specification
	IssueIncompleteDoc IssueCode = "incomplete"     // the source itself says that it lacks data
	IssueLimit         IssueCode = "limit"          // a limit ended the reading; the rest was not read
	IssueOverlap       IssueCode = "overlap"        // periods overlap where the format does not allow it
	IssueSuspicious    IssueCode = "suspicious"     // the value is well formed, but outside what the field can mean
	IssueLayout        IssueCode = "layout-changed" // part of the document is not where the reader expects it
)

// Issue is one doubt, about a record or about a document. It holds no value of the document.
type Issue struct {
	Code IssueCode `json:"code"`
	// Field is the JSON name of the field in doubt, "" for the whole.
	Field string `json:"field,omitempty"`
	// At is where the doubt arose, if that is not the record's own place.
	At Locator `json:"at,omitempty"`
}

// Doubt returns an issue about a field, "" for the whole record.
func Doubt(code IssueCode, field string) Issue { return Issue{Code: code, Field: field} }
