package model

// Opaque is a record of a category that this version does not know. Only a tolerant reader makes one (see
// [ReadOptions]); it is outside every scope and serves to be handed on as it came.
type Opaque struct {
	Header
	category Category
	raw      []byte // canonical JSON
}

// Category returns the category as it was read; it is not [Category.Valid], or the record has an unknown form.
func (o *Opaque) Category() Category { return o.category }
