package uwv

import (
	"math"
	"slices"
	"strings"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
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
	p.m.finish()
	return p.m, nil
}

// parser reads line by line: a block's header up to its table's header, then rows, each of one line or more.
type parser struct {
	m        *message
	wages    bool            // the heading Loongegevens was there
	repeated map[string]bool // texts at the same place of several pages, see headKey
	head     []line          // the header that is being read
	above    []line          // lines before its first label
	stray    []line          // lines since the last known one that nothing claims
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
		p.table, p.odd = t, false
	case isPeriod(l.words):
		p.endHeader()
		p.endRow(&l)
		p.endStray()
		p.startRow(l)
	case inHead && (k != noLabel || p.isValue(l)):
		p.head = append(p.head, l)
	case p.m.running.take(l), strings.EqualFold(l.words[0].Text, "Loongegevens") && len(l.words) <= 3:
	case p.row != nil && !slices.ContainsFunc(p.stray, p.isOdd) && p.row.more(l):
	default:
		p.stray = append(p.stray, l)
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
func (p *parser) isOdd(l line) bool { return !p.repeated[headKey(l)] }

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
	at := p.head[0].at()
	h, used, ok := readHeader(p.above, p.head)
	unused := p.above[:len(p.above)-used]
	if !ok {
		unused = p.above
		p.m.layoutChanged(at)
		p.block = nil
	} else {
		p.block = p.m.open(h, at)
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
		if p.table == nil {
			continue
		}
		p.odd = true
		text := l.text()
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
	p.stray = nil
}

// findRepeated notes the texts that stand at the same height of two pages or more and are nothing else: running heads, or the
// first line of a repeated header. So they are passed over only when no header claims them.
func (p *parser) findRepeated(pages [][]line) {
	p.repeated = map[string]bool{}
	count := map[string]int{}
	for _, lines := range pages {
		for _, l := range lines {
			k, _ := labelOf(l.words)
			_, isHead := tableHeader(l.words)
			found, _ := carLabels(l.words)
			if k != noLabel || isHead || len(found) > 0 || hasEuro(l.text()) || strings.Contains(l.text(), "t/m") {
				continue
			}
			key := headKey(l)
			count[key]++
			p.repeated[key] = count[key] > 1
		}
	}
}

// headKey is a line's text with its height; digits count as equal.
func headKey(l line) string {
	text := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '0'
		}
		return r
	}, l.text())
	return text + "@" + strings.Repeat("|", int(math.Round(max(0, min(l.y, 5000))/3)))
}
