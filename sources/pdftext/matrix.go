package pdftext

import "math"

// matrix is [a b 0; c d 0; e f 1], applied to row vectors (ISO 32000-1 §8.3.3).
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{a: 1, d: 1}

// mul returns the transformation that applies m first and n after it.
func (m matrix) mul(n matrix) matrix {
	return matrix{
		a: m.a*n.a + m.b*n.c, b: m.a*n.b + m.b*n.d,
		c: m.c*n.a + m.d*n.c, d: m.c*n.b + m.d*n.d,
		e: m.e*n.a + m.f*n.c + n.e, f: m.e*n.b + m.f*n.d + n.f,
	}
}

// shift returns the transformation that moves by (x, y) in m's own space first: the text matrix's step.
func (m matrix) shift(x, y float64) matrix {
	m.e += x*m.a + y*m.c
	m.f += x*m.b + y*m.d
	return m
}

func (m matrix) apply(x, y float64) (float64, float64) {
	return x*m.a + y*m.c + m.e, x*m.b + y*m.d + m.f
}

// sane reports whether every element is finite and small enough that products of a few of them stay so. Content that
// leaves this range draws nothing anybody can see.
func (m matrix) sane() bool {
	for _, v := range [...]float64{m.a, m.b, m.c, m.d, m.e, m.f} {
		if !(math.Abs(v) < 1e12) {
			return false
		}
	}
	return true
}
