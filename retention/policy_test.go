package retention_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

const day = 24 * time.Hour

func TestParseStorage(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]retention.Storage{
		"store": retention.CredentialsStore, "nostore": retention.CredentialsNoStore, "1d": 1, "30d": 30, "365d": 365,
	} {
		got, err := retention.ParseStorage(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got, s)
		assert.Equal(t, s, got.String())
	}
	for _, s := range []string{
		"", "0d", "366d", "1D", "365D", "01d", "+1d", "-1d", "1", "d", "1.5d", " 1d", "1d ", "1000d", "9999999999999999999d",
		"Store", "STORE", "no-store", "nostore ", "1h", "1w", "१d",
	} {
		_, err := retention.ParseStorage(s)
		assert.ErrorIs(t, err, retention.ErrPolicy, s)
	}
}

func TestParseDays(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]retention.Days{"1d": 1, "90d": 90, "365d": 365} {
		got, err := retention.ParseDays(s)
		require.NoError(t, err, s)
		assert.Equal(t, want, got, s)
		assert.Equal(t, s, got.String())
		assert.Equal(t, time.Duration(want)*day, got.Duration())
	}
	for _, s := range []string{"", "0d", "366d", "1D", "store", "nostore", "01d", "1"} {
		_, err := retention.ParseDays(s)
		assert.ErrorIs(t, err, retention.ErrPolicy, s)
	}
}

func TestPolicyValidate(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]retention.Policy{
		"default":             {},
		"recurrent":           {Recurrent: true},
		"recurrent that says": {Recurrent: true, Credentials: retention.CredentialsStore},
		"single store":        {Credentials: retention.CredentialsStore},
		"nostore":             {Credentials: retention.CredentialsNoStore},
		"one day":             {Credentials: retention.CredentialsDays(1), StaleIn: 1},
		"a year":              {Credentials: retention.CredentialsDays(365), StaleIn: 365},
		"lives":               {Lives: map[model.Category]time.Duration{model.CategoryIncome: time.Hour, retention.CategoryDossier: day}},
		"until":               {Until: start},
		"nothing is kept":     {Discard: true},
	} {
		require.NoError(t, p.Validate(), name)
	}
	for name, p := range map[string]retention.Policy{
		"no days":               {Credentials: retention.CredentialsDays(0)},
		"too many days":         {Credentials: retention.CredentialsDays(366)},
		"storage made up":       {Credentials: -9},
		"storage past the year": {Credentials: 366},
		"stale past the year":   {StaleIn: 366},
		"stale below":           {StaleIn: -1},
		"recurrent nostore":     {Recurrent: true, Credentials: retention.CredentialsNoStore},
		"recurrent days":        {Recurrent: true, Credentials: retention.CredentialsDays(365)},
		"life of nothing":       {Lives: map[model.Category]time.Duration{model.CategoryIncome: 0}},
		"life below":            {Lives: map[model.Category]time.Duration{model.CategoryIncome: -day}},
		"life of no category":   {Lives: map[model.Category]time.Duration{"hobbies": day}},
		"life of the state":     {Lives: map[model.Category]time.Duration{retention.CategoryState: day}},
		"until out of range":    {Until: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		require.ErrorIs(t, p.Validate(), retention.ErrPolicy, name)
	}
}

func TestPolicyDefaults(t *testing.T) {
	t.Parallel()
	assert.Equal(t, retention.Policy{Credentials: 365, StaleIn: 365}, retention.Policy{}.WithDefaults())
	assert.Equal(t, retention.Policy{Recurrent: true, Credentials: retention.CredentialsStore, StaleIn: 365},
		retention.Policy{Recurrent: true}.WithDefaults())
	assert.True(t, retention.Policy{}.Equal(retention.Policy{Credentials: 365, StaleIn: 365}))
	assert.False(t, retention.Policy{}.Equal(retention.Policy{StaleIn: 364}))
	assert.False(t, retention.Policy{}.Equal(retention.Policy{Until: start}))
	assert.False(t, retention.Policy{}.Equal(retention.Policy{Discard: true}))
	assert.False(t, retention.Policy{}.Equal(retention.Policy{Lives: map[model.Category]time.Duration{model.CategoryIncome: day}}))
}

func TestPolicyExpiry(t *testing.T) {
	t.Parallel()
	created, retrieved, last := start, start.Add(10*day), start.Add(20*day)
	for _, c := range []struct {
		name              string
		p                 retention.Policy
		credentials, data time.Time
	}{
		{"default", retention.Policy{}, created.Add(365 * day), last.Add(365 * day)},
		{"recurrent", retention.Policy{Recurrent: true, StaleIn: 30}, retention.Forever, last.Add(30 * day)},
		{"nostore", retention.Policy{Credentials: retention.CredentialsNoStore}, created.Add(15 * time.Minute), last.Add(365 * day)},
		{"one day", retention.Policy{Credentials: 1, StaleIn: 1}, created.Add(day), last.Add(day)},
		{"the purpose's life is shorter", retention.Policy{StaleIn: 90, Lives: map[model.Category]time.Duration{model.CategoryIncome: 14 * day}},
			created.Add(365 * day), retrieved.Add(14 * day)},
		{"the purpose's life is longer", retention.Policy{StaleIn: 2, Lives: map[model.Category]time.Duration{model.CategoryIncome: 14 * day}},
			created.Add(365 * day), last.Add(2 * day)},
		{"another category's life", retention.Policy{Lives: map[model.Category]time.Duration{model.CategoryBalance: day}},
			created.Add(365 * day), last.Add(365 * day)},
		{"the grant ends before", retention.Policy{Recurrent: true, Until: created.Add(25*day + time.Microsecond)}, created.Add(25 * day), created.Add(25 * day)},
	} {
		assert.Equal(t, c.credentials, c.p.CredentialsExpiry(created), c.name)
		assert.Equal(t, c.data, c.p.DataExpiry(model.CategoryIncome, retrieved, last), c.name)
	}
	p := retention.Policy{Lives: map[model.Category]time.Duration{model.CategoryIncome: day - time.Millisecond, model.CategoryBalance: day}}
	assert.True(t, p.InMemory(model.CategoryIncome))
	assert.False(t, p.InMemory(model.CategoryBalance))
	assert.False(t, p.InMemory(model.CategoryPerson))
}

func TestPolicyJSON(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(retention.Policy{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"accessMode":"single","credentialsStorage":"365d","staleIn":"365d","saveData":true}`, string(b))

	full := retention.Policy{Recurrent: true, StaleIn: 30, Discard: true, Until: start,
		Lives: map[model.Category]time.Duration{model.CategoryIncome: 12 * time.Hour}}
	b, err = json.Marshal(full)
	require.NoError(t, err)
	assert.JSONEq(t, `{"accessMode":"recurrent","credentialsStorage":"store","staleIn":"30d","saveData":false,
		"lives":{"income":"12h0m0s"},"until":"2026-03-01T09:00:00Z"}`, string(b))
	var back retention.Policy
	require.NoError(t, json.Unmarshal(b, &back))
	assert.True(t, full.Equal(back))

	require.NoError(t, json.Unmarshal([]byte(`{}`), &back))
	assert.True(t, back.Equal(retention.Policy{}))
	for _, bad := range []string{
		`{"accessMode":"sometimes"}`, `{"credentialsStorage":"1D"}`, `{"credentialsStorage":"366d"}`, `{"staleIn":"0d"}`,
		`{"accessMode":"recurrent","credentialsStorage":"nostore"}`, `{"lives":{"income":"soon"}}`, `{"lives":{"hobbies":"1h"}}`,
		`{"staleIn":365}`, `[]`, `{`,
	} {
		assert.Error(t, json.Unmarshal([]byte(bad), &back), bad)
	}
	assert.ErrorIs(t, json.Unmarshal([]byte(`{"staleIn":"366d"}`), &back), retention.ErrPolicy)
}

func TestEveryCategoryHasItsPlace(t *testing.T) {
	t.Parallel()
	identity := map[model.Category]bool{model.CategoryPerson: true, model.CategoryAddress: true}
	for _, c := range model.Categories() {
		place, err := retention.CompartmentOf(c)
		require.NoError(t, err, "category %s has no compartment: extend the table", c)
		assert.Equal(t, identity[c], place == retention.Identity, "category %s", c)
		assert.NotEqual(t, retention.Credentials, place, "category %s", c)
	}
	place, err := retention.CompartmentOf(retention.CategoryState)
	require.NoError(t, err)
	assert.Equal(t, retention.Credentials, place)
	_, err = retention.CompartmentOf("hobbies")
	assert.ErrorIs(t, err, retention.ErrInvalid)
}
