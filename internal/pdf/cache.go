package pdf

// objectCache keeps parsed objects in two generations: when the younger is full the older is dropped. That approximates
// least-recently-used at the price of one map lookup.
type objectCache struct {
	limit      int64
	young, old map[uint32]cached
	cost       int64
}

type cached struct {
	o    Object
	cost int64
}

func (c *objectCache) get(num uint32) (Object, bool) {
	if e, ok := c.young[num]; ok {
		return e.o, true
	}
	e, ok := c.old[num]
	if ok {
		c.add(num, e)
	}
	return e.o, ok
}

func (c *objectCache) put(num uint32, o Object) { c.add(num, cached{o, o.cost()}) }

func (c *objectCache) add(num uint32, e cached) {
	if c.cost+e.cost > c.limit/2 {
		c.old, c.young, c.cost = c.young, nil, 0
	}
	if c.young == nil {
		c.young = make(map[uint32]cached, 64)
	}
	c.young[num] = e
	c.cost += e.cost
}

func (c *objectCache) clear() { c.young, c.old, c.cost = nil, nil, 0 }

// streamCache keeps decoded object streams, the least recently used dropped first. There are few, so a slice will do.
type streamCache struct {
	limit int64
	list  []*objectStream // most recently used last
	size  int64
}

func (c *streamCache) get(num uint32) *objectStream {
	for i := len(c.list) - 1; i >= 0; i-- {
		if s := c.list[i]; s.num == num {
			if i < len(c.list)-1 {
				copy(c.list[i:], c.list[i+1:])
				c.list[len(c.list)-1] = s
			}
			return s
		}
	}
	return nil
}

// maxCachedStreams keeps the search of get short.
const maxCachedStreams = 64

func (c *streamCache) put(s *objectStream) {
	c.list = append(c.list, s)
	c.size += s.cost()
	for len(c.list) > 1 && (c.size > c.limit || len(c.list) > maxCachedStreams) {
		c.size -= c.list[0].cost()
		c.list[0] = nil
		c.list = c.list[1:]
	}
}

func (c *streamCache) clear() { c.list, c.size = nil, 0 }
