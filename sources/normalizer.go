package sources

import (
	"bytes"
	"context"

	"github.com/brondata/brondata/internal/xmlscan"
	"github.com/brondata/brondata/model"
)

// Normalizer reads documents of one or more formats into records. It only reads: no network, no clock and no
// randomness, so the same bytes and query give the same records in the same order, always.
//
// A Normalizer is used by many goroutines at once and keeps nothing between calls.
type Normalizer interface {
	// Formats returns the formats it reads, always the same.
	Formats() []Format
	// Categories returns all that it can emit, always the same.
	Categories() []model.Category
	// Normalize reads d and writes what q asks for. It may read less than q asks, never more. Where the document breaks
	// off or goes wrong, what was written before the error stays; a record whose reading depends on what is missing must
	// carry an issue or not be written.
	//
	// An error from w must stop it and be returned; so must the end of ctx, which readers of [Document.Open] give by
	// themselves. Other errors wrap a sentinel of this package ([Errorf]).
	Normalize(ctx context.Context, d Document, q Query, w *Writer) error
}

// Format is one document format that a normalizer reads.
type Format struct {
	ID model.FormatID
	// Institution is whose documents have this format, "" where several institutions use it.
	Institution model.InstitutionID
	// Categories are those that a document of this format can hold, nil for all of the normalizer's. What cannot be read of it
	// makes only these incomplete.
	Categories []model.Category
	// Detect says how sure it is that the document has the format. It looks at the probe only, must not panic on any
	// bytes, and must not claim what only resembles the format: a tie of two readers is an error, [ErrAmbiguous].
	Detect func(ctx context.Context, p *Probe) Confidence
}

// DetectPrefix returns a [Format.Detect] that is certain of documents that begin with these bytes, such as a header line
// that nothing else has. A byte order mark before them is skipped.
func DetectPrefix(prefix string) func(context.Context, *Probe) Confidence {
	return func(_ context.Context, p *Probe) Confidence {
		if bytes.HasPrefix(bytes.TrimPrefix(p.Head, []byte("\xef\xbb\xbf")), []byte(prefix)) {
			return Certain
		}
		return No
	}
}

// DetectXML returns a [Format.Detect] that is certain of XML whose root element has this local name and namespace; "" for a
// root element without a namespace. The prefix does not matter.
func DetectXML(root, namespace string) func(context.Context, *Probe) Confidence {
	return func(_ context.Context, p *Probe) Confidence {
		s := xmlscan.New(bytes.NewReader(p.Head), &xmlscan.Options{SkipSpace: true})
		if k, err := s.Next(); err == nil && k == xmlscan.Start && string(s.Local()) == root && string(s.Space()) == namespace {
			return Certain
		}
		return No
	}
}

// Confidence is how sure a format is of a document. Of several, the highest alone wins.
type Confidence uint8

// The degrees of confidence.
const (
	No      Confidence = iota // it is something else
	Maybe                     // nothing speaks against it
	Likely                    // typical marks are there
	Certain                   // a mark that nothing else has is there: a namespace, a form number
)

// Probe is what a format looks at. It is valid during Detect only.
type Probe struct {
	// Head holds the first bytes, at most [ProbeSize].
	Head []byte
	// MediaType is what the source said, "" where nothing. Uploads often come with a wrong one.
	MediaType string
	doc       Document
	seen      map[string]any
}

// ProbeSize is how many bytes a [Probe] shows.
const ProbeSize = 64 << 10

// Document returns the whole document, for formats that cannot be told by their first bytes, such as PDF.
func (p *Probe) Document() Document { return p.doc }

// Once returns what make returned the first time that a format asked for key: formats that look into the same
// container share the work of opening it. The key is a name of the container, such as "pdf".
func (p *Probe) Once(key string, make func() any) any {
	if v, ok := p.seen[key]; ok {
		return v
	}
	v := make()
	if p.seen == nil {
		p.seen = map[string]any{}
	}
	p.seen[key] = v
	return v
}
