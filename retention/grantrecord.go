package retention

import (
	"time"

	"github.com/brondata/brondata/crypto"
)

// grantRecord is the key of a grant in one compartment, or its tombstone, which has nothing but a time.
type grantRecord struct {
	version   int64
	tenant    string
	subject   string
	purpose   string
	wrapped   crypto.WrappedKey
	destroyed time.Time // set on a tombstone
}

func (g *grantRecord) dead() bool { return !g.destroyed.IsZero() }

func (g *grantRecord) encode() []byte {
	e := newEncoder('G')
	e.time(g.destroyed)
	if !g.dead() {
		e.string(g.tenant)
		e.string(g.subject)
		e.string(g.purpose)
		e.bytes(g.wrapped)
	}
	return e.b
}

func decodeGrant(r Record) (*grantRecord, error) {
	d := newDecoder('G', r.Body)
	g := &grantRecord{version: r.Version, destroyed: d.time()}
	if !g.dead() {
		g.tenant, g.subject, g.purpose, g.wrapped = d.string(), d.string(), d.string(), d.bytes()
	}
	return g, d.end()
}

// jobRecord is the deletion of a whole grant: work to do until it is finished, and what remains of it afterwards.
type jobRecord struct {
	version int64
	obituary
}

func (j *jobRecord) encode() []byte {
	e := newEncoder('X')
	j.obituary.encode(e)
	return e.b
}

func decodeJob(r Record) (*jobRecord, error) {
	d := newDecoder('X', r.Body)
	j := &jobRecord{version: r.Version}
	j.obituary.decode(d)
	return j, d.end()
}

// dayRecord is the key of everything that expires on one day in one compartment. When the day is over it is deleted, and
// with it the last way to open what expired, without touching a record of any link.
type dayRecord struct {
	tenant  string
	wrapped crypto.WrappedKey
}

func (r *dayRecord) encode() []byte {
	e := newEncoder('E')
	e.string(r.tenant)
	e.bytes(r.wrapped)
	return e.b
}

func decodeDay(r Record) (*dayRecord, error) {
	d := newDecoder('E', r.Body)
	k := &dayRecord{tenant: d.string(), wrapped: d.bytes()}
	return k, d.end()
}

// The ids of records.
const (
	clockID     = "clock"
	grantPrefix = "g/"
	linkPrefix  = "l/"
	jobPrefix   = "x/"
	dayPrefix   = "e/"

	purposePrefix = "p/"
)

func grantID(grant string, c Compartment) string { return grantPrefix + grant + "/" + string(c) }
func linkID(grant, link string) string           { return linkPrefix + grant + "/" + link }
func jobID(grant string) string                  { return jobPrefix + grant }

// dayID names the key for what expires at that time.
func dayID(expires time.Time, c Compartment) string {
	return dayPrefix + expires.Format("20060102") + "/" + string(c)
}

// dayEnd is the end of the day of that time.
func dayEnd(expires time.Time) time.Time { return expires.Truncate(day).Add(day) }
