package sourcetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// Case is one document to read.
type Case struct {
	// Name is what the case is called in breaches.
	Name     string
	Document sources.Document
	// Golden is the file with the expected records. It is required: no structural rule can tell that an amount is wrong.
	Golden string
	// Err is the sentinel that reading is expected to end with; nil for none. What was read before is in the golden file.
	Err error
}

// Files returns a case for each file that the pattern of [filepath.Glob] matches, golden files left out. Its Name is the base
// name of the file, and the golden file of "testdata/a.xml" is "testdata/a.xml.golden.jsonl". No match fails the test. For a
// document that must fail, set its Err:
//
//	cases := sourcetest.Files(t, "testdata/*.xml")
//	i := slices.IndexFunc(cases, func(c sourcetest.Case) bool { return c.Name == "cut.xml" })
//	cases[i].Err = sources.ErrTruncated
func Files(t testing.TB, pattern string) []Case {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatalf("sourcetest: %v", err)
	}
	var out []Case
	for _, p := range paths {
		if strings.HasSuffix(p, ".golden.jsonl") {
			continue
		}
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatalf("sourcetest: %v", err)
		}
		out = append(out, Case{
			Name:     filepath.Base(p),
			Document: sources.Document{Body: sources.BytesContent(b)},
			Golden:   p + ".golden.jsonl",
		})
	}
	if len(out) == 0 {
		t.Fatalf("sourcetest: no file matches %s", pattern)
	}
	return out
}

// golden compares a reading with a golden file, or writes it: what it says about itself, the doubts about the document, and
// the records, one JSON object a line.
func golden(path string, r *sources.Reading) error {
	if path == "" {
		return errors.New("the case names no golden file")
	}
	var b strings.Builder
	records, issues := r.Records, r.Issues
	if r.Balanced != "" || !r.Since.IsZero() {
		fmt.Fprintf(&b, "{\"reading\":{\"balanced\":%q,\"since\":%q}}\n", r.Balanced, r.Since)
	}
	for _, i := range issues {
		line, err := json.Marshal(map[string]model.Issue{"issue": i})
		if err != nil {
			return err
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	for _, r := range records {
		line, err := model.AppendRecord(nil, r)
		if err != nil {
			return fmt.Errorf("a record has no JSON form: %w", err)
		}
		b.Write(line)
		b.WriteByte('\n')
	}
	got := b.String()
	if os.Getenv("BRONDATA_UPDATE") == "1" {
		return os.WriteFile(path, []byte(got), 0o644)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("%w (BRONDATA_UPDATE=1 writes it)", err)
	}
	if got != string(want) {
		return fmt.Errorf("the records differ from the golden file (BRONDATA_UPDATE=1 rewrites it)\n%s", diff(string(want), got))
	}
	return nil
}

// diff shows the first lines that differ.
func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\n want %s\n got  %s", i+1, a, b)
		}
	}
	return ""
}
