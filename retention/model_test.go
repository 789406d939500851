package retention_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/brondata/brondata/model"
	"github.com/brondata/brondata/retention"
)

// oracle is what a vault must do, said as simply as possible: everything in plain maps, no keys, no rows, no protocol.
type oracle struct {
	now     time.Time
	revoked map[string]bool
	links   map[[2]string]*oracleLink
}

type oracleLink struct {
	created, retrieved time.Time
	stale              time.Duration
	life               time.Duration // of income; 0 for none
	token              time.Duration // life of the state from creation; 0 for ever
	dead               bool
	held               map[model.Category]oracleItem
	banned             map[model.Category]bool
}

type oracleItem struct {
	value           string
	stored, expires time.Time
}

// expected is the error of a read, or nil and the value.
func (o *oracle) read(id [2]string, c model.Category) (string, error) {
	l := o.links[id]
	switch {
	case o.revoked[id[0]]:
		return "", retention.ErrShredded
	case l == nil:
		return "", fs.ErrNotExist
	case l.dead || l.banned[c]:
		return "", retention.ErrShredded
	}
	it, ok := l.held[c]
	switch {
	case !ok:
		return "", fs.ErrNotExist
	case !o.now.Before(it.expires):
		return "", retention.ErrExpired
	}
	return it.value, nil
}

func (o *oracle) writable(id [2]string) error {
	l := o.links[id]
	switch {
	case o.revoked[id[0]]:
		return retention.ErrShredded
	case l == nil:
		return fs.ErrNotExist
	case l.dead:
		return retention.ErrShredded
	}
	return nil
}

func (l *oracleLink) expiry(c model.Category, stored time.Time) time.Time {
	t := l.retrieved.Add(l.stale)
	if own := stored.Add(l.life); c == model.CategoryIncome && l.life > 0 && own.Before(t) {
		t = own
	}
	return t
}

func (o *oracle) keep(id [2]string, values map[model.Category]string) error {
	if err := o.writable(id); err != nil {
		return err
	}
	l := o.links[id]
	for c := range values {
		if l.banned[c] {
			return retention.ErrShredded
		}
	}
	l.retrieved = o.now
	for c, it := range l.held {
		if c != retention.CategoryState && o.now.Before(it.expires) {
			it.expires = l.expiry(c, it.stored)
			l.held[c] = it
		}
	}
	for c, v := range values {
		l.held[c] = oracleItem{v, o.now, l.expiry(c, o.now)}
	}
	return nil
}

func (o *oracle) save(id [2]string, v string) error {
	if err := o.writable(id); err != nil {
		return err
	}
	l := o.links[id]
	expires := retention.Forever
	if l.token > 0 {
		expires = l.created.Add(l.token)
	}
	if !o.now.Before(expires) {
		return retention.ErrExpired
	}
	if l.banned[retention.CategoryState] {
		return retention.ErrShredded
	}
	l.held[retention.CategoryState] = oracleItem{v, o.now, expires}
	return nil
}

// rows is how many rows are there after a sweep that found everything at rest.
func (o *oracle) rows() (n int) {
	for id, l := range o.links {
		if o.revoked[id[0]] || l.dead {
			continue
		}
		for c, it := range l.held {
			if !l.banned[c] && o.now.Before(it.expires) {
				n++
			}
		}
	}
	return n
}

var readable = []model.Category{model.CategoryPerson, model.CategoryIncome, model.CategoryBalance, retention.CategoryState}

func TestAgainstOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		b := setup(t, nil)
		o := &oracle{now: start, revoked: map[string]bool{}, links: map[[2]string]*oracleLink{}}
		v := b.Vault
		ctx := t.Context()
		pick := func() ([2]string, retention.Ref) {
			id := [2]string{rapid.SampledFrom([]string{"g1", "g1", "g1", "g2"}).Draw(rt, "grant"), rapid.SampledFrom([]string{"l1", "l1", "l2"}).Draw(rt, "link")}
			return id, retention.Ref{Subject: "s-" + id[0], Grant: id[0], Purpose: "p", Link: id[1]}
		}
		same := func(want, got error, what string) {
			if want == nil {
				require.NoError(rt, got, what)
			} else {
				require.ErrorIs(rt, got, want, what)
			}
		}
		n := 0
		value := func() string { n++; return fmt.Sprint("value ", n) }
		rarely := func(rt *rapid.T) bool { return rapid.IntRange(0, 9).Draw(rt, "rarely") == 0 }
		actions := map[string]func(*rapid.T){
			"create": func(rt *rapid.T) {
				id, r := pick()
				l := &oracleLink{created: o.now, held: map[model.Category]oracleItem{}, banned: map[model.Category]bool{},
					stale: time.Duration(rapid.IntRange(1, 20).Draw(rt, "stale")) * day}
				p := retention.Policy{StaleIn: retention.Days(l.stale / day)}
				if k := rapid.IntRange(0, 15).Draw(rt, "life"); k > 0 {
					l.life = time.Duration(k) * day
					p.Lives = map[model.Category]time.Duration{model.CategoryIncome: l.life}
				}
				switch rapid.SampledFrom([]string{"store", "nostore", "days"}).Draw(rt, "storage") {
				case "store":
					p.Credentials = retention.CredentialsStore
				case "nostore":
					p.Credentials, l.token = retention.CredentialsNoStore, 15*time.Minute
				case "days":
					p.Credentials, l.token = 5, 5*day
				}
				err := v.CreateLink(ctx, r, p)
				old := o.links[id]
				switch {
				case o.revoked[id[0]], old != nil && old.dead:
					same(retention.ErrShredded, err, "create")
				case old == nil:
					same(nil, err, "create")
					o.links[id] = l
				case old.stale == l.stale && old.life == l.life && old.token == l.token:
					same(nil, err, "create again")
				default:
					same(retention.ErrFixed, err, "create otherwise")
				}
			},
			"keep": func(rt *rapid.T) {
				id, r := pick()
				values := map[model.Category]string{}
				var cs []retention.Content
				for _, c := range readable[:3] {
					if rapid.Bool().Draw(rt, string(c)) {
						values[c] = value()
						cs = append(cs, content(c, values[c]))
					}
				}
				same(o.keep(id, values), v.Keep(ctx, r, cs, nil), "keep")
			},
			"discard": func(rt *rapid.T) {
				id, r := pick()
				same(o.writable(id), v.Keep(ctx, r, []retention.Content{content(model.CategoryPerson, "x")}, &retention.KeepOptions{Discard: true}), "discard")
			},
			"save state": func(rt *rapid.T) {
				id, r := pick()
				s := value()
				same(o.save(id, s), v.SaveState(ctx, r, []byte(s)), "save state")
			},
			"read": func(rt *rapid.T) {
				id, r := pick()
				c := rapid.SampledFrom(readable).Draw(rt, "category")
				want, wantErr := o.read(id, c)
				cs, err := v.Read(ctx, by, r, c)
				same(wantErr, err, "read")
				if err == nil {
					require.Equal(rt, want, string(cs[0].Body))
					require.Equal(rt, o.links[id].held[c].expires, cs[0].Expires)
				}
			},
			"read grant": func(rt *rapid.T) {
				id, r := pick()
				var want []string
				known := o.revoked[id[0]]
				for k := range o.links {
					if k[0] != id[0] {
						continue
					}
					known = true
					for _, c := range readable[:3] {
						if s, err := o.read(k, c); err == nil {
							want = append(want, s)
						}
					}
				}
				cs, err := v.ReadGrant(ctx, by, r)
				switch {
				case !known:
					same(fs.ErrNotExist, err, "read grant")
				case o.revoked[id[0]]:
					same(retention.ErrShredded, err, "read grant")
				default:
					same(nil, err, "read grant")
					var got []string
					for _, c := range cs {
						got = append(got, string(c.Body))
					}
					slices.Sort(want)
					slices.Sort(got)
					require.Equal(rt, want, got)
				}
			},
			"time": func(rt *rapid.T) {
				d := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Minute, 15 * time.Minute, day - time.Millisecond, day, 5 * day}).Draw(rt, "passes")
				b.clock.add(d)
				o.now = b.clock.now()
			},
			"another process": func(*rapid.T) { v = b.open(t, nil) },
			"delete category": func(rt *rapid.T) {
				if !rarely(rt) {
					return
				}
				id, r := pick()
				c := rapid.SampledFrom(readable).Draw(rt, "category")
				_, err := v.DeleteCategory(ctx, by, r.Grant, r.Link, c)
				if l := o.links[id]; l == nil {
					same(fs.ErrNotExist, err, "delete category")
				} else {
					same(nil, err, "delete category")
					l.banned[c] = true
				}
			},
			"delete link": func(rt *rapid.T) {
				if !rarely(rt) {
					return
				}
				id, r := pick()
				_, err := v.DeleteLink(ctx, by, r.Grant, r.Link)
				if l := o.links[id]; l == nil {
					same(fs.ErrNotExist, err, "delete link")
				} else {
					same(nil, err, "delete link")
					l.dead = true
				}
			},
			"revoke": func(rt *rapid.T) {
				if !rarely(rt) {
					return
				}
				id, r := pick()
				require.NoError(rt, v.DestroyGrant(ctx, r.Grant))
				o.revoked[id[0]] = true
			},
			"delete grant": func(rt *rapid.T) {
				if !rarely(rt) {
					return
				}
				id, r := pick()
				receipt, err := v.DeleteGrant(ctx, by, r.Grant)
				require.NoError(rt, err)
				require.True(rt, receipt.Verify(b.signer.Public()))
				o.revoked[id[0]] = true
			},
			"sweep": func(rt *rapid.T) {
				b.clock.add(time.Minute)
				o.now = b.clock.now()
				_, err := v.Sweep(ctx, 10_000)
				require.NoError(rt, err)
				require.Equal(rt, o.rows(), b.data.Len())
			},
			"": func(rt *rapid.T) {
				for id := range o.links {
					for _, c := range readable {
						want, wantErr := o.read(id, c)
						cs, err := v.Read(ctx, by, retention.Ref{Subject: "s-" + id[0], Grant: id[0], Purpose: "p", Link: id[1]}, c)
						if !errors.Is(err, wantErr) && (err != nil || wantErr != nil) {
							require.Failf(rt, "read", "%v %s: want %v, got %v", id, c, wantErr, err)
						}
						if err == nil {
							require.Equal(rt, want, string(cs[0].Body))
							require.Equal(rt, o.links[id].held[c].expires, cs[0].Expires)
						}
					}
				}
			},
		}
		// What matters most happens most.
		for _, often := range []string{"keep", "time", "sweep", "save state"} {
			for k := range 3 {
				actions[fmt.Sprint(often, " ", k)] = actions[often]
			}
		}
		for _, id := range [][2]string{{"g1", "l1"}, {"g1", "l2"}} {
			o.links[id] = &oracleLink{created: o.now, held: map[model.Category]oracleItem{}, banned: map[model.Category]bool{},
				stale: 10 * day, life: 6 * day}
			require.NoError(rt, v.CreateLink(ctx, retention.Ref{Subject: "s-" + id[0], Grant: id[0], Purpose: "p", Link: id[1]},
				retention.Policy{StaleIn: 10, Credentials: retention.CredentialsStore, Lives: map[model.Category]time.Duration{model.CategoryIncome: 6 * day}}))
		}
		rt.Repeat(actions)
	})
}
