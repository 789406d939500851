package camt_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/sources"
)

// corpusDir holds statements that another reader's tests use, each with the tree that reader made of it. It is not part of
// the project.
const corpusDir = "../../../shared/corpus/statements/camt"

// What of that tree is compared. Amounts are in the currency's smallest unit, moments in UTC.
type (
	treeMoney struct {
		Amount   string `json:"getAmount"`
		Currency struct {
			Code string `json:"getCode"`
		} `json:"getCurrency"`
	}
	treeMoment struct {
		At time.Time `json:"0"`
	}
	treeAccount struct {
		ID string `json:"getIdentification"`
	}
	treeParty struct {
		Account *treeAccount `json:"getAccount"`
		Type    struct {
			Class string  `json:"__CLASS__"`
			Name  *string `json:"getName"`
		} `json:"getRelatedPartyType"`
	}
	treeDetails struct {
		Parties []treeParty `json:"getRelatedParties"`
	}
	treeEntry struct {
		Amount  treeMoney       `json:"getAmount"`
		Booked  *treeMoment     `json:"getBookingDate"`
		Valued  *treeMoment     `json:"getValueDate"`
		Details json.RawMessage `json:"getTransactionDetail"`
		Record  json.RawMessage `json:"getRecord"`
	}
	treeRecord struct {
		Account  treeAccount     `json:"getAccount"`
		Balances []treeBalance   `json:"getBalances"`
		Entries  json.RawMessage `json:"getEntries"`
	}
	treeBalance struct {
		Amount treeMoney  `json:"getAmount"`
		Date   treeMoment `json:"getDate"`
		Type   string     `json:"getType"`
	}
)

// treeBalanceTypes are that reader's names; two of ours are "opening" there.
var treeBalanceTypes = map[string]model.BalanceType{
	"opening": model.OpeningBooked, "opening_available": model.OpeningAvailable,
	"closing": model.ClosingBooked, "closing_available": model.ClosingAvailable,
	"interim":           model.InterimBooked,
	"interim_available": model.InterimAvailable, "forward_available": model.ForwardAvailable,
	"expected_credit": model.ExpectedBalance, "information": model.InformationBalance,
}

// recursion is what the tree has in the place of an object that it holds already.
const recursion = `"__RECURSIVITY__"`

func TestCorpus(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(corpusDir, "*.xml"))
	require.NoError(t, err)
	if len(paths) == 0 {
		t.Skip("the corpus is not here")
	}
	compared := 0
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			doc, err := os.ReadFile(path)
			require.NoError(t, err)
			got := read(t, doc)
			var transactions []*model.Transaction
			var balances []*model.Balance
			for _, r := range got.Records {
				switch r := r.(type) {
				case *model.Transaction:
					transactions = append(transactions, r)
				case *model.Balance:
					balances = append(balances, r)
				}
			}
			tree, err := os.ReadFile(strings.TrimSuffix(path, ".xml") + ".json")
			if os.IsNotExist(err) {
				assert.Empty(t, got.Records, "a document without an expected tree has no statement")
				return
			}
			require.NoError(t, err)
			var want struct {
				Entries []treeEntry       `json:"getEntries"`
				Records []json.RawMessage `json:"getRecords"`
			}
			require.NoError(t, json.Unmarshal(tree, &want))
			// The tree's entries are keyed by their number within a statement: of several statements only the last one's
			// first entry is left. They are the last of ours.
			require.GreaterOrEqual(t, len(transactions), len(want.Entries))
			last := transactions[len(transactions)-len(want.Entries):]
			for i, e := range want.Entries {
				compareEntry(t, e, last[i])
				compared++
				if string(e.Record) != recursion {
					compareStatement(t, e.Record, last[i].Account, balances)
				}
			}
			for _, r := range want.Records {
				if string(r) != recursion {
					compareStatement(t, r, balances[0].Account, balances)
					compared++
				}
			}
		})
	}
	assert.GreaterOrEqual(t, compared, 12, "the corpus holds more than was compared")
}

func read(t testing.TB, doc []byte) *sources.Reading {
	t.Helper()
	out, err := registry(t).Read(t.Context(), sources.Document{Body: sources.BytesContent(doc)}, sources.Everything(), nil)
	require.NoError(t, err)
	return out
}

func compareEntry(t *testing.T, want treeEntry, got *model.Transaction) {
	compareMoney(t, want.Amount, got.Amount)
	compareDate(t, want.Booked, got.BookingDate)
	compareDate(t, want.Valued, got.ValueDate)
	var d treeDetails
	if len(want.Details) > 0 && string(want.Details) != "null" {
		require.NoError(t, json.Unmarshal(want.Details, &d))
	}
	// The tree lists the parties by their role; the counterparty is the one that the direction of the money points at.
	role := "Debtor"
	if got.Amount.Sign() < 0 {
		role = "Creditor"
	}
	var name, ultimate, account string
	for _, p := range d.Parties {
		class := p.Type.Class[strings.LastIndexByte(p.Type.Class, '\\')+1:]
		switch {
		case class == role:
			if p.Type.Name != nil {
				name = *p.Type.Name
			}
			if p.Account != nil {
				account = p.Account.ID
			}
		case class == "Ultimate"+role && p.Type.Name != nil:
			ultimate = *p.Type.Name
		}
	}
	if name == "" {
		name = ultimate
	}
	assert.Equal(t, name, got.Counterparty.Name, "name of the counterparty")
	assert.Equal(t, account, got.Counterparty.Account.Value(), "account of the counterparty")
}

func compareStatement(t *testing.T, raw json.RawMessage, account model.AccountID, balances []*model.Balance) {
	var want treeRecord
	require.NoError(t, json.Unmarshal(raw, &want))
	assert.Equal(t, want.Account.ID, account.Value(), "the statement's account")
	require.GreaterOrEqual(t, len(balances), len(want.Balances))
	last := balances[len(balances)-len(want.Balances):]
	for i, b := range want.Balances {
		kind, ok := treeBalanceTypes[b.Type]
		require.True(t, ok, "the tree's balance type %s", b.Type)
		if last[i].Type == model.PreviousClosingBooked {
			kind = model.PreviousClosingBooked // the tree calls it an opening balance
		}
		assert.Equal(t, kind, last[i].Type)
		compareMoney(t, b.Amount, last[i].Amount)
		compareDate(t, &b.Date, last[i].Date)
	}
}

// compareMoney compares by text, since a Money does not show itself in a failure.
func compareMoney(t *testing.T, want treeMoney, got model.Money) {
	digits, negative := strings.CutPrefix(want.Amount, "-")
	text := []byte(digits)
	if n := got.Currency().MinorUnits(); n > 0 {
		for len(text) <= n {
			text = append([]byte{'0'}, text...)
		}
		text = bytes.Join([][]byte{text[:len(text)-n], text[len(text)-n:]}, []byte{'.'})
	}
	if negative {
		text = append([]byte{'-'}, text...)
	}
	assert.Equal(t, want.Currency.Code, string(got.Currency()))
	assert.Equal(t, string(text), got.Text())
}

func compareDate(t *testing.T, want *treeMoment, got model.Date) {
	if want == nil {
		assert.True(t, got.IsZero())
		return
	}
	assert.Equal(t, want.At.UTC().Format(time.DateOnly), got.String())
}
