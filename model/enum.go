package model

import "reflect"

// enumOf returns the values of the types that have a closed set of them, nil for every other type. A test keeps the
// table equal to the constants of the package.
func enumOf(t reflect.Type) []string {
	switch t {
	case typeCategory:
		return texts(Categories())
	case reflect.TypeFor[Method]():
		return methodNames[1:]
	case reflect.TypeFor[IssueCode]():
		return texts(IssueCodes())
	case reflect.TypeFor[Obtained]():
		return texts([]Obtained{ObtainedAll, ObtainedPart, ObtainedNone})
	case reflect.TypeFor[Check]():
		return texts([]Check{CheckYes, CheckNo, CheckNot})
	case reflect.TypeFor[Gender]():
		return texts([]Gender{GenderMale, GenderFemale, GenderOther, GenderUnknown})
	case reflect.TypeFor[AddressKind]():
		return texts([]AddressKind{AddressHome, AddressMail})
	case reflect.TypeFor[BalanceType]():
		return texts([]BalanceType{
			OpeningBooked, PreviousClosingBooked, ClosingBooked, InterimBooked, OpeningAvailable, ClosingAvailable,
			InterimAvailable, ForwardAvailable, ExpectedBalance, NonInvoiced, InformationBalance, OtherBalance,
			CreditLimitUnspecified,
		})
	case reflect.TypeFor[TransactionStatus]():
		return texts([]TransactionStatus{Booked, Pending})
	case reflect.TypeFor[PensionKind]():
		return texts([]PensionKind{
			PensionState, PensionOldAge, PensionOldAgeIndicative, PensionSingle, PensionPartner,
			PensionPartnerIndicative, PensionOrphan,
		})
	case reflect.TypeFor[PensionEvent]():
		return texts([]PensionEvent{EventDeath, EventPartnerDeath, EventParentDeath})
	}
	return nil
}

// IssueCodes returns all codes of this package.
func IssueCodes() []IssueCode {
	return []IssueCode{
		IssueTruncated, IssueDamaged, IssueInvalid, IssueChecksum, IssueMissing, IssueConflict, IssueUnknown,
		IssueUnbalanced, IssueUncheckable, IssueSubject, IssueHistoryCut, IssueAggregate, IssueCharset,
		IssueDuplicate, IssueUnverified, IssueIncompleteDoc, IssueLimit, IssueOverlap, IssueSuspicious, IssueLayout,
	}
}

func texts[T ~string](vs []T) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = string(v)
	}
	return out
}
