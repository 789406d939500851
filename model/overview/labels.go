package overview

import "github.com/brondata/brondata/model"

// tr is a text in both languages, Dutch first.
func tr(nl, en string) model.Text { return model.Text{Dutch: nl, English: en} }

// categoryNames name each category as a consumer would.
var categoryNames = map[model.Category]model.Text{
	model.CategoryPerson:      tr("Persoonsgegevens", "Personal details"),
	model.CategoryAddress:     tr("Adres", "Address"),
	model.CategoryEmployment:  tr("Werkgevers en contracten", "Employers and contracts"),
	model.CategoryIncome:      tr("Loon", "Wages"),
	model.CategoryBenefit:     tr("Uitkeringen", "Benefits"),
	model.CategoryPension:     tr("Pensioen", "Pension"),
	model.CategoryStudyDebt:   tr("Studieschuld", "Student debt"),
	model.CategoryAccount:     tr("Rekeningen", "Accounts"),
	model.CategoryBalance:     tr("Saldi", "Balances"),
	model.CategoryTransaction: tr("Bij- en afschrijvingen", "Transactions"),
}

// fieldNames name each field that a scope can name. A name with the category before it goes first.
var fieldNames = map[string]model.Text{
	"name.initials":   tr("Voorletters", "Initials"),
	"name.given":      tr("Voornamen", "Given names"),
	"name.prefix":     tr("Tussenvoegsel", "Name prefix"),
	"name.family":     tr("Achternaam", "Family name"),
	"name.full":       tr("Volledige naam", "Full name"),
	"birthDate":       tr("Geboortedatum", "Date of birth"),
	"birthPlace":      tr("Geboorteplaats", "Place of birth"),
	"birthCountry":    tr("Geboorteland", "Country of birth"),
	"gender":          tr("Geslacht", "Gender"),
	"nationality":     tr("Nationaliteit", "Nationality"),
	"bsn":             tr("Burgerservicenummer (BSN)", "Citizen service number (BSN)"),
	"address.kind":    tr("Soort adres", "Kind of address"),
	"street":          tr("Straat", "Street"),
	"houseNumber":     tr("Huisnummer", "House number"),
	"houseLetter":     tr("Huisletter", "House letter"),
	"addition":        tr("Toevoeging", "Addition"),
	"postcode":        tr("Postcode", "Postcode"),
	"city":            tr("Woonplaats", "Town"),
	"country":         tr("Land", "Country"),
	"since":           tr("Ingangsdatum", "Since"),
	"full":            tr("Volledig adres", "Full address"),
	"employer":        tr("Werkgever", "Employer"),
	"payer":           tr("Betaald door", "Paid by"),
	"contractForm":    tr("Soort contract", "Kind of contract"),
	"insuredUnder":    tr("Verzekerd voor", "Insured under"),
	"hours":           tr("Uren", "Hours"),
	"period.from":     tr("Begin van de periode", "Start of the period"),
	"period.to":       tr("Einde van de periode", "End of the period"),
	"benefit.kind":    tr("Soort uitkering", "Kind of benefit"),
	"pension.kind":    tr("Soort pensioen", "Kind of pension"),
	"provider":        tr("Pensioenuitvoerder", "Pension provider"),
	"settlement":      tr("Verdeling na scheiding", "Division after divorce"),
	"perChild":        tr("Bedragen gelden per kind", "Amounts are for each child"),
	"asOf":            tr("Stand per", "State as of"),
	"regime":          tr("Terugbetalingsregels", "Repayment rules"),
	"cohort":          tr("Leenstelsel", "Loan scheme"),
	"outstanding":     tr("Openstaande schuld", "Outstanding debt"),
	"interestRate":    tr("Rente per jaar", "Interest a year"),
	"totalMonths":     tr("Aflostermijn in maanden", "Repayment period in months"),
	"remainingMonths": tr("Resterende maanden", "Remaining months"),
	"account":         tr("Rekening", "Account"),
	"currency":        tr("Munteenheid", "Currency"),
	"bic":             tr("BIC", "BIC"),
	"servicerBic":     tr("BIC van de bank", "BIC of the bank"),
	"ownerName":       tr("Op naam van", "In the name of"),
	"account.name":    tr("Naam van de rekening", "Name of the account"),
	"product":         tr("Product", "Product"),
	"type":            tr("Soort", "Kind"),
	"status":          tr("Status", "Status"),
	"usage":           tr("Gebruik", "Use"),
	"amount":          tr("Bedrag", "Amount"),
	"date":            tr("Datum", "Date"),
	"bookingDate":     tr("Datum", "Date"),
	"valueDate":       tr("Rentedatum", "Value date"),
	"description":     tr("Omschrijving", "Description"),
	"reference":       tr("Kenmerk", "Reference"),
	"mandate":         tr("Machtiging", "Mandate"),
	"creditorId":      tr("Incassant-ID", "Creditor ID"),
	"proprietaryCode": tr("Code van de bank", "Code of the bank"),
	"purposeCode":     tr("Doelcode", "Purpose code"),
	"id":              tr("Nummer bij de bank", "Number at the bank"),

	"payrollTaxNumber":           tr("Loonheffingennummer", "Payroll tax number"),
	"socialInsuranceWage":        tr("SV-loon", "Wage (SV-loon)"),
	"companyCar.ownContribution": tr("Eigen bijdrage auto", "Own contribution to company car"),
	"companyCar.privateUseValue": tr("Waarde privégebruik auto", "Value of private use of company car"),
	"benefit.insuredUnder":       tr("Wet", "Law"),
	"bands.from.years":           tr("Vanaf leeftijd, jaren", "From age, years"),
	"bands.from.months":          tr("Vanaf leeftijd, maanden", "From age, months"),
	"bands.from.event":           tr("Vanaf gebeurtenis", "From event"),
	"bands.until.years":          tr("Tot leeftijd, jaren", "Until age, years"),
	"bands.until.months":         tr("Tot leeftijd, maanden", "Until age, months"),
	"bands.until.event":          tr("Tot gebeurtenis", "Until event"),
	"bands.accrued":              tr("opgebouwd", "built up"),
	"bands.attainable":           tr("te bereiken als u zo doorgaat", "attainable if you go on as now"),
	"bands.accruedSingle":        tr("opgebouwd, alleenstaand", "built up, single"),
	"bands.attainableSingle":     tr("te bereiken, alleenstaand", "attainable, single"),
	"bands.accruedCohabiting":    tr("opgebouwd, samenwonend", "built up, living together"),
	"bands.attainableCohabiting": tr("te bereiken, samenwonend", "attainable, living together"),
	"bands.insured":              tr("verzekerd", "insured"),

	"bands.insuredAfterRetirement": tr("verzekerd na pensionering", "insured after retirement"),
	"bands.accruedAfterRetirement": tr("opgebouwd na pensionering", "built up after retirement"),
	"interestFixedUntil":           tr("Rente vast tot", "Interest fixed until"),
	"statutoryInstalment":          tr("Wettelijk maandbedrag", "Statutory monthly amount"),
	"monthlyInstalment":            tr("Maandbedrag dat u betaalt", "Monthly amount that you pay"),
	"creditLimitIncluded":          tr("Inclusief geld dat u mag lenen", "Includes money that you may borrow"),
	"counterparty.name":            tr("Tegenpartij", "Other party"),
	"counterparty.account":         tr("Rekening van de tegenpartij", "Account of the other party"),
	"counterparty.bic":             tr("BIC van de tegenpartij", "BIC of the other party"),
	"bankTransactionCode":          tr("Soort transactie (code)", "Kind of transaction (code)"),
	// Wholes, which a doubt can name.
	"name":         tr("Naam", "Name"),
	"period":       tr("Periode", "Period"),
	"companyCar":   tr("Auto van de zaak", "Company car"),
	"bands":        tr("Bedragen per periode", "Amounts by period"),
	"bands.from":   tr("Begin van de periode", "Start of the period"),
	"bands.until":  tr("Einde van de periode", "End of the period"),
	"counterparty": tr("Tegenpartij", "Other party"),
}

// values name the values of the fields with a closed set of them.
var values = map[string]model.Text{
	"gender.male":    tr("man", "male"),
	"gender.female":  tr("vrouw", "female"),
	"gender.other":   tr("X", "X"),
	"gender.unknown": tr("onbekend", "unknown"),

	"address.kind.home": tr("woonadres", "home address"),
	"address.kind.mail": tr("briefadres", "postal address"),

	"pension.kind.state":              tr("AOW", "State pension (AOW)"),
	"pension.kind.old-age":            tr("Ouderdomspensioen", "Old-age pension"),
	"pension.kind.old-age-indicative": tr("Ouderdomspensioen, indicatie (niet gegarandeerd)", "Old-age pension, indication (not guaranteed)"),
	"pension.kind.single":             tr("Pensioen voor alleenstaanden", "Pension for singles"),
	"pension.kind.partner":            tr("Partnerpensioen", "Partner's pension"),
	"pension.kind.partner-indicative": tr("Partnerpensioen, indicatie (niet gegarandeerd)", "Partner's pension, indication (not guaranteed)"),
	"pension.kind.orphan":             tr("Wezenpensioen", "Orphan's pension"),

	"event.death":         tr("uw overlijden", "your death"),
	"event.partner-death": tr("het overlijden van uw partner", "your partner's death"),
	"event.parent-death":  tr("het overlijden van de ouder", "the parent's death"),

	"type.openingBooked":          tr("Beginsaldo", "Opening balance"),
	"type.previousClosingBooked":  tr("Vorig eindsaldo", "Previous closing balance"),
	"type.closingBooked":          tr("Eindsaldo", "Closing balance"),
	"type.interimBooked":          tr("Tussensaldo", "Interim balance"),
	"type.openingAvailable":       tr("Beschikbaar bij begin", "Available at opening"),
	"type.closingAvailable":       tr("Beschikbaar bij einde", "Available at closing"),
	"type.interimAvailable":       tr("Beschikbaar op dat moment", "Available at that moment"),
	"type.forwardAvailable":       tr("Later beschikbaar", "Available later"),
	"type.expected":               tr("Verwacht saldo", "Expected balance"),
	"type.nonInvoiced":            tr("Nog niet op de rekening gezet", "Not yet invoiced"),
	"type.information":            tr("Ter informatie", "For information"),
	"type.other":                  tr("Ander saldo", "Other balance"),
	"type.creditLimitUnspecified": tr("Saldo met kredietlimiet", "Balance with a credit limit"),

	"account.type.CACC":      tr("betaalrekening (CACC)", "current account (CACC)"),
	"account.type.SVGS":      tr("spaarrekening (SVGS)", "savings account (SVGS)"),
	"account.type.CARD":      tr("kaartrekening (CARD)", "card account (CARD)"),
	"account.type.LOAN":      tr("lening (LOAN)", "loan (LOAN)"),
	"account.status.enabled": tr("actief", "active"),
	"account.status.deleted": tr("opgeheven", "closed"),
	"account.status.blocked": tr("geblokkeerd", "blocked"),
	"account.usage.PRIV":     tr("privé (PRIV)", "private (PRIV)"),
	"account.usage.ORGA":     tr("zakelijk (ORGA)", "business (ORGA)"),
	"account.currency.XXX":   tr("meerdere munteenheden (XXX)", "several currencies (XXX)"),

	"purposeCode.SALA": tr("salaris (SALA)", "salary (SALA)"),
	"purposeCode.PENS": tr("pensioen (PENS)", "pension (PENS)"),
	"purposeCode.SSBE": tr("sociale uitkering (SSBE)", "social security benefit (SSBE)"),
	"purposeCode.TAXS": tr("belasting (TAXS)", "tax (TAXS)"),

	"transaction.status.booked":  tr("geboekt", "booked"),
	"transaction.status.pending": tr("nog niet geboekt", "not yet booked"),
}

// issueTexts say each doubt in words that stand behind the name of a field.
var issueTexts = map[model.IssueCode]model.Text{
	model.IssueTruncated:     tr("het document houdt te vroeg op, er kan iets ontbreken", "the document ends too early, something may be missing"),
	model.IssueDamaged:       tr("het document was beschadigd en is zo goed mogelijk gelezen", "the document was damaged and was read as well as possible"),
	model.IssueInvalid:       tr("wat de bron vermeldt, heeft niet de juiste vorm en is weggelaten", "what the source states does not have the right form and was left out"),
	model.IssueChecksum:      tr("het nummer in de bron klopt niet en is weggelaten", "the number in the source is not correct and was left out"),
	model.IssueMissing:       tr("ontbreekt in de bron", "is missing in the source"),
	model.IssueConflict:      tr("de bron spreekt zichzelf tegen, daarom is niets overgenomen", "the source contradicts itself, so nothing was taken over"),
	model.IssueUnknown:       tr("de bron vermeldt iets dat niet wordt herkend, dat is weggelaten", "the source states something that was not recognised, which was left out"),
	model.IssueUnbalanced:    tr("beginsaldo plus alle boekingen is niet het eindsaldo", "the opening balance plus all entries is not the closing balance"),
	model.IssueUncheckable:   tr("het is niet na te gaan of de boekingen samen kloppen met het saldo", "it cannot be checked whether the entries add up to the balance"),
	model.IssueSubject:       tr("het document noemt een andere persoon dan u", "the document names another person than you"),
	model.IssueHistoryCut:    tr("de bron gaat minder ver terug dan gevraagd", "the source did not go back as far as was asked"),
	model.IssueAggregate:     tr("dit staat voor meer dan één boeking, de bron geeft ze niet apart", "this stands for several entries that the source does not give one by one"),
	model.IssueCharset:       tr("sommige tekens konden niet worden gelezen", "some characters could not be read"),
	model.IssueDuplicate:     tr("staat dubbel in het document en is één keer overgenomen", "stands twice in the document and was taken over once"),
	model.IssueUnverified:    tr("de opmaak van het document is niet officieel bekend, de lezing berust op een aanname", "the layout of the document is not officially known, the reading rests on an assumption"),
	model.IssueIncompleteDoc: tr("de bron zegt zelf dat er gegevens ontbreken", "the source itself says that data is missing"),
	model.IssueLimit:         tr("het document was te groot, de rest is niet gelezen", "the document was too large, the rest was not read"),
	model.IssueOverlap:       tr("perioden overlappen elkaar, wat niet hoort", "periods overlap, which they should not"),
	model.IssueSuspicious:    tr("de waarde is ongewoon, controleer deze", "the value is unusual, please check it"),
	model.IssueLayout:        tr("een deel van het document staat niet waar het verwacht werd", "part of the document is not where it was expected"),
}

// methodTexts say how data was got.
var methodTexts = map[model.Method]model.Text{
	model.API:    tr("rechtstreeks van de instelling", "directly from the institution"),
	model.File:   tr("een bestand dat u hebt aangeleverd", "a file that you provided"),
	model.Scrape: tr("gelezen van pagina's in uw eigen omgeving bij de instelling", "read from the pages of your own account at the institution"),
}

// obtainedTexts and checkTexts say how complete data is, and how it checked.
var (
	obtainedTexts = map[model.Obtained]model.Text{
		model.ObtainedAll:  tr("alles", "all of it"),
		model.ObtainedPart: tr("een deel", "part of it"),
		model.ObtainedNone: tr("niets", "none"),
	}
	balancedTexts = map[model.Check]model.Text{
		model.CheckYes: tr("saldi en boekingen kloppen met elkaar", "balances and entries agree"),
		model.CheckNo:  tr("saldi en boekingen kloppen niet met elkaar", "balances and entries do not agree"),
		model.CheckNot: tr("niet na te gaan of saldi en boekingen kloppen", "it cannot be checked whether balances and entries agree"),
	}
	subjectTexts = map[model.Check]model.Text{
		model.CheckYes: tr("de documenten staan op uw naam", "the documents are in your name"),
		model.CheckNo:  tr("een document staat op naam van iemand anders", "a document is in somebody else's name"),
		model.CheckNot: tr("niet na te gaan op wiens naam de documenten staan", "it cannot be checked in whose name the documents are"),
	}
)

// outcomes say how an attempt ended, by the codes of package sources. A code that is not here is shown as it is.
var outcomes = map[string]model.Text{
	"ok":             tr("gelukt", "succeeded"),
	"not-permitted":  tr("niet toegestaan", "not permitted"),
	"authentication": tr("inloggen niet gelukt", "sign-in failed"),
	"unavailable":    tr("niet bereikbaar", "unavailable"),
	"not-provided":   tr("geeft deze gegevens niet", "does not provide this data"),
	"layout-changed": tr("pagina is gewijzigd", "page has changed"),
	"malformed":      tr("document niet leesbaar", "document not readable"),
	"ambiguous":      tr("soort document onduidelijk", "kind of document unclear"),
	"unknown-format": tr("soort document onbekend", "kind of document unknown"),
	"too-large":      tr("document te groot", "document too large"),
	"limit":          tr("limiet bereikt", "limit reached"),
	"canceled":       tr("afgebroken", "cancelled"),
	"timeout":        tr("duurde te lang", "took too long"),
	"throttled":      tr("te vaak opgevraagd, later opnieuw", "asked too often, try later"),
	"truncated":      tr("document houdt te vroeg op", "document ends too early"),
	"password":       tr("wachtwoord van het document nodig", "password of the document needed"),
	"host":           tr("geweigerd: onbekend webadres", "refused: unknown web address"),
	"adapter":        tr("fout in de koppeling", "fault in the connection"),
	"config":         tr("fout in de instellingen", "fault in the settings"),
	"in-memory-only": tr("was maar kort te zien en is weg", "was there for a short time only and is gone"),
	"unexpected":     tr("onverwachte fout", "unexpected error"),
}
