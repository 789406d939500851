package xmlscan

import "bytes"

// frame is one open element. Its name is names[name:] up to the next frame's.
type frame struct {
	name  int // offset in Scanner.names
	local int // length of the prefix and its colon
	space int // index in Scanner.binds of the declaration that its name resolves to, -1 for none
	binds int // len(Scanner.binds) before this element's own declarations
	bytes int // len(Scanner.spaces) before them
}

// attr is one attribute of the current start tag: offsets in the tag, and for a decoded value in Scanner.values.
type attr struct {
	name, local, end int // the name, its local part, the index behind it
	value, valueEnd  int
	decoded          bool
	space            int // as in frame
}

// startTag scans a start tag or an empty-element tag.
func (s *Scanner) startTag() error {
	if s.rooted && len(s.frames) == 0 {
		return s.fail(ErrMalformed, "second root element", 0)
	}
	s.curAttr = s.curAttr[:0]
	s.values = s.values[:0]
	i, colon, err := s.name(1)
	if err != nil {
		return err
	}
	nameEnd := i
	declares := false
	prefixed := false
	b := s.buf[s.pos : s.end+1]
	for {
		// Nearly every tag of a data file ends right here.
		if b[i] == '>' {
			i++
			break
		}
		if i, err = s.space(i); err != nil {
			return err
		}
		b = s.buf[s.pos : s.end+1]
		c := b[i]
		if c == '>' {
			i++
			break
		}
		if c == '/' {
			if i+1 == len(b)-1 {
				if !s.fill() {
					return s.short()
				}
				b = s.buf[s.pos : s.end+1]
			}
			if b[i+1] != '>' {
				return s.fail(ErrMalformed, "invalid tag", i)
			}
			i += 2
			s.emptyTag = true
			break
		}
		if class[b[i-1]]&cSpace == 0 {
			return s.fail(ErrMalformed, "white space missing in tag", i)
		}
		if i, err = s.attribute(i); err != nil {
			return err
		}
		b = s.buf[s.pos : s.end+1]
		a := &s.curAttr[len(s.curAttr)-1]
		if isDeclaration(b[a.name:a.end]) {
			declares = true
		} else if a.local != a.name {
			prefixed = true
		}
	}
	s.adv = i
	if len(s.frames) >= s.lim.Depth {
		s.emptyTag = false
		return s.fail(ErrLimit, "deep nesting", 0)
	}
	f := frame{name: len(s.names), space: -1, binds: len(s.binds), bytes: len(s.spaces)}
	s.names = append(s.names, b[1:nameEnd]...)
	if declares {
		if err := s.declare(); err != nil {
			return err
		}
	}
	f.local = colon // the name starts at 1, so this is the length of "prefix:"
	if n := len(s.frames); n > 0 && !declares && s.frames[n-1].local == f.local &&
		bytes.Equal(s.names[s.frames[n-1].name:][:f.local], s.names[f.name:][:f.local]) {
		f.space = s.frames[n-1].space // the same prefix as the parent's
	} else if colon != 0 {
		if f.space = s.resolve(b[1:colon]); f.space < 0 && !bytes.Equal(b[1:colon], prefixXML) {
			return s.fail(ErrMalformed, "undeclared prefix", 1)
		}
	} else if len(s.binds) > 0 {
		f.space = s.resolve(nil)
	}
	s.frames = append(s.frames, f)
	s.rooted = true
	if len(s.curAttr) > 1 || prefixed {
		return s.checkAttributes()
	}
	return nil
}

// space skips white space from i and returns the index of what follows.
func (s *Scanner) space(i int) (int, error) {
	b := s.buf[s.pos : s.end+1]
	for {
		for class[b[i]]&cSpace != 0 {
			i++
		}
		if b[i] != 0 || i < len(b)-1 {
			return i, nil
		}
		if !s.fill() {
			return 0, s.short()
		}
		b = s.buf[s.pos : s.end+1]
	}
}

// attribute scans name, equals sign and value from i, appends the attribute and returns the index behind it.
func (s *Scanner) attribute(i int) (int, error) {
	if len(s.curAttr) >= s.lim.Attributes {
		return 0, s.fail(ErrLimit, "many attributes", i)
	}
	a := attr{name: i, local: i, space: -1}
	end, colon, err := s.name(i)
	if err != nil {
		return 0, err
	}
	a.end = end
	if colon != 0 {
		a.local = colon + 1
	}
	if i, err = s.space(end); err != nil {
		return 0, err
	}
	if s.buf[s.pos+i] != '=' {
		return 0, s.fail(ErrMalformed, "attribute without value", i)
	}
	if i, err = s.space(i + 1); err != nil {
		return 0, err
	}
	quote := s.buf[s.pos+i]
	if quote != '"' && quote != '\'' {
		return 0, s.fail(ErrMalformed, "unquoted attribute value", i)
	}
	i++
	a.value = i
	decode, wide := false, false
	b := s.buf[s.pos : s.end+1]
	for {
		for class[b[i]]&cValue != 0 {
			i++
		}
		c := b[i]
		if c == quote {
			break
		}
		switch {
		case c == '"', c == '\'':
			i++
		case c >= 0x80:
			wide = true
			i++
		case c == '&', class[c]&cSpace != 0:
			decode = true
			i++
		case c == 0 && i == len(b)-1:
			if !s.fill() {
				return 0, s.short()
			}
			b = s.buf[s.pos : s.end+1]
		default:
			return 0, s.fail(ErrMalformed, "invalid character in attribute value", i)
		}
	}
	if wide && !validWide(b[a.value:i]) {
		return 0, s.fail(ErrCharset, "invalid UTF-8", a.value)
	}
	a.valueEnd = i
	if decode {
		from := len(s.values)
		var ok bool
		if s.values, ok = appendDecoded(s.values, b[a.value:i], true); !ok {
			return 0, s.fail(ErrMalformed, "invalid reference", a.value)
		}
		a.value, a.valueEnd, a.decoded = from, len(s.values), true
	}
	s.curAttr = append(s.curAttr, a)
	return i + 1, nil
}

// endTag scans an end tag: it must name the innermost open element.
func (s *Scanner) endTag() error {
	if len(s.frames) == 0 {
		return s.fail(ErrMalformed, "end tag without element", 0)
	}
	s.curAttr = s.curAttr[:0]
	name := s.names[s.frames[len(s.frames)-1].name:]
	n := len(name) + 2
	b := s.buf[s.pos : s.end+1]
	for len(b)-1 <= n {
		have := b[2 : len(b)-1]
		if len(have) > len(name) {
			have = have[:len(name)]
		}
		if !bytes.HasPrefix(name, have) {
			return s.fail(ErrMalformed, "end tag does not match", 0)
		}
		if !s.fill() {
			return s.short()
		}
		b = s.buf[s.pos : s.end+1]
	}
	if !bytes.Equal(b[2:n], name) {
		return s.fail(ErrMalformed, "end tag does not match", 0)
	}
	if b[n] != '>' {
		i, err := s.space(n)
		if err != nil {
			return err
		}
		if s.buf[s.pos+i] != '>' {
			return s.fail(ErrMalformed, "end tag does not match", i)
		}
		n = i
	}
	s.adv = n + 1
	s.popNext = true
	return nil
}

// pop closes the innermost element.
func (s *Scanner) pop() {
	f := s.frames[len(s.frames)-1]
	s.frames = s.frames[:len(s.frames)-1]
	s.names = s.names[:f.name]
	s.binds = s.binds[:f.binds]
	s.spaces = s.spaces[:f.bytes]
}

// Local returns the local name of the innermost open element: that of the current Start or End.
func (s *Scanner) Local() []byte {
	if len(s.frames) == 0 {
		return nil
	}
	f := s.frames[len(s.frames)-1]
	return s.names[f.name+f.local:]
}

// Prefix returns the namespace prefix of the innermost open element as written, empty without one.
func (s *Scanner) Prefix() []byte {
	if len(s.frames) == 0 {
		return nil
	}
	f := s.frames[len(s.frames)-1]
	if f.local == 0 {
		return nil
	}
	return s.names[f.name : f.name+f.local-1]
}

// Space returns the namespace name of the innermost open element, empty for none.
func (s *Scanner) Space() []byte {
	if len(s.frames) == 0 {
		return nil
	}
	f := s.frames[len(s.frames)-1]
	if f.local == 4 && f.space < 0 { // only "xml" resolves without a declaration
		return spaceXML
	}
	return s.uri(f.space)
}

// Declaration tells namespaces apart faster than their names do: elements with the same number, while the one that holds
// the declaration is open, are in the same namespace. The same namespace may have several. It is -1 without a declaration.
func (s *Scanner) Declaration() int {
	if len(s.frames) == 0 {
		return -1
	}
	return s.frames[len(s.frames)-1].space
}
