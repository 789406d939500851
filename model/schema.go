package model

import _ "embed" // for the committed schema

//go:embed schema.json
var schemaJSON []byte

// Schema returns the JSON Schema (2020-12) of a dossier; "#/$defs/record" in it is that of one record. It describes what
// [Dossier.MarshalJSON] writes and the strict reading takes, but for what a schema cannot say: check digits, and that
// provenance and matches point at something. A test keeps it equal to the Go types.
func Schema() []byte { return append([]byte(nil), schemaJSON...) }
