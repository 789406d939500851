package uwv

import (
	"math"
	"slices"
	"strings"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
	"github.com/brondata/brondata/sources/pdftext"
)

// read turns the lines of all pages into a message. The error is about the document as a whole.
func read(pages [][]line) (*message, error) {
	p := parser{m: &message{}}
	p.findRepeated(pages)
	for i, lines := range pages {
		p.m.pages = i + 1
		for _, l := range lines {
			p.line(l)
		}
	}
	p.endHeader()
	p.endRow(nil)
	p.endStray()
	if err := p.m.running.check(); err != nil {
		return nil, err
	}
	if !p.wages {
		return nil, sources.Errorf(sources.ErrLayoutChanged, "the heading Loongegevens is not there")
	}
	if len(p.m.blocks) == 0 {
		return nil, sources.Errorf(sources.ErrLayoutChanged, "no block of an employer is there")
	}
	p.m.missing(pages)
	p.m.finish()
	return p.m, nil
}

// parser reads line by line: a block's header up to its table's header, then rows, each of one line or more.
type parser struct {
	m        *message
	wages    bool           // the heading Loongegevens was there
	repeated map[place]bool // lines that stand at the same place of several pages
	head     []line         // the header that is being read
	above    []line         // lines before its first label
	stray    []line         // lines since the last known one that nothing claims
	strayOdd bool           // one of them is odd
	block    *block
	table    *table
	row      *row
	held     *row // one that a page break cut, while the header that follows is read
	odd      bool // something unknown stood in this table
}

func (p *parser) line(l line) {
	k, _ := labelOf(l.words)
	t, isHead := tableHeader(l.words)
	inHead := len(p.head) > 0 && p.wages
	switch {
	case !p.wages && !inHead && strings.EqualFold(strings.TrimSuffix(l.words[0].Text, ":"), "Loongegevens") && len(l.words) <= 3:
		p.wages = true
	case !p.wages:
		p.m.running.take(l)
	case k == employerLabel:
		p.startHeader(l)
	case isHead:
		p.endHeader()
		if p.row != nil && p.row.page != l.page && p.row.incomplete() {
			p.row.t = t // it goes on below the repeated header
		} else {
			p.endRow(&l)
		}
		p.endStray()
		p.table = t // what is odd stays so: the rows below may be those of another payer
	case isPeriod(l.words):
		p.endHeader()
		p.endRow(&l)
		p.endStray()
		p.startRow(l)
	case inHead && (k != noLabel || p.isValue(l)):
		p.head = append(p.head, l)
	case p.m.running.take(l), strings.EqualFold(l.words[0].Text, "Loongegevens") && len(l.words) <= 3:
	case p.row != nil && !p.strayOdd && p.row.more(l):
	default:
		p.stray = append(p.stray, l)
		p.strayOdd = p.strayOdd || p.isOdd(l)
	}
}

// isValue reports whether a line in a header may belong to a value: it begins where the values do, right of the labels.
func (p *parser) isValue(l line) bool {
	for _, h := range p.head {
		if k, n := labelOf(h.words); k != noLabel && l.words[0].X0 < h.words[n-1].X1 {
			return false
		}
	}
	return true
}

// isOdd reports whether a line that nothing claims is more than a running head.
func (p *parser) isOdd(l line) bool { return !p.repeated[place{l.page, l.row}] }

// startHeader begins a block. What stands directly above its first label may be the first lines of the employer's name.
func (p *parser) startHeader(l line) {
	p.endHeader()
	_, n := labelOf(l.words)
	next := l
	from := len(p.stray)
	for from > 0 && len(p.stray)-from < maxCell-1 {
		s := p.stray[from-1]
		if s.page != l.page || next.y-s.y > maxLeading*s.words[0].Size || s.words[0].X0 < l.words[n-1].X1 ||
			n < len(l.words) && math.Abs(s.words[0].X0-l.words[n].X0) > indent || hasEuro(s.text()) {
			break
		}
		from, next = from-1, s
	}
	if p.row != nil && p.row.page != l.page && p.row.incomplete() {
		p.held, p.row = p.row, nil // it goes on if this is its own block's header again
	}
	p.endRow(&next)
	p.above, p.stray = p.stray[from:len(p.stray):len(p.stray)], p.stray[:from]
	p.endStray()
	p.head, p.table, p.odd = []line{l}, nil, false
}

// endHeader makes a block of the header that was read.
func (p *parser) endHeader() {
	if len(p.head) == 0 {
		return
	}
	h, used, ok := readHeader(p.above, p.head)
	p.m.running.hideNumber(&h, p.head[0])
	unused := p.above[:len(p.above)-used]
	if !ok {
		unused = p.above
		p.m.layoutChanged(p.head[0].at())
		p.block = nil
	} else {
		p.block = p.m.open(h, p.head[0])
	}
	if p.held != nil {
		p.row, p.held = p.held, nil
		if p.row.block != p.block {
			p.endRow(nil)
		}
	}
	p.stray, p.head, p.above = append(unused, p.stray...), nil, nil
	p.endStray()
	p.odd = false
}

func (p *parser) startRow(l line) {
	if p.block == nil || p.table == nil {
		p.m.layoutChanged(l.at()) // without the header the columns are not known
		return
	}
	p.row = newRow(l, p.table)
	p.row.block = p.block
	if p.odd {
		add(&p.row.doubts, model.IssueLayout, "")
	}
}

func (p *parser) endRow(next *line) {
	if p.row != nil {
		p.row.block.rows = append(p.row.block.rows, p.row.end(next))
		p.row = nil
	}
}

// endStray says that there are lines that nothing claims. Those before the first block are an introduction. In a table the
// row before them and all that follow are in doubt; where they may be rows themselves, the document is not read whole.
func (p *parser) endStray() {
	for _, l := range p.stray {
		if p.block == nil || !p.isOdd(l) {
			continue
		}
		p.m.issue(model.IssueLayout, l.at())
		text := l.text()
		if k, _ := labelOf(l.words); k != noLabel || payrollWord(l.words) {
			// A payer begins here, in words that are not known: no row below is that of the one above.
			p.endRow(&l)
			p.block, p.table = nil, nil
			p.m.layoutChanged(l.at())
			continue
		}
		if p.table == nil {
			continue
		}
		p.odd = true
		if !strings.ContainsAny(text, "0123456789") {
			continue
		}
		if n := len(p.block.rows); p.row != nil {
			add(&p.row.doubts, model.IssueLayout, "")
		} else if n > 0 {
			add(&p.block.rows[n-1].doubts, model.IssueLayout, "")
		}
		if strings.Contains(text, "t/m") || hasEuro(text) {
			p.m.layoutChanged(l.at())
		}
	}
	p.stray, p.strayOdd = nil, false
}

// findRepeated notes the lines at the head or the foot of a page that stand at the same height of two pages or more: running
// heads, or the first line of a repeated header. So they are passed over only when no header claims them. A line within a table
// is none of them, and neither is one above rows that lack a header, which may be the header in other words.
func (p *parser) findRepeated(pages [][]line) {
	p.repeated = map[place]bool{}
	seen := map[headKey]place{} // where a text was met first
	for _, lines := range pages {
		first, last, headed := content(lines)
		for i, l := range lines {
			if i <= last && (i >= first || !headed) || payrollWord(l.words) {
				continue
			}
			key := keyOf(l)
			if was, ok := seen[key]; ok {
				p.repeated[was], p.repeated[place{l.page, l.row}] = true, true
			} else {
				seen[key] = place{l.page, l.row}
			}
		}
	}
}

// content finds the first and the last line of a page that belong to a block or a table; headed says that the first one
// belongs to a header. Without any, the page is all head.
func content(lines []line) (first, last int, headed bool) {
	first, last = len(lines), -1
	for i, l := range lines {
		k, _ := labelOf(l.words)
		_, isHead := tableHeader(l.words)
		found, _ := carLabels(l.words)
		text := l.text()
		if k == noLabel && !isHead && len(found) == 0 && !hasEuro(text) && !strings.Contains(text, "t/m") {
			continue
		}
		if last < 0 {
			first, headed = i, k != noLabel || isHead
		}
		last = i
	}
	return first, last, headed || last < 0
}

// place is a line of the document.
type place struct{ page, row int }

// headKey is a line's text, in which all digits count as equal, and about its height.
type headKey struct {
	text string
	y    int
}

func keyOf(l line) headKey {
	text := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, l.text())
	return headKey{text, int(math.Round(max(0, min(l.y, 5000)) / 3))}
}

// payrollWord reports whether a line has a loonheffingennummer: it is about a payer.
func payrollWord(ws []pdftext.Word) bool {
	return slices.ContainsFunc(ws, func(w pdftext.Word) bool { return payrollNumber.MatchString(w.Text) })
}
