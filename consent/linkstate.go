package consent

import (
	"fmt"
	"time"
)

// LinkState is where the technical connection to an institution stands. It says nothing about what is permitted: a valid
// link under a revoked grant permits nothing, and an active grant with an invalid link needs no new consent.
//
//	unconfirmed ──confirm──► valid ──fail──► invalid
//	     │                   │   ▲             │
//	     │                need │   │ confirm      │ confirm
//	     └──need──► token required ◄────need──────┘
//	any of these ──close──► closed
//	any of these ──give-up──► given up
type LinkState string

// The states of a link.
const (
	LinkUnconfirmed   LinkState = "unconfirmed"    // begun, the subject has not authenticated yet
	LinkValid         LinkState = "valid"          // usable
	LinkInvalid       LinkState = "invalid"        // the institution ended it or does not accept it any more
	LinkTokenRequired LinkState = "token-required" // the subject has to authenticate again
	LinkClosed        LinkState = "closed"         // disconnected at the institution; terminal
	// LinkGivenUp is a link of which the institution could not be told the end, so that what it made may live on there until it runs
	// out; the subject can end it at the institution. Nothing is left here to end it with. Terminal.
	LinkGivenUp LinkState = "given-up"
)

// Terminal reports whether no event leads out of the state.
func (s LinkState) Terminal() bool { return s == LinkClosed || s == LinkGivenUp }

// LinkEvent is what happens to a link.
type LinkEvent string

// The events of a link.
const (
	LinkConfirm LinkEvent = "confirm" // the institution accepted: tokens or an authenticated session are there
	LinkFail    LinkEvent = "fail"    // the institution refuses the link
	LinkNeed    LinkEvent = "need"    // the institution wants the subject to authenticate again
	LinkRestart LinkEvent = "restart" // a new authentication begins
	LinkClose   LinkEvent = "close"   // disconnected at the institution, or nothing to disconnect
	LinkGiveUp  LinkEvent = "give-up" // the institution is not told any more
)

// NextLink returns the state after an event. It is pure. An event that does not fit is [ErrTransition] with the state
// unchanged. An event that would not change the state is no error: institutions say things twice.
func NextLink(s LinkState, e LinkEvent, _ time.Time) (LinkState, error) {
	switch {
	case s == LinkClosed && e == LinkClose, s == LinkGivenUp && e == LinkGiveUp:
		return s, nil
	case s.Terminal() || !s.known():
	case e == LinkConfirm:
		return LinkValid, nil
	case e == LinkClose:
		return LinkClosed, nil
	case e == LinkGiveUp:
		return LinkGivenUp, nil
	case e == LinkNeed:
		return LinkTokenRequired, nil
	case e == LinkFail:
		return LinkInvalid, nil
	case e == LinkRestart && s != LinkValid:
		return LinkUnconfirmed, nil
	}
	return s, fmt.Errorf("%w: link %s in %s", ErrTransition, e, s)
}

func (s LinkState) known() bool {
	switch s {
	case LinkUnconfirmed, LinkValid, LinkInvalid, LinkTokenRequired, LinkClosed, LinkGivenUp:
		return true
	}
	return false
}
