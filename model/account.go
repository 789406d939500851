package model

// Account is a payment or savings account.
//
// Berlin Group accountDetails: account is iban or bban, type cashAccountType, the rest has its own names. camt: Acct.
type Account struct {
	Header
	Account     AccountID `json:"account,omitzero"`
	Currency    Currency  `json:"currency,omitempty"` // XXX for an account in several currencies
	BIC         BIC       `json:"bic,omitzero"`
	OwnerName   string    `json:"ownerName,omitempty"`
	Name        string    `json:"name,omitempty"` // given by the subject or the bank
	Product     string    `json:"product,omitempty"`
	Type        string    `json:"type,omitempty"`   // ISO 20022 ExternalCashAccountType1Code: CACC, SVGS …
	Status      string    `json:"status,omitempty"` // enabled, deleted, blocked
	Usage       string    `json:"usage,omitempty"`  // PRIV, ORGA
	ServicerBIC BIC       `json:"servicerBic,omitzero"`
}

// Category returns [CategoryAccount].
func (*Account) Category() Category { return CategoryAccount }

// Balance is an account's balance of one type at one moment.
type Balance struct {
	Header
	Account AccountID   `json:"account,omitzero"`
	Type    BalanceType `json:"type,omitempty"`
	Amount  Money       `json:"amount,omitzero"` // negative where the subject owes the bank
	// Date is the day at whose end the balance holds; for openingBooked, as the source states it.
	Date Date `json:"date,omitzero"`
	// CreditLimitIncluded reports that the amount counts money that the subject may borrow.
	CreditLimitIncluded bool `json:"creditLimitIncluded,omitempty"`
}

// Category returns [CategoryBalance].
func (*Balance) Category() Category { return CategoryBalance }

// BalanceType has Berlin Group's names; ISO 20022 ExternalBalanceType1Code behind each.
type BalanceType string

// The values of [BalanceType].
const (
	OpeningBooked          BalanceType = "openingBooked"          // OPBD
	PreviousClosingBooked  BalanceType = "previousClosingBooked"  // PRCD
	ClosingBooked          BalanceType = "closingBooked"          // CLBD
	InterimBooked          BalanceType = "interimBooked"          // ITBD
	OpeningAvailable       BalanceType = "openingAvailable"       // OPAV
	ClosingAvailable       BalanceType = "closingAvailable"       // CLAV
	InterimAvailable       BalanceType = "interimAvailable"       // ITAV
	ForwardAvailable       BalanceType = "forwardAvailable"       // FWAV
	ExpectedBalance        BalanceType = "expected"               // XPCD
	NonInvoiced            BalanceType = "nonInvoiced"            // card accounts only
	InformationBalance     BalanceType = "information"            // INFO
	OtherBalance           BalanceType = "other"                  // a code of the bank's own
	CreditLimitUnspecified BalanceType = "creditLimitUnspecified" // XCRD
)

// Transaction is one movement on an account.
type Transaction struct {
	Header
	// Account is the one that the transaction is on.
	Account     AccountID `json:"account,omitzero"`
	BookingDate Date      `json:"bookingDate,omitzero"`
	ValueDate   Date      `json:"valueDate,omitzero"`
	// Amount is in the account's currency; negative is money out.
	Amount       Money        `json:"amount,omitzero"`
	Counterparty Counterparty `json:"counterparty,omitzero"`
	// Description is the remittance text, its parts joined with a blank, without line breaks.
	Description string `json:"description,omitempty"`
	Reference   string `json:"reference,omitempty"`  // end-to-end id
	Mandate     string `json:"mandate,omitempty"`    // SEPA direct debit mandate
	CreditorID  string `json:"creditorId,omitempty"` // SEPA creditor identifier
	// BankTransactionCode is the ISO 20022 domain, family and sub-family: PMNT-RCDT-ESCT. ProprietaryCode is the
	// bank's own code.
	BankTransactionCode string `json:"bankTransactionCode,omitempty"`
	ProprietaryCode     string `json:"proprietaryCode,omitempty"`
	PurposeCode         string `json:"purposeCode,omitempty"` // ISO 20022 ExternalPurpose1Code: SALA, PENS …
	// ID is the bank's own, where it has one. Banks reuse, leave out and change them: Matches says how far it counts.
	ID     string            `json:"id,omitempty"`
	Status TransactionStatus `json:"status,omitempty"`
}

// Category returns [CategoryTransaction].
func (*Transaction) Category() Category { return CategoryTransaction }

// Counterparty is the other side of a transaction.
type Counterparty struct {
	Name    string    `json:"name,omitempty"`
	Account AccountID `json:"account,omitzero"`
	BIC     BIC       `json:"bic,omitzero"`
}

// IsZero reports whether nothing is known of the other side.
func (c Counterparty) IsZero() bool { return c == Counterparty{} }

// TransactionStatus says whether a transaction is final.
type TransactionStatus string

// The values of [TransactionStatus].
const (
	Booked  TransactionStatus = "booked"
	Pending TransactionStatus = "pending"
)
