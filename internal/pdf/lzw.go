package pdf

import "context"

// lzw decodes LZWDecode (7.4.4.2). A table entry is a stretch of the output: the string of a code is always there already.
func lzw(ctx context.Context, dst, src []byte, early bool, limit int64) (out []byte, damaged bool, err error) {
	// Codes 0 to 255 are bytes, 256 empties the table, 257 ends the data; new strings are numbered from 258 on.
	const clear, end, first = 256, 257, 258
	var start, length [4096]int32
	base, looked := len(dst), len(dst)
	next, width := first, uint(9)
	shift := 0
	if early {
		shift = 1
	}
	// Codes are packed from the high bit down. A code takes more than a byte, so at most one ends in each byte of input.
	var acc uint32
	var bits uint
	prev, prevLen := 0, 0 // the previous code's string in dst; length 0 after a clear
	for _, b := range src {
		acc = acc<<8 | uint32(b)
		if bits += 8; bits < width {
			continue
		}
		bits -= width
		code := int(acc >> bits & (1<<width - 1))
		if code == end {
			return dst, false, nil
		}
		if code == clear {
			next, width, prevLen = first, 9, 0
			continue
		}
		dst = room(dst, len(start), base, limit) // no string is longer than the table
		at := len(dst)
		switch {
		case code < clear:
			dst = append(dst, byte(code))
		case prevLen == 0: // the first code after a clear must be a byte
			return dst, true, nil
		case code < next:
			s, n := base+int(start[code]), int(length[code])
			dst = append(dst, dst[s:s+n]...)
		case code == next: // the string that is just being defined
			dst = append(dst, dst[prev:prev+prevLen]...)
			dst = append(dst, dst[at])
		default:
			return dst, true, nil
		}
		if int64(len(dst)-base) > limit {
			return dst, false, tooLong()
		}
		// The new string is the previous one and the first byte of this one, which follows it directly in the output: to name
		// the place is enough. A full table stays as it is until the next clear code.
		if prevLen > 0 && next < len(start) {
			start[next], length[next] = int32(prev-base), int32(prevLen+1)
			next++
		}
		prev, prevLen = at, len(dst)-at
		switch next + shift {
		case 512:
			width = 10
		case 1024:
			width = 11
		case 2048:
			width = 12
		}
		if len(dst)-looked >= ctxEvery {
			looked = len(dst)
			if err := ctx.Err(); err != nil {
				return dst, false, err
			}
		}
	}
	return dst, true, nil
}
