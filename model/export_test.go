package model

import (
	"encoding/json"
	"reflect"
)

// BuildSchema lets the tests compare the committed schema with the Go types.
func BuildSchema() ([]byte, error) {
	b, err := json.MarshalIndent(buildSchema(), "", "  ")
	return append(b, '\n'), err
}

// NewRecord gives the tests an empty record of each category.
func NewRecord(c Category) Record { return newRecord(c) }

// CompareLocators gives the tests the order of places.
func CompareLocators(a, b Locator) int { return compareLocators(a, b) }

// CompareKeys gives the tests the order of keys.
func CompareKeys(a, b string) int { return compareKeys(a, b) }

// EnumOf gives the tests the values of a closed set.
func EnumOf(t reflect.Type) []string { return enumOf(t) }
