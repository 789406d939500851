package camt

// partyChild knows a party in both forms: direct, and with the wrapper Pty from 001.08 on. Where an agent stands in the
// party's place (Agt), its name is the party's.
func partyChild(at place, name []byte) (place, field) {
	switch at {
	case parties:
		switch string(name) {
		case "Dbtr":
			return debtor, 0
		case "DbtrAcct":
			return debtorAccount, 0
		case "UltmtDbtr":
			return ultimateDebtor, 0
		case "Cdtr":
			return creditor, 0
		case "CdtrAcct":
			return creditorAccount, 0
		case "UltmtCdtr":
			return ultimateCreditor, 0
		}
	case debtor:
		switch string(name) {
		case "Nm":
			return leaf, dDebtor
		case "Pty", "Agt", "FinInstnId":
			return debtor, 0
		}
	case ultimateDebtor:
		switch string(name) {
		case "Nm":
			return leaf, dUltimateDebtor
		case "Pty":
			return ultimateDebtor, 0
		}
	case creditor:
		switch string(name) {
		case "Nm":
			return leaf, dCreditor
		case "Pty", "Agt", "FinInstnId":
			return creditor, 0
		case "Id":
			return creditorID, 0
		}
	case ultimateCreditor:
		switch string(name) {
		case "Nm":
			return leaf, dUltimateCreditor
		case "Pty":
			return ultimateCreditor, 0
		}
	case creditorID:
		switch string(name) {
		case "PrvtId", "OrgId":
			return creditorIDKind, 0
		}
	case creditorIDKind:
		if string(name) == "Othr" {
			return creditorIDOther, 0
		}
	case creditorIDOther:
		switch string(name) {
		case "Id":
			return leaf, dOther
		case "SchmeNm":
			return creditorScheme, 0
		}
	case creditorScheme:
		switch string(name) {
		case "Prtry", "Cd":
			return leaf, dScheme
		}
	case debtorAccount:
		if string(name) == "Id" {
			return debtorAccountID, 0
		}
	case debtorAccountID:
		switch string(name) {
		case "IBAN":
			return leaf, dDebtorIBAN
		case "Othr", "PrtryAcct":
			return debtorOther, 0
		case "BBAN":
			return leaf, dDebtorOther
		}
	case debtorOther:
		if string(name) == "Id" {
			return leaf, dDebtorOther
		}
	case creditorAccount:
		if string(name) == "Id" {
			return creditorAccountID, 0
		}
	case creditorAccountID:
		switch string(name) {
		case "IBAN":
			return leaf, dCreditorIBAN
		case "Othr", "PrtryAcct":
			return creditorOther, 0
		case "BBAN":
			return leaf, dCreditorOther
		}
	case creditorOther:
		if string(name) == "Id" {
			return leaf, dCreditorOther
		}
	}
	return skipped, 0
}
