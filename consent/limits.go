package consent

import (
	"time"

	"github.com/brondata/brondata/model"
)

// Limits are the rules about time and number. Zero means the default everywhere. They are configuration: law and contracts
// with institutions change.
type Limits struct {
	// Institutions adjusts the limits per institution, such as after an agreement with a bank.
	Institutions map[model.InstitutionID]InstitutionLimits
	// MaxValidity is the longest validity of any grant. Default 365 days.
	MaxValidity time.Duration
	// Decide is how long a subject may take to decide. Default 7 days.
	Decide time.Duration
	// Review is how long a reviewed release waits for the subject's approval. Default 24 hours.
	Review time.Duration
	// Unattended is how many accesses to one account are allowed in any 24 hours while the subject is not present.
	// Default 4 (Delegated Regulation (EU) 2018/389 art. 36(5)(b); EBA Q&A 2018_4172: in any period of 24 hours).
	Unattended int
	// OnDemand is how many collections a subject may ask for in any 24 hours, per institution. Default 24.
	OnDemand int
	// OnDemandInterval is the least time between two of them. Default none.
	OnDemandInterval time.Duration
}

// InstitutionLimits are those of one institution. Zero means what [Limits] says.
type InstitutionLimits struct {
	MaxValidity      time.Duration // default 180 days (Delegated Regulation (EU) 2022/2360)
	Unattended       int
	OnDemand         int
	OnDemandInterval time.Duration
}

const (
	day = 24 * time.Hour

	defaultMaxValidity = 365 * day
	defaultInstitution = 180 * day
	defaultDecide      = 7 * day
	defaultReview      = day
	defaultUnattended  = 4
	defaultOnDemand    = 24
	// window is the period of the access logs: any 24 hours, wherever they begin. Not a calendar day, which in spring
	// has 23 hours.
	window = day
)

func or[T int | time.Duration](vs ...T) T {
	for _, v := range vs {
		if v > 0 {
			return v
		}
	}
	return 0
}

// maxValidity is the longest that a grant may last: what the purpose, the host and each institution allow.
func (l Limits) maxValidity(p Purpose, insts []model.InstitutionID) time.Duration {
	d := or(l.MaxValidity, defaultMaxValidity)
	if p.MaxValidity > 0 {
		d = min(d, p.MaxValidity)
	}
	for _, inst := range insts {
		d = min(d, or(l.Institutions[inst].MaxValidity, defaultInstitution))
	}
	return d
}

// rule is one sliding log's: at most n in any window, and a least time between two.
type rule struct {
	kind     LimitKind
	n        int
	interval time.Duration
}

func (l Limits) unattended(inst model.InstitutionID) rule {
	return rule{LimitUnattended, or(l.Institutions[inst].Unattended, l.Unattended, defaultUnattended), 0}
}

func (l Limits) onDemand(inst model.InstitutionID) rule {
	i := l.Institutions[inst]
	return rule{LimitOnDemand, or(i.OnDemand, l.OnDemand, defaultOnDemand), or(i.OnDemandInterval, l.OnDemandInterval)}
}
