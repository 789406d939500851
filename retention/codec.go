package retention

import (
	"encoding/binary"
	"time"
)

// The bodies of records are a kind byte, a version byte, and then fields: unsigned and signed varints, byte strings with
// their length before them, times as milliseconds since 1970 with 0 for none. It is compact, has one form per value, and
// decodes in a microsecond, which every read pays.

const codecVersion = 1

type encoder struct{ b []byte }

func newEncoder(kind byte) *encoder {
	return &encoder{b: append(make([]byte, 0, 512), kind, codecVersion)}
}

func (e *encoder) uint(n uint64)   { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) int(n int)       { e.uint(uint64(n)) }
func (e *encoder) bytes(v []byte)  { e.int(len(v)); e.b = append(e.b, v...) }
func (e *encoder) string(v string) { e.int(len(v)); e.b = append(e.b, v...) }

func (e *encoder) bool(v bool) {
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

func (e *encoder) time(t time.Time) {
	var ms int64
	if !t.IsZero() {
		ms = t.UnixMilli()
	}
	e.b = binary.AppendVarint(e.b, ms)
}

// decoder reads what encoder wrote. After the first thing that is not as expected bad is set and everything reads as zero.
type decoder struct {
	b   []byte
	bad bool
}

func newDecoder(kind byte, b []byte) *decoder {
	if len(b) < 2 || b[0] != kind || b[1] != codecVersion {
		return &decoder{bad: true}
	}
	return &decoder{b: b[2:]}
}

// end returns ErrDamaged unless everything was read, and was right.
func (d *decoder) end() error {
	if d.bad || len(d.b) != 0 {
		return ErrDamaged
	}
	return nil
}

func (d *decoder) fail() { d.bad, d.b = true, nil }

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// int reads a number that counts things in memory.
func (d *decoder) int() int {
	v := d.uint()
	if v > 1<<40 {
		d.fail()
		return 0
	}
	return int(v)
}

// count reads the length of a list, whose elements take a byte at least.
func (d *decoder) count() int {
	n := d.int()
	if n > len(d.b) {
		d.fail()
		return 0
	}
	return n
}

// bytes returns a part of the input.
func (d *decoder) bytes() []byte {
	n := d.count()
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) string() string { return string(d.bytes()) }

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) bool() bool {
	v := d.byte()
	if v > 1 {
		d.fail()
	}
	return v == 1
}

func (d *decoder) time() time.Time {
	ms, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return time.Time{}
	}
	d.b = d.b[n:]
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
