// Package consent keeps what subjects agreed to, and permits no more: who may have which data of whom, for what, from where, until
// when. A host holds a [Manager] over a [Store]; it alone changes grants, makes permits, and seals packages.
//
//	m, err := consent.NewManager(store, &consent.Options{Audit: log, Signer: signer})
//	g, err := m.Propose(ctx, host, consent.Proposal{…})   // onboarding: what the subject is asked
//	page := g.Onboarding().Sections(nil)                    // … as data with texts, for the host's own page
//	g, err = m.Decide(ctx, subject, g.ID, true)             // authorisation: the subject's yes or no
//	p, err := m.Permit(ctx, subject, g.ID)                  // live: p.Check before every fetch and delivery
//	r, shown, err := m.Review(ctx, subject, g.ID, dossier, nil)
//	pkg, err := m.Seal(ctx, subject, consent.Approval{Release: r.ID, Digest: r.Digest}, dossier)
//	pkg, err = m.Package(ctx, recipient, r.ID)              // the same bytes, for a recipient who fetches them
//	g, err = m.Revoke(ctx, subject, g.ID)                   // at once, without the network
//
// # The three phases
//
// As open banking has them:
//
// Onboarding. The subject is shown the recipient, the purpose, categories and fields, institutions, look-back date,
// validity, what happens to the data, and how to withdraw. [Grant.Onboarding] is that as data; [Onboarding.Sections] are its
// texts in Dutch and English, all of which a page shows, in any layout. The grant keeps the digest of the data, so that it can be
// shown later what was asked.
//
// Authentication. The subject proves who they are, at the institution (redirect, decoupled or embedded) and in the host's
// own application. Package redirect under this one makes redirect round trips. What the institution said goes to
// [Manager.MoveLink].
//
// Authorisation. The subject allows or denies: [Manager.Decide]. [Manager.Receipt] is what they keep.
//
// # Building the screens
//
// Consent page: [Onboarding.Sections], two buttons of equal weight, nothing ticked beforehand; call Decide with an actor whose
// [Presence] comes from this very request. Presence is recorded where there is one and not required: a host that takes
// decisions on paper has none. A grant that is not decided by [Term].DecideBy expires.
//
// Overview: [Manager.List] returns all grants of a subject with their present states; recipient, purpose, scope and validity
// are in each. [Manager.Links] tells which institution needs the subject again (token-required), and, under a grant that ended, which
// could not be told (given-up), so that the subject may end what it has there; [Manager.Releases] what was
// sent and when, and with [Manager.Next] when the next refresh is possible. Show a button to withdraw beside each
// active grant: withdrawing is as easy as consenting (GDPR article 7(3)).
//
// Change: propose another grant with [Proposal].Supersedes. Narrower or wider, it is a new consent with a page of its own. When
// the subject allows it, it takes the old one's place in one step; until then the old one stands.
//
// Review: show every record of the dossier that [Manager.Review] returns (package overview renders it), let the subject leave
// out categories, each as a whole (not single records or fields), and review again with those; then pass the digest of the release that they saw to [Manager.Seal].
//
// # Two machines
//
// A grant is what the subject agreed to ([GrantState]); a link is a technical connection to one institution ([LinkState]). They
// are kept apart: a bank that ends its session ends no consent, and a withdrawn consent needs no bank to be over. The
// transitions are pure functions: [NextGrant], [NextLink], [NextRelease].
//
// # What is promised
//
//   - Deny by default: an empty scope is refused, a field that is not named is neither read nor sent, a citizen service number
//     (BSN) without a law for it cannot even be proposed, the zero [Permit] permits nothing, and the default [Policy] lets
//     nobody but the subject read.
//   - Every grant ends: at most after what the purpose, the host and every institution allow (180 days for payment accounts).
//   - A revoke is one change in the store. Every check that begins after it refuses, in all processes; nothing is sealed or handed out
//     after it. It works when the access log, the institution or the key service does not.
//   - A superseding grant and the one before it: never none, never both.
//   - A release works once, for exact content, one key and one grant; anything changed voids it. A retry gets the same bytes, unless
//     the recipient's key was replaced meanwhile.
//   - A package that was not delivered is kept no longer than the data in it: from [Release].KeepUntil on nobody gets it, with or without
//     a sweep.
//   - Only the subject decides about their data and approves its release, whatever a host's [Policy] says; the package is for them and for
//     the recipient only.
//   - Unattended access: at most four to an account in any 24 hours, over all processes and grants; a failed call counts.
//   - A clock that is set back revives nothing.
//   - Permits, packages, receipts and exports are returned after the access log has the entry; when it takes none, they are not
//     returned. Changes of a grant are stored with their entry, which reaches the log then or by [Manager.Sweep].
//   - What is turned down is in the access log as well, one entry for a call: see [Manager.Refused].
//   - No error holds an id of a subject, a name, or any other value; those of a sweep have the ids of grants, which are random. Of an
//     error of the host's own (a store, a log, a signer, a policy) it says the operation and the type; errors.Is and errors.As find
//     the original, for a host to log where it decides to.
//
// # What is not promised
//
// Who is who: an [Actor] is what the host says it is, and its authentication is the host's. What a recipient does with what it got.
// Proof against the owner of the store: hold checkpoints of the access log elsewhere (package audit).
//
// # Errors
//
// [ErrNotPermitted] (a [*Refusal] with a [Reason], and the [Action] that the policy forbids), [ErrLimit] (a [*LimitError] with the time of the next), [ErrTransition], [ErrVoid],
// [ErrDelivered], [ErrInvalid], [ErrNotFound], [ErrConflict]. Everything else is the store's, the log's or the context's: the operation may have
// been done or not, never in part, and repeating it is safe.
//
// # Housekeeping
//
// [Manager.Sweep] every few minutes, from any number of processes. It makes nothing true that is not true before; it
// cleans up. [Manager.Forget] deletes the records of grants that ended so long ago that their proof is no longer wanted.
package consent
