package model_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
)

// The digest can be computed anew from its documentation alone.
func TestReviewDigestFormat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDossier(t, 6)
		grant, recipient, key := text(t), text(t), text(t)
		got, err := model.ReviewDigest(grant, recipient, key, d.Records)
		require.NoError(t, err)
		records, err := model.CanonicalRecords(d.Records)
		require.NoError(t, err)
		quote := func(s string) string {
			var b strings.Builder
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			require.NoError(t, e.Encode(s))
			return strings.TrimSpace(b.String())
		}
		all := fmt.Sprintf(`{"grant":%s,"key":%s,"recipient":%s,"records":%s,"type":"brondata-review-1"}`, quote(grant), quote(key), quote(recipient), records)
		assert.Equal(t, model.Digest(sha256.Sum256([]byte(all))), got)
	})
}

func TestReviewDigestTellsApart(t *testing.T) {
	t.Parallel()
	a := &model.Transaction{Amount: money(t, "1.00")}
	b := &model.Transaction{Amount: money(t, "1.01")}
	seen := map[model.Digest]string{}
	for name, in := range map[string]struct {
		grant, recipient, key string
		records               []model.Record
	}{
		"base":            {"g", "r", "k", []model.Record{a}},
		"other grant":     {"h", "r", "k", []model.Record{a}},
		"other recipient": {"g", "s", "k", []model.Record{a}},
		"other key":       {"g", "r", "l", []model.Record{a}},
		"moved quote":     {`g","key":"r`, "", "k", []model.Record{a}},
		"other record":    {"g", "r", "k", []model.Record{b}},
		"both":            {"g", "r", "k", []model.Record{a, b}},
		"twice":           {"g", "r", "k", []model.Record{a, a}},
		"none":            {"g", "r", "k", nil},
	} {
		got, err := model.ReviewDigest(in.grant, in.recipient, in.key, in.records)
		require.NoError(t, err, name)
		assert.Empty(t, seen[got], name)
		seen[got] = name
	}
	x, err := model.ReviewDigest("g", "r", "k", []model.Record{a, b})
	require.NoError(t, err)
	y, err := model.ReviewDigest("g", "r", "k", []model.Record{b, a})
	require.NoError(t, err)
	assert.Equal(t, x, y, "the order makes no difference")
	// This value must never change: approvals are stored.
	z, err := model.ReviewDigest("g", "r", "k", []model.Record{a})
	require.NoError(t, err)
	assert.Equal(t, goldenDigest, z.String())
	_, err = model.ReviewDigest("\xff", "r", "k", nil)
	require.ErrorIs(t, err, model.ErrSyntax)
	_, err = model.ReviewDigest("g", "r", "k", []model.Record{nil})
	require.ErrorIs(t, err, model.ErrSyntax)
}

const goldenDigest = "f462f99bab7870585751e8753e551c3501046745ba360f0418a68ebbf7170fd8"

func TestTextIn(t *testing.T) {
	t.Parallel()
	both := model.Text{Dutch: "ja", English: "yes"}
	assert.Equal(t, "ja", both.In("nl"))
	assert.Equal(t, "yes", both.In("en"))
	assert.Equal(t, "yes", both.In("fr"))
	assert.Equal(t, "ja", model.Text{Dutch: "ja"}.In("en"))
	assert.Equal(t, "yes", model.Text{English: "yes"}.In("nl"))
}
