package pdf

// asciiHex decodes ASCIIHexDecode (7.4.2). What is no digit is skipped; a missing end mark is no damage, for nothing is lost.
func asciiHex(dst, src []byte, limit int64) ([]byte, error) {
	base, half := len(dst), -1
	dst = room(dst, int(min(int64(len(src)/2+1), limit+1)), base, limit)
	for _, c := range src {
		if c == '>' {
			break
		}
		v := hexValue(c)
		switch {
		case v < 0:
		case half < 0:
			half = v
		default:
			dst = append(dst, byte(half<<4|v))
			half = -1
		}
	}
	if half >= 0 {
		dst = append(dst, byte(half<<4))
	}
	if int64(len(dst)-base) > limit {
		return dst, tooLong()
	}
	return dst, nil
}

// ascii85 decodes ASCII85Decode (7.4.3). It may begin with <~; a byte outside the alphabet ends it as damaged.
func ascii85(dst, src []byte, limit int64) (out []byte, damaged bool, err error) {
	base := len(dst)
	for len(src) > 0 && isSpace(src[0]) {
		src = src[1:]
	}
	if len(src) >= 2 && src[0] == '<' && src[1] == '~' {
		src = src[2:]
	}
	var acc uint32
	n := 0
scan:
	for _, c := range src {
		dst = room(dst, 4, base, limit)
		switch {
		case c >= '!' && c <= 'u':
			acc = acc*85 + uint32(c-'!')
			if n++; n == 5 {
				dst = append(dst, byte(acc>>24), byte(acc>>16), byte(acc>>8), byte(acc))
				acc, n = 0, 0
			}
		case c == 'z' && n == 0:
			dst = append(dst, 0, 0, 0, 0)
		case isSpace(c):
			continue
		case c == '~':
			break scan
		default:
			damaged = true
			break scan
		}
		if int64(len(dst)-base) > limit {
			return dst, false, tooLong()
		}
	}
	if n > 1 { // a partial group of n characters stands for n-1 bytes
		for i := n; i < 5; i++ {
			acc = acc*85 + 84
		}
		for i := range n - 1 {
			dst = append(dst, byte(acc>>(24-8*i)))
		}
	}
	return dst, damaged, nil
}

// runLength decodes RunLengthDecode (7.4.5). The end mark may be missing.
func runLength(dst, src []byte, limit int64) (out []byte, damaged bool, err error) {
	base := len(dst)
	for len(src) > 0 {
		n := int(src[0])
		src = src[1:]
		dst = room(dst, 128, base, limit)
		switch {
		case n == 128:
			return dst, false, nil
		case n < 128:
			if n+1 > len(src) {
				return append(dst, src...), true, nil
			}
			dst = append(dst, src[:n+1]...)
			src = src[n+1:]
		case len(src) == 0:
			return dst, true, nil
		default:
			for range 257 - n {
				dst = append(dst, src[0])
			}
			src = src[1:]
		}
		if int64(len(dst)-base) > limit {
			return dst, false, tooLong()
		}
	}
	return dst, false, nil
}
