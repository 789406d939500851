package crypto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/crypto"
)

// fullContext has every field set, each to another value.
func fullContext() crypto.Context {
	return crypto.Context{
		Tenant: "tenant-1", Subject: "subject-7f3a", Grant: "grant-9c21", Purpose: "mortgage",
		Category: "income", Compartment: "financial", Item: "link-55/income/0", Schema: 1,
	}
}

// changedContexts returns c with each field changed alone, and with text moved across the border of two fields.
func changedContexts(c crypto.Context) map[string]crypto.Context {
	m := make(map[string]crypto.Context)
	change := func(name string, f func(*crypto.Context)) {
		d := c
		f(&d)
		m[name] = d
	}
	change("tenant", func(d *crypto.Context) { d.Tenant += "x" })
	change("subject", func(d *crypto.Context) { d.Subject += "x" })
	change("grant", func(d *crypto.Context) { d.Grant += "x" })
	change("purpose", func(d *crypto.Context) { d.Purpose += "x" })
	change("category", func(d *crypto.Context) { d.Category += "x" })
	change("compartment", func(d *crypto.Context) { d.Compartment += "x" })
	change("item", func(d *crypto.Context) { d.Item += "x" })
	change("schema", func(d *crypto.Context) { d.Schema++ })
	change("tenant empty", func(d *crypto.Context) { d.Tenant = "" })
	change("item empty", func(d *crypto.Context) { d.Item = "" })
	change("schema zero", func(d *crypto.Context) { d.Schema = 0 })
	change("border moved", func(d *crypto.Context) { d.Subject, d.Grant = d.Subject+d.Grant[:1], d.Grant[1:] })
	change("fields swapped", func(d *crypto.Context) { d.Subject, d.Grant = d.Grant, d.Subject })
	change("all empty", func(d *crypto.Context) { *d = crypto.Context{} })
	return m
}

func newKey(t testing.TB) crypto.DataKey {
	t.Helper()
	k, err := crypto.NewDataKey()
	require.NoError(t, err)
	return k
}

func newLocalKEK(t testing.TB) *crypto.LocalKEK {
	t.Helper()
	k, _, err := crypto.GenerateLocalKEK()
	require.NoError(t, err)
	return k
}

func newSigner(t testing.TB) *crypto.LocalSigner {
	t.Helper()
	s, _, err := crypto.GenerateLocalSigner()
	require.NoError(t, err)
	return s
}

func newRecipient(t testing.TB, kem crypto.KEM) crypto.RecipientPrivateKey {
	t.Helper()
	k, err := crypto.GenerateRecipientKey(kem)
	require.NoError(t, err)
	return k
}
