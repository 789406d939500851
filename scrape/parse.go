package scrape

import (
	"bytes"
	"context"

	"golang.org/x/net/html"

	"github.com/brondata/brondata/sources"
)

// maxNodes is how many elements and texts a page may come to. A list of 100,000 rows has some three millions.
const maxNodes = 4 << 20

// formatting are elements that html.Parse opens again in each paragraph and cell behind them until they are closed. With
// a few hundred of them open, each "<p>" of three bytes becomes a few hundred elements.
var formatting = map[string]bool{
	"a": true, "b": true, "big": true, "code": true, "em": true, "font": true, "i": true, "nobr": true, "s": true,
	"small": true, "strike": true, "strong": true, "tt": true, "u": true,
}

// parse parses a page, once it is known that the tree will not be too large. It stops when ctx ends.
func parse(ctx context.Context, page string, text []byte) (*html.Node, error) {
	if atMost(text) > maxNodes && tooMany(text) {
		return nil, sources.Errorf(sources.ErrLimit, "page %s: more than %d elements and texts", page, maxNodes)
	}
	root, err := html.Parse(&endingReader{ctx, bytes.NewReader(text)})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		// The only error on bytes in memory: x/net gives up on more than maxDepth elements inside each other.
		return nil, sources.Errorf(sources.ErrLimit, "page %s: elements are nested too deep", page)
	}
	return root, nil
}

// maxDepth is how many elements inside each other html.Parse allows.
const maxDepth = 512

// atMost bounds the size of the tree, but for what html.Parse adds by itself, as if no formatting element were ever closed:
// most pages need no closer look.
func atMost(text []byte) int {
	tags, formats := 0, 0
	for rest := text; ; tags++ {
		i := bytes.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
		var name [6]byte
		n := 0
		for n < len(name) && n < len(rest) && (rest[n]|0x20 >= 'a' && rest[n]|0x20 <= 'z') {
			name[n] = rest[n] | 0x20
			n++
		}
		if formatting[string(name[:n])] {
			formats++
		}
	}
	return (2*tags + 1) * (1 + min(formats, maxDepth)) // a text behind each tag
}

// tooMany estimates the size of the tree from above for pages that are not out to deceive it.
func tooMany(text []byte) bool {
	z := html.NewTokenizer(bytes.NewReader(text))
	open := map[string]int{}
	n, sum := 0, 0
	for n <= maxNodes {
		switch z.Next() {
		case html.ErrorToken:
			return false
		case html.StartTagToken:
			// One link closes another.
			if name, _ := z.TagName(); formatting[string(name)] && (len(name) != 1 || name[0] != 'a' || open["a"] == 0) {
				open[string(name)]++
				sum++
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); open[string(name)] > 0 {
				open[string(name)]--
				sum--
			}
		}
		n += 1 + sum
	}
	return true
}

// endingReader ends with its context.
type endingReader struct {
	ctx context.Context
	r   *bytes.Reader
}

func (r *endingReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
