package model

import "reflect"

// buildSchema derives the schema from the plans that the writer and the reader use.
func buildSchema() map[string]any {
	defs := map[string]any{
		"money": object{
			"type": "object", "additionalProperties": false, "required": []string{"amount", "currency"},
			"properties": object{
				"amount":   object{"type": "string", "pattern": `^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$`},
				"currency": object{"type": "string", "pattern": "^[A-Z]{3}$"},
			},
			"description": "An exact amount with at least as many decimals as the currency has; no trailing zeros beyond them.",
		},
		"decimal": object{
			"type": "string", "pattern": `^-?(0|[1-9][0-9]{0,17})(\.[0-9]{0,17}[1-9])?$`, "description": "An exact number.",
		},
		"date": object{
			"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$", "description": "A day, or a month or a year where no more is known.",
		},
		"time":   object{"type": "string", "format": "date-time", "pattern": "Z$", "description": "RFC 3339 in UTC."},
		"digest": object{"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "A SHA-256."},
		"name":   object{"type": "string", "pattern": "^[a-z0-9][a-z0-9.-]{0,63}$"},
		"place": object{
			"type": "string", "minLength": 1, "maxLength": 256, "pattern": `^[A-Za-z0-9/\[\]#:@._ -]*$`,
			"description": "A place in a document: fixed names and numbers, never a value.",
		},
	}
	var records []any
	for _, c := range Categories() {
		r := newRecord(c)
		defs[string(c)] = schemaOf(reflect.TypeOf(r).Elem(), object{"const": string(c)})
		records = append(records, object{"$ref": "#/$defs/" + string(c)})
	}
	defs["extra"] = schemaOf(reflect.TypeFor[Extra](), object{"enum": texts(Categories())})
	records = append(records, object{"$ref": "#/$defs/extra"})
	defs["record"] = object{"oneOf": records}

	out := schemaOf(reflect.TypeFor[Dossier](), nil)
	out["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	out["$id"] = "https://github.com/brondata/brondata/model/schema.json"
	out["title"] = "brondata dossier"
	out["$defs"] = defs
	return out
}

type object = map[string]any

func schemaOf(t reflect.Type, category object) object {
	var required []string
	properties := object{}
	for _, f := range planOf(t).fields {
		if !f.omit {
			required = append(required, f.name)
		}
		if f.kind == kindCategory {
			properties[f.name] = category
			continue
		}
		properties[f.name] = schemaOfField(&f)
	}
	out := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	} else {
		out["minProperties"] = 1 // with nothing in it, the whole would be left out
	}
	return out
}

func schemaOfField(f *planField) object {
	ref := func(name string) object { return object{"$ref": "#/$defs/" + name} }
	array := func(items object) object {
		out := object{"type": "array", "items": items}
		if f.omit && f.empty {
			out["minItems"] = 1
		}
		return out
	}
	switch f.kind {
	case kindMoney:
		return ref("money")
	case kindDecimal:
		return ref("decimal")
	case kindTime:
		return ref("time")
	case kindBool:
		return object{"const": true} // false is left out
	case kindInt:
		least := 0
		if f.omit {
			least = 1 // nought is left out
		}
		return object{"type": "integer", "minimum": least, "maximum": maxCount}
	case kindCount:
		return object{"type": "integer", "minimum": 0, "maximum": maxCount}
	case kindStruct:
		return schemaOf(f.part.typ, nil)
	case kindStructs:
		items := schemaOf(f.part.typ, nil)
		delete(items, "minProperties") // an element keeps its place though nothing is in it
		return array(items)
	case kindStrings:
		return array(object{"type": "string"})
	case kindInts:
		return array(object{"type": "integer", "minimum": 0, "maximum": maxCount})
	case kindRecords:
		return array(ref("record"))
	case kindExtra:
		return object{"type": "object", "propertyNames": ref("name"), "additionalProperties": object{"type": "string"}}
	}
	switch f.typ {
	case reflect.TypeFor[Date]():
		return ref("date")
	case reflect.TypeFor[Digest]():
		return ref("digest")
	case reflect.TypeFor[Locator]():
		return ref("place")
	}
	if f.enum != nil {
		return object{"enum": f.enum}
	}
	out := object{"type": "string"}
	if f.omit {
		out["minLength"] = 1
	}
	if p := patternOf(f.typ); p != "" {
		out["pattern"] = p
	}
	return out
}

// patternOf returns the form of an identifier. Its check digits are for the reader.
func patternOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[BSN](), reflect.TypeFor[RSIN]():
		return "^[0-9]{9}$"
	case reflect.TypeFor[BIC]():
		return "^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$"
	case reflect.TypeFor[PayrollTaxNumber]():
		return "^[0-9]{9}L[0-9]{2}$"
	case reflect.TypeFor[Postcode]():
		return "^[1-9][0-9]{3}[A-Z]{2}$"
	case reflect.TypeFor[Currency]():
		return "^[A-Z]{3}$"
	case reflect.TypeFor[InstitutionID](), reflect.TypeFor[SourceID](), reflect.TypeFor[FormatID]():
		return "^([a-z0-9][a-z0-9.-]{0,63})?$"
	}
	return ""
}
