package scrape

import (
	"bytes"
	"strconv"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Format is the format of the documents that sources of this package deliver: JSON with the records of one page, reduced to
// the fields in scope.
//
//	{"format":"scrape.v1","recipe":"…","page":"…","records":[
//	  {"category":"study-debt","at":"/debts/loans[1]","fields":{"outstanding":{"amount":"…","currency":"EUR"},"remainingMonths":120}}]}
//
// Texts, dates, numbers and identifiers are strings in their canonical form; only counts are numbers. Nothing else of the
// page is there. No file is ever detected as one: only documents that say so themselves are read.
const Format model.FormatID = "scrape.v1"

// document writes the records of a page.
func (s *Source) document(p *page, recs []found) sources.Document {
	b := make([]byte, 0, 256+len(recs)*256)
	b = append(b, `{"format":"`...)
	b = append(b, Format...)
	b = append(b, `","recipe":"`...)
	b = append(b, s.desc.ID...)
	b = append(b, `","page":"`...)
	b = append(b, p.Name...)
	b = append(b, `","records":[`...)
	for i, r := range recs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"category":"`...)
		b = append(b, r.category...)
		b = append(b, `","at":"`...)
		b = append(b, r.at...)
		b = append(b, `","fields":{`...)
		for j, v := range r.values {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendString(b, v.into)
			b = append(b, ':')
			switch v.value.form {
			case formMoney:
				b = append(b, `{"amount":"`...)
				b = append(b, v.value.money.Text()...)
				b = append(b, `","currency":"`...)
				b = append(b, v.value.money.Currency()...)
				b = append(b, `"}`...)
			case formCount:
				b = strconv.AppendInt(b, int64(v.value.count), 10)
			default:
				b = appendString(b, v.value.text)
			}
		}
		b = append(b, "}}"...)
	}
	b = append(b, "]}"...)
	return sources.Document{
		Format: Format, Institution: s.desc.Institution, MediaType: "application/json", Body: bytes.NewReader(b),
	}
}

// appendString writes a text that was found printable: only two characters need an escape.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if c := s[i]; c == '"' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}
