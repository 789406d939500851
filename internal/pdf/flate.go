package pdf

import (
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"hash/adler32"
	"io"
	"sync"
)

// inflater is a reusable decompressor: making one costs more than inflating a short stream.
type inflater struct {
	src bytes.Reader
	r   io.ReadCloser
}

var inflaters = sync.Pool{New: func() any {
	f := &inflater{}
	f.r = flate.NewReader(&f.src)
	return f
}}

// ctxEvery is how many decoded bytes pass between two looks at the context.
const ctxEvery = 1 << 20

// inflate decodes FlateDecode (7.4.4). The zlib header may be missing, and so may the checksum; a wrong one is damage, for any digit
// may be another one. What was inflated is the best there is all the same.
func inflate(ctx context.Context, dst, src []byte, limit int64) (out []byte, damaged bool, err error) {
	base := len(dst)
	body := src
	if len(body) > 0 && (body[0] == '\r' || body[0] == '\n') && !zlibHeader(body) {
		body = bytes.TrimLeft(body, "\r\n") // an end of line too many behind the keyword
	}
	if len(body) == 0 {
		return dst, false, nil
	}
	// The two header bytes are skipped even when their checksum is wrong, as long as they name the deflate method. If nothing
	// comes out that way, the data may have no header at all.
	if zlibHeader(body) || len(body) >= 2 && body[0]&0x0f == 8 {
		out, sum, err := inflateRaw(ctx, dst, body[2:], limit)
		if err == nil {
			damaged := len(sum) >= adler32.Size && binary.BigEndian.Uint32(sum) != adler32.Checksum(out[base:])
			return out, damaged, nil
		}
		if err != errCorrupt {
			return out, false, err
		}
		if len(out) > base {
			return out, true, nil
		}
	}
	out, _, err = inflateRaw(ctx, dst, body, limit)
	if err == errCorrupt {
		return out, true, nil
	}
	return out, false, err
}

func zlibHeader(b []byte) bool {
	return len(b) >= 2 && b[0]&0x0f == 8 && (int(b[0])<<8|int(b[1]))%31 == 0
}

// errCorrupt is internal: it never leaves inflate.
var errCorrupt = io.ErrUnexpectedEOF

// inflateRaw appends what src holds, and returns with it what stands behind the end of the compressed data.
func inflateRaw(ctx context.Context, dst, src []byte, limit int64) (out, rest []byte, err error) {
	f := inflaters.Get().(*inflater)
	defer func() {
		f.src.Reset(nil) // the pool must not keep a document alive
		inflaters.Put(f)
	}()
	f.src.Reset(src)
	if err := f.r.(flate.Resetter).Reset(&f.src, nil); err != nil {
		return dst, nil, errCorrupt
	}
	base, looked := len(dst), len(dst)
	dst = room(dst, int(min(4*int64(len(src)), limit+1)), base, limit)
	for {
		dst = room(dst, 1, base, limit)
		n, err := f.r.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if int64(len(dst)-base) > limit {
			return dst, nil, tooLong()
		}
		if err == io.EOF {
			return dst, src[len(src)-f.src.Len():], nil // as it reads byte by byte, it reads none too many
		}
		if err != nil {
			return dst, nil, errCorrupt
		}
		if len(dst)-looked >= ctxEvery {
			looked = len(dst)
			if err := ctx.Err(); err != nil {
				return dst, nil, err
			}
		}
	}
}
