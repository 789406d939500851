package model

// Category is an information basket: what a subject consents to by name. One category has one record type, and
// [Extra] beside it.
type Category string

// The categories that a source of this library fills. They follow the parts of the government's information model
// (GBO) and, for payment accounts, Berlin Group.
const (
	CategoryPerson      Category = "person"
	CategoryAddress     Category = "address"
	CategoryEmployment  Category = "employment"
	CategoryIncome      Category = "income"
	CategoryBenefit     Category = "benefit"
	CategoryPension     Category = "pension"
	CategoryStudyDebt   Category = "study-debt"
	CategoryAccount     Category = "account"
	CategoryBalance     Category = "balance"
	CategoryTransaction Category = "transaction"
)

// Categories returns all of them in the one order that overviews use.
func Categories() []Category {
	return []Category{
		CategoryPerson, CategoryAddress, CategoryEmployment, CategoryIncome, CategoryBenefit, CategoryPension,
		CategoryStudyDebt, CategoryAccount, CategoryBalance, CategoryTransaction,
	}
}

// Valid reports whether c is one of [Categories].
func (c Category) Valid() bool { return c.rank() >= 0 }

func (c Category) rank() int {
	for i, d := range Categories() {
		if c == d {
			return i
		}
	}
	return -1
}
