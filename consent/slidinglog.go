package consent

import "time"

// slidingLog holds the times at which something limited was done, in order. It is exact: it knows each of the last n
// times, where a token bucket of four lets seven through in one window (four at once, then one every six hours).
type slidingLog []time.Time

// take returns the log with one more access at now, or when the next is allowed if the rule forbids one now. It is pure.
//
// A clock that was set back gains nothing: an access is never noted before the latest one, and one in the future counts.
func (l slidingLog) take(now time.Time, r rule) (slidingLog, time.Time, bool) {
	kept := l
	for len(kept) > 0 && !kept[0].After(now.Add(-r.memory())) {
		kept = kept[1:]
	}
	var next time.Time
	if len(kept) > 0 && r.interval > 0 {
		next = kept[len(kept)-1].Add(r.interval)
	}
	if len(kept) >= r.n {
		// The n-th access from the end has to leave the window first.
		if t := kept[len(kept)-r.n].Add(window); t.After(next) {
			next = t
		}
	}
	if next.After(now) {
		return l, next, false
	}
	at := now
	if len(kept) > 0 && kept[len(kept)-1].After(at) {
		at = kept[len(kept)-1]
	}
	out := make(slidingLog, 0, len(kept)+1)
	return append(append(out, kept...), at), time.Time{}, true
}

// memory is how long an access matters under the rule.
func (r rule) memory() time.Duration { return max(window, r.interval) }
