package retention

import "github.com/brondata/brondata/model"

// Compartment is a part of the data that is kept apart from the others: a host can give each its own database and its own
// key-encryption key, so that who gets hold of one does not learn who earns what.
type Compartment string

// The compartments.
const (
	Identity    Compartment = "identity"    // who somebody is and where they live
	Financial   Compartment = "financial"   // what they earn, own and owe
	Credentials Compartment = "credentials" // tokens and sessions at institutions
)

// Compartments returns all of them, in the order of receipts.
func Compartments() []Compartment { return []Compartment{Identity, Financial, Credentials} }

// Categories of the vault's own, beside those of the model. They are in no scope and in no dossier.
const (
	// CategoryState is a link's state: tokens, cookies, consent ids. Its life is the policy's credentials storage.
	CategoryState model.Category = "link-state"
	// CategoryDossier is what a dossier says about itself: documents' digests, coverage, issues.
	CategoryDossier model.Category = "dossier"
	// CategoryDocument is documents as retrieved, where the grant says that they are kept.
	CategoryDocument model.Category = "document"
)

// CompartmentOf says where a category lives. The table is fixed: a category never moves. ErrInvalid: it has no place yet,
// and is then not stored.
func CompartmentOf(c model.Category) (Compartment, error) {
	for _, p := range places {
		if p.category == c {
			return p.compartment, nil
		}
	}
	return "", invalid("category has no compartment")
}

type place struct {
	category    model.Category
	compartment Compartment
}

// places is searched in order, so that what is read most comes first. Documents hold both a name and what goes with it;
// they live with the finances, which are what has to be kept apart.
var places = [...]place{
	{model.CategoryTransaction, Financial},
	{model.CategoryAccount, Financial},
	{model.CategoryBalance, Financial},
	{model.CategoryPerson, Identity},
	{model.CategoryAddress, Identity},
	{model.CategoryEmployment, Financial},
	{model.CategoryIncome, Financial},
	{model.CategoryBenefit, Financial},
	{model.CategoryPension, Financial},
	{model.CategoryStudyDebt, Financial},
	{CategoryState, Credentials},
	{CategoryDossier, Financial},
	{CategoryDocument, Financial},
}
