package uwv_test

import "github.com/brondata/brondata/model"

// The contract forms as the document has them, on one to three lines.
var (
	permanent = []string{"Schriftelijke arbeidsovereenkomst voor onbepaalde tijd, geen oproepovereenkomst"}
	temporary = []string{"Schriftelijke arbeidsovereenkomst voor bepaalde tijd,", "geen oproepovereenkomst"}
	onCall    = []string{"Niet schriftelijke arbeidsovereenkomst", "voor bepaalde tijd,", "oproepovereenkomst"}
	public    = []string{"Publiekrechtelijke aanstelling", "voor onbepaalde tijd"}
)

const allLaws = "WW, ZW, WIA/WAO"

// notices are the fixtures by name. Persons, companies and numbers are invented.
var notices = map[string]notice{
	"bundled": {
		form: "De heer", name: "J. Voorbeeld", initials: "J.", family: "Voorbeeld", born: "1985-06-14", made: "2026-11-02", version: "VZB-006", minus: leading,
		blocks: []contract{
			{
				employer: []string{"Installatiebedrijf De Leiding B.V."}, number: "866666618L01", laws: allLaws, form: permanent, valign: "top",
				wages: []wage{
					{from: "2026-07-01", to: "2026-07-31", hours: "160", sv: "4120.35", own: "85.00", private: "410.20", layout: oneEach},
					{from: "2026-08-01", to: "2026-08-31", hours: "160", sv: "3710.15"},
					{from: "2026-09-01", to: "2026-09-30", hours: "160", sv: "3710.15"},
				},
			},
			{
				employer: []string{"WW-Uitkering van UWV"}, number: "810220350L04", laws: "ZW, WIA", valign: "top", benefit: true, kind: "WW",
				wages: []wage{{from: "2026-05-01", to: "2026-05-31", hours: "173", sv: "2710.48"}, {from: "2026-06-01", to: "2026-06-30", hours: "173", sv: "2710.48"}},
			},
		},
	},
	"one-contract": {
		form: "De heer", name: "A.B. de Vries", initials: "A.B.", prefix: "de", family: "Vries", born: "1984-02-29", made: "2026-05-03", version: "VZB-005",
		blocks: []contract{{
			employer: []string{"Bakkerij Voorbeeld B.V."}, number: "813580237L01", laws: allLaws, form: permanent, valign: "top",
			wages: []wage{
				{from: "2026-01-01", to: "2026-01-31", hours: "160", sv: "3250.00"},
				{from: "2026-02-01", to: "2026-02-28", hours: "152", sv: "3250.00"},
				{from: "2026-03-01", to: "2026-03-31", hours: "168", sv: "3310.45"},
				{from: "2026-04-01", to: "2026-04-30", hours: "0", sv: "0.00"},
			},
		}},
	},
	"several": {
		form: "Mevrouw", name: "C. van der Linden-de Groot", initials: "C.", prefix: "van der", family: "Linden-de Groot", born: "1979-11-07", made: "2026-06-12", version: "VZB-006",
		blocks: []contract{
			{
				employer: []string{"Stichting Zorginstellingen Voorbeeld", "en Omstreken, regio Noord-Oost"}, number: "822222206L01", laws: "WW, ZW, WIA", form: onCall, valign: "middle",
				wages: []wage{{from: "2025-12-01", to: "2025-12-31", hours: "36", sv: "812.37"}, {from: "2026-01-01", to: "2026-01-31", hours: "41.5", sv: "934.02"}},
			},
			{
				employer: []string{"Gemeente Voorbeeldstad"}, number: "839506144L03", laws: "ZW, WIA", form: public, valign: "middle",
				wages: []wage{{from: "2026-01-01", to: "2026-01-31", hours: "80", sv: "2100.00"}, {from: "2026-02-01", to: "2026-02-28", hours: "80", sv: "12345.67"}},
			},
			{
				employer: []string{"Gemeente Voorbeeldstad"}, number: "839506144L03", laws: "WW, ZW, WIA", form: temporary, valign: "top",
				wages: []wage{{from: "2026-03-01", to: "2026-03-31", hours: "80", sv: "2150.00"}},
			},
		},
	},
	"car-one-each": {
		form: "De heer", name: "D. Jansen", initials: "D.", family: "Jansen", born: "1990-01-01", made: "2026-05-03", version: "VZB-005",
		blocks: []contract{{
			employer: []string{"Rijdend Advies B.V."}, number: "848148113L01", laws: allLaws, form: permanent, valign: "top",
			wages: []wage{
				{from: "2026-01-01", to: "2026-01-31", hours: "160", sv: "6597.34", own: "149.01", private: "612.50", layout: oneEach},
				{from: "2026-02-01", to: "2026-02-28", hours: "160", sv: "6597.34", own: "0.00", private: "612.50", layout: beside},
				{from: "2026-03-01", to: "2026-03-31", hours: "160", sv: "5984.84"},
			},
		}},
	},
	"car-together": {
		form: "De heer", name: "D. Jansen", initials: "D.", family: "Jansen", born: "1990-01-01", made: "2026-05-03", version: "VZB-004", minus: odd,
		blocks: []contract{{
			employer: []string{"Rijdend Advies B.V."}, number: "848148113L01", laws: allLaws, form: permanent, valign: "top",
			wages: []wage{
				{from: "2026-01-01", to: "2026-01-31", hours: "160", sv: "6597.34", own: "149.01", private: "612.50", layout: together},
				{from: "2026-02-01", to: "2026-02-28", hours: "160", sv: "5984.84"},
				{from: "2026-03-01", to: "2026-03-31", hours: "160", sv: "16597.34", own: "-12.00", private: "1612.50", layout: together},
			},
		}},
	},
	"car-wage-first": {
		form: "De heer", name: "D. Jansen", initials: "D.", family: "Jansen", born: "1990-01-01", made: "2026-05-03", version: "VZB-006",
		blocks: []contract{{
			employer: []string{"Rijdend Advies B.V."}, number: "848148113L01", laws: allLaws, form: permanent, valign: "top",
			wages: []wage{
				{from: "2026-01-01", to: "2026-01-31", hours: "160", sv: "6597.34", own: "149.01", private: "612.50", layout: wageFirst},
				{from: "2026-02-01", to: "2026-02-28", hours: "160", sv: "5984.84"},
			},
		}},
	},
	"no-form": {
		form: "Mevrouw", name: "Ria Bakker", born: "1961-07-15", made: "2026-05-03", version: "VZB-004",
		blocks: []contract{{
			employer: []string{"Drukkerij De Letter", "v.o.f."}, number: "866666618L01", laws: "WW, ZW, WAO/WIA", valign: "top",
			wages: []wage{{from: "2019-11-01", to: "2019-11-30", hours: "104", sv: "1875.10"}, {from: "2019-12-01", to: "2019-12-31", hours: "104", sv: "1875.10"}},
		}},
	},
	"page-break": {
		form: "De heer", name: "E.F. van 't Hof", initials: "E.F.", prefix: "van 't", family: "Hof", born: "1975-10-31", made: "2026-05-03", version: "VZB-005",
		blocks: []contract{{
			employer: []string{"Bouwbedrijf Steen & Zonen B.V."}, number: "869135752L02", laws: allLaws, form: temporary, valign: "middle",
			wages: []wage{
				{from: "2025-10-01", to: "2025-10-31", hours: "160", sv: "2801.11"},
				{from: "2025-11-01", to: "2025-11-30", hours: "160", sv: "2802.22", again: true, doubts: []model.IssueCode{model.IssueDuplicate}},
				{from: "2025-12-01", to: "2025-12-31", hours: "160", sv: "2803.33", brk: fullHeader},
				{from: "2026-01-01", to: "2026-01-31", hours: "160", sv: "2804.44"},
				{from: "2026-02-01", to: "2026-02-28", hours: "152", sv: "2805.55", brk: tableOnly},
			},
		}, {
			employer: []string{"Bouwbedrijf Steen & Zonen B.V."}, number: "869135752L02", laws: allLaws, form: permanent, valign: "middle",
			wages: []wage{{from: "2026-03-01", to: "2026-03-31", hours: "160", sv: "3001.00"}},
		}},
	},
	"four-weekly": {
		form: "Mevrouw", name: "G. Öztürk", initials: "G.", family: "Öztürk", born: "1999-12-31", made: "2026-05-03", version: "VZB-006",
		blocks: []contract{{
			employer: []string{"Uitzendbureau Morgen B.V."}, number: "813580237L04", laws: allLaws, form: onCall, valign: "top",
			wages: []wage{
				{from: "2025-12-29", to: "2026-01-25", hours: "144", sv: "2016.00"},
				{from: "2026-01-26", to: "2026-02-22", hours: "120", sv: "1680.00"},
				{from: "2026-02-23", to: "2026-03-22", hours: "152", sv: "2128.00"},
			},
		}},
	},
	"benefit": {
		form: "De heer", name: "H. de Boer", initials: "H.", prefix: "de", family: "Boer", born: "1968-03-09", made: "2026-05-03", version: "VZB-005",
		blocks: []contract{
			{
				employer: []string{"WW-Uitkering van UWV"}, number: "810220350L04", laws: "ZW, WIA", valign: "top", benefit: true, kind: "WW",
				wages: []wage{{from: "2026-03-01", to: "2026-03-31", hours: "173", sv: "2450.80"}, {from: "2026-04-01", to: "2026-04-30", hours: "173", sv: "2450.80"}},
			},
			{
				employer: []string{"Ziektewet- of WAZO-Uitkering van UWV"}, number: "810220350L02", laws: "WW, ZW, WIA", valign: "top", benefit: true, kind: "ZW/WAZO",
				wages: []wage{{from: "2026-02-02", to: "2026-02-28", hours: "155", sv: "1990.12"}},
			},
			{
				employer: []string{"Transport Ver B.V."}, number: "822222206L01", laws: allLaws, form: permanent, valign: "top",
				wages: []wage{{from: "2026-01-01", to: "2026-01-31", hours: "173", sv: "3412.00"}},
			},
		},
	},
	"corrections": {
		form: "Mevrouw", name: "I.J. Smit", initials: "I.J.", family: "Smit", born: "1988-08-08", made: "2026-05-03", version: "VZB-005", minus: proper,
		blocks: []contract{{
			employer: []string{"Winkel van Alles B.V."}, number: "839506144L01", laws: allLaws, form: permanent, valign: "top",
			wages: []wage{
				{from: "2026-01-01", to: "2026-01-31", hours: "160", sv: "3250.00"},
				{from: "2026-02-01", to: "2026-02-28", hours: "160", sv: "3250.00", doubts: []model.IssueCode{model.IssueOverlap}},
				{from: "2026-02-01", to: "2026-02-28", hours: "-8", sv: "-162.50", doubts: []model.IssueCode{model.IssueOverlap}},
				{from: "2026-03-01", to: "2026-03-31", hours: "-16.5", sv: "-1162.50"},
			},
		}},
	},
	"corrections-trailing": {
		form: "Mevrouw", name: "I.J. Smit", initials: "I.J.", family: "Smit", born: "1988-08-08", made: "2026-05-03", version: "VZB-005", minus: trailing,
		blocks: []contract{{
			employer: []string{"Winkel van Alles B.V."}, number: "839506144L01", laws: allLaws, form: permanent, valign: "top",
			wages: []wage{
				{from: "2026-01-01", to: "2026-01-31", hours: "-8", sv: "-162.50"},
				{from: "2026-02-01", to: "2026-02-28", hours: "160", sv: "3250.00"},
			},
		}},
	},
}
