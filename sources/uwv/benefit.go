package uwv

import (
	"slices"
	"strings"

	"github.com/brondata/brondata/model"
)

// payers are the loonheffingennummers under which UWV pays benefits.
var payers = []string{"810220350L02", "810220350L04", "810220350L20", "810220350L23", "810220350L26", "810220350L53"}

// benefits are the names of UWV's benefits in small letters, and what kind they are. Two are not told apart by the name,
// and one pays the wage of an employer who is bankrupt.
var benefits = map[string]string{
	"ziektewet- of wazo-uitkering van uwv":    "ZW/WAZO",
	"wao-uitkering van uwv":                   "WAO",
	"ww-uitkering van uwv":                    "WW",
	"waz-uitkering van uwv":                   "WAZ",
	"wao- en wajong-uitkering van uwv":        "WAO/Wajong",
	"wia (iva)-uitkering van uwv":             "WIA-IVA",
	"wia (wga)-uitkering van uwv":             "WIA-WGA",
	"toeslag bij uitkering (tw) van uwv":      "TW",
	"iow-uitkering van uwv":                   "IOW",
	"uwv; loondoorbetaling bij faillissement": "",
}

// benefitKind tells benefits from contracts: by the payer's number, or by the name of the benefit. Where only one of the two
// is known, the rows are benefits with a doubt.
func benefitKind(e *model.Employment) (kind field, is bool) {
	name := strings.ToLower(strings.Join(strings.Fields(e.Employer), " "))
	text, named := benefits[name]
	paid := slices.Contains(payers, e.PayrollTaxNumber.Value())
	kind.text = text
	switch {
	case paid && !named:
		kind.doubt = model.IssueUnknown
	case named && !paid && !e.PayrollTaxNumber.IsZero():
		add(&e.Issues, model.IssueSuspicious, "payrollTaxNumber")
	}
	return kind, paid || named
}
