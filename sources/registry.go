package sources

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/brondata/brondata/internal/xmlscan"
	"github.com/brondata/brondata/model"
)

// Registry holds the sources and normalizers that a host has chosen. The zero value is empty and ready.
//
// Fill it first; from then on it is safe for concurrent use.
type Registry struct {
	sources     []registeredSource
	normalizers []Normalizer
	formats     []registeredFormat
}

type registeredSource struct {
	Source
	desc Descriptor // as it was when registered
}

type registeredFormat struct {
	Format
	reader   Normalizer
	declared [16]bool
}

// AddSource adds sources. One that is nil, or whose ID is taken, is [ErrConfig]; a malformed descriptor is [ErrAdapter].
func (g *Registry) AddSource(ss ...Source) error {
	for _, s := range ss {
		if isNil(s) {
			return fmt.Errorf("sources: register: a source that is nil: %w", ErrConfig)
		}
		d := s.Describe()
		if !model.ValidName(d.ID) || (d.Institution != "" && !model.ValidName(d.Institution)) || d.Method.String() == "" {
			return fmt.Errorf("sources: register: descriptor without a valid ID, institution or method: %w", ErrAdapter)
		}
		for _, c := range d.Categories {
			if !c.Valid() {
				return fmt.Errorf("sources: register %s: unknown category: %w", d.ID, ErrAdapter)
			}
		}
		if slices.ContainsFunc(g.sources, func(r registeredSource) bool { return r.desc.ID == d.ID }) {
			return fmt.Errorf("sources: register %s: the ID is taken: %w", d.ID, ErrConfig)
		}
		if _, err := newHostList(d.Hosts); err != nil {
			return fmt.Errorf("sources: register %s: %w", d.ID, err)
		}
		g.sources = append(g.sources, registeredSource{s, d})
	}
	return nil
}

// AddNormalizer adds normalizers. One that is nil, or with a format whose ID is taken, is [ErrConfig]; a malformed format is
// [ErrAdapter].
func (g *Registry) AddNormalizer(ns ...Normalizer) error {
	for _, n := range ns {
		if isNil(n) {
			return fmt.Errorf("sources: register: a normalizer that is nil: %w", ErrConfig)
		}
		var declared [16]bool
		for _, c := range n.Categories() {
			if !c.Valid() {
				return fmt.Errorf("sources: register normalizer: unknown category: %w", ErrAdapter)
			}
			declared[rank(c)] = true
		}
		for _, f := range n.Formats() {
			if !model.ValidName(f.ID) || f.Detect == nil || (f.Institution != "" && !model.ValidName(f.Institution)) {
				return fmt.Errorf("sources: register normalizer: a format without a valid ID or Detect: %w", ErrAdapter)
			}
			if g.format(f.ID) != nil {
				return fmt.Errorf("sources: register format %s: the ID is taken: %w", f.ID, ErrConfig)
			}
			own := declared
			if f.Categories != nil {
				own = [16]bool{}
				for _, c := range f.Categories {
					if !c.Valid() || !declared[rank(c)] {
						return fmt.Errorf("sources: register format %s: a category that the normalizer does not declare: %w", f.ID, ErrAdapter)
					}
					own[rank(c)] = true
				}
			}
			g.formats = append(g.formats, registeredFormat{f, n, own})
		}
		g.normalizers = append(g.normalizers, n)
	}
	return nil
}

// isNil also tells a nil pointer: what a constructor returned beside an error that was not looked at.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// Descriptors returns what the registered sources are, in the order of registration.
func (g *Registry) Descriptors() []Descriptor {
	var out []Descriptor
	for _, s := range g.sources {
		out = append(out, s.desc)
	}
	return out
}

// Formats returns the IDs of the registered formats, sorted.
func (g *Registry) Formats() []model.FormatID {
	var out []model.FormatID
	for _, f := range g.formats {
		out = append(out, f.ID)
	}
	slices.Sort(out)
	return out
}

func (g *Registry) format(id model.FormatID) *registeredFormat {
	for i := range g.formats {
		if g.formats[i].ID == id {
			return &g.formats[i]
		}
	}
	return nil
}

// Detect returns the format of d: its own where it has one, else the one that is surest of it. No claim is
// [ErrUnknownFormat]; two equal ones are [ErrAmbiguous], whatever the order of registration. A document without a byte is
// [ErrNotProvided]. A format whose Detect panics claims nothing; where nobody else claims the document either, that is
// [ErrAdapter].
func (g *Registry) Detect(ctx context.Context, d Document) (model.FormatID, error) {
	id, err := g.detect(ctx, d)
	if err != nil {
		return "", wrap(err, Error{Op: OpDetect})
	}
	return id, nil
}

// detect is Detect with the error as it arose.
func (g *Registry) detect(ctx context.Context, d Document) (model.FormatID, error) {
	body, err := bodyOf(d.Body)
	if err != nil {
		return "", err
	}
	d.Body = body
	if d.Format != "" {
		if g.format(d.Format) == nil {
			return "", Errorf(ErrUnknownFormat, "no reader is registered for the document's format")
		}
		return d.Format, nil
	}
	if body.size == 0 {
		return "", Errorf(ErrNotProvided, "the document is empty")
	}
	head := make([]byte, min(body.size, ProbeSize))
	if _, err := body.ReadAt(head, 0); err != nil {
		return "", err
	}
	p := &Probe{Head: head, MediaType: d.MediaType, doc: d}
	var (
		best  Confidence
		found model.FormatID
		tie   bool
		bad   error
	)
	for _, f := range g.formats {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		c, err := f.ask(ctx, p)
		if err != nil {
			bad = err
		}
		switch {
		case c == No || c < best:
		case c > best:
			best, found, tie = c, f.ID, false
		default:
			tie = true
		}
	}
	if err := ctx.Err(); err != nil {
		return "", err // a no of a format that it ended is none
	}
	if err := body.failed(); err != nil {
		return "", err // nor is one of a format that could not look
	}
	switch {
	case tie:
		return "", Errorf(ErrAmbiguous, "two readers claim the document equally")
	case best > No:
		return found, nil
	case bad != nil:
		return "", bad
	case LooksHTML(head):
		return "", Errorf(ErrUnknownFormat, "it is an HTML page: perhaps a login or error page was saved instead of the document")
	}
	if err := xmlTrouble(head); err != nil {
		return "", err
	}
	return "", Errorf(ErrUnknownFormat, "no reader claims the document")
}

// ask is Detect with a panic turned into an error without its text, which could hold a value.
func (f *registeredFormat) ask(ctx context.Context, p *Probe) (c Confidence, err error) {
	defer func() {
		if r := recover(); r != nil {
			c, err = No, Errorf(ErrAdapter, "the Detect of format %s panicked with a value of type %T", f.ID, r)
		}
	}()
	return f.Detect(ctx, p), nil
}

// xmlTrouble says what keeps the readers from looking into a document that is XML, or tries to be: without it, a statement in an
// encoding that nobody knows would be an unknown format.
func xmlTrouble(head []byte) error {
	b := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	text := bytes.TrimLeft(b, " \t\r\n")
	declared := bytes.HasPrefix(text, []byte("<?xml"))
	if !declared && !bytes.HasPrefix(text, []byte("<!")) {
		return nil
	}
	if declared && len(text) < len(b) {
		return Errorf(ErrMalformed, "XML with white space before its declaration")
	}
	_, err := xmlscan.New(bytes.NewReader(head), nil).Next()
	switch {
	case errors.Is(err, xmlscan.ErrDoctype):
		return Errorf(ErrMalformed, "XML with a document type declaration")
	case errors.Is(err, xmlscan.ErrCharset):
		return Errorf(ErrMalformed, "XML in a character encoding that is unknown, or not the one it names")
	case errors.Is(err, xmlscan.ErrTruncated) && len(head) == ProbeSize:
		return Errorf(ErrMalformed, "XML whose root element does not begin in its first %d bytes", ProbeSize)
	case errors.Is(err, xmlscan.ErrMalformed) && declared:
		return Errorf(ErrMalformed, "XML that is not well-formed where it begins")
	}
	return nil
}

// LooksHTML reports whether a document begins as an HTML page does: readers of other formats use it to say that a portal sent
// a page, often a login page, instead of the file.
func LooksHTML(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
	b = bytes.ToLower(b[:min(len(b), 16)])
	return bytes.HasPrefix(b, []byte("<!doctype html")) || bytes.HasPrefix(b, []byte("<html"))
}

// Reading is what came out of one document.
type Reading struct {
	Format  model.FormatID
	Records []model.Record // all point at document 0
	Issues  []model.Issue  // doubts about the document
	// Balanced is the outcome over the document's statements; the zero value where it has none.
	Balanced model.Check
	// Since and Until are the first and the last day of the document's history, where it says so; see [Writer.Covers].
	Since, Until model.Date
}

// ReadOptions are options of [Registry.Read].
type ReadOptions struct {
	Limits Limits
}

// Read reads one document without a permit: detection, limits, provenance, reconciliation and errors are those of a
// collection. It is for documents that a person looks at themselves. What was read before an error is returned with it.
func (g *Registry) Read(ctx context.Context, d Document, q Query, o *ReadOptions) (*Reading, error) {
	var limits Limits
	if o != nil {
		limits = o.Limits
	}
	limits = limits.withDefaults()
	w, err := g.read(ctx, d, q, limits, 0)
	out := &Reading{}
	if w != nil {
		out.Format = w.format
		out.Balanced = w.reconcile(err != nil)
		h := historyOf(w.periods)
		if h.torn {
			out.Balanced = model.CheckNo
		}
		out.Records, out.Issues, out.Since, out.Until = w.records, w.issues, h.since, h.until
	}
	if err != nil {
		return out, wrap(err, Error{Op: OpRead, Format: out.Format})
	}
	return out, nil
}

type reading struct {
	Writer
	format model.FormatID
}

// read detects and reads one document. The result is nil only where the format could not be told.
func (g *Registry) read(ctx context.Context, d Document, q Query, limits Limits, document int) (*reading, error) {
	body, err := bodyOf(d.Body)
	if err != nil {
		return nil, err
	}
	if body.size > limits.DocumentBytes {
		return nil, Errorf(ErrTooLarge, "more than %d bytes", limits.DocumentBytes)
	}
	d.Body = body
	id, err := g.detect(ctx, d)
	if err != nil {
		return nil, err
	}
	f := g.format(id)
	d.Format = id
	w := &reading{format: id}
	w.Writer = Writer{ctx: ctx, query: q, limits: limits, document: document, declared: f.declared}
	err = normalize(ctx, f.reader, d, q, &w.Writer)
	if w.broken != nil {
		// What a normalizer wrote against its contract counts for nothing, nor does the rest.
		w.records, w.statements, w.periods = nil, nil, nil
		err = w.broken
	}
	// What a normalizer read is not the whole where it took the end of its time, or of what could be read, for that of the document.
	if err == nil {
		err = body.failed()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && w.refused {
		err = Errorf(ErrAdapter, "the writer refused a record, but the normalizer returned no error")
	}
	return w, err
}

// normalize turns a panic of a reader into an error without its text, which could hold a value: one document must not
// end the host's process.
func normalize(ctx context.Context, n Normalizer, d Document, q Query, w *Writer) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = Errorf(ErrAdapter, "the normalizer panicked with a value of type %T", r)
		}
	}()
	return n.Normalize(ctx, d, q, w)
}

// Everything returns a query for all categories and fields, without a look-back limit and without BSNs, for looking at
// a document of one's own.
func Everything() Query {
	var q Query
	for _, c := range model.Categories() {
		b := model.Everything(c)
		b.Fields = append(b.Fields, "extra")
		q.Scope.Baskets = append(q.Scope.Baskets, b)
	}
	return q
}
