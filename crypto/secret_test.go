package crypto_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"text/template"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/crypto"
)

const canary = "canary-7Qz-do-not-show"

// canaryForms are the ways in which printed bytes could show the canary.
func canaryForms() []string {
	var decimal []string
	for _, b := range []byte(canary) {
		decimal = append(decimal, fmt.Sprint(b))
	}
	return []string{
		canary, hex.EncodeToString([]byte(canary)), strings.ToUpper(hex.EncodeToString([]byte(canary))),
		strings.Join(decimal, " "), strings.Join(decimal, ","), strings.Join(decimal, ", "),
		"Y2FuYXJ5LTdRei1kby1ub3Qtc2hvd", // base64
		"0x63, 0x61, 0x6e", "63 61 6e 61", "0x63 0x61", "0x63616e",
	}
}

func requireHidden(t *testing.T, out, what string) {
	t.Helper()
	for _, form := range canaryForms() {
		require.NotContains(t, out, form, what)
	}
}

type withExported struct {
	Name   string
	Secret crypto.Secret
}

type withUnexported struct {
	Name   string
	secret crypto.Secret
}

type withPointer struct{ P *crypto.Secret }

// holders are values in which a Secret, or a type that holds one, may get printed.
func holders(t testing.TB) map[string]any {
	s := crypto.NewSecretString(canary)
	key := chosenKey(t, crypto.KeyID(fill(1, 16)), []byte((canary + canary)[:32]))
	kek, err := crypto.NewLocalKEK(crypto.NewSecretString((canary + canary)[:32]))
	require.NoError(t, err)
	signer, err := crypto.NewLocalSigner(crypto.NewSecretString((canary + canary)[:32]))
	require.NoError(t, err)
	private, err := crypto.ParseRecipientPrivateKey(crypto.NewSecretString("BDQ\x01\x00\x20" + (canary + canary)[:32]))
	require.NoError(t, err)
	hybrid, err := crypto.ParseRecipientPrivateKey(crypto.NewSecretString("BDQ\x01\x64\x7a" + (canary + canary)[:32]))
	require.NoError(t, err)
	ring, err := crypto.NewKeyring(1, kek)
	require.NoError(t, err)
	return map[string]any{
		"secret": s, "pointer": &s, "exported field": withExported{"n", s}, "unexported field": withUnexported{"n", s},
		"pointer to struct": &withUnexported{"n", s}, "pointer field": withPointer{&s}, "slice": []crypto.Secret{s},
		"map": map[string]crypto.Secret{"k": s}, "any": []any{s, withUnexported{"n", s}},
		"nested": struct{ inner struct{ w withUnexported } }{struct{ w withUnexported }{withUnexported{"n", s}}},
		"key":    key, "key in a struct": struct{ k crypto.DataKey }{key}, "kek": kek, "kek in a struct": struct{ k crypto.LocalKEK }{*kek},
		"keyring": ring, "signer": signer, "signer in a struct": struct{ s crypto.LocalSigner }{*signer},
		"private key": private, "private key in a struct": struct{ k crypto.RecipientPrivateKey }{private},
		"hybrid key": hybrid, "hybrid key in a struct": struct{ k crypto.RecipientPrivateKey }{hybrid},
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	t.Parallel()
	verbs := []string{
		"%v", "%+v", "%#v", "%T", "%t", "%b", "%c", "%d", "%o", "%O", "%q", "%x", "%X", "%U", "%e", "%E", "%f", "%F", "%g",
		"%G", "%s", "%p", "% x", "%#x", "% X", "%#q", "%+q", "%+d", "%08d", "%100v", "%-100v", "%.3s", "%w", "%z", "%[2]d", "%*d",
	}
	for name, v := range holders(t) {
		for _, verb := range verbs {
			requireHidden(t, fmt.Sprintf(verb, v), name+" "+verb)
		}
		requireHidden(t, fmt.Sprint(v)+fmt.Sprintln(v), name)
		requireHidden(t, fmt.Errorf("failed: %v", v).Error(), name)
	}
	s := crypto.NewSecretString(canary)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		require.Equal(t, "[redacted]", fmt.Sprintf(verb, s))
		require.Equal(t, "[redacted]", fmt.Sprintf(verb, &s))
	}
	require.Equal(t, "[redacted]", s.String())
	require.Equal(t, "[redacted]", s.GoString())
}

func TestSecretIsNotLogged(t *testing.T) {
	t.Parallel()
	for name, v := range holders(t) {
		var buf bytes.Buffer
		for _, h := range []slog.Handler{slog.NewTextHandler(&buf, nil), slog.NewJSONHandler(&buf, nil)} {
			log := slog.New(h)
			log.Info("message", "key", v, slog.Group("group", "inner", v))
			log.With("with", v).WithGroup("g").Error("message", slog.Any("any", v))
			log.Info(fmt.Sprint(v))
		}
		requireHidden(t, buf.String(), name)
	}
	var buf bytes.Buffer
	slog.New(slog.NewJSONHandler(&buf, nil)).Info("m", "s", crypto.NewSecretString(canary))
	require.Contains(t, buf.String(), `"s":"[redacted]"`)
}

func TestSecretIsNotEncoded(t *testing.T) {
	t.Parallel()
	for name, v := range holders(t) {
		j, _ := json.Marshal(v)
		requireHidden(t, string(j), name+" json")
		j, _ = json.MarshalIndent(map[string]any{"v": v}, "", " ")
		requireHidden(t, string(j), name+" json")
		x, _ := xml.Marshal(v)
		requireHidden(t, string(x), name+" xml")
		var buf bytes.Buffer
		_ = gob.NewEncoder(&buf).Encode(v)
		requireHidden(t, buf.String(), name+" gob")
		buf.Reset()
		require.NoError(t, template.Must(template.New("t").Parse("{{.}} {{printf \"%x\" .}}")).Execute(&buf, v))
		requireHidden(t, buf.String(), name+" template")
	}
	s := crypto.NewSecretString(canary)
	j, err := json.Marshal(withExported{"n", s})
	require.NoError(t, err)
	require.JSONEq(t, `{"Name":"n","Secret":"[redacted]"}`, string(j))
	x, err := xml.Marshal(withExported{"n", s})
	require.NoError(t, err)
	require.Contains(t, string(x), "<Secret>[redacted]</Secret>")
	// What could be read back is refused, both ways.
	require.ErrorIs(t, gob.NewEncoder(&bytes.Buffer{}).Encode(withExported{"n", s}), crypto.ErrInvalid)
	_, err = s.MarshalBinary()
	require.ErrorIs(t, err, crypto.ErrInvalid)
	var back withExported
	require.ErrorIs(t, json.Unmarshal([]byte(`{"Secret":"hunter2"}`), &back), crypto.ErrInvalid)
	require.ErrorIs(t, xml.Unmarshal([]byte(`<w><Secret>hunter2</Secret></w>`), &back), crypto.ErrInvalid)
	require.ErrorIs(t, back.Secret.GobDecode(nil), crypto.ErrInvalid)
	require.True(t, back.Secret.IsZero())
}

// TestSecretIsNotInPanics panics in a child process and reads what the runtime prints.
func TestSecretIsNotInPanics(t *testing.T) {
	const which = "BRONDATA_TEST_PANIC"
	if name := os.Getenv(which); name != "" {
		panic(holders(t)[name])
	}
	t.Parallel()
	exe, err := os.Executable()
	require.NoError(t, err)
	for _, name := range []string{"secret", "pointer", "unexported field", "key", "private key in a struct", "any"} {
		cmd := exec.Command(exe, "-test.run=^TestSecretIsNotInPanics$")
		cmd.Env = append(os.Environ(), which+"="+name, "GOTRACEBACK=all")
		out, err := cmd.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "panic:")
		requireHidden(t, string(out), name)
	}
}

// TestSecretIsNotInTestDiffs covers the printer that most often meets a struct: a failed assertion's.
func TestSecretIsNotInTestDiffs(t *testing.T) {
	t.Parallel()
	for name, v := range holders(t) {
		var rec recorder
		assert.Equal(&rec, nil, v)
		assert.Equal(&rec, v, []any{v, v})
		require.NotEmpty(t, rec.String())
		requireHidden(t, rec.String(), name)
	}
}

type recorder struct{ strings.Builder }

func (r *recorder) Errorf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

func TestSecretUse(t *testing.T) {
	t.Parallel()
	source := []byte(canary)
	s := crypto.NewSecret(source)
	clear(source) // NewSecret copied
	var kept []byte
	require.NoError(t, s.Use(func(b []byte) error {
		require.Equal(t, canary, string(b))
		kept = b
		return nil
	}))
	require.Equal(t, make([]byte, len(canary)), kept, "the lent bytes are gone afterwards")
	broken := errors.New("broken")
	require.Equal(t, broken, s.Use(func(b []byte) error { b[0] = 'X'; return broken }))
	require.NoError(t, s.Use(func(b []byte) error { require.Equal(t, canary, string(b)); return nil }), "changes stay outside")
	require.Panics(t, func() { _ = s.Use(func(b []byte) error { kept = b; panic("in use") }) })
	require.Equal(t, make([]byte, len(canary)), kept)

	twin := s
	require.False(t, s.IsZero())
	require.NoError(t, s.Use(func(b []byte) error {
		twin.Wipe() // must not deadlock; this use keeps its bytes
		require.Equal(t, canary, string(b))
		return nil
	}))
	require.True(t, s.IsZero(), "copies share")
	require.ErrorIs(t, s.Use(func([]byte) error { t.Error("called"); return nil }), crypto.ErrNoSecret)
	s.Wipe()

	for name, absent := range map[string]crypto.Secret{
		"zero": {}, "nil": crypto.NewSecret(nil), "empty": crypto.NewSecret([]byte{}), "empty string": crypto.NewSecretString(""),
	} {
		require.True(t, absent.IsZero(), name)
		require.ErrorIs(t, absent.Use(nil), crypto.ErrNoSecret, name)
		absent.Wipe()
	}
}

func TestSecretEqual(t *testing.T) {
	t.Parallel()
	require.True(t, crypto.Secret{}.Equal(crypto.NewSecret(nil)))
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SliceOf(rapid.Byte()).Draw(t, "a"), rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		require.Equal(t, bytes.Equal(a, b), crypto.NewSecret(a).Equal(crypto.NewSecret(b)))
		require.True(t, crypto.NewSecret(a).Equal(crypto.NewSecret(a)))
	})
	s := crypto.NewSecretString("a")
	s.Wipe()
	require.True(t, s.Equal(crypto.Secret{}))
}

// TestSecretConcurrently is for the race detector: use, comparison both ways and wiping at once.
func TestSecretConcurrently(t *testing.T) {
	t.Parallel()
	for range 50 {
		a, b := crypto.NewSecretString(canary), crypto.NewSecretString(canary)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { _ = a.Equal(b) })
			wg.Go(func() { _ = b.Equal(a) })
			wg.Go(func() {
				err := a.Use(func(x []byte) error { assert.Equal(t, canary, string(x)); return nil })
				assert.True(t, err == nil || errors.Is(err, crypto.ErrNoSecret))
			})
			wg.Go(func() { a.Wipe(); b.Wipe() })
		}
		wg.Wait()
	}
}
