package consent

import (
	"strings"

	"github.com/brondata/brondata/model"
)

func tr(nl, en string) model.Text { return model.Text{Dutch: nl, English: en} }

// categoryTexts say what a category is, as a subject would. A test holds that none is missing.
var categoryTexts = map[model.Category]model.Text{
	model.CategoryPerson:      tr("Wie u bent", "Who you are"),
	model.CategoryAddress:     tr("Waar u woont", "Where you live"),
	model.CategoryEmployment:  tr("Uw werkgevers en contracten", "Your employers and contracts"),
	model.CategoryIncome:      tr("Uw loon", "Your wages"),
	model.CategoryBenefit:     tr("Uw uitkeringen", "Your benefits"),
	model.CategoryPension:     tr("Uw pensioen", "Your pension"),
	model.CategoryStudyDebt:   tr("Uw studieschuld", "Your student debt"),
	model.CategoryAccount:     tr("Uw rekeningen", "Your accounts"),
	model.CategoryBalance:     tr("Uw saldi", "Your balances"),
	model.CategoryTransaction: tr("Uw bij- en afschrijvingen", "Your transactions"),
}

// fieldTable has a line for each field that a scope can name: its name, with the category before it where two categories
// mean different things by one name, then the Dutch and the English text.
const fieldTable = `
name.initials|voorletters|initials
name.given|voornamen|given names
name.prefix|voorvoegsel|name prefix
name.family|achternaam|family name
person name.full|volledige naam|full name
birthDate|geboortedatum|date of birth
birthPlace|geboorteplaats|place of birth
birthCountry|geboorteland|country of birth
gender|geslacht|gender
nationality|nationaliteit|nationality
bsn|burgerservicenummer (BSN)|citizen service number (BSN)
kind|soort|kind
street|straat|street
houseNumber|huisnummer|house number
houseLetter|huisletter|house letter
addition|toevoeging|addition
postcode|postcode|postcode
city|woonplaats|town
country|land|country
since|sinds wanneer|since when
full|volledig adres|full address
employer|werkgever|employer
payer|wie betaalt|who pays
payrollTaxNumber|loonheffingennummer van de werkgever of uitkeerder|payroll tax number of the employer or payer
contractForm|soort contract|kind of contract
insuredUnder|waarvoor u verzekerd bent|what you are insured for
period.from|begin van de periode|start of the period
period.to|einde van de periode|end of the period
hours|uren|hours
socialInsuranceWage|loon voor de werknemersverzekeringen|wage for social insurance
companyCar.ownContribution|auto van de zaak: eigen bijdrage|company car: own contribution
companyCar.privateUseValue|auto van de zaak: bijtelling|company car: value of private use
provider|pensioenuitvoerder|pension provider
pension reference|kenmerk van de regeling|reference of the scheme
asOf|peildatum|date of the state
settlement|verdeling na scheiding|division after divorce
perChild|of bedragen per kind gelden|whether amounts are for each child
bands.from.years|ingangsleeftijd (jaren)|starting age (years)
bands.from.months|ingangsleeftijd (maanden)|starting age (months)
bands.from.event|waarmee het ingaat|what it starts with
bands.until.years|eindleeftijd (jaren)|final age (years)
bands.until.months|eindleeftijd (maanden)|final age (months)
bands.until.event|waarmee het eindigt|what it ends with
bands.accrued|opgebouwd bedrag|accrued amount
bands.attainable|te bereiken bedrag|attainable amount
bands.accruedSingle|opgebouwd bedrag, alleenstaand|accrued amount, single
bands.attainableSingle|te bereiken bedrag, alleenstaand|attainable amount, single
bands.accruedCohabiting|opgebouwd bedrag, samenwonend|accrued amount, cohabiting
bands.attainableCohabiting|te bereiken bedrag, samenwonend|attainable amount, cohabiting
bands.insured|verzekerd bedrag|insured amount
bands.insuredAfterRetirement|verzekerd bedrag na pensionering|insured amount after retirement
bands.accruedAfterRetirement|opgebouwd bedrag na pensionering|accrued amount after retirement
regime|terugbetalingsregels|repayment rules
cohort|leenstelsel|loan scheme
outstanding|openstaande schuld|outstanding debt
interestRate|rente|interest rate
interestFixedUntil|tot wanneer de rente vaststaat|until when the rate is fixed
statutoryInstalment|wettelijk maandbedrag|statutory monthly amount
monthlyInstalment|maandbedrag|monthly amount
totalMonths|looptijd in maanden|term in months
remainingMonths|resterende maanden|remaining months
account|rekeningnummer|account number
currency|munt|currency
bic|BIC|BIC
servicerBic|BIC van de bank|BIC of the bank
ownerName|naam van de rekeninghouder|name of the account holder
account name|naam van de rekening|name of the account
product|product|product
account type|soort rekening|kind of account
balance type|soort saldo|kind of balance
status|status|status
usage|gebruik (privé of zakelijk)|use (private or business)
amount|bedrag|amount
date|datum|date
creditLimitIncluded|of de kredietruimte meetelt|whether the credit limit is included
bookingDate|boekdatum|booking date
valueDate|rentedatum|value date
counterparty.name|naam van de tegenpartij|name of the other party
counterparty.account|rekening van de tegenpartij|account of the other party
counterparty.bic|BIC van de tegenpartij|BIC of the other party
description|omschrijving|description
transaction reference|betalingskenmerk|payment reference
mandate|machtigingskenmerk|mandate reference
creditorId|incassant-ID|creditor identifier
bankTransactionCode|soort boeking|kind of entry
proprietaryCode|code van de bank|code of the bank
purposeCode|doel van de betaling|purpose of the payment
transaction id|nummer van de boeking bij de bank|number of the entry at the bank
`

// fieldText names a field for the subject; one that no text is known for, such as an extra of an adapter, by its name.
func fieldText(c model.Category, field string) model.Text {
	var found model.Text
	for line := range strings.Lines(fieldTable) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), "|")
		if !ok {
			continue
		}
		nl, en, _ := strings.Cut(rest, "|")
		switch name {
		case string(c) + " " + field:
			return tr(nl, en)
		case field:
			found = tr(nl, en)
		}
	}
	if found == (model.Text{}) {
		found = tr(field, field)
	}
	return found
}

// fieldTexts names the fields of a basket one by one: a whole that is named stands for its parts.
func fieldTexts(b model.Basket) []model.Text {
	s := model.Scope{Baskets: []model.Basket{b}}
	var out []model.Text
	for _, f := range model.Fields(b.Category) {
		if s.HasField(b.Category, f) {
			out = append(out, fieldText(b.Category, f))
		}
	}
	for _, f := range b.Fields {
		if name, ok := strings.CutPrefix(f, "extra."); ok {
			out = append(out, tr(name, name))
		}
	}
	return out
}
