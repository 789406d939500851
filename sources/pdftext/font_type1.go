package pdftext

import (
	"bytes"

	"github.com/brondata/brondata/internal/pdf"
)

// type1Encoding reads the /Encoding array of an embedded Type 1 program, which stands in its clear-text part: "dup 65 /A put".
func type1Encoding(data []byte, e *encoding) bool {
	if i := bytes.Index(data, []byte("eexec")); i >= 0 {
		data = data[:i]
	}
	i := bytes.Index(data, []byte("/Encoding"))
	if i < 0 {
		return false
	}
	lex := pdf.NewLexer(data[i+len("/Encoding"):])
	code, found := int64(-1), false
	for {
		switch lex.Next() {
		case pdf.TokenEOF:
			return found
		case pdf.TokenInt:
			code = lex.Int
		case pdf.TokenName:
			if code >= 0 && code < 256 {
				e.names[code] = string(lex.Bytes[:min(len(lex.Bytes), maxGlyphName)])
				found = true
			}
			code = -1
		case pdf.TokenKeyword:
			switch string(lex.Bytes) {
			case "StandardEncoding":
				e.names = standardNames
				return true
			case "def", "readonly":
				return found
			}
		}
		lex.Release()
	}
}
