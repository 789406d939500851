package scrape

import (
	"bytes"
	"mime"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
)

// decode returns an HTML page in UTF-8. What was declared counts, in the order that browsers use (WHATWG Encoding); where
// nothing was within the first 1,024 bytes, the whole page decides, of which browsers see only the beginning. Bytes that
// contradict their declaration are not guessed at: it reports false, since every accent would be a wrong letter.
func decode(body []byte, contentType string) ([]byte, bool) {
	enc, name, declared := charset.DetermineEncoding(body, contentType)
	if name == "utf-8" || enc == encoding.Nop {
		return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), true
	}
	ascii := isASCII(body)
	if utf8.Valid(body) && !ascii {
		// Text of another encoding is hardly ever valid UTF-8 by chance.
		return body, !declared && !metaCharset(body)
	}
	if ascii && (name == "windows-1252" || len(name) > 9 && name[:9] == "iso-8859-") {
		return body, true
	}
	out, err := enc.NewDecoder().Bytes(body)
	return out, err == nil
}

// metaCharset reports whether the prescan of the first bytes found a declaration.
func metaCharset(body []byte) bool {
	head := body[:min(len(body), 1024)]
	return bytes.Contains(bytes.ToLower(head), []byte("charset="))
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// mediaOf tells HTML and JSON apart by what the server said; "" where it said nothing.
func mediaOf(contentType string) (m MediaType, known bool) {
	t, _, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return HTML, false
	case t == "text/html", t == "application/xhtml+xml":
		return HTML, true
	case t == "application/json", len(t) > 5 && t[len(t)-5:] == "+json":
		return JSON, true
	}
	return HTML, false
}

// ended reports whether a page ends with the given text, but for white space and comments behind it. html.Parse closes
// whatever was cut off without a word, so that half an amount would look whole.
func ended(body []byte, end string) bool {
	b := bytes.TrimRight(body, " \t\r\n\x00")
	for bytes.HasSuffix(b, []byte("-->")) {
		i := bytes.LastIndex(b, []byte("<!--"))
		if i < 0 {
			return false
		}
		b = bytes.TrimRight(b[:i], " \t\r\n")
	}
	return len(b) >= len(end) && bytes.EqualFold(b[len(b)-len(end):], []byte(end))
}

func attr(n *html.Node, key string) string {
	for i := range n.Attr {
		if n.Attr[i].Key == key && n.Attr[i].Namespace == "" {
			return n.Attr[i].Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			return true
		}
	}
	return false
}
