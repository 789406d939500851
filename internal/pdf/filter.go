package pdf

import (
	"context"
	"errors"
	"fmt"
)

// filter is one step of a stream's decoding (7.4) with its parameters.
type filter struct {
	kind      filterKind
	early     bool // LZW: code lengths grow one code early
	predictor predictor
}

type filterKind uint8

const (
	filterFlate filterKind = iota
	filterLZW
	filterASCII85
	filterASCIIHex
	filterRunLength
)

// newFilter reads the filter called name, its abbreviation for inline images included (table 94).
func (d *Doc) newFilter(name string, parms Dict) (filter, error) {
	f := filter{early: true}
	switch name {
	case "FlateDecode", "Fl":
		f.kind = filterFlate
	case "LZWDecode", "LZW":
		f.kind = filterLZW
		if v, ok := d.resolve(parms.Raw("EarlyChange")).Int(); ok {
			f.early = v != 0
		}
	case "ASCII85Decode", "A85":
		f.kind = filterASCII85
		return f, nil
	case "ASCIIHexDecode", "AHx":
		f.kind = filterASCIIHex
		return f, nil
	case "RunLengthDecode", "RL":
		f.kind = filterRunLength
		return f, nil
	default:
		return f, fmt.Errorf("%w: stream filter", ErrUnsupported)
	}
	var err error
	f.predictor, err = d.newPredictor(parms)
	return f, err
}

// decode appends the decoded src to dst, at most limit bytes. damaged says that src ended early or was corrupt and what is
// appended is the part before that.
func (f filter) decode(ctx context.Context, dst, src []byte, limit int64) (out []byte, damaged bool, err error) {
	base := len(dst)
	switch f.kind {
	case filterFlate:
		out, damaged, err = inflate(ctx, dst, src, limit)
	case filterLZW:
		out, damaged, err = lzw(ctx, dst, src, f.early, limit)
	case filterASCII85:
		out, damaged, err = ascii85(dst, src, limit)
	case filterASCIIHex:
		out, err = asciiHex(dst, src, limit)
	case filterRunLength:
		out, damaged, err = runLength(dst, src, limit)
	}
	if err != nil {
		return out, false, err
	}
	n := f.predictor.undo(out[base:])
	return out[:base+n], damaged, nil
}

func isLimit(err error) bool { return errors.Is(err, ErrLimit) }

// tooLong is the error of a stream that decodes to more than it may.
func tooLong() error { return fmt.Errorf("%w: decoded stream", ErrLimit) }

// room returns dst with space for need more bytes. It doubles, so that garbage stays below what is kept, but never past the
// limit behind base by more than what is needed: one byte too many shows that the limit was passed.
func room(dst []byte, need, base int, limit int64) []byte {
	if cap(dst)-len(dst) >= need {
		return dst
	}
	n := int64(max(2*len(dst), base+4096))
	n = max(min(n, int64(base)+limit+1), int64(len(dst)+need))
	return append(make([]byte, 0, n), dst...)
}
