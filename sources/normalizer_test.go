package sources_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/brondata/brondata/sources"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	prefix, xml := sources.DetectPrefix("Datum;"), sources.DetectXML("Jaaropgave", "urn:example")
	for _, tc := range []struct {
		name, head string
		detect     func(*sources.Probe) sources.Confidence
		want       sources.Confidence
	}{
		{"prefix", "Datum;Bedrag", func(p *sources.Probe) sources.Confidence { return prefix(t.Context(), p) }, sources.Certain},
		{"prefix after a mark", "\xef\xbb\xbfDatum;", func(p *sources.Probe) sources.Confidence { return prefix(t.Context(), p) }, sources.Certain},
		{"another beginning", "Date;", func(p *sources.Probe) sources.Confidence { return prefix(t.Context(), p) }, sources.No},
		{"XML", `<?xml version="1.0"?><!-- --><Jaaropgave xmlns="urn:example"><a`, func(p *sources.Probe) sources.Confidence { return xml(t.Context(), p) }, sources.Certain},
		{"XML with a prefix", `<x:Jaaropgave xmlns:x="urn:example"/>`, func(p *sources.Probe) sources.Confidence { return xml(t.Context(), p) }, sources.Certain},
		{"another namespace", `<Jaaropgave/>`, func(p *sources.Probe) sources.Confidence { return xml(t.Context(), p) }, sources.No},
		{"another root", `<Aangifte xmlns="urn:example"/>`, func(p *sources.Probe) sources.Confidence { return xml(t.Context(), p) }, sources.No},
		{"no XML", `Jaaropgave urn:example`, func(p *sources.Probe) sources.Confidence { return xml(t.Context(), p) }, sources.No},
	} {
		t.Run(tc.name, func(t *testing.T) {
			assert.Equal(t, tc.want, tc.detect(&sources.Probe{Head: []byte(tc.head)}))
		})
	}
}
