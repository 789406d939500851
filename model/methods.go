package model

import (
	"fmt"
	"log/slog"
)

// The methods below are the same for each record type: one JSON form, and nothing of a record in what package fmt and
// package log/slog print. They have value receivers where a printed value, not only a pointer to it, must stay masked.

func maskTo(f fmt.State, name string) { _, _ = f.Write([]byte(name + "(***)")) }

func masked(name string) slog.Value { return slog.StringValue(name + "(***)") }

// MarshalJSON is [MarshalRecord].
func (p *Person) MarshalJSON() ([]byte, error) { return MarshalRecord(p) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (p *Person) UnmarshalJSON(data []byte) error { return unmarshalInto(p, data) }

// Format masks the record under every verb.
func (Person) Format(f fmt.State, _ rune) { maskTo(f, "person") }

// LogValue masks the record.
func (Person) LogValue() slog.Value { return masked("person") }

// MarshalJSON is [MarshalRecord].
func (a *Address) MarshalJSON() ([]byte, error) { return MarshalRecord(a) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (a *Address) UnmarshalJSON(data []byte) error { return unmarshalInto(a, data) }

// Format masks the record under every verb.
func (Address) Format(f fmt.State, _ rune) { maskTo(f, "address") }

// LogValue masks the record.
func (Address) LogValue() slog.Value { return masked("address") }

// MarshalJSON is [MarshalRecord].
func (p *Pension) MarshalJSON() ([]byte, error) { return MarshalRecord(p) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (p *Pension) UnmarshalJSON(data []byte) error { return unmarshalInto(p, data) }

// Format masks the record under every verb.
func (Pension) Format(f fmt.State, _ rune) { maskTo(f, "pension") }

// LogValue masks the record.
func (Pension) LogValue() slog.Value { return masked("pension") }

// MarshalJSON is [MarshalRecord].
func (s *StudyDebt) MarshalJSON() ([]byte, error) { return MarshalRecord(s) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (s *StudyDebt) UnmarshalJSON(data []byte) error { return unmarshalInto(s, data) }

// Format masks the record under every verb.
func (StudyDebt) Format(f fmt.State, _ rune) { maskTo(f, "study-debt") }

// LogValue masks the record.
func (StudyDebt) LogValue() slog.Value { return masked("study-debt") }

// MarshalJSON is [MarshalRecord].
func (a *Account) MarshalJSON() ([]byte, error) { return MarshalRecord(a) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (a *Account) UnmarshalJSON(data []byte) error { return unmarshalInto(a, data) }

// Format masks the record under every verb.
func (Account) Format(f fmt.State, _ rune) { maskTo(f, "account") }

// LogValue masks the record.
func (Account) LogValue() slog.Value { return masked("account") }

// MarshalJSON is [MarshalRecord].
func (b *Balance) MarshalJSON() ([]byte, error) { return MarshalRecord(b) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (b *Balance) UnmarshalJSON(data []byte) error { return unmarshalInto(b, data) }

// Format masks the record under every verb.
func (Balance) Format(f fmt.State, _ rune) { maskTo(f, "balance") }

// LogValue masks the record.
func (Balance) LogValue() slog.Value { return masked("balance") }

// MarshalJSON is [MarshalRecord].
func (t *Transaction) MarshalJSON() ([]byte, error) { return MarshalRecord(t) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (t *Transaction) UnmarshalJSON(data []byte) error { return unmarshalInto(t, data) }

// Format masks the record under every verb.
func (Transaction) Format(f fmt.State, _ rune) { maskTo(f, "transaction") }

// LogValue masks the record.
func (Transaction) LogValue() slog.Value { return masked("transaction") }

// MarshalJSON is [MarshalRecord].
func (e *Employment) MarshalJSON() ([]byte, error) { return MarshalRecord(e) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (e *Employment) UnmarshalJSON(data []byte) error { return unmarshalInto(e, data) }

// Format masks the record under every verb.
func (Employment) Format(f fmt.State, _ rune) { maskTo(f, "employment") }

// LogValue masks the record.
func (Employment) LogValue() slog.Value { return masked("employment") }

// MarshalJSON is [MarshalRecord].
func (i *Income) MarshalJSON() ([]byte, error) { return MarshalRecord(i) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (i *Income) UnmarshalJSON(data []byte) error { return unmarshalInto(i, data) }

// Format masks the record under every verb.
func (Income) Format(f fmt.State, _ rune) { maskTo(f, "income") }

// LogValue masks the record.
func (Income) LogValue() slog.Value { return masked("income") }

// MarshalJSON is [MarshalRecord].
func (b *Benefit) MarshalJSON() ([]byte, error) { return MarshalRecord(b) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (b *Benefit) UnmarshalJSON(data []byte) error { return unmarshalInto(b, data) }

// Format masks the record under every verb.
func (Benefit) Format(f fmt.State, _ rune) { maskTo(f, "benefit") }

// LogValue masks the record.
func (Benefit) LogValue() slog.Value { return masked("benefit") }

// MarshalJSON is [MarshalRecord].
func (e *Extra) MarshalJSON() ([]byte, error) { return MarshalRecord(e) }

// UnmarshalJSON is [UnmarshalRecord] in the strict reading.
func (e *Extra) UnmarshalJSON(data []byte) error { return unmarshalInto(e, data) }

// Format masks the record under every verb.
func (Extra) Format(f fmt.State, _ rune) { maskTo(f, "extra") }

// LogValue masks the record.
func (Extra) LogValue() slog.Value { return masked("extra") }

// MarshalJSON writes the record as it was read.
func (o *Opaque) MarshalJSON() ([]byte, error) { return MarshalRecord(o) }

// Format masks the record under every verb.
func (Opaque) Format(f fmt.State, _ rune) { maskTo(f, "opaque") }

// LogValue masks the record.
func (Opaque) LogValue() slog.Value { return masked("opaque") }

// Format masks the name under every verb.
func (Name) Format(f fmt.State, _ rune) { maskTo(f, "name") }

// LogValue masks the name.
func (Name) LogValue() slog.Value { return masked("name") }

// Format masks the other side under every verb.
func (Counterparty) Format(f fmt.State, _ rune) { maskTo(f, "counterparty") }

// LogValue masks the other side.
func (Counterparty) LogValue() slog.Value { return masked("counterparty") }

// Format masks the dossier under every verb.
func (Dossier) Format(f fmt.State, _ rune) { maskTo(f, "dossier") }

// LogValue says how much the dossier holds and nothing of what.
func (d Dossier) LogValue() slog.Value {
	return slog.GroupValue(slog.Int("documents", len(d.Documents)), slog.Int("records", len(d.Records)))
}

// Format masks the review under every verb.
func (Review) Format(f fmt.State, _ rune) { maskTo(f, "review") }

// LogValue names the grant and the digest, which are no personal data, and the number of records.
func (r Review) LogValue() slog.Value {
	return slog.GroupValue(slog.String("grant", r.Grant), slog.String("digest", r.Digest.String()),
		slog.Int("records", len(r.Records)))
}

// Format masks the band under every verb.
func (PensionBand) Format(f fmt.State, _ rune) { maskTo(f, "band") }

// LogValue masks the band.
func (PensionBand) LogValue() slog.Value { return masked("band") }

// Format masks the car under every verb.
func (CompanyCar) Format(f fmt.State, _ rune) { maskTo(f, "car") }

// LogValue masks the car.
func (CompanyCar) LogValue() slog.Value { return masked("car") }
