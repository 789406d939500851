// Package model holds the typed data of a consumer that the sources of this library bring: records with where they come
// from and what is doubtful about them. It imports nothing else of this library and does no input or output.
//
// Most hosts get a [Dossier] from a collection, walk over its records with [All], show one of each fact with
// [Dossier.Resolved], and hand a [Review] to package model/overview for the consumer's eyes. Adapters make records;
// everything below says what may be in one.
//
//	for _, t := range model.All[*model.Transaction](dossier) {
//		fmt.Println(t.BookingDate, t.Amount.Text(), t.Amount.Currency())
//	}
//
// # Exact or absent
//
// [Money] and [Decimal] are exact, of at most eighteen digits, and know no floating point. A [Date] has no time and
// no zone and may lack its day or its month. [IBAN], [BSN], [PayrollTaxNumber] and the other identifiers hold a value
// that passed its check, or nothing. The zero value of each says that nothing is known, which is something else than
// nought. A reader that finds something odd keeps what it can read and adds an [Issue] to the record; it never guesses.
//
// # Categories, scopes, minimising
//
// A [Category] is the basket that a consumer consents to, and has one record type; [Extra] carries named texts beside it.
// The set of record types is closed: [Known] tells them from what only embeds one. A [Scope] names categories, the
// fields of each, and a first day. [Minimise] and [Dossier.Minimise] copy what is inside and nothing else; the BSN is
// inside only where a scope names it.
//
// # Sightings of one fact
//
// Two documents may state one payment. Records are never merged: [Dossier.Matches] groups sightings of one fact and
// names the rule, each of which is documented at its constant, and [Dossier.Resolved] shows the best of each group.
// Two equal purchases of one day stay two. Matching comes before minimising, since what tells two facts apart may
// be outside the scope, and its result stays with the dossier.
//
// # JSON
//
// There is one form, canonical after RFC 8785, written by [MarshalRecord], [Dossier.MarshalJSON] and encoding/json alike;
// [Schema] describes it. Numbers are counts and positions only; amounts, quantities, and dates are texts. [ReadDossier]
// reads it strictly, for what comes in; a recipient, and whoever reads back what was stored, sets
// [ReadOptions.KeepUnknown], so that what a later version added is kept and written again. [CanonicalRecords] puts
// records into one total order, and [ReviewDigest] is the digest that a consumer approves.
//
// # What is printed
//
// Records, dossiers, reviews, amounts and identifiers print as their kind only, under every verb of package fmt and in
// both handlers of log/slog. Three ways around it remain, in which these packages call no method of the value: one in
// an unexported field of somebody else's struct; one within another value that a JSON log handler writes, such as a
// slice of records or a struct with an IBAN, since JSON is how a release carries them; and the verbs %p for what is no
// pointer and %w for what is no error. Do not print those.
//
// # The government's information model
//
// Names and enumerations follow the information model of the Gemeenschappelijke Bronontsluiting (GBO) where it has the
// thing, the Berlin Group's account information for accounts, balances and transactions, and the loonaangifte for wages.
// Each type's comment has its mapping.
//
//	Person       GBO IngeschrevenPersoon, Haal Centraal BRP
//	Address      GBO Binnenlandsadres, Haal Centraal BRP verblijfadres
//	Employment   GBO Arbeidsverhouding, UWV verzekeringsbericht
//	Income       loonaangifte: SV-loon and verloonde uren of one payer and period
//	Benefit      GBO Uitkering
//	Pension      Stichting Pensioenregister, Specificatie XML/JSON download
//	StudyDebt    GBO StudieLening
//	Account      Berlin Group accountDetails, ISO 20022 Acct
//	Balance      Berlin Group balance, ISO 20022 Bal
//	Transaction  Berlin Group transactionDetails, ISO 20022 Ntry and TxDtls
//
// # Concurrency
//
// All types are plain data: safe for concurrent reading, and for the caller to guard while anybody writes. Functions
// keep no reference to what they are given, but for records handed on as they are.
package model
