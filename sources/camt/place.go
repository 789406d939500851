package camt

// place is where in the message the reader is: an element whose children it looks into.
type place uint8

const (
	skipped place = iota // not looked into
	leaf                 // holds a text
	document
	message
	header
	pages
	statement
	summary
	totals
	period
	account
	accountID
	accountOther
	accountType
	owner
	servicer
	servicerID
	balance
	balanceType
	balanceCode
	balanceSubType
	creditLine
	balanceDate
	entry
	entryStatus
	bookingDate
	valueDate
	entryCode
	entryDomain
	entryFamily
	entryOwnCode
	entryCharges
	details
	batch
	detail
	references
	amounts
	instructed
	settled
	detailCharges
	detailCode
	detailDomain
	detailFamily
	detailOwnCode
	parties
	debtor
	debtorAccount
	debtorAccountID
	debtorOther
	ultimateDebtor
	creditor
	creditorID
	creditorIDKind
	creditorIDOther
	creditorScheme
	creditorAccount
	creditorAccountID
	creditorOther
	ultimateCreditor
	agents
	debtorAgent
	debtorAgentID
	creditorAgent
	creditorAgentID
	purpose
	remittance
	structured
	creditorReference
)

// child tells what an element means at a place: the place that it is, and the field that its text goes to. Elements of all
// versions stand side by side: what was renamed (BIC to BICFI), got a wrapper (Sts/Cd, Dbtr/Pty) or moved (TxDtls) between
// 001.01 and 001.13 means the same.
func child(at place, name []byte) (place, field) {
	switch at {
	case document:
		switch string(name) {
		case "BkToCstmrStmt", "BkToCstmrAcctRpt", "BkToCstmrDbtCdtNtfctn",
			"BkToCstmrStmtV01", "BkToCstmrAcctRptV01", "BkToCstmrDbtCdtNtfctnV01":
			return message, 0
		}
	case message:
		switch string(name) {
		case "Stmt", "Rpt", "Ntfctn":
			return statement, 0
		case "GrpHdr":
			return header, 0
		}
	case header:
		switch string(name) {
		case "MsgPgntn":
			return pages, 0
		case "CreDtTm":
			return leaf, fMessageCreated
		}
	case pages:
		switch string(name) {
		case "PgNb":
			return leaf, fPageNumber
		case "LastPgInd":
			return leaf, fLastPage
		}
	case statement:
		switch string(name) {
		case "Ntry":
			return entry, 0
		case "Bal":
			return balance, 0
		case "Acct":
			return account, 0
		case "FrToDt":
			return period, 0
		case "TxsSummry":
			return summary, 0
		case "Id":
			return leaf, fStatementID
		case "CreDtTm":
			return leaf, fCreated
		case "ElctrncSeqNb":
			return leaf, fSequence
		case "StmtPgntn", "RptPgntn", "NtfctnPgntn":
			return pages, 0
		}
	case summary:
		if string(name) == "TtlNtries" {
			return totals, 0
		}
	case totals:
		if string(name) == "NbOfNtries" {
			return leaf, fEntries
		}
	case period:
		switch string(name) {
		case "FrDtTm":
			return leaf, fFrom
		case "ToDtTm":
			return leaf, fTo
		}
	case entry:
		return entryChild(name)
	case detail:
		return detailChild(name)
	case account, accountID, accountOther, accountType, owner, servicer, servicerID:
		return accountChild(at, name)
	case balance, balanceType, balanceCode, balanceSubType, creditLine, balanceDate:
		return balanceChild(at, name)
	case entryStatus, bookingDate, valueDate, entryCode, entryDomain, entryFamily, entryOwnCode, entryCharges, details, batch:
		return entryPartChild(at, name)
	case parties, debtor, debtorAccount, debtorAccountID, debtorOther, ultimateDebtor, creditor, creditorID, creditorIDKind,
		creditorIDOther, creditorScheme, creditorAccount, creditorAccountID, creditorOther, ultimateCreditor:
		return partyChild(at, name)
	default:
		return detailPartChild(at, name)
	}
	return skipped, 0
}

func accountChild(at place, name []byte) (place, field) {
	switch at {
	case account:
		switch string(name) {
		case "Id":
			return accountID, 0
		case "Tp":
			return accountType, 0
		case "Ccy":
			return leaf, fAccountCurrency
		case "Nm":
			return leaf, fAccountName
		case "Ownr":
			return owner, 0
		case "Svcr":
			return servicer, 0
		}
	case accountID:
		switch string(name) {
		case "IBAN":
			return leaf, fAccountIBAN
		case "Othr", "PrtryAcct":
			return accountOther, 0
		case "BBAN":
			return leaf, fAccountOther
		}
	case accountOther:
		if string(name) == "Id" {
			return leaf, fAccountOther
		}
	case accountType:
		if string(name) == "Cd" {
			return leaf, fAccountType
		}
	case owner:
		switch string(name) {
		case "Nm":
			return leaf, fOwner
		case "Pty":
			return owner, 0
		}
	case servicer:
		if string(name) == "FinInstnId" {
			return servicerID, 0
		}
	case servicerID:
		switch string(name) {
		case "BICFI", "BIC":
			return leaf, fServicerBIC
		}
	}
	return skipped, 0
}

func balanceChild(at place, name []byte) (place, field) {
	switch at {
	case balance:
		switch string(name) {
		case "Tp":
			return balanceType, 0
		case "Amt":
			return leaf, fBalanceAmount
		case "CdtDbtInd":
			return leaf, fBalanceSign
		case "Dt":
			return balanceDate, 0
		case "CdtLine":
			return creditLine, 0
		}
	case balanceType, balanceCode:
		switch string(name) {
		case "CdOrPrtry":
			return balanceCode, 0
		case "SubTp":
			return balanceSubType, 0
		case "Cd":
			return leaf, fBalanceType
		case "Prtry":
			return leaf, fBalanceOwnType
		}
	case balanceSubType:
		if string(name) == "Cd" {
			return leaf, fBalanceSubType
		}
	case creditLine:
		if string(name) == "Incl" {
			return leaf, fCreditLine
		}
	case balanceDate:
		switch string(name) {
		case "Dt", "DtTm":
			return leaf, fBalanceDate
		}
	}
	return skipped, 0
}

func entryChild(name []byte) (place, field) {
	switch string(name) {
	case "Amt":
		return leaf, fAmount
	case "CdtDbtInd":
		return leaf, fSign
	case "RvslInd":
		return leaf, fReversal
	case "Sts":
		return entryStatus, fStatus
	case "BookgDt":
		return bookingDate, 0
	case "ValDt":
		return valueDate, 0
	case "AcctSvcrRef":
		return leaf, fID
	case "BkTxCd":
		return entryCode, 0
	case "Chrgs":
		return entryCharges, 0
	case "NtryDtls":
		return details, 0
	case "TxDtls":
		return detail, 0
	case "Btch":
		return batch, 0
	case "AddtlNtryInf":
		return leaf, fInfo
	}
	return skipped, 0
}

func entryPartChild(at place, name []byte) (place, field) {
	switch at {
	case entryStatus:
		switch string(name) {
		case "Cd", "Prtry": // a bank's own status is one that is not known
			return leaf, fStatus
		}
	case bookingDate:
		switch string(name) {
		case "Dt", "DtTm":
			return leaf, fBooked
		}
	case valueDate:
		switch string(name) {
		case "Dt", "DtTm":
			return leaf, fValued
		}
	case entryCode:
		switch string(name) {
		case "Domn":
			return entryDomain, 0
		case "Prtry":
			return entryOwnCode, 0
		}
	case entryDomain:
		switch string(name) {
		case "Cd":
			return leaf, fDomain
		case "Fmly":
			return entryFamily, 0
		}
	case entryFamily:
		switch string(name) {
		case "Cd":
			return leaf, fFamily
		case "SubFmlyCd":
			return leaf, fSubFamily
		}
	case entryOwnCode:
		if string(name) == "Cd" {
			return leaf, fOwnCode
		}
	case entryCharges:
		return chargesChild(at, name, fCharges)
	case details:
		switch string(name) {
		case "TxDtls":
			return detail, 0
		case "Btch":
			return batch, 0
		}
	case batch:
		if string(name) == "NbOfTxs" {
			return leaf, fBatchSize
		}
	}
	return skipped, 0
}

// chargesChild takes the total, or the only charge: several without a total put the field in conflict.
func chargesChild(at place, name []byte, f field) (place, field) {
	switch string(name) {
	case "TtlChrgsAndTaxAmt", "Amt":
		return leaf, f
	case "Rcrd":
		return at, 0
	}
	return skipped, 0
}

func detailChild(name []byte) (place, field) {
	switch string(name) {
	case "Refs":
		return references, 0
	case "Amt":
		return leaf, dAmount
	case "CdtDbtInd":
		return leaf, dSign
	case "AmtDtls":
		return amounts, 0
	case "Chrgs":
		return detailCharges, 0
	case "BkTxCd":
		return detailCode, 0
	case "RltdPties":
		return parties, 0
	case "RltdAgts":
		return agents, 0
	case "Purp":
		return purpose, 0
	case "RmtInf":
		return remittance, 0
	case "RtrInf":
		return skipped, dReturn
	case "AddtlTxInf":
		return leaf, dInfo
	}
	return skipped, 0
}

func detailPartChild(at place, name []byte) (place, field) {
	switch at {
	case references:
		switch string(name) {
		case "EndToEndId":
			return leaf, dReference
		case "MndtId":
			return leaf, dMandate
		case "AcctSvcrRef":
			return leaf, dID
		}
	case amounts:
		switch string(name) {
		case "InstdAmt":
			return instructed, 0
		case "TxAmt":
			return settled, 0
		}
	case instructed:
		if string(name) == "Amt" {
			return leaf, dInstructed
		}
	case settled:
		if string(name) == "Amt" {
			return leaf, dSettled
		}
	case detailCharges:
		return chargesChild(at, name, dCharges)
	case detailCode:
		switch string(name) {
		case "Domn":
			return detailDomain, 0
		case "Prtry":
			return detailOwnCode, 0
		}
	case detailDomain:
		switch string(name) {
		case "Cd":
			return leaf, dDomain
		case "Fmly":
			return detailFamily, 0
		}
	case detailFamily:
		switch string(name) {
		case "Cd":
			return leaf, dFamily
		case "SubFmlyCd":
			return leaf, dSubFamily
		}
	case detailOwnCode:
		if string(name) == "Cd" {
			return leaf, dOwnCode
		}
	case agents:
		switch string(name) {
		case "DbtrAgt":
			return debtorAgent, 0
		case "CdtrAgt":
			return creditorAgent, 0
		}
	case debtorAgent:
		if string(name) == "FinInstnId" {
			return debtorAgentID, 0
		}
	case debtorAgentID:
		switch string(name) {
		case "BICFI", "BIC":
			return leaf, dDebtorBIC
		}
	case creditorAgent:
		if string(name) == "FinInstnId" {
			return creditorAgentID, 0
		}
	case creditorAgentID:
		switch string(name) {
		case "BICFI", "BIC":
			return leaf, dCreditorBIC
		}
	case purpose:
		if string(name) == "Cd" {
			return leaf, dPurpose
		}
	case remittance:
		switch string(name) {
		case "Ustrd":
			return leaf, dText
		case "Strd":
			return structured, 0
		}
	case structured:
		switch string(name) {
		case "CdtrRefInf":
			return creditorReference, 0
		case "AddtlRmtInf":
			return leaf, dStructured
		}
	case creditorReference:
		switch string(name) {
		case "Ref", "CdtrRef": // CdtrRef in 001.01
			return leaf, dStructured
		}
	}
	return skipped, 0
}
