// Package xmlscan reads XML documents from untrusted sources as a stream of tokens: fast, with bounded memory, and with
// nothing of XML that data files do not need.
//
// A [Scanner] checks as it goes what encoding/xml leaves out or does only in part: that tags match and that there is one
// root element, that names, characters and character encodings are valid, that attributes occur once and prefixes are
// declared. It knows the five predefined entities and numeric character references and refuses every document type
// declaration. Input in UTF-16, ISO-8859-1, ISO-8859-15, windows-1252 and US-ASCII is transcoded to UTF-8 first. The rules are those of
// XML 1.0 (fifth edition) and Namespaces in XML 1.0.
//
// In the steady state a token costs no allocation: what the accessors return is valid until the next call of Next.
//
// The differences to encoding/xml in strict mode, which a differential fuzz test holds: the scanner refuses, and
// encoding/xml accepts, a document type declaration, content beside the root element, a second root, duplicate attributes,
// undeclared prefixes, reserved names, invalid characters in comments and instructions, a contradicting byte order mark, and
// names with an empty part. The scanner accepts, and encoding/xml refuses, names with characters that only the
// fifth edition of XML 1.0 allows. It replaces white space in attribute values by spaces as the specification demands
// (§3.3.3); encoding/xml keeps it.
package xmlscan

import (
	"bytes"
	"io"
)

// Kind is the kind of a token.
type Kind uint8

// The kinds of token. Comments, processing instructions and the XML declaration are checked and not reported.
const (
	// Start is a start tag, or the first half of an empty-element tag.
	Start Kind = iota + 1
	// End is an end tag, or the second half of an empty-element tag.
	End
	// Text is character data: a run of text or a CDATA section, references resolved. The text of one element may come as
	// several tokens.
	Text
)

// Options change what a [Scanner] reports. Nil means the zero value.
type Options struct {
	// Limits bound the document.
	Limits Limits
	// SkipSpace leaves out text that is literal white space between two tags.
	SkipSpace bool
}

// Scanner reads one document. It is not safe for concurrent use.
type Scanner struct {
	r         io.Reader
	lim       Limits
	skipSpace bool

	// buf[pos:end] is what was read and not yet consumed. buf[end] is always 0, which no document may hold: loops stop
	// there without a bounds check of their own.
	buf      []byte
	pos, end int
	adv      int   // length of the current token, consumed by the next call of Next
	base     int64 // offset of buf[0] in the document
	lines    int   // newlines before buf[counted]
	counted  int
	eof      bool
	pending  error // the reader's error, due when the bytes before it are used up

	frames  []frame // the open elements
	names   []byte  // their names, one after the other
	binds   []bind  // the namespace declarations in scope
	spaces  []byte  // their prefixes and names
	curAttr []attr
	values  []byte // decoded attribute values of the current tag
	text    []byte // the current text
	scratch []byte // where text with references is decoded

	started  bool
	rooted   bool // the root element was opened
	popNext  bool // the current token is an End: close the element at the next call
	emptyTag bool // the current token is the start half of an empty-element tag
	err      error
}

// New returns a Scanner that reads a document from r. It reads no further than the document's bytes limit and in chunks of
// its own size, so r needs no buffer.
func New(r io.Reader, o *Options) *Scanner {
	if o == nil {
		o = &Options{}
	}
	s := &Scanner{lim: o.Limits.withDefaults(), skipSpace: o.SkipSpace}
	s.r = &limitReader{r: r, left: s.lim.Bytes}
	s.buf = make([]byte, min(firstBuffer, s.lim.Token)+1)
	return s
}

// Next reads the next token. It returns io.EOF after the document's end, if the whole document was well-formed, and an
// *Error otherwise; either is returned again by later calls.
func (s *Scanner) Next() (Kind, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.emptyTag {
		s.emptyTag = false
		s.popNext = true
		s.curAttr = s.curAttr[:0]
		return End, nil
	}
	if s.popNext {
		s.popNext = false
		s.pop()
	}
	s.pos += s.adv
	s.adv = 0
	if !s.started {
		s.started = true
		if err := s.begin(); err != nil {
			return 0, err
		}
	}
	for {
		b := s.buf[s.pos : s.end+1]
		if b[0] != '<' {
			if len(b) == 1 {
				if s.fill() {
					continue
				}
				return 0, s.finish()
			}
			reported, err := s.chars()
			if err != nil {
				return 0, err
			}
			if reported {
				return Text, nil
			}
			continue
		}
		if len(b) == 2 { // only the '<'
			if !s.fill() {
				return 0, s.short()
			}
			continue
		}
		switch b[1] {
		case '/':
			return End, s.endTag()
		case '!':
			if b[2] == '[' {
				return Text, s.cdata()
			}
			if err := s.bang(); err != nil {
				return 0, err
			}
		case '?':
			if err := s.instruction(); err != nil {
				return 0, err
			}
		default:
			return Start, s.startTag()
		}
	}
}

// finish ends the document where the input ends.
func (s *Scanner) finish() error {
	if s.err != nil {
		return s.err
	}
	if !s.rooted || len(s.frames) > 0 {
		return s.short()
	}
	s.err = io.EOF
	return s.err
}

// Skip reads on to the end of the element whose Start was read last, that End included. What it skips is checked all the same.
func (s *Scanner) Skip() error {
	depth := len(s.frames)
	for {
		k, err := s.Next()
		if err != nil {
			return err
		}
		if k == End && len(s.frames) == depth {
			return nil
		}
	}
}

// Depth is the number of open elements, the one of the current Start or End included.
func (s *Scanner) Depth() int { return len(s.frames) }

// Text returns the current Text token, references resolved and line ends normalised to "\n".
func (s *Scanner) Text() []byte { return s.text }

// Offset is the number of bytes of the document, as transcoded to UTF-8, before the current token.
func (s *Scanner) Offset() int64 { return s.base + int64(s.pos) }

// Line is the line, from 1, on which the current token starts.
func (s *Scanner) Line() int {
	if s.counted < s.pos {
		s.lines += bytes.Count(s.buf[s.counted:s.pos], newline)
		s.counted = s.pos
	}
	return s.lines + 1
}

var newline = []byte{'\n'}

// fill reads more input behind what is not yet consumed. Positions relative to s.pos stay valid, slices of s.buf do not.
// It returns false when there is no more input or when the token gets too long, with s.err set unless the input just ended.
func (s *Scanner) fill() bool {
	if s.err != nil {
		return false
	}
	if s.pos > 0 {
		s.Line()
		s.base += int64(s.pos)
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.counted -= s.pos
		s.pos = 0
	}
	if s.end == len(s.buf)-1 {
		if s.end >= s.lim.Token {
			s.fail(ErrLimit, "long token", s.end)
			return false
		}
		grown := make([]byte, min(2*s.end, s.lim.Token)+1)
		copy(grown, s.buf[:s.end])
		s.buf = grown
	}
	for tries := 0; !s.eof && s.pending == nil; tries++ {
		n, err := s.r.Read(s.buf[s.end : len(s.buf)-1])
		switch {
		case err == io.EOF:
			s.eof = true
		case err != nil:
			s.pending = err
		case n == 0 && tries == 100:
			s.pending = io.ErrNoProgress
		}
		if n > 0 {
			s.end += n
			s.buf[s.end] = 0
			return true
		}
	}
	s.buf[s.end] = 0
	if s.pending != nil {
		s.failRead(s.pending)
	}
	return false
}

// failRead turns the reader's error into the scanner's: those of this package's own readers carry their meaning.
func (s *Scanner) failRead(err error) {
	switch err {
	case errBytes:
		s.fail(ErrLimit, "large document", s.end-s.pos)
	case errEncoding:
		s.fail(ErrCharset, "bytes not valid in the document's encoding", s.end-s.pos)
	case errHalf:
		s.fail(ErrTruncated, "", s.end-s.pos)
	default:
		s.err = &Error{Err: ErrRead, Line: s.Line(), Offset: s.Offset(), cause: err}
	}
}
