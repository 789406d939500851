// Quickstart goes the whole way on one screen, against parties that it starts itself on this machine: a fake bank with an
// account information interface, bundled documents as the subject would upload them, and a fake portal with pages. It proposes
// and decides a consent, connects, collects, shows what would be released, releases it sealed, opens it as the recipient would,
// revokes, and shows that what is stored can no longer be read.
//
//	go run ./examples/quickstart [-out DIR]
//
// It leaves dossier.json, overview.html, overview.pdf, release.bin and brondata.db in DIR, and beside it brondata-keys.db with
// the wrapped keys, apart from the data so that a copy of one is not a copy of the other. Every person, company and account in
// it is invented.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"time"
	_ "time/tzdata" // times are shown where the consumer lives, also on a machine without time zones

	"github.com/brondata/brondata"
	"github.com/brondata/brondata/consent"
	"github.com/brondata/brondata/crypto"
	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/model/overview"
	"github.com/brondata/brondata/retention"
	"github.com/brondata/brondata/sources"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir := flag.String("out", "brondata-quickstart", "the `directory` to leave the results in")
	flag.Parse()
	if err := run(ctx, *dir, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// Who acts: the consumer, who is there, and the adviser who asks.
var (
	subject = consent.Actor{ID: "consumer-7", Role: consent.RoleSubject, Presence: &consent.Presence{
		IPAddress: netip.MustParseAddr("203.0.113.7"), UserAgent: "quickstart",
	}}
	adviser = consent.Actor{ID: "adviser-3", Role: consent.RoleAdviser}
)

// run is main with its surroundings as arguments, so that a test can run it.
func run(ctx context.Context, dir string, out io.Writer, errs *os.File) (err error) {
	if err := prepare(dir); err != nil {
		return err
	}
	p, err := startParties()
	if err != nil {
		return err
	}
	defer p.Close()

	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		return err
	}
	conf := brondata.Config{
		Registry: p.registry, HTTP: p.http, Tenant: "quickstart",
		Texts: &consent.TextOptions{Institutions: p.names, Zone: zone},
	}
	store, err := openStorage(ctx, dir, &conf)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	client, err := brondata.New(conf)
	if err != nil {
		return err
	}
	defer client.Close()
	lender, err := crypto.GenerateRecipientKey(crypto.MLKEM768X25519)
	if err != nil {
		return err
	}

	g, err := client.Propose(ctx, adviser, proposal(p, lender.Public()))
	if err != nil {
		return err
	}
	if g, err = client.Decide(ctx, subject, g.ID, true); err != nil {
		return err
	}
	fmt.Fprintf(out, "consent     %s may see %d categories until %s\n", g.Recipient.Name, len(g.Scope.Baskets), g.ValidUntil.Format("2 January 2006"))

	step, err := client.Connect(ctx, subject, g.ID, bankID, sources.ConnectRequest{RedirectURL: "https://host.example/back"})
	if err != nil {
		return err
	}
	back, err := p.bank.Subject().Confirm(ctx, step.URL) // the consumer's browser goes to the bank and comes back
	if err != nil {
		return err
	}
	if step, err = client.Connect(ctx, subject, g.ID, bankID, sources.ConnectRequest{Callback: back}); err != nil {
		return err
	}
	fmt.Fprintf(out, "connection  %s: %s\n", p.names[bankID], step.Kind)

	d, err := client.Collect(ctx, subject, g.ID, p.input, &brondata.CollectOptions{Progress: newProgress(errs, p.names).event})
	if err != nil {
		return err
	}
	summary(out, d, p.names)
	if err := writeJSON(filepath.Join(dir, "dossier.json"), d); err != nil {
		return err
	}

	r, err := client.Review(ctx, subject, g.ID, nil)
	if err != nil {
		return err
	}
	if err := writeOverviews(dir, &r.Review, zone); err != nil {
		return err
	}
	fmt.Fprintf(out, "review      %d records, digest %.16s…\n", len(r.Records), r.Digest)

	sealed, err := client.Release(ctx, subject, r.Approval())
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "release.bin"), sealed.Bytes(), 0o600); err != nil {
		return err
	}
	got, err := openAsRecipient(ctx, sealed.Bytes(), lender, conf.Signer.Public())
	if err != nil {
		return err
	}
	if err := client.Delivered(ctx, subject, r.Release); err != nil {
		return err
	}
	fmt.Fprintf(out, "release     %d bytes, sealed and signed; the recipient opens it and reads %d records\n", len(sealed.Bytes()), len(got.Records))

	if err := client.Revoke(ctx, subject, g.ID); err != nil {
		return err
	}
	if err := showGone(ctx, client, conf, g, out); err != nil {
		return err
	}
	return sweep(ctx, client, g.ID, out)
}

// proposal is what the adviser asks for: eleven fields of a transaction would be too many, so most are not named.
func proposal(p *parties, key crypto.RecipientKey) consent.Proposal {
	return consent.Proposal{
		Subject: subject.ID, Case: "mortgage-2026-118",
		Recipient: consent.Recipient{ID: "lender-1", Name: "Voorbeeld Hypotheken", Contact: "privacy@voorbeeldhypotheken.example", Country: "NL", Key: key},
		Purpose: consent.Purpose{
			ID:   "mortgage",
			Text: model.Text{Dutch: "Beoordelen of u een hypotheek kunt krijgen.", English: "To assess whether you can get a mortgage."},
			Keep: map[model.Category]time.Duration{model.CategoryTransaction: 14 * 24 * time.Hour},
		},
		Scope: model.Scope{
			// A host asks for the last year, say. What this example is about was made for the year 2026.
			Since: model.DateOf(time.Date(2025, time.December, 1, 0, 0, 0, 0, time.UTC)),
			Baskets: []model.Basket{
				{Category: model.CategoryPerson, Fields: []string{"name", "birthDate"}},
				model.Everything(model.CategoryAddress),
				model.Everything(model.CategoryEmployment),
				model.Everything(model.CategoryIncome),
				model.Everything(model.CategoryBenefit),
				model.Everything(model.CategoryPension),
				model.Everything(model.CategoryStudyDebt),
				{Category: model.CategoryAccount, Fields: []string{"account", "currency", "ownerName"}},
				{Category: model.CategoryBalance, Fields: []string{"account", "type", "amount", "date"}},
				{Category: model.CategoryTransaction, Fields: []string{"account", "bookingDate", "amount", "counterparty.name", "description", "status"}},
			},
		},
		Institutions: p.institutions(),
		ValidUntil:   time.Now().Add(90 * 24 * time.Hour),
	}
}

// openAsRecipient is the other side: it has the bytes, its own key, and the sender's key that it pinned before.
func openAsRecipient(ctx context.Context, b []byte, key crypto.RecipientPrivateKey, sender crypto.SenderKey) (*model.Dossier, error) {
	sealed, err := crypto.ParsePackage(b)
	if err != nil {
		return nil, err
	}
	plain, err := crypto.OpenPackage(ctx, sealed, key, []crypto.SenderKey{sender}, nil)
	if err != nil {
		return nil, err
	}
	return model.ReadDossier(plain, &model.ReadOptions{KeepUnknown: true})
}

// showGone tries to read what is stored: through the client, and past it as somebody would who has the databases and the
// key-encryption key.
func showGone(ctx context.Context, client *brondata.Client, conf brondata.Config, g consent.Grant, out io.Writer) error {
	_, refused := client.Review(ctx, subject, g.ID, nil)
	vault, err := retention.New(conf.Data, conf.Keys, conf.KEK, conf.Audit, &retention.Options{Tenant: conf.Tenant})
	if err != nil {
		return err
	}
	defer vault.Close()
	_, gone := vault.ReadDossier(ctx, retention.Access{Actor: "thief", Role: "none", Reason: "curiosity"},
		retention.Ref{Subject: g.Subject, Grant: string(g.ID), Purpose: string(g.Purpose.ID)})
	if refused == nil || !errors.Is(gone, retention.ErrShredded) {
		return errors.New("what is stored can still be read after the revoke")
	}
	fmt.Fprintf(out, "revoke      %v; past the library: %v\n", refused, gone)
	return nil
}

// sweep does what a host's scheduler does every few minutes.
func sweep(ctx context.Context, client *brondata.Client, g consent.GrantID, out io.Writer) error {
	for {
		rep, err := client.Sweep(ctx, 1000)
		if err != nil {
			return err
		}
		for _, r := range rep.Deleted {
			items := 0
			for _, c := range r.Counts {
				items += c.Items
			}
			what := "what was collected"
			if r.Grant != string(g) {
				what = "the connection"
			}
			fmt.Fprintf(out, "deletion    %s is gone (%d items); the receipt is signed\n", what, items)
		}
		if rep.Consent.Disconnected > 0 {
			fmt.Fprintf(out, "bank        told that the connection has ended\n")
		}
		if !rep.More && rep.Consent.Ended+rep.Consent.Disconnected == 0 {
			return nil
		}
	}
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o600)
}

func writeOverviews(dir string, r *model.Review, zone *time.Location) error {
	for _, o := range []struct {
		file   string
		render func(io.Writer, *model.Review, *overview.Options) error
	}{{"overview.html", overview.HTML}, {"overview.pdf", overview.PDF}} {
		f, err := os.OpenFile(filepath.Join(dir, o.file), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(o.render(f, r, &overview.Options{Language: "nl", Location: zone}), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the directory and removes what an earlier run left in it.
func prepare(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"dossier.json", "overview.html", "overview.pdf", "release.bin", "brondata.db", "brondata-keys.db"} {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(filepath.Join(dir, name+suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}
