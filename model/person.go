package model

// Person is a natural person as a source states it.
//
// GBO NatuurlijkPersoon and IngeschrevenPersoon: name.given is voornamen, name.prefix voorvoegsel, name.family geslachtsnaam, birthDate
// geboortedatum, birthPlace geboorteplaats, birthCountry geboorteland, gender geslacht, bsn bsn. Haal Centraal BRP
// names the initials voorletters and the whole name volledigeNaam.
type Person struct {
	Header
	Name         Name   `json:"name,omitzero"`
	BirthDate    Date   `json:"birthDate,omitzero"`
	BirthPlace   string `json:"birthPlace,omitempty"`
	BirthCountry string `json:"birthCountry,omitempty"` // ISO 3166-1 alpha-2, or the source's own words
	Gender       Gender `json:"gender,omitempty"`
	Nationality  string `json:"nationality,omitempty"`
	// BSN is present only where the query named a legal basis to process it.
	BSN BSN `json:"bsn,omitzero"`
}

// Category returns [CategoryPerson].
func (*Person) Category() Category { return CategoryPerson }

// Name is a person's name in the parts that the source gives; Full is the whole as it stands there.
type Name struct {
	Initials string `json:"initials,omitempty"`
	Given    string `json:"given,omitempty"`
	Prefix   string `json:"prefix,omitempty"`
	Family   string `json:"family,omitempty"`
	Full     string `json:"full,omitempty"`
}

// IsZero reports whether no part is known.
func (n Name) IsZero() bool { return n == Name{} }

// Gender is GBO's Geslacht, with Haal Centraal BRP's code behind each.
type Gender string

// The values of [Gender].
const (
	GenderMale    Gender = "male"    // Man, M
	GenderFemale  Gender = "female"  // Vrouw, V
	GenderOther   Gender = "other"   // X on travel documents; neither has it
	GenderUnknown Gender = "unknown" // VastgesteldOnbekend, O: the source says that it is not known
)

// Address is where a person lives or gets mail.
//
// GBO Binnenlandsadres: street is straatnaam, houseNumber huisnummer, houseLetter huisletter, addition
// huisnummertoevoeging, postcode postcode, city woonplaatsnaam. Haal Centraal BRP verblijfadres has officieleStraatnaam
// and woonplaats, and datumVan for since.
type Address struct {
	Header
	Kind        AddressKind `json:"kind,omitempty"`
	Street      string      `json:"street,omitempty"`
	HouseNumber string      `json:"houseNumber,omitempty"` // digits; a text because it is no quantity
	HouseLetter string      `json:"houseLetter,omitempty"`
	Addition    string      `json:"addition,omitempty"`
	Postcode    Postcode    `json:"postcode,omitzero"`
	City        string      `json:"city,omitempty"`
	Country     string      `json:"country,omitempty"` // ISO 3166-1 alpha-2, or the source's own words
	Since       Date        `json:"since,omitzero"`
	Full        string      `json:"full,omitempty"` // the address as it stands in the source, where it gives no parts
}

// Category returns [CategoryAddress].
func (*Address) Category() Category { return CategoryAddress }

// AddressKind is functieAdres of Haal Centraal BRP.
type AddressKind string

// The values of [AddressKind].
const (
	AddressHome AddressKind = "home" // woonadres
	AddressMail AddressKind = "mail" // briefadres
)
