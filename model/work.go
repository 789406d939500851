package model

// Employment is one contract of work at one employer, as UWV's verzekeringsbericht groups it.
//
// GBO Arbeidsverhouding: employer is the name of heeftWerkgever, the rest it does not have. The contract form is the
// text that follows from the loonaangifte indicators IndArbovOnbepTd, IndSchriftArbov, IndOprov and IndPubAanOnbepTd.
type Employment struct {
	Header
	Employer         string           `json:"employer,omitempty"`
	PayrollTaxNumber PayrollTaxNumber `json:"payrollTaxNumber,omitzero"`
	ContractForm     string           `json:"contractForm,omitempty"`
	InsuredUnder     []string         `json:"insuredUnder,omitempty"` // WW, ZW, WIA …, as the source writes them
}

// Category returns [CategoryEmployment].
func (*Employment) Category() Category { return CategoryEmployment }

// Income is one row of wages: what one employer reported for one period.
type Income struct {
	Header
	Employer         string           `json:"employer,omitempty"`
	PayrollTaxNumber PayrollTaxNumber `json:"payrollTaxNumber,omitzero"`
	ContractForm     string           `json:"contractForm,omitempty"`
	Period           Period           `json:"period,omitzero"`
	// Hours is exact; negative in a correction.
	Hours *Decimal `json:"hours,omitempty"`
	// SocialInsuranceWage is the SV-loon of the period; negative in a correction.
	SocialInsuranceWage Money      `json:"socialInsuranceWage,omitzero"`
	CompanyCar          CompanyCar `json:"companyCar,omitzero"`
}

// Category returns [CategoryIncome].
func (*Income) Category() Category { return CategoryIncome }

// CompanyCar is what a period's wage holds for the private use of an employer's car.
type CompanyCar struct {
	OwnContribution Money `json:"ownContribution,omitzero"` // eigen bijdrage auto
	PrivateUseValue Money `json:"privateUseValue,omitzero"` // waarde privégebruik auto
}

// IsZero reports whether there is no car.
func (c CompanyCar) IsZero() bool { return c == CompanyCar{} }

// Benefit is one row of a benefit that was paid as wages are: by UWV, for one period.
//
// GBO Uitkering: kind is soortUitkering (SoortUitkering). GBO has the amount a month (bedragMaand) and the first and last
// day of the right; this is what was paid for a period, so neither is taken for the other.
type Benefit struct {
	Header
	Kind                string           `json:"kind,omitempty"` // WW, ZW, WIA …; "" where the payer's number does not tell
	Payer               string           `json:"payer,omitempty"`
	PayrollTaxNumber    PayrollTaxNumber `json:"payrollTaxNumber,omitzero"`
	InsuredUnder        []string         `json:"insuredUnder,omitempty"`
	Period              Period           `json:"period,omitzero"`
	Hours               *Decimal         `json:"hours,omitempty"`
	SocialInsuranceWage Money            `json:"socialInsuranceWage,omitzero"`
}

// Category returns [CategoryBenefit].
func (*Benefit) Category() Category { return CategoryBenefit }
