package mijnpensioenoverzicht

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/antchfx/xmlquery"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/internal/xmlscan"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// node is what XML and JSON have in common: a name with a text, or with nodes below it. The elements of a JSON array are
// nodes of the array's name, as XML has them.
type node struct {
	name string
	text string
	null bool // xsi:nil or null
	leaf bool // has a text, which may be empty
	kids []node
}

// one returns the only node of that name. The number of them is 0 where it is absent or null.
func (n node) one(name string) (found node, count int) {
	for _, k := range n.kids {
		if k.name == name && !k.null {
			found = k
			count++
		}
	}
	return found, count
}

// fromXML parses the document with xmlquery, after xmlscan has made sure that it is well-formed and small in each respect.
func fromXML(b []byte, w *sources.Writer) (node, error) {
	s := xmlscan.New(bytes.NewReader(b), &xmlscan.Options{Limits: xmlscan.Limits{Bytes: maxBytes, Depth: maxDepth, Token: 1 << 16}})
	for nodes := 0; ; {
		k, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return node{}, xmlError(err, w)
		}
		if k == xmlscan.Start {
			if nodes++; nodes > maxNodes {
				w.Issue(model.Doubt(model.IssueLimit, ""))
				return node{}, sources.Errorf(sources.ErrLimit, "more than %d elements", maxNodes)
			}
		}
	}
	doc, err := xmlquery.Parse(bytes.NewReader(b))
	if err != nil {
		// What xmlscan accepts and xmlquery does not: UTF-16.
		return node{}, sources.Errorf(sources.ErrMalformed, "the XML is in an encoding that is not expected")
	}
	for n := doc.FirstChild; n != nil; n = n.NextSibling {
		if n.Type == xmlquery.ElementNode {
			return fromElement(n), nil
		}
	}
	return node{}, sources.Errorf(sources.ErrMalformed, "no root element")
}

func xmlError(err error, w *sources.Writer) error {
	var e *xmlscan.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case errors.Is(err, xmlscan.ErrTruncated):
		w.Issue(model.Doubt(model.IssueTruncated, ""))
		return sources.Errorf(sources.ErrTruncated, "the XML ends in line %d", e.Line)
	case errors.Is(err, xmlscan.ErrLimit):
		w.Issue(model.Doubt(model.IssueLimit, ""))
		return sources.Errorf(sources.ErrLimit, "line %d: %s", e.Line, e.Reason)
	case errors.Is(err, xmlscan.ErrCharset):
		w.Issue(model.Doubt(model.IssueCharset, ""))
		return sources.Errorf(sources.ErrMalformed, "line %d: wrong or unsupported character encoding", e.Line)
	case errors.Is(err, xmlscan.ErrDoctype):
		return sources.Errorf(sources.ErrMalformed, "line %d: document type declaration refused", e.Line)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return sources.Errorf(sources.ErrMalformed, "line %d: not well-formed XML: %s", e.Line, e.Reason)
}

func fromElement(x *xmlquery.Node) node {
	n := node{name: x.Data}
	for _, a := range x.Attr {
		if a.Name.Local == "nil" && (a.Value == "true" || a.Value == "1") {
			n.null = true
		}
	}
	var text strings.Builder
	for c := x.FirstChild; c != nil; c = c.NextSibling {
		switch c.Type {
		case xmlquery.ElementNode:
			n.kids = append(n.kids, fromElement(c))
		case xmlquery.TextNode, xmlquery.CharDataNode:
			text.WriteString(c.Data)
		}
	}
	if len(n.kids) == 0 {
		n.leaf = true
		n.text = oneLine(text.String())
	}
	return n
}

// fromJSON parses the document with jsonscan: strictly, names compared with their case.
func fromJSON(b []byte, w *sources.Writer) (node, error) {
	v, err := jsonscan.Parse(b, jsonLimits)
	var e *jsonscan.Error
	switch {
	case err == nil:
	case !errors.As(err, &e):
		return node{}, err
	case errors.Is(err, jsonscan.ErrTruncated):
		w.Issue(model.Doubt(model.IssueTruncated, ""))
		return node{}, sources.Errorf(sources.ErrTruncated, "the JSON ends at byte %d", e.Offset)
	case errors.Is(err, jsonscan.ErrLimit):
		w.Issue(model.Doubt(model.IssueLimit, ""))
		return node{}, sources.Errorf(sources.ErrLimit, "byte %d: number, text, nesting or count of values", e.Offset)
	case errors.Is(err, jsonscan.ErrDuplicate):
		return node{}, sources.Errorf(sources.ErrMalformed, "byte %d: a name occurs twice in an object", e.Offset)
	default:
		return node{}, sources.Errorf(sources.ErrMalformed, "byte %d: not JSON", e.Offset)
	}
	if v.Kind() != jsonscan.Object {
		return node{}, sources.Errorf(sources.ErrLayoutChanged, "the JSON is no object")
	}
	nodes, ok := fromValue("", v)
	if !ok {
		return node{}, sources.Errorf(sources.ErrLayoutChanged, "an array stands directly in an array")
	}
	return nodes[0], nil
}

// fromValue gives a node, or one for each element of an array.
func fromValue(name string, v jsonscan.Value) ([]node, bool) {
	switch v.Kind() {
	case jsonscan.Array:
		var out []node
		for _, e := range v.Elems() {
			if e.Kind() == jsonscan.Array {
				return nil, false
			}
			nodes, ok := fromValue(name, e)
			if !ok {
				return nil, false
			}
			out = append(out, nodes...)
		}
		return out, true
	case jsonscan.Object:
		n := node{name: name}
		for k, e := range v.Members() {
			kids, ok := fromValue(k, e)
			if !ok {
				return nil, false
			}
			n.kids = append(n.kids, kids...)
		}
		return []node{n}, true
	case jsonscan.Null:
		return []node{{name: name, null: true}}, true
	}
	return []node{{name: name, leaf: true, text: oneLine(v.Text())}}, true
}

// oneLine takes white space off both ends, and makes each inner run of it one blank.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
