package xmlscan_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"github.com/brondata/brondata/internal/xmlscan"
)

// scan lists a document's events, neighbouring text joined, in one line each.
func scan(r io.Reader, o *xmlscan.Options) (events []string, err error) { return list(r, o, false) }

// list does so with or without the shortcut for leaves.
func list(r io.Reader, o *xmlscan.Options, leaf bool) (events []string, err error) {
	s := xmlscan.New(r, o)
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			events = append(events, fmt.Sprintf("text %q", text.String()))
			text.Reset()
		}
	}
	for {
		k, err := s.Next()
		if err != nil {
			flush()
			if err == io.EOF {
				err = nil
			}
			return events, err
		}
		switch k {
		case xmlscan.Start:
			flush()
			e := fmt.Sprintf("start %q %q", s.Space(), s.Local())
			for i := range s.Attrs() {
				space, local, value := s.Attr(i)
				e += fmt.Sprintf(" %q %q=%q", space, local, value)
			}
			events = append(events, e)
			if leaf {
				e = fmt.Sprintf("end %q %q", s.Space(), s.Local())
				if t, ok := s.Leaf(); ok {
					text.Write(t)
					if _, again := s.Leaf(); again {
						return events, errors.New("a leaf inside a leaf")
					}
					flush()
					events = append(events, e)
				}
			}
		case xmlscan.End:
			flush()
			events = append(events, fmt.Sprintf("end %q %q", s.Space(), s.Local()))
		case xmlscan.Text:
			text.Write(s.Text())
		}
	}
}

var declaration = regexp.MustCompile(`^<\?xml\s[^?]*\?>`)
var encodingName = regexp.MustCompile(`\sencoding\s*=\s*["']([^"']*)["']`)

// plain turns a document into UTF-8 without byte order mark and declaration, by other means than the scanner's.
func plain(b []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		order, b = binary.LittleEndian, b[2:]
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		order, b = binary.BigEndian, b[2:]
	case bytes.HasPrefix(b, []byte{'<', 0}):
		order = binary.LittleEndian
	case bytes.HasPrefix(b, []byte{0, '<'}):
		order = binary.BigEndian
	}
	if order != nil {
		var units []uint16
		for i := 0; i+1 < len(b); i += 2 {
			units = append(units, order.Uint16(b[i:]))
		}
		b = []byte(string(utf16.Decode(units)))
	}
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
	decl := declaration.Find(b)
	b = b[len(decl):]
	if m := encodingName.FindSubmatch(decl); m != nil && order == nil {
		switch strings.ToLower(string(m[1])) {
		case "iso-8859-1", "latin1", "windows-1252", "cp1252":
			b, _ = charmap.Windows1252.NewDecoder().Bytes(b)
		case "iso-8859-15", "latin9", "latin-9":
			b, _ = charmap.ISO8859_15.NewDecoder().Bytes(b)
		}
	}
	return b
}

// reference lists the same events from encoding/xml.
func reference(doc []byte) (events []string, err error) {
	d := xml.NewDecoder(bytes.NewReader(plain(doc)))
	var text strings.Builder
	depth := 0
	flush := func() {
		if text.Len() > 0 && depth > 0 {
			events = append(events, fmt.Sprintf("text %q", text.String()))
		}
		text.Reset()
	}
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			flush()
			e := fmt.Sprintf("start %q %q", t.Name.Space, t.Name.Local)
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
					continue
				}
				e += fmt.Sprintf(" %q %q=%q", a.Name.Space, a.Name.Local, a.Value)
			}
			events = append(events, e)
			depth++
		case xml.EndElement:
			flush()
			events = append(events, fmt.Sprintf("end %q %q", t.Name.Space, t.Name.Local))
			depth--
		case xml.CharData:
			text.Write(t)
		}
	}
}

// spaced removes the one difference in what the two report: white space in attribute values.
func spaced(events []string) []string {
	out := make([]string, len(events))
	for i, e := range events {
		if strings.HasPrefix(e, "start") {
			e = strings.NewReplacer(`\n`, " ", `\t`, " ", `\r`, " ").Replace(e)
		}
		out[i] = e
	}
	return out
}

// wide encodes a document as UTF-16.
func wide(order binary.AppendByteOrder, mark bool, s string) []byte {
	var out []byte
	if mark {
		out = order.AppendUint16(out, 0xFEFF)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}
