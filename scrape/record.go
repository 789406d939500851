package scrape

import (
	"encoding/json"
	"strings"

	"github.com/brondata/brondata/model"
)

// named is a value with the JSON name of the field that it is for.
type named struct {
	into  string
	value value
}

const extraPrefix = "extra."

// newRecord makes a record of the category's own type by its JSON form, which checks names and types strictly. Names in
// [model.Extra] are left to newExtra, but checked.
func newRecord(c model.Category, vs []named) (model.Record, error) {
	root := map[string]any{"category": c, "provenance": map[string]any{"document": 0}}
	for _, v := range vs {
		if name, ok := strings.CutPrefix(v.into, extraPrefix); ok {
			if !model.ValidName(name) || v.value.form != formText {
				return nil, model.ErrSyntax
			}
			continue
		}
		at := root
		parts := strings.Split(v.into, ".")
		for _, p := range parts[:len(parts)-1] {
			next, ok := at[p].(map[string]any)
			if !ok {
				if at[p] != nil {
					return nil, model.ErrSyntax
				}
				next = map[string]any{}
				at[p] = next
			}
			at = next
		}
		last := parts[len(parts)-1]
		if at[last] != nil {
			return nil, model.ErrSyntax
		}
		switch v.value.form {
		case formMoney:
			at[last] = v.value.money
		case formCount:
			at[last] = v.value.count
		default:
			at[last] = v.value.text
		}
	}
	b, err := json.Marshal(root)
	if err != nil {
		return nil, err
	}
	return model.UnmarshalRecord(b, nil)
}

// newExtra makes the record of what has a name beyond the category's type; nil where nothing has.
func newExtra(c model.Category, vs []named) *model.Extra {
	var e *model.Extra
	for _, v := range vs {
		if name, ok := strings.CutPrefix(v.into, extraPrefix); ok {
			if e == nil {
				e = &model.Extra{For: c, Extra: map[string]string{}}
			}
			e.Extra[name] = v.value.text
		}
	}
	return e
}
