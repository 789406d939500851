package model

// Pension is one right to a pension: one kind of one scheme at one provider, with what it pays in each period.
//
// The names follow the download of the Stichting Pensioenregister (Specificatie XML/JSON download v1.2): provider is
// PensioenUitvoerder, reference HerkenningsNummer, asOf StandPer, settlement AfhandelingVerevening or
// AfhandelingScheiding. All amounts are gross and per year.
type Pension struct {
	Header
	Kind       PensionKind `json:"kind,omitempty"`
	Provider   string      `json:"provider,omitempty"`
	Reference  string      `json:"reference,omitempty"` // the provider's own; keep it as text
	AsOf       Date        `json:"asOf,omitzero"`
	Settlement string      `json:"settlement,omitempty"`
	PerChild   bool        `json:"perChild,omitempty"` // the amounts are for each child
	// Bands are consecutive periods, in the order of the source.
	Bands []PensionBand `json:"bands,omitempty"`
}

// Category returns [CategoryPension].
func (*Pension) Category() Category { return CategoryPension }

// PensionKind says whom a pension is for and by what rule.
type PensionKind string

// The values of [PensionKind].
const (
	PensionState             PensionKind = "state"              // AOW
	PensionOldAge            PensionKind = "old-age"            // Pensioen under OuderdomsPensioen
	PensionOldAgeIndicative  PensionKind = "old-age-indicative" // IndicatiefPensioen: not guaranteed
	PensionSingle            PensionKind = "single"             // AlleenstaandenPensioen
	PensionPartner           PensionKind = "partner"            // Pensioen under PartnerPensioen
	PensionPartnerIndicative PensionKind = "partner-indicative" // IndicatiefPensioen under PartnerPensioen
	PensionOrphan            PensionKind = "orphan"             // WezenPensioen
)

// PensionBand is what a pension pays between two moments. An amount that the source does not give is absent, which
// is something else than nought.
type PensionBand struct {
	From  PensionMoment `json:"from,omitzero"`
	Until PensionMoment `json:"until,omitzero"` // an event for a pension that is paid for life

	Accrued    Money `json:"accrued,omitzero"`    // Opgebouwd, OpgebouwdBedrag: what is there if nothing more is added
	Attainable Money `json:"attainable,omitzero"` // TeBereiken: if work goes on as now until the pension age

	// The state pension depends on the household: …Alleenstaand and …Samenwonend.
	AccruedSingle        Money `json:"accruedSingle,omitzero"`
	AttainableSingle     Money `json:"attainableSingle,omitzero"`
	AccruedCohabiting    Money `json:"accruedCohabiting,omitzero"`
	AttainableCohabiting Money `json:"attainableCohabiting,omitzero"`

	// For survivors: on death before the pension age, and after it (…NaPens).
	Insured                Money `json:"insured,omitzero"`                // VerzekerdBedrag
	InsuredAfterRetirement Money `json:"insuredAfterRetirement,omitzero"` // VerzekerdBedragNaPens
	AccruedAfterRetirement Money `json:"accruedAfterRetirement,omitzero"` // OpgebouwdBedragNaPens
}

// PensionMoment is PeriodeGrens: an age, or an event.
type PensionMoment struct {
	Years  int          `json:"years,omitempty"`
	Months int          `json:"months,omitempty"`
	Event  PensionEvent `json:"event,omitempty"`
}

// IsZero reports whether the moment is not known.
func (m PensionMoment) IsZero() bool { return m == PensionMoment{} }

// PensionEvent ends or begins a band.
type PensionEvent string

// The values of [PensionEvent].
const (
	EventDeath        PensionEvent = "death"         // Overlijden
	EventPartnerDeath PensionEvent = "partner-death" // OverlijdenPartner
	EventParentDeath  PensionEvent = "parent-death"  // OverlijdenOuder
)

// StudyDebt is a debt for study at DUO.
//
// GBO StudieLening: outstanding is openstaandSaldo, monthlyInstalment maandelijkseAflossing, totalMonths
// aflostermijnTotaalMaanden, remainingMonths aflostermijnRestantMaanden, cohort leenstelselCohort, regime renteregime.
type StudyDebt struct {
	Header
	Regime      string `json:"regime,omitempty"` // SF35, SF15 …, as the source writes it
	Cohort      string `json:"cohort,omitempty"`
	Outstanding Money  `json:"outstanding,omitzero"`
	// InterestRate is in per cent a year, exact.
	InterestRate       *Decimal `json:"interestRate,omitempty"`
	InterestFixedUntil Date     `json:"interestFixedUntil,omitzero"`
	// StatutoryInstalment is the monthly amount by law; MonthlyInstalment the one that is paid, which may be lower
	// because of income.
	StatutoryInstalment Money `json:"statutoryInstalment,omitzero"`
	MonthlyInstalment   Money `json:"monthlyInstalment,omitzero"`
	// TotalMonths and RemainingMonths are those of the repayment; 0 is something else than not stated.
	TotalMonths     *int `json:"totalMonths,omitempty"`
	RemainingMonths *int `json:"remainingMonths,omitempty"`
	AsOf            Date `json:"asOf,omitzero"`
}

// Category returns [CategoryStudyDebt].
func (*StudyDebt) Category() Category { return CategoryStudyDebt }
