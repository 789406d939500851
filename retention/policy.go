package retention

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/brondata/brondata/model"
)

// Policy says how long things that come over a link are kept. Its terms mean what Belvo's data retention controls mean by
// them. It is fixed when the link is created: who wants other terms makes another link. The zero value is the default for
// a single link: credentials 365 days from creation, data 365 days from the last retrieval.
//
// Several rules may apply to one thing; the shortest wins.
type Policy struct {
	// Recurrent says that data is retrieved over the link again and again without the subject. Such a link stores its
	// credentials, so Credentials must be the default or CredentialsStore. Otherwise the link is single.
	Recurrent bool
	// Credentials is how long the link's state is kept, counted from the link's creation ("credentials_storage").
	Credentials Storage
	// StaleIn is how long data is kept, counted from the last successful retrieval over the link ("stale_in"). Reading does
	// not extend it. Default 365 days.
	StaleIn Days
	// Discard keeps nothing of what is retrieved ("save_data": false). One collection can choose that as well:
	// [KeepOptions.Discard].
	Discard bool
	// Lives is how long each category may live for the link's purpose, counted from its own retrieval. What is below a day stays
	// in the memory of the process that retrieved it and never reaches a store: no other process can read it, and a restart
	// ends it. A category that is not named has StaleIn only.
	Lives map[model.Category]time.Duration
	// Until is when everything ends, at the latest: the grant's end. The zero time sets none.
	Until time.Time
}

// Validate says what is wrong with the policy; the error wraps [ErrPolicy].
func (p Policy) Validate() error {
	switch {
	case !p.Credentials.valid():
		return fmt.Errorf("%w: credentials storage is not store, nostore or 1 to %d days", ErrPolicy, MaxDays)
	case p.Recurrent && p.Credentials != 0 && p.Credentials != CredentialsStore:
		return fmt.Errorf("%w: a recurrent link stores its credentials", ErrPolicy)
	case !p.StaleIn.valid():
		return fmt.Errorf("%w: stale_in is not 1 to %d days", ErrPolicy, MaxDays)
	case !p.Until.IsZero() && (p.Until.Year() < 1970 || p.Until.Year() > 9999):
		return fmt.Errorf("%w: end", ErrPolicy)
	}
	for c, life := range p.Lives {
		if _, err := CompartmentOf(c); err != nil || c == CategoryState {
			return fmt.Errorf("%w: life of a category that has none", ErrPolicy)
		}
		if life < time.Millisecond {
			return fmt.Errorf("%w: life of category %s", ErrPolicy, c)
		}
	}
	return nil
}

// WithDefaults returns the policy with its defaults filled in. Two policies mean the same when these are Equal.
func (p Policy) WithDefaults() Policy {
	if p.Credentials == 0 {
		if p.Credentials = MaxDays; p.Recurrent {
			p.Credentials = CredentialsStore
		}
	}
	if p.StaleIn == 0 {
		p.StaleIn = MaxDays
	}
	if !p.Until.IsZero() {
		p.Until = floor(p.Until)
	}
	p.Lives = maps.Clone(p.Lives)
	return p
}

// Equal reports whether both mean the same.
func (p Policy) Equal(q Policy) bool {
	p, q = p.WithDefaults(), q.WithDefaults()
	return p.Recurrent == q.Recurrent && p.Credentials == q.Credentials && p.StaleIn == q.StaleIn &&
		p.Discard == q.Discard && p.Until.Equal(q.Until) && maps.Equal(p.Lives, q.Lives)
}

// CredentialsExpiry is when the state of a link created at that time ends, [Forever] for never.
func (p Policy) CredentialsExpiry(created time.Time) time.Time {
	p = p.WithDefaults()
	var t time.Time
	switch p.Credentials {
	case CredentialsStore:
		t = Forever
	case CredentialsNoStore:
		t = created.Add(TokenWindow)
	default:
		t = created.Add(Days(p.Credentials).Duration())
	}
	return p.cap(t)
}

// DataExpiry is when data of a category ends that was itself retrieved at one time, over a link whose last successful
// retrieval was at another.
func (p Policy) DataExpiry(c model.Category, retrieved, lastRetrieved time.Time) time.Time {
	p = p.WithDefaults()
	t := lastRetrieved.Add(p.StaleIn.Duration())
	if life, ok := p.Lives[c]; ok {
		if own := retrieved.Add(life); own.Before(t) {
			t = own
		}
	}
	return p.cap(t)
}

// cap applies Until, and cuts to a store's resolution, towards the earlier.
func (p Policy) cap(t time.Time) time.Time {
	if !p.Until.IsZero() && p.Until.Before(t) {
		t = p.Until
	}
	return floor(t)
}

// InMemory reports whether a category is kept in memory only, because its life is below a day.
func (p Policy) InMemory(c model.Category) bool {
	life, ok := p.Lives[c]
	return ok && life < day
}

// floor cuts a time to whole milliseconds, UTC, towards the earlier. A time before 1970 stays in order too.
func floor(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }

// policyJSON is the form of a policy in JSON and in the key store.
type policyJSON struct {
	AccessMode         string                    `json:"accessMode"`
	CredentialsStorage Storage                   `json:"credentialsStorage"`
	StaleIn            Days                      `json:"staleIn"`
	SaveData           bool                      `json:"saveData"`
	Lives              map[model.Category]string `json:"lives,omitempty"`
	Until              time.Time                 `json:"until,omitzero"`
}

// MarshalJSON writes the policy with its defaults: {"accessMode":"single","credentialsStorage":"365d","staleIn":"365d",
// "saveData":true}, and where they are set "lives", with durations as of [time.Duration.String], and "until".
func (p Policy) MarshalJSON() ([]byte, error) {
	p = p.WithDefaults()
	j := policyJSON{"single", p.Credentials, p.StaleIn, !p.Discard, nil, p.Until}
	if p.Recurrent {
		j.AccessMode = "recurrent"
	}
	for c, life := range p.Lives {
		if j.Lives == nil {
			j.Lives = make(map[model.Category]string, len(p.Lives))
		}
		j.Lives[c] = life.String()
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote; what is missing has its default. A value that Validate would refuse is
// [ErrPolicy].
func (p *Policy) UnmarshalJSON(b []byte) error {
	j := policyJSON{AccessMode: "single", SaveData: true}
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("%w: not the JSON of a policy", ErrPolicy) // encoding/json's text may hold values
	}
	q := Policy{Credentials: j.CredentialsStorage, StaleIn: j.StaleIn, Discard: !j.SaveData, Until: j.Until}
	switch j.AccessMode {
	case "single":
	case "recurrent":
		q.Recurrent = true
	default:
		return fmt.Errorf("%w: access mode", ErrPolicy)
	}
	for c, s := range j.Lives {
		life, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%w: life of a category", ErrPolicy)
		}
		if q.Lives == nil {
			q.Lives = make(map[model.Category]time.Duration, len(j.Lives))
		}
		q.Lives[c] = life
	}
	if err := q.Validate(); err != nil {
		return err
	}
	*p = q.WithDefaults()
	return nil
}
