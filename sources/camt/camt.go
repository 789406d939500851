// Package camt reads bank statements in ISO 20022 XML: camt.052 (account report), camt.053 (statement) and camt.054
// (debit and credit notification), versions 001.01 to 001.13, under any namespace prefix.
//
// [Normalizer] is the whole of it. It reads a document as a stream: what it holds does not grow with the file.
//
// # What becomes what
//
//   - An Acct gives an account, a Bal a balance, a Ntry a transaction. An account that several statements of a file state
//     alike is written once.
//   - Amounts get their sign from CdtDbtInd, also with a reversal: by the definition of ISO 20022 the indicator already says
//     which way the money went. Opening plus entries is compared with closing for each Stmt and Rpt.
//   - A batch, one Ntry with several TxDtls, gives one transaction for each of them where all have an amount in the
//     account's currency and these add up to the entry; otherwise one transaction for the whole with the issue "aggregate".
//     One TxDtls with another amount than the entry has that issue too, unless the charges that are given explain it.
//   - The counterparty is the debtor of a credit and the creditor of a debit. Reversals and returns keep the roles of
//     the original payment: there the counterparty is the one that is not the account's owner, and absent where that can't be
//     told. The statement's own account is never the counterparty.
//   - A statement in pages (StmtPgntn) is one where the document has them all, and is said to lack some otherwise. In order, they
//     are compared with their balances as one. What is carried from page to page (a balance of the sub-type INTM) is interim. A page of a
//     message (MsgPgntn) lacks what is on the others: whether these are in other documents is not looked at.
//   - Entries with the status INFO move no money and give no record. FUTR and PDNG are pending.
//   - Of fewer entries than TxsSummry says, and of a message without a statement, the document has the issue "incomplete".
//   - A notification (camt.054) holds single entries, not a history: it has the issue "history-cut", and coverage does not
//     take it for all of an account's transactions.
//   - Dates are those written, from a Dt or a DtTm; no zone is applied.
//   - "NOTPROVIDED" means, in any text, number or reference, that there is none.
package camt

import (
	"bytes"
	"context"
	"io"

	"github.com/brondata/brondata/internal/xmlscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// The formats that this package reads.
const (
	Report       model.FormatID = "camt.052" // BankToCustomerAccountReport
	Statement    model.FormatID = "camt.053" // BankToCustomerStatement
	Notification model.FormatID = "camt.054" // BankToCustomerDebitCreditNotification
)

// maxVersion is the last version of the messages (ISO 20022 maintenance 2025) that the reader knows.
const maxVersion = 13

// namespace is the part before the message number in the namespace of all versions.
const namespace = "urn:iso:std:iso:20022:tech:xsd:camt."

// Normalizer reads the three messages. The zero value is ready, and safe for concurrent use.
type Normalizer struct{}

var _ sources.Normalizer = Normalizer{}

// Formats returns [Report], [Statement] and [Notification].
func (Normalizer) Formats() []sources.Format {
	var out []sources.Format
	for _, id := range []model.FormatID{Report, Statement, Notification} {
		out = append(out, sources.Format{ID: id, Detect: func(_ context.Context, p *sources.Probe) sources.Confidence {
			if found, _, ok := parseNamespace(rootSpace(p.Head)); ok && found == id {
				return sources.Certain
			}
			return sources.No
		}})
	}
	return out
}

// Categories returns account, balance and transaction.
func (Normalizer) Categories() []model.Category {
	return []model.Category{model.CategoryAccount, model.CategoryBalance, model.CategoryTransaction}
}

// Normalize reads d. The errors wrap sources.ErrMalformed, ErrTruncated, ErrLimit, ErrLayoutChanged for a version of the
// message that is not known, or ErrNotProvided for an empty document.
func (Normalizer) Normalize(ctx context.Context, d sources.Document, q sources.Query, w *sources.Writer) error {
	size := d.Body.Size()
	if size == 0 {
		return sources.Errorf(sources.ErrNotProvided, "the document is empty")
	}
	head := make([]byte, min(size, 1<<10))
	if _, err := io.ReadFull(d.Open(ctx), head); err != nil {
		return err
	}
	if sources.LooksHTML(head) {
		return sources.Errorf(sources.ErrMalformed, "an HTML page instead of XML")
	}
	opts := &xmlscan.Options{SkipSpace: true, Limits: xmlscan.Limits{Bytes: size}}
	return newReader(xmlscan.New(d.Open(ctx), opts), q, w).read()
}

// rootSpace returns the namespace of the root element, "" where the head does not begin with one.
func rootSpace(head []byte) []byte {
	s := xmlscan.New(bytes.NewReader(head), &xmlscan.Options{SkipSpace: true})
	if k, err := s.Next(); err != nil || k != xmlscan.Start {
		return nil
	}
	return s.Space()
}

// parseNamespace takes message and version out of a namespace name. It is false for all other namespaces.
func parseNamespace(ns []byte) (id model.FormatID, version int, ok bool) {
	rest, ok := bytes.CutPrefix(ns, []byte(namespace))
	if !ok || len(rest) != len("053.001.02") || string(rest[3:8]) != ".001." {
		return "", 0, false
	}
	switch string(rest[:3]) {
	case "052":
		id = Report
	case "053":
		id = Statement
	case "054":
		id = Notification
	default:
		return "", 0, false
	}
	for _, c := range rest[8:] {
		if c < '0' || c > '9' {
			return "", 0, false
		}
		version = version*10 + int(c-'0')
	}
	return id, version, version > 0
}
