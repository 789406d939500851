package psd2

import (
	"context"
	"errors"
	"iter"

	"github.com/brondata/brondata/internal/jsonscan"
	"github.com/brondata/brondata/sources"
)

// limits are those of one answer. Answers of the specification are nested eight levels deep. A few bytes of "[[]]" would
// become a hundred each in a tree, so trees, of single records and short answers, are bounded; numbers and texts are not
// but by the answer's own size, since what is ignored may have any length.
var limits = jsonscan.Limits{Depth: 64, Number: maxDocument, String: maxDocument, Values: 200_000}

// newReader returns the reader of an answer or of its beginning. A letter that is broken does not cost the record: the text
// is mended, and [fields.text] doubts it. The reader is for the time of one call with ctx.
func newReader(ctx context.Context, b []byte) *jsonscan.Reader {
	return jsonscan.NewReader(b, &jsonscan.Options{Limits: limits, Mend: true, Check: ctx.Err})
}

// jsonError gives an error of reading JSON the sentinel that a caller branches on; others pass.
func jsonError(err error) error {
	e, ok := errors.AsType[*jsonscan.Error](err)
	switch {
	case !ok:
		return err
	case e.Err == jsonscan.ErrTruncated:
		return sources.Errorf(sources.ErrTruncated, "JSON: ends at byte %d", e.Offset)
	case e.Err == jsonscan.ErrLimit:
		return sources.Errorf(sources.ErrLimit, "JSON: too deep or too many values at byte %d", e.Offset)
	case e.Err == jsonscan.ErrDuplicate:
		return sources.Errorf(sources.ErrMalformed, "JSON: a name that the object has already at byte %d", e.Offset)
	}
	return sources.Errorf(sources.ErrMalformed, "JSON: not well-formed, or not of the expected form, at byte %d", e.Offset)
}

// value is a tree of JSON. The zero value stands for what is not there.
type value struct{ jsonscan.Value }

// tree reads the next value, or of a broken one the part that is whole.
func tree(r *jsonscan.Reader) (value, error) {
	v, err := r.Value()
	return value{v}, err
}

// parse reads a whole document into a tree, or of a broken one the part that is whole.
func parse(ctx context.Context, b []byte) (value, error) {
	r := newReader(ctx, b)
	v, err := tree(r)
	if err == nil {
		err = r.End()
	}
	return v, jsonError(err)
}

// get returns the member with this name.
func (v value) get(name string) value {
	m, _ := v.Get(name)
	return value{m}
}

// is reports whether the value is of this kind.
func (v value) is(k jsonscan.Kind) bool { return v.Kind() == k }

// yes reports whether the value is true.
func (v value) yes() bool { return v.is(jsonscan.Bool) && v.Text() == "true" }

// present reports whether there is a value other than null.
func (v value) present() bool { return v.Kind() != 0 && !v.is(jsonscan.Null) }

// str returns the text of a string, "" for everything else.
func (v value) str() string {
	if v.is(jsonscan.String) {
		return v.Text()
	}
	return ""
}

// elements iterates over those of an array, over nothing else.
func (v value) elements() iter.Seq2[int, value] {
	return func(yield func(int, value) bool) {
		if !v.is(jsonscan.Array) {
			return
		}
		for i, e := range v.Elems() {
			if !yield(i, value{e}) {
				return
			}
		}
	}
}

// several is elements, with an object as the only one: banks give one where the specification has a list.
func (v value) several() iter.Seq2[int, value] {
	if v.is(jsonscan.Object) {
		return func(yield func(int, value) bool) { yield(0, v) }
	}
	return v.elements()
}

// lists reports whether the value is an array that has the text among its elements.
func (v value) lists(text string) bool {
	for _, e := range v.elements() {
		if e.str() == text {
			return true
		}
	}
	return false
}

// next returns the address of the next page among the links of an answer, "" where they have none. Links of another form are an
// error: the list would seem to end there.
func (v value) next() (string, error) {
	n := v.get("next")
	href := n.get("href")
	switch {
	case v.isEmpty(), v.is(jsonscan.Object) && n.isEmpty():
		return "", nil
	case n.is(jsonscan.String):
		return n.Text(), nil
	case n.is(jsonscan.Object) && (href.is(jsonscan.String) || href.is(jsonscan.Null)):
		return href.Text(), nil
	}
	return "", sources.Errorf(sources.ErrMalformed, "links of a form that the specification does not have")
}

// isEmpty reports whether there is nothing: no value, null, or an object or array without anything in it.
func (v value) isEmpty() bool {
	return !v.present() || (v.is(jsonscan.Object) || v.is(jsonscan.Array)) && v.Len() == 0
}

// href returns the address of a link: {"href":"…"} as the specification has it, or a plain string as some banks do.
func (v value) href() string {
	if v.is(jsonscan.String) {
		return v.Text()
	}
	return v.get("href").str()
}
