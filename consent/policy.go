package consent

import (
	"context"
	"slices"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// Action is what an actor wants to do. Actions come from code and may be logged.
type Action string

// The actions that the library asks a [Policy] about.
const (
	ActionPropose Action = "propose" // ask a subject for a grant
	ActionSee     Action = "see"     // see a grant, its links, releases and limits: no data of the subject beyond that
	ActionDecide  Action = "decide"  // allow or deny
	ActionRevoke  Action = "revoke"  // withdraw
	ActionConnect Action = "connect" // authenticate at an institution
	ActionCollect Action = "collect" // retrieve data
	ActionRead    Action = "read"    // read data that was retrieved before
	ActionReview  Action = "review"  // see what a release would send
	ActionRelease Action = "release" // approve and seal
	ActionFetch   Action = "fetch"   // get the sealed package of a release that the subject approved
	ActionDeliver Action = "deliver" // mark a sealed package as delivered
	ActionReceipt Action = "receipt" // get the consent receipt, and the receipts of what was deleted
	ActionExport  Action = "export"  // get everything that is kept about a subject
	ActionErase   Action = "erase"   // have a subject's data erased
	ActionSweep   Action = "sweep"   // housekeeping that reads no data
	ActionSetKey  Action = "set-key" // register or change a recipient's key
	ActionAudit   Action = "audit"   // read the access log

	// ActionFirstKey is to register the key of a recipient who has none, with a proposal that carries it. Whoever's key it is
	// reads what is released: a host that wants keys from few people only forbids it, and has those call SetKey.
	ActionFirstKey Action = "first-key"
)

// Question is what a policy decides about.
type Question struct {
	Action  Action
	Subject string // whose data it is; "" when it is nobody's
	// Compartment is where the data that is read is kept; "" when none is read.
	Compartment retention.Compartment
	// Categories are those that are read; none when none is.
	Categories []model.Category
	Purpose    PurposeID // the grant's
	Recipient  string    // the grant's, by id
}

// Policy decides what an actor may do and read. Every call that names an actor asks it before anything else. The
// Manager calls Allow concurrently. An error refuses, whatever it is: it becomes a [Refusal] for ReasonPolicy, which names the action
// and wraps the error without showing its text. The context's error stays what it is.
//
// Some things no policy can allow, since the Manager refuses them before it asks: anything to an actor without an id or a role, and
// to decide about data, or to approve its release, to anybody but the subject whose data it is, or who acts on their behalf in
// RoleSubject. Consent that another gave is none. A sealed package is for those two and for the grant's recipient, who is an actor in
// RoleRecipient with the recipient's id as ID.
//
// What the methods of the façade, brondata.Client, and those of the Manager ask about:
//
//	Propose                 ActionPropose, and ActionFirstKey where the recipient's key is new
//	Decide                  ActionDecide
//	Connect                 ActionSee, ActionConnect
//	Collect                 ActionCollect
//	Review                  ActionSee, ActionReview
//	Release                 ActionSee, ActionRelease
//	Package                 ActionFetch
//	Delivered               ActionDeliver
//	Revoke                  ActionRevoke
//	Export                  ActionExport, ActionSee
//	DeletionReceipts        ActionReceipt
//	Sweep                   ActionSweep, by the library as RoleSystem
//	Manager.Get, List, Links, Release, Releases   ActionSee
//	Manager.Permit, PermitConnect                 ActionCollect, ActionConnect
//	Manager.Seal, Package, MarkDelivered          ActionRelease, ActionFetch, ActionDeliver
//	Manager.Receipt, Forget, SetKey               ActionReceipt, ActionErase, ActionSetKey
//	Manager.Sweep, ResetClock                     ActionSweep
//
// The access log names the action that was refused, the first of a row that is: who may not see a grant and tries to release
// under it is there with ActionSee.
//
// ActionRead and ActionAudit are for what a host itself does with the vault and the log: it asks by [Manager.Allow], and hands what that
// returns to [Manager.Refused].
type Policy interface {
	Allow(ctx context.Context, by Actor, q Question) error
}

// Rule lets a role do something. Every list must contain what is asked, or be nil, which matches anything; an empty list that is not
// nil matches nothing.
type Rule struct {
	Role         Role
	Actions      []Action
	Purposes     []PurposeID // of the actor, or of the grant where the actor names none
	Compartments []retention.Compartment
	Categories   []model.Category
	// OwnSubject limits the rule to the subject that the actor acts on behalf of.
	OwnSubject bool
}

// Rules is a [Policy] as data: what one of the rules allows is allowed, everything else is not.
type Rules []Rule

// DefaultRules lets a subject do everything with their own data, the host's people and its scheduler do what discloses
// none, the scheduler refresh for a subject what that subject agreed to, and a recipient fetch what was sealed for them. Nobody else
// reads anything. A host appends its own rules. The whole of it, where own is for the subject that the actor is or acts for, and
// for the recipient that they are, and any is whoever it is about:
//
//	          subject   adviser   recipient   system   auditor
//	propose   own       any       -           any      -
//	see       own       -         -           -        -
//	decide    own       -         -           -        -
//	revoke    own       -         -           -        -
//	connect   own       -         -           -        -
//	collect   own       -         -           own      -
//	read      own       -         -           -        -
//	review    own       -         -           -        -
//	release   own       -         -           -        -
//	fetch     own       -         own         -        -
//	deliver   own       -         -           any      -
//	receipt   own       -         -           -        -
//	export    own       -         -           -        -
//	erase     own       -         -           -        -
//	sweep     -         -         -           any      -
//	set-key   -         -         -           any      -
//	audit     -         -         -           -        -
//	first-key own       any       -           any      -
func DefaultRules() Rules {
	return Rules{
		{Role: RoleSubject, OwnSubject: true, Actions: []Action{
			ActionPropose, ActionFirstKey, ActionSee, ActionDecide, ActionRevoke, ActionConnect, ActionCollect, ActionRead, ActionReview,
			ActionRelease, ActionFetch, ActionDeliver, ActionReceipt, ActionExport, ActionErase,
		}},
		{Role: RoleAdviser, Actions: []Action{ActionPropose, ActionFirstKey}},
		{Role: RoleSystem, Actions: []Action{ActionPropose, ActionFirstKey, ActionSweep, ActionSetKey, ActionDeliver}},
		{Role: RoleSystem, OwnSubject: true, Actions: []Action{ActionCollect}},
		{Role: RoleRecipient, Actions: []Action{ActionFetch}}, // of packages for them only: see Policy
	}
}

// Allow implements [Policy].
func (rs Rules) Allow(_ context.Context, by Actor, q Question) error {
	if possible(by, q) {
		for _, r := range rs {
			if r.matches(by, q) {
				return nil
			}
		}
	}
	return &Refusal{Reason: ReasonPolicy, Action: q.Action}
}

// possible reports whether any policy could allow it: see [Policy].
func possible(by Actor, q Question) bool {
	if !by.valid() {
		return false
	}
	subject := by.Role == RoleSubject && q.Subject != "" && by.For() == q.Subject
	switch q.Action {
	case ActionDecide, ActionRelease:
		return subject
	case ActionFetch:
		return subject || by.Role == RoleRecipient && by.ID == q.Recipient
	}
	return true
}

func (r Rule) matches(by Actor, q Question) bool {
	purpose := by.Purpose
	if purpose == "" {
		purpose = q.Purpose
	}
	if r.Role != by.Role || r.OwnSubject && (q.Subject == "" || by.For() != q.Subject) {
		return false
	}
	for _, c := range q.Categories {
		if r.Categories != nil && !slices.Contains(r.Categories, c) {
			return false
		}
	}
	return (r.Actions == nil || slices.Contains(r.Actions, q.Action)) &&
		(r.Purposes == nil || slices.Contains(r.Purposes, purpose)) &&
		(r.Compartments == nil || q.Compartment == "" || slices.Contains(r.Compartments, q.Compartment))
}
