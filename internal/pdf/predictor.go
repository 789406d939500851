package pdf

import "fmt"

// predictor is the parameters of 7.4.4.3; kind 1 or less is none.
type predictor struct {
	kind, colors, bits, columns int
}

// newPredictor reads the parameters. Their product must stay small: a row is a part of the data, whatever they say.
func (d *Doc) newPredictor(parms Dict) (predictor, error) {
	p := predictor{1, 1, 8, 1}
	if parms.Len() == 0 {
		return p, nil
	}
	for _, f := range []struct {
		key  string
		dst  *int
		most int64
	}{{"Predictor", &p.kind, 15}, {"Colors", &p.colors, 1 << 10}, {"BitsPerComponent", &p.bits, 16}, {"Columns", &p.columns, 1 << 26}} {
		o := d.resolve(parms.Raw(f.key))
		if o.IsNull() {
			continue
		}
		v, ok := o.Int()
		if !ok || v < 1 || v > f.most {
			return p, fmt.Errorf("%w: predictor", ErrMalformed)
		}
		*f.dst = int(v)
	}
	switch p.bits {
	case 1, 2, 4, 8, 16:
	default:
		return p, fmt.Errorf("%w: predictor", ErrMalformed)
	}
	return p, nil
}

// undo reverses the prediction in place and returns how many bytes of data are left.
func (p predictor) undo(data []byte) int {
	switch {
	case p.kind >= 10:
		return p.png(data)
	case p.kind == 2:
		p.tiff(data)
	}
	return len(data)
}

// rowBytes is the length of a row and of a pixel, both at least one byte.
func (p predictor) rowBytes() (row, pixel int64) {
	bits := int64(p.colors) * int64(p.bits)
	return (bits*int64(p.columns) + 7) / 8, (bits + 7) / 8
}

// png undoes predictors 10 to 15: every row names its own filter. The rows move to the front as their tags go.
func (p predictor) png(data []byte) int {
	// A row longer than the data is one partial row; capping it here keeps all later arithmetic within int.
	rowLen, pixelLen := p.rowBytes()
	row := int(min(rowLen, int64(len(data))))
	pixel := int(min(pixelLen, int64(row)+1))
	w := 0
	for r := 0; r < len(data); {
		// w is at least one behind r, for every row loses its tag: the copy never overwrites what is still to be read.
		tag := data[r]
		r++
		n := copy(data[w:w+min(row, len(data)-r)], data[r:])
		r += n
		cur := data[w : w+n]
		var up []byte // the row above; none above the first
		if w >= row {
			up = data[w-row : w]
		}
		unfilter(tag, cur, up, pixel)
		w += n
	}
	return w
}

// unfilter undoes one row of PNG filter tag (PNG specification, clause 9). An unknown tag leaves the row as it is.
func unfilter(tag byte, cur, up []byte, pixel int) {
	switch tag {
	case 1:
		for i := pixel; i < len(cur); i++ {
			cur[i] += cur[i-pixel]
		}
	case 2:
		if up == nil {
			return
		}
		up = up[:len(cur)] // the last row may be shorter than the one above, never longer
		for i := range cur {
			cur[i] += up[i]
		}
	case 3, 4:
		for i := range cur {
			var a, b, c int
			if i >= pixel {
				a = int(cur[i-pixel])
			}
			if up != nil {
				b = int(up[i])
				if i >= pixel {
					c = int(up[i-pixel])
				}
			}
			if tag == 3 {
				cur[i] += byte((a + b) / 2)
			} else {
				cur[i] += byte(paeth(a, b, c))
			}
		}
	}
}

func paeth(a, b, c int) int {
	// The distances of a+b-c to a, b and c; ties go in that order.
	pa, pb, pc := abs(b-c), abs(a-c), abs(a+b-2*c)
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(v int) int {
	if v < 0 {
		return -v
	}
	return v
}

// tiff undoes predictor 2: each component is a difference to the one of the pixel on its left.
func (p predictor) tiff(data []byte) {
	rowLen, _ := p.rowBytes()
	row := int(min(rowLen, int64(len(data))))
	for ; row > 0 && len(data) > 0; data = data[min(row, len(data)):] {
		cur := data[:min(row, len(data))]
		switch p.bits {
		case 8:
			for i := p.colors; i < len(cur); i++ {
				cur[i] += cur[i-p.colors]
			}
		case 16:
			for i := 2 * p.colors; i+1 < len(cur); i += 2 {
				j := i - 2*p.colors
				v := uint16(cur[i])<<8 | uint16(cur[i+1])
				v += uint16(cur[j])<<8 | uint16(cur[j+1])
				cur[i], cur[i+1] = byte(v>>8), byte(v)
			}
		default:
			p.tiffBits(cur)
		}
	}
}

// tiffBits is tiff for components of 1, 2 and 4 bits.
func (p predictor) tiffBits(cur []byte) {
	// Components lie next to each other from the high bits down, and rows are padded to a byte.
	mask := byte(1<<p.bits - 1)
	per := 8 / p.bits
	get := func(i int) (byte, int) {
		s := 8 - p.bits*(i%per+1)
		return cur[i/per] >> s & mask, s
	}
	n := min(len(cur)*per, p.columns*p.colors)
	for i := p.colors; i < n; i++ {
		left, _ := get(i - p.colors)
		v, s := get(i)
		cur[i/per] = cur[i/per]&^(mask<<s) | (v+left)&mask<<s
	}
}
