package xmlscan

import "bytes"

// bind is one namespace declaration: offsets in Scanner.spaces of the prefix, the namespace name, and the end.
type bind struct{ prefix, uri, end int }

// The two prefixes that Namespaces in XML §3 reserves, with their namespace names.
var (
	prefixXML   = []byte("xml")
	prefixXMLNS = []byte("xmlns")
	spaceXML    = []byte("http://www.w3.org/XML/1998/namespace")
	spaceXMLNS  = []byte("http://www.w3.org/2000/xmlns/")
)

// isDeclaration reports whether an attribute of this name declares a namespace.
func isDeclaration(name []byte) bool {
	return len(name) >= 5 && name[0] == 'x' && bytes.HasPrefix(name, prefixXMLNS) && (len(name) == 5 || name[5] == ':')
}

// declare takes the namespace declarations out of the current attributes and into scope (Namespaces in XML §3, §6). A
// repeated declaration is a repeated attribute and found here, since the others no longer see it.
func (s *Scanner) declare() error {
	from := len(s.binds)
	kept := s.curAttr[:0]
	for _, a := range s.curAttr {
		name := s.buf[s.pos+a.name : s.pos+a.end]
		if !isDeclaration(name) {
			kept = append(kept, a)
			continue
		}
		var prefix []byte
		if len(name) > 5 {
			prefix = name[6:]
		}
		uri := s.value(a)
		isXML := bytes.Equal(prefix, prefixXML)
		if bytes.Equal(prefix, prefixXMLNS) || bytes.Equal(uri, spaceXMLNS) || isXML != bytes.Equal(uri, spaceXML) ||
			len(prefix) > 0 && len(uri) == 0 {
			return s.fail(ErrMalformed, "invalid namespace declaration", a.name)
		}
		for _, d := range s.binds[from:] {
			if bytes.Equal(s.spaces[d.prefix:d.uri], prefix) {
				return s.fail(ErrMalformed, "duplicate attribute", a.name)
			}
		}
		if len(s.spaces)+len(prefix)+len(uri) > maxNamespaces || len(s.binds) == maxBinds {
			return s.fail(ErrLimit, "many namespaces", a.name)
		}
		d := bind{prefix: len(s.spaces)}
		s.spaces = append(s.spaces, prefix...)
		d.uri = len(s.spaces)
		s.spaces = append(s.spaces, uri...)
		d.end = len(s.spaces)
		s.binds = append(s.binds, d)
	}
	s.curAttr = kept
	return nil
}

// resolve finds the declaration of a prefix (nil for the default namespace), -1 for none.
func (s *Scanner) resolve(prefix []byte) int {
	for i := len(s.binds) - 1; i >= 0; i-- {
		d := s.binds[i]
		if bytes.Equal(s.spaces[d.prefix:d.uri], prefix) {
			return i
		}
	}
	return -1
}

// uri returns the namespace name of a declaration.
func (s *Scanner) uri(i int) []byte {
	if i < 0 {
		return nil
	}
	return s.spaces[s.binds[i].uri:s.binds[i].end]
}

// checkAttributes resolves the attributes' prefixes and refuses two of the same expanded name (Namespaces in XML §6.3).
func (s *Scanner) checkAttributes() error {
	tag := s.buf[s.pos:s.end]
	for i := range s.curAttr {
		a := &s.curAttr[i]
		if a.local != a.name {
			prefix := tag[a.name : a.local-1]
			a.space = s.resolve(prefix)
			if a.space < 0 && !bytes.Equal(prefix, prefixXML) {
				return s.fail(ErrMalformed, "undeclared prefix", a.name)
			}
		}
		for j := range s.curAttr[:i] {
			o := &s.curAttr[j]
			if !bytes.Equal(tag[a.local:a.end], tag[o.local:o.end]) {
				continue
			}
			// An attribute without a prefix is in no namespace, whatever the default is.
			if (a.local == a.name) == (o.local == o.name) && bytes.Equal(s.attrSpace(a), s.attrSpace(o)) {
				return s.fail(ErrMalformed, "duplicate attribute", a.name)
			}
		}
	}
	return nil
}

func (s *Scanner) attrSpace(a *attr) []byte {
	if a.local != a.name && a.space < 0 {
		return spaceXML
	}
	return s.uri(a.space)
}

// value returns an attribute's value.
func (s *Scanner) value(a attr) []byte {
	if a.decoded {
		return s.values[a.value:a.valueEnd]
	}
	return s.buf[s.pos+a.value : s.pos+a.valueEnd]
}

// Attrs is the number of attributes of the current Start, namespace declarations not counted; 0 for other tokens.
func (s *Scanner) Attrs() int { return len(s.curAttr) }

// Attr returns the i-th attribute of the current Start: namespace name, local name and value, with references resolved and
// white space normalised (XML 1.0 §3.3.3).
func (s *Scanner) Attr(i int) (space, local, value []byte) {
	a := s.curAttr[i]
	return s.attrSpace(&a), s.buf[s.pos+a.local : s.pos+a.end], s.value(a)
}

// Lookup returns the value of the current Start's attribute of that name in no namespace.
func (s *Scanner) Lookup(local string) (value []byte, ok bool) {
	for _, a := range s.curAttr {
		if a.local == a.name && string(s.buf[s.pos+a.name:s.pos+a.end]) == local {
			return s.value(a), true
		}
	}
	return nil, false
}
