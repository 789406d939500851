package pdf

import (
	"bytes"
	"math"
)

// parser builds objects out of tokens. One parser serves a whole document; it is not safe for concurrent use.
type parser struct {
	lex      Lexer
	stack    []Object
	names    map[string]string // interned names: documents repeat few of them
	elements int               // values still allowed in this object
	nesting  int
	failed   bool // a bound was reached: the object is not used
	// decrypt is applied to every string; nil outside encrypted documents.
	decrypt func(s []byte) []byte
}

// maxNames bounds the intern table.
const maxNames = 4096

func (p *parser) intern(b []byte) string {
	if s, ok := p.names[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(p.names) < maxNames && len(s) < 64 {
		if p.names == nil {
			p.names = make(map[string]string, 64)
		}
		p.names[s] = s
	}
	return s
}

// start prepares for one object at pos of data.
func (p *parser) start(data []byte, pos int, lim *Limits) {
	p.lex.Reset(data)
	p.lex.Seek(pos)
	p.stack = p.stack[:0]
	p.elements, p.nesting, p.failed = lim.Elements, lim.Nesting, false
}

// object parses the value that begins with token t. ok is false when t begins none, at the end of the data, or when a bound
// was reached. Closing brackets that are missing or crossed are tolerated: an object ends where the data or its frame does.
func (p *parser) object(t Token, depth int) (o Object, ok bool) {
	if p.elements--; p.elements < 0 || depth > p.nesting {
		p.failed = true
	}
	if p.failed {
		return Object{}, false
	}
	switch t {
	case TokenInt:
		if r, isRef := p.reference(); isRef {
			return refObject(r), true
		}
		return intObject(p.lex.Int), true
	case TokenReal:
		return realObject(p.lex.Num), true
	case TokenName:
		return p.name()
	case TokenString:
		b := p.lex.Bytes
		if len(b) > maxToken {
			p.failed = true
			return Object{}, false
		}
		if p.decrypt != nil {
			b = p.decrypt(b)
		}
		o = Object{kind: String, s: string(b)}
		p.lex.Release()
		return o, true
	case TokenArrayOpen:
		return p.array(depth)
	case TokenDictOpen:
		return p.dict(depth)
	case TokenKeyword:
		switch string(p.lex.Bytes) {
		case "true":
			return boolObject(true), true
		case "false":
			return boolObject(false), true
		case "null":
			return Object{}, true
		}
	}
	return Object{}, false
}

// name returns the name that the lexer has just read.
func (p *parser) name() (Object, bool) {
	if len(p.lex.Bytes) > maxToken {
		p.failed = true
		return Object{}, false
	}
	o := Object{kind: Name, s: p.intern(p.lex.Bytes)}
	p.lex.Release()
	return o, true
}

// ends reports whether the last keyword closes the indirect object around what is being parsed.
func (p *parser) ends() bool {
	switch string(p.lex.Bytes) {
	case "endobj", "obj", "stream", "endstream", "xref", "trailer", "startxref":
		return true
	}
	return false
}

func (p *parser) array(depth int) (Object, bool) {
	// Elements gather on a stack that all levels share and are copied once, to a slice of the right size.
	base := len(p.stack)
	for {
		before := p.lex.pos
		t := p.lex.Next()
		if t == TokenArrayClose || t == TokenEOF {
			break
		}
		if t == TokenDictClose || t == TokenKeyword && p.ends() {
			p.lex.pos = before
			break
		}
		o, ok := p.object(t, depth+1)
		if p.failed {
			return Object{}, false
		}
		if ok {
			p.stack = append(p.stack, o)
		}
	}
	o := arrayObject(p.stack[base:])
	p.stack = p.stack[:base]
	return o, true
}

func (p *parser) dict(depth int) (Object, bool) {
	base := len(p.stack)
	for {
		before := p.lex.pos
		t := p.lex.Next()
		if t == TokenDictClose || t == TokenEOF {
			break
		}
		if t == TokenKeyword && p.ends() {
			p.lex.pos = before
			break
		}
		if t != TokenName {
			continue // a value without a key: pass it by
		}
		key, ok := p.name()
		if !ok {
			return Object{}, false
		}
		before = p.lex.pos
		t = p.lex.Next()
		if t == TokenDictClose || t == TokenEOF || t == TokenKeyword && p.ends() {
			p.lex.pos = before
			continue // a key without a value is null, the same as none
		}
		o, ok := p.object(t, depth+1)
		if p.failed {
			return Object{}, false
		}
		if ok {
			p.stack = append(p.stack, key, o)
		}
	}
	o := dictObject(p.stack[base:])
	p.stack = p.stack[:base]
	return o, true
}

// reference looks whether the integer just read begins "N G R". If so it passes it; if not it leaves the lexer as it was.
func (p *parser) reference() (Ref, bool) {
	num := p.lex.Int
	if num < 0 || num > math.MaxUint32 {
		return Ref{}, false
	}
	// Looked for by hand: to read two tokens and go back would make every array of numbers three times as slow.
	d, pos := p.lex.data, p.lex.pos
	gen, pos, ok := scanUint(d, pos)
	if !ok || gen > math.MaxUint32 {
		return Ref{}, false
	}
	q := pos
	for q < len(d) && isSpace(d[q]) {
		q++
	}
	if q == pos || q >= len(d) || d[q] != 'R' || q+1 < len(d) && isRegular(d[q+1]) {
		return Ref{}, false
	}
	p.lex.pos = q + 1
	return Ref{uint32(num), uint32(gen)}, true
}

// scanUint reads white space and an unsigned integer of at most 10 digits.
func scanUint(d []byte, pos int) (v int64, next int, ok bool) {
	for pos < len(d) && isSpace(d[pos]) {
		pos++
	}
	start := pos
	for pos < len(d) && d[pos] >= '0' && d[pos] <= '9' && pos-start < 10 {
		v = v*10 + int64(d[pos]-'0')
		pos++
	}
	return v, pos, pos > start
}

// header reads "N G obj" at pos and returns the position after it.
func header(d []byte, pos int) (r Ref, next int, ok bool) {
	if pos < 0 || pos >= len(d) {
		return Ref{}, 0, false
	}
	num, p, ok1 := scanUint(d, pos)
	gen, p2, ok2 := scanUint(d, p)
	if !ok1 || !ok2 || num > math.MaxUint32 || gen > math.MaxUint32 {
		return Ref{}, 0, false
	}
	for p2 < len(d) && isSpace(d[p2]) {
		p2++
	}
	if !bytes.HasPrefix(d[p2:], []byte("obj")) {
		return Ref{}, 0, false
	}
	return Ref{uint32(num), uint32(gen)}, p2 + 3, true
}
