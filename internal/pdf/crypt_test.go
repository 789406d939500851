package pdf_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/internal/pdf"
)

// The files of testdata/encrypted are one synthetic page, encrypted by qpdf 11 with the method that the name says: the owner's
// password is "owner"; the user's is empty, except in *-user.pdf: "user", and "gebruiker-€" for revision 6.
const encryptedText = "BT /F1 12 Tf 72 720 Td (Verzekeringsbericht) Tj ET"

func TestEncrypted(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/encrypted/*.pdf")
	require.NoError(t, err)
	require.Len(t, files, 15)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		name := strings.TrimSuffix(filepath.Base(file), ".pdf")
		withUser := strings.HasSuffix(name, "-user")
		user := ""
		if withUser {
			user = "user"
			if strings.Contains(name, "r6") {
				user = "gebruiker-€"
			}
		}
		for as, password := range map[string]string{"user": user, "owner": "owner", "wrong": "no such password"} {
			t.Run(name+"/"+as, func(t *testing.T) {
				t.Parallel()
				d, err := pdf.OpenBytes(context.Background(), data, &pdf.Options{Password: []byte(password)})
				if withUser && as == "wrong" {
					require.ErrorIs(t, err, pdf.ErrEncrypted)
					return
				}
				require.NoError(t, err)
				assertDecrypted(t, d)
				assert.Zero(t, d.Damage())
			})
		}
		t.Run(name+"/broken cross-reference", func(t *testing.T) {
			t.Parallel()
			broken := bytes.ReplaceAll(data, []byte("startxref"), []byte("startxfer"))
			d, err := pdf.OpenBytes(context.Background(), broken, &pdf.Options{Password: []byte(user)})
			require.NoError(t, err)
			assertDecrypted(t, d)
		})
		t.Run(name+"/bytes of the dictionary changed", func(t *testing.T) {
			t.Parallel()
			// Revision 6 makes its hash slow on purpose: fewer changes there.
			step := 29
			if strings.Contains(name, "r6") {
				step = 149
			}
			at := bytes.Index(data, []byte("/Standard"))
			for i := max(0, at-150); i < min(len(data), at+400); i += step {
				bad := bytes.Clone(data)
				bad[i] ^= 0x15
				d, err := pdf.OpenBytes(context.Background(), bad, &pdf.Options{Password: []byte(user)})
				if err != nil {
					continue
				}
				for p, err := range d.Pages(context.Background()) {
					require.NoError(t, err)
					_, err := d.Content(context.Background(), p)
					require.NoError(t, err)
				}
			}
		})
	}
}

func assertDecrypted(t *testing.T, d *pdf.Doc) {
	t.Helper()
	assert.True(t, d.Encrypted())
	assert.Equal(t, []string{encryptedText}, contents(t, d))
	title, ok := d.Get(d.Get(d.Trailer(), "Info").Dict(), "Title").Str()
	assert.True(t, ok)
	assert.Equal(t, "a title (with brackets)", string(title))
	meta, err := d.Stream(context.Background(), d.Get(d.Catalog(), "Metadata"))
	require.NoError(t, err)
	assert.Equal(t, "<x>metadata</x>", strings.TrimSpace(string(meta)))
}

func TestEncryptedWithoutPassword(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/encrypted/*-user.pdf")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		_, err = pdf.OpenBytes(context.Background(), data, nil)
		require.ErrorIs(t, err, pdf.ErrEncrypted)
		assert.NotContains(t, err.Error(), file)
	}
}
