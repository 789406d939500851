package jsonscan

// Parse reads one document into a tree. A byte order mark before it is ignored (RFC 8259 §8.1); anything but white space
// behind it is an error. The result shares no memory with b. With an error, which is an [*Error], there is no result.
func Parse(b []byte, l *Limits) (Value, error) {
	var o Options
	if l != nil {
		o.Limits = *l
	}
	r := NewReader(b, &o)
	v, err := r.Value()
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return Value{}, err
	}
	return v, nil
}
