package pdf

// Limits bounds what reading one document may cost. A zero field means its default; a negative one is taken as zero, too.
type Limits struct {
	// File is the largest file in bytes. Default 64 MiB; never above 2 GiB - 1.
	File int64
	// Stream is the largest decoded stream in bytes, each filter of a chain counted by itself; also the largest joined
	// content of one page. Default 32 MiB.
	Stream int64
	// Total is the sum of decoded bytes over the document's life, repeated decoding included. Default 64 MiB plus 64 times the
	// file, at most 512 MiB: a small file that decodes to hundreds of megabytes is no document.
	Total int64
	// Ratio is the largest decoded:raw ratio of a stream once its decoded size is past 1 MiB. Default 1000.
	Ratio int
	// Objects is the largest number of cross-reference entries kept, and of steps in the page tree. Default 1,048,576.
	Objects int
	// Elements is the largest number of values in one top-level object, nested ones included. Default 262,144.
	Elements int
	// Pages is the largest number of pages. Default 20,000.
	Pages int
	// Nesting is the deepest nesting of arrays and dictionaries. Default 128.
	Nesting int
	// Cache is the estimated size in bytes of the parsed objects, and again of the decoded object streams, that are kept for
	// reuse. Default 16 MiB.
	Cache int64
}

const (
	defaultFile     = 64 << 20
	maxFile         = 1<<31 - 1
	defaultStream   = 32 << 20
	baseTotal       = 64 << 20
	totalRatio      = 64
	maxTotal        = 512 << 20
	defaultRatio    = 1000
	ratioFloor      = 1 << 20
	defaultObjects  = 1 << 20
	defaultElements = 1 << 18
	defaultPages    = 20_000
	defaultNesting  = 128
	maxNesting      = 1000
	defaultCache    = 16 << 20
)

// withDefaults returns l with every zero field replaced, for a file of size bytes, and the ones that protect the stack and
// offsets capped.
func (l Limits) withDefaults(size int64) Limits {
	set := func(v *int64, def int64) {
		if *v <= 0 {
			*v = def
		}
	}
	setInt := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&l.File, defaultFile)
	l.File = min(l.File, maxFile)
	set(&l.Stream, defaultStream)
	l.Stream = min(l.Stream, maxFile)
	set(&l.Total, min(maxTotal, baseTotal+totalRatio*size))
	setInt(&l.Ratio, defaultRatio)
	setInt(&l.Objects, defaultObjects)
	setInt(&l.Elements, defaultElements)
	setInt(&l.Pages, defaultPages)
	setInt(&l.Nesting, defaultNesting)
	l.Nesting = min(l.Nesting, maxNesting)
	set(&l.Cache, defaultCache)
	return l
}
