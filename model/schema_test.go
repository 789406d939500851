package model_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pb33f/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

// The committed schema is the one that follows from the Go types. BRONDATA_UPDATE=1 rewrites it.
func TestSchemaIsOfTheTypes(t *testing.T) {
	t.Parallel()
	want, err := model.BuildSchema()
	require.NoError(t, err)
	if os.Getenv("BRONDATA_UPDATE") == "1" {
		require.NoError(t, os.WriteFile("schema.json", want, 0o644))
	}
	got, err := os.ReadFile("schema.json")
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func compiled(t *testing.T, at string) *jsonschema.Schema {
	t.Helper()
	text := model.Schema()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("mem:///schema.json", doc))
	s, err := c.Compile("mem:///schema.json" + at)
	require.NoError(t, err)
	return s
}

func validate(t require.TestingT, s *jsonschema.Schema, text []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return s.Validate(v)
}

// What the writer writes is valid; what the schema refuses, the strict reader refuses.
func TestSchemaAgreesWithTheReader(t *testing.T) {
	t.Parallel()
	whole, record := compiled(t, ""), compiled(t, "#/$defs/record")
	rapid.Check(t, func(t *rapid.T) {
		d := anyDossier(t, 6)
		if rapid.Bool().Draw(t, "matched") {
			d.Match()
		}
		b, err := d.MarshalJSON()
		require.NoError(t, err)
		require.NoError(t, validate(t, whole, b))
		for _, r := range d.Records {
			b, err := model.MarshalRecord(r)
			require.NoError(t, err)
			require.NoError(t, validate(t, record, b))
		}
	})
	for name, text := range map[string]string{
		"a band with nothing in it": `{"bands":[{}],"category":"pension","provenance":{"document":0}}`,
		"nothing left to pay":       `{"category":"study-debt","provenance":{"document":0},"remainingMonths":0}`,
	} {
		require.NoError(t, validate(t, record, []byte(text)), name)
		r, err := model.UnmarshalRecord([]byte(text), nil)
		require.NoError(t, err, name)
		require.Equal(t, text, marshal(t, r))
	}
	for name, text := range map[string]string{
		"unknown field": plain + `,"colour":"x"}`, "wrong case": plain + `,"Description":"x"}`, "empty text": plain + `,"description":""}`, "empty part": plain + `,"counterparty":{}}`,
		"float": plain + `,"amount":{"amount":"1e5","currency":"EUR"}}`, "status": plain + `,"status":"maybe"}`, "null": plain + `,"id":null}`, "no provenance": `{"category":"person"}`,
		"category": `{"category":"weather","provenance":{"document":0}}`, "other category's field": `{"category":"person","provenance":{"document":0},"amount":{"amount":"1.00","currency":"EUR"}}`,
		"false": `{"category":"pension","provenance":{"document":0},"perChild":false}`, "nought": `{"category":"pension","bands":[{"from":{"years":0,"months":1}}],"provenance":{"document":0}}`, "less than nought": `{"category":"study-debt","provenance":{"document":0},"totalMonths":-1}`,
		"postcode": `{"category":"address","provenance":{"document":0},"postcode":"1234 AB"}`, "place": `{"category":"person","provenance":{"at":"a=b","document":0}}`,
	} {
		require.Error(t, validate(t, record, []byte(text)), name)
		_, err := model.UnmarshalRecord([]byte(text), nil)
		require.Error(t, err, name)
	}
}

// Each constant of a closed type stands in its enumeration, and nothing else does.
func TestEnumerationsAreComplete(t *testing.T) {
	t.Parallel()
	types := map[string]reflect.Type{
		"Category": reflect.TypeFor[model.Category](), "IssueCode": reflect.TypeFor[model.IssueCode](), "Obtained": reflect.TypeFor[model.Obtained](),
		"Check": reflect.TypeFor[model.Check](), "Gender": reflect.TypeFor[model.Gender](), "AddressKind": reflect.TypeFor[model.AddressKind](),
		"BalanceType": reflect.TypeFor[model.BalanceType](), "TransactionStatus": reflect.TypeFor[model.TransactionStatus](),
		"PensionKind": reflect.TypeFor[model.PensionKind](), "PensionEvent": reflect.TypeFor[model.PensionEvent](),
	}
	found := map[string][]string{}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		require.NoError(t, err)
		for _, decl := range tree.Decls {
			g, ok := decl.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				name, ok := v.Type.(*ast.Ident)
				if !ok || types[name.Name] == nil {
					continue
				}
				lit := v.Values[0].(*ast.BasicLit)
				found[name.Name] = append(found[name.Name], constant.StringVal(constant.MakeFromLiteral(lit.Value, lit.Kind, 0)))
			}
		}
	}
	for name, typ := range types {
		want, got := found[name], slices.Clone(model.EnumOf(typ))
		slices.Sort(want)
		slices.Sort(got)
		assert.Equal(t, want, got, name)
	}
}

// The schema names each field that a scope can name.
func TestSchemaNamesAllFields(t *testing.T) {
	t.Parallel()
	var schema struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(model.Schema(), &schema))
	for _, c := range model.Categories() {
		for _, f := range model.Fields(c) {
			for _, part := range strings.Split(f, ".") {
				assert.Contains(t, string(schema.Defs[string(c)]), strconv.Quote(part), f)
			}
		}
	}
}
