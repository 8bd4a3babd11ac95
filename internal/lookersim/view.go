package lookersim

import (
	"cmp"
	"slices"
	"sync"
)

// selection says which rows of a table a listing shows, in which order.
type selection struct {
	filters []filter
	any     bool // one filter is enough (filter_or)
	deleted bool // the trash instead of what is present
	sorts   []sortKey
	hidden  func(w *world, r row) bool // rows that the caller may not see
	key     string                     // everything above, spelled out
}

// view lists the rows of a selection by their index in the table. It must be
// called with the world locked for reading; the result must not be changed.
func (w *world) view(t *table, s selection) []int32 {
	if t.nests {
		w.fillFolders()
	}
	key := viewKey{kind: t.kind, query: s.key, changes: w.changes}
	if list, ok := w.views.find(key); ok {
		return list
	}
	list := w.selectRows(t, s)
	w.orderRows(t, list, s.sorts)
	w.views.keep(key, list)
	return list
}

func (w *world) selectRows(t *table, s selection) []int32 {
	list := make([]int32, 0, len(t.rows))
	want := present
	if s.deleted {
		want = trashed
	}
	for i, r := range t.rows {
		if r.state != want || s.hidden != nil && s.hidden(w, r) || !w.passes(t, r, s) {
			continue
		}
		list = append(list, int32(i))
	}
	return list
}

func (w *world) passes(t *table, r row, s selection) bool {
	for _, f := range s.filters {
		var v value
		if f.member == "id" && t.spec.id == nil && (r.over == nil || r.over.id == "") {
			v = intValue(r.num)
		} else {
			v = t.attribute(w, r, f.member)
		}
		ok := f.accepts(v)
		if ok == s.any {
			return ok
		}
	}
	return !s.any || len(s.filters) == 0
}

// orderRows sorts by the keys, ties by id. Without keys the order is one that
// the seed chooses, since Looker promises none; rows that come and go leave the
// others in their places.
func (w *world) orderRows(t *table, list []int32, keys []sortKey) {
	if len(keys) == 0 {
		salt := seeded(w.seed, hashOf(t.kind)).state
		slices.SortFunc(list, func(a, b int32) int {
			x, y := seeded(salt, uint64(t.rows[a].num)), seeded(salt, uint64(t.rows[b].num))
			return cmp.Compare(x.state, y.state)
		})
		return
	}
	if keys[0].field == "id" && t.spec.id == nil && len(keys) == 1 {
		if keys[0].desc {
			slices.Reverse(list)
		}
		return // rows are kept by number
	}
	columns := make([][]value, len(keys))
	for k, key := range keys {
		columns[k] = make([]value, len(t.rows))
		for _, i := range list {
			columns[k][i] = t.attribute(w, t.rows[i], key.field)
		}
	}
	slices.SortFunc(list, func(a, b int32) int {
		for k, key := range keys {
			c := columns[k][a].compare(columns[k][b])
			if key.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return int(a - b)
	})
}

func shuffle(list []int32, r rng) {
	for i := len(list) - 1; i > 0; i-- {
		j := r.n(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}

// viewCache keeps the latest listings, since a client that pages asks for the
// same one again and again.
type viewCache struct {
	mu      sync.Mutex
	entries []viewEntry // the latest used last
}

type viewKey struct {
	kind, query string
	changes     uint64
}

type viewEntry struct {
	key  viewKey
	list []int32
}

const maxViews = 16

func (c *viewCache) find(key viewKey) ([]int32, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.entries, func(e viewEntry) bool { return e.key == key })
	if i < 0 {
		return nil, false
	}
	e := c.entries[i]
	c.entries = append(slices.Delete(c.entries, i, i+1), e)
	return e.list, true
}

func (c *viewCache) keep(key viewKey, list []int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = slices.DeleteFunc(c.entries, func(e viewEntry) bool { return e.key.changes != key.changes })
	if len(c.entries) >= maxViews {
		c.entries = slices.Delete(c.entries, 0, 1)
	}
	c.entries = append(c.entries, viewEntry{key, list})
}
