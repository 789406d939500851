package pdf

import "context"

// readXrefStream adds the entries of a cross-reference stream (7.5.8).
func (d *Doc) readXrefStream(ctx context.Context, o Object) error {
	data, err := d.decodeLocked(ctx, o)
	if err != nil {
		return err
	}
	dict := o.Dict()
	var w [3]int
	widths := d.resolve(dict.Raw("W")).Array()
	if len(widths) < len(w) {
		return ErrMalformed
	}
	row := 0
	for i := range w {
		v, ok := d.resolve(widths[i]).Int()
		if !ok || v < 0 || v > 8 {
			return ErrMalformed
		}
		w[i] = int(v)
		row += int(v)
	}
	if row == 0 {
		return ErrMalformed
	}
	// Without Index the rows are those of objects 0 to Size - 1; neither is trusted beyond the rows that are there.
	index := d.resolve(dict.Raw("Index")).Array()
	if len(index) < 2 {
		size, ok := d.resolve(dict.Raw("Size")).Int()
		if !ok {
			size = int64(len(data) / row)
		}
		index = Array{intObject(0), intObject(size)}
	}
	for i := 0; i+1 < len(index); i += 2 {
		start, ok1 := d.resolve(index[i]).Int()
		count, ok2 := d.resolve(index[i+1]).Int()
		if !ok1 || !ok2 || start < 0 || count < 0 {
			return ErrMalformed
		}
		// Rows, not the declared count, end the loop: a count of ten milliard costs nothing.
		for ; count > 0 && len(data) >= row; count-- {
			if start > 1<<32-1 {
				return ErrMalformed
			}
			if e := streamEntry(data, w); e.kind != entryNone && !d.xref.add(uint32(start), e) {
				d.harm(DamageLimit)
			}
			data = data[row:]
			start++
		}
	}
	return nil
}

// streamEntry reads one row. A type that is not defined is a null object, like a free one (table 18).
func streamEntry(row []byte, w [3]int) entry {
	field := func(n int, def uint64) uint64 {
		if n == 0 {
			return def
		}
		var v uint64
		for _, b := range row[:n] {
			v = v<<8 | uint64(b)
		}
		row = row[n:]
		return v
	}
	// A missing type field means 1 (table 17); the others default to 0.
	kind, a, b := field(w[0], 1), field(w[1], 0), field(w[2], 0)
	if a > 1<<32-1 || b > 1<<32-1 {
		return entry{kind: entryFree}
	}
	switch kind {
	case 1:
		if a == 0 {
			return entry{kind: entryFree}
		}
		return entry{off: uint32(a), aux: uint32(b), kind: entryOffset}
	case 2:
		return entry{off: uint32(a), aux: uint32(b), kind: entryStream}
	}
	return entry{kind: entryFree}
}
