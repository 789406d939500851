package sources_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// What a host passes in holds names, account numbers and codes. None of it is printed or logged.
func TestPrint(t *testing.T) {
	t.Parallel()
	d := sources.Document{
		Name: "canary.pdf", Institution: "bank", Body: sources.BytesContent([]byte("canary")),
		Attrs: map[string]string{"account": "canary"}, Password: crypto.NewSecretString("canary"), Group: "canary",
	}
	in := sources.Input{
		Files: []sources.Document{d}, Subject: &model.Person{Name: model.Name{Family: "canary"}},
		Handovers: map[model.InstitutionID]sources.Handover{"bank": {URL: "https://canary.example", UserAgent: "canary"}},
	}
	r := sources.ConnectRequest{RedirectURL: "https://canary.example", Callback: url.Values{"code": {"canary"}}}
	for name, v := range map[string]any{"document": d, "pointer": &d, "list": in.Files, "input": in, "request": r, "pointers": []any{&in, &r}} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", fmt.Sprint(v))
		text := log.String() + fmt.Sprintf("%v %+v %#v %s %q %x", v, v, v, v, v, v)
		assert.NotContains(t, text, "anary", name)
		assert.NotContains(t, text, "616e617279", name)
	}
	assert.Equal(t, "sources.Document(bank, , 6 bytes)", fmt.Sprint(d))
}
