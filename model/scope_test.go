package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

func TestScopeValidate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scope model.Scope
		ok    bool
	}{
		"nothing":           {model.Scope{}, true},
		"whole and part":    {basket(model.CategoryTransaction, "amount", "counterparty", "counterparty.name"), true},
		"extra":             {basket(model.CategoryIncome, "extra.name"), true},
		"no fields":         {basket(model.CategoryIncome), true},
		"unknown category":  {basket("weather"), false},
		"unknown field":     {basket(model.CategoryIncome, "amount"), false},
		"half a name":       {basket(model.CategoryTransaction, "counter"), false},
		"the header":        {basket(model.CategoryTransaction, "provenance"), false},
		"a category, twice": {model.Scope{Baskets: []model.Basket{{Category: "person"}, {Category: "person"}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.scope.Validate()
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, model.ErrSyntax)
			var se *model.ScopeError
			require.ErrorAs(t, err, &se)
		})
	}
	for _, c := range model.Categories() {
		all := model.Everything(c)
		require.NoError(t, model.Scope{Baskets: []model.Basket{all}}.Validate())
		assert.NotContains(t, all.Fields, "bsn")
	}
}

func TestScopeHasField(t *testing.T) {
	t.Parallel()
	s := basket(model.CategoryTransaction, "counterparty", "bookingDate")
	for field, want := range map[string]bool{"counterparty": true, "counterparty.name": true, "bookingDate": true, "amount": false, "counterpartyX": false, "counter": false, "": false} {
		assert.Equal(t, want, s.HasField(model.CategoryTransaction, field), field)
	}
	assert.False(t, s.HasField(model.CategoryPerson, "bookingDate"))
	part := basket(model.CategoryTransaction, "counterparty.name")
	assert.False(t, part.HasField(model.CategoryTransaction, "counterparty"))
	assert.Equal(t, []model.Category{model.CategoryTransaction}, s.Categories())
	assert.False(t, s.Without(model.CategoryTransaction).Has(model.CategoryTransaction))
	assert.True(t, s.Has(model.CategoryTransaction), "the original stays")
}

// A scope covers another exactly where minimising by it takes nothing from what the other leaves.
func TestScopeCovers(t *testing.T) {
	t.Parallel()
	draw := func(t *rapid.T, label string) model.Scope {
		var s model.Scope
		for _, c := range []model.Category{model.CategoryTransaction, model.CategoryPerson} {
			if rapid.Bool().Draw(t, label) {
				fields := append(model.Fields(c), "counterparty")
				if c == model.CategoryPerson {
					fields[len(fields)-1] = "name"
				}
				s.Baskets = append(s.Baskets, model.Basket{Category: c, Fields: rapid.SliceOfNDistinct(rapid.SampledFrom(fields), 0, 12, rapid.ID[string]).Draw(t, label)})
			}
		}
		if rapid.Bool().Draw(t, label) {
			s.Since = date(t, rapid.SampledFrom(sampleDates).Draw(t, label))
		}
		return s
	}
	rapid.Check(t, func(t *rapid.T) {
		wide, narrow := draw(t, "wide"), draw(t, "narrow")
		require.True(t, wide.Covers(wide))
		require.True(t, wide.Covers(model.Scope{Since: wide.Since}))
		if !wide.Covers(narrow) {
			return
		}
		for _, r := range []model.Record{anyRecord(t, 100), anyRecord(t, 50)} {
			if _, ok := r.(*model.Extra); ok {
				continue
			}
			r.Head().Issues = nil
			got, ok := model.Minimise(r, narrow)
			if !ok {
				continue
			}
			again, ok := model.Minimise(got, wide)
			require.True(t, ok)
			require.Equal(t, got, again)
		}
	})
}

func TestScopeCoversAndWithout(t *testing.T) {
	t.Parallel()
	since := func(s model.Scope, day string) model.Scope { s.Since = date(t, day); return s }
	tx, person := basket(model.CategoryTransaction, "amount", "counterparty"), basket(model.CategoryPerson, "birthDate")
	both := since(model.Scope{Baskets: append(tx.Baskets[:1:1], person.Baskets...)}, "2026-01-01")
	parts := basket(model.CategoryTransaction, "counterparty.name", "counterparty.account", "counterparty.bic")
	for name, c := range map[string]struct {
		wide, narrow model.Scope
		want         bool
	}{
		"itself":              {both, both, true},
		"nothing":             {both, model.Scope{Since: both.Since}, true},
		"a category less":     {both, since(tx, "2026-01-01"), true},
		"a category more":     {tx, person, false},
		"a field more":        {tx, basket(model.CategoryTransaction, "description"), false},
		"a part":              {tx, basket(model.CategoryTransaction, "counterparty.name"), true},
		"all parts":           {parts, basket(model.CategoryTransaction, "counterparty"), true},
		"a whole of one part": {basket(model.CategoryTransaction, "counterparty.name"), basket(model.CategoryTransaction, "counterparty"), false},
		"what has no parts":   {basket(model.CategoryTransaction, "amount"), basket(model.CategoryTransaction, "description"), false},
		"since later":         {both, since(tx, "2026-01-02"), true},
		"since before":        {both, since(tx, "2025-12-31"), false},
		"all history":         {both, tx, false},
		"of all history":      {tx, since(tx, "2020"), true},
	} {
		assert.Equal(t, c.want, c.wide.Covers(c.narrow), name)
	}
	less := both.Without(model.CategoryPerson)
	assert.Equal(t, since(tx, "2026-01-01"), less, "the rest stays, and so does the look-back date")
	less.Baskets[0].Fields[0] = "changed"
	assert.Equal(t, "amount", both.Baskets[0].Fields[0], "a copy")
	assert.Equal(t, both, both.Without())

	err := basket(model.CategoryIncome, "amount").Validate()
	var se *model.ScopeError
	require.ErrorAs(t, err, &se)
	assert.Equal(t, model.ScopeError{Category: model.CategoryIncome, Field: "amount"}, *se)
	require.ErrorAs(t, basket("weather").Validate(), &se)
	assert.Equal(t, model.ScopeError{Category: "weather"}, *se)
	assert.Contains(t, se.Error(), "weather is unknown")
}
