package lookersim

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// shape is how much of a document a route gives.
type shape uint8

const (
	whole     shape = iota // the document as the single route gives it
	listed                 // what lists of the kind give (spec.listed)
	base                   // dashboards as the mixed list gives them
	hierarchy              // groups with the groups above them
)

// listing is a route that lists documents of one kind.
type listing struct {
	kind   string
	params []param
	paged  bool // limit, offset, page and per_page count
	sorted bool // sorts counts
	trash  bool // deleted=true shows the trash
	shape  shape
	// keep narrows the rows further by the call; nil keeps all.
	keep func(c *call) func(w *world, r row) bool
	// scope names what keep depends on, for the cache of listings.
	scope func(c *call) string
	// natural orders by id where no sorts are given, instead of in no order.
	natural bool
}

// found is a row with where it stands.
type found struct {
	t     *table
	index int
	row   row
	bad   RowForm // what stands there in its place, "" for the document itself
}

func (l listing) handle(c *call) answer {
	sel, err := l.selection(c)
	if err != nil {
		return c.badRequest(err)
	}
	w := c.world
	w.mu.RLock()
	t := w.tables[l.kind]
	list := w.view(t, sel)
	if c.quirks().IgnoreSorts && l.paged {
		list = slices.Clone(list)
		shuffle(list, seeded(w.seed, uint64(c.counts.next())))
	}
	window, err := l.window(c)
	if err != nil {
		w.mu.RUnlock()
		return c.badRequest(err)
	}
	bad := placed(c.badRowsOf(l.kind), len(list))
	from, to := l.part(c, window).bounds(len(list)+len(bad), l.cap(c))
	if c.short {
		to -= (to - from) / 2
	}
	rows := make([]found, 0, to-from)
	for at := from; at < to; at++ {
		rows = append(rows, bad.row(t, list, at))
	}
	a := c.rows(rows, l.shape)
	w.mu.RUnlock()
	return c.pageHeaders(a, window, len(list)+len(bad), len(rows))
}

func (l listing) window(c *call) (window, error) {
	if !l.paged {
		return window{}, nil
	}
	return windowOf(c.query)
}

// part is the window that the server makes of the one that was asked for.
func (l listing) part(c *call, w window) window {
	if c.again {
		w.offset = max(w.offset-w.limit, 0)
	}
	if c.quirks().IgnoreOffset {
		w.offset = 0
	}
	if c.quirks().IgnoreLimit {
		w.paged = false
	}
	return w
}

func (l listing) cap(c *call) int {
	if !l.paged {
		return c.quirks().WholeCap
	}
	return c.quirks().PageCap
}

func (l listing) selection(c *call) (selection, error) {
	s := selection{any: c.query.Get("filter_or") == "true"}
	var key strings.Builder
	for _, p := range l.params {
		want := strings.Join(c.query[p.name], ",")
		if want == "" || p.match == matchID && c.quirks().IgnoreIDs {
			continue
		}
		if p.match == matchBool && want != "true" && want != "false" {
			return s, fmt.Errorf("%s is neither true nor false", p.name)
		}
		s.filters = append(s.filters, filter{p, want})
		fmt.Fprintf(&key, "%s=%q ", p.name, want)
	}
	if l.trash {
		s.deleted = c.query.Get("deleted") == "true"
	}
	if l.sorted {
		s.sorts = parseSorts(c.query.Get("sorts"))
	}
	if l.natural && len(s.sorts) == 0 {
		s.sorts = []sortKey{{field: "id"}}
	}
	hide := c.world.hidden(l.kind, c.restricted())
	keep := func(*world, row) bool { return true }
	if l.keep != nil {
		keep = l.keep(c)
	}
	s.hidden = func(w *world, r row) bool { return hide != nil && hide(w, r) || !keep(w, r) }
	if l.scope != nil {
		key.WriteString(l.scope(c))
	}
	fmt.Fprintf(&key, "|%v|%v|%v", s.any, s.deleted, s.sorts)
	s.key = key.String()
	return s, nil
}

// rows answers with documents joined by commas. It must be called with the
// world locked for reading; what it returns needs no lock.
func (c *call) rows(list []found, s shape) answer {
	want, err := parseFields(c.query.Get("fields"))
	if err != nil {
		return c.badRequest(fmt.Errorf("fields: %w", err))
	}
	if want == nil && s == whole && !c.quiet {
		for _, f := range list {
			if f.bad == "" {
				f.t.servedRow(f.index)
			}
		}
	}
	return answer{status: http.StatusOK, body: func(o *out) {
		p := borrow()
		scratch := *p
		o.buf = append(o.buf, '[')
		for i, f := range list {
			if i > 0 {
				o.buf = append(o.buf, ',')
			}
			scratch = c.appendRow(o, scratch, f, s, want)
			o.flush()
		}
		o.buf = append(o.buf, ']')
		giveBack(p, scratch)
	}}
}

// appendRow appends one row of a list; it returns scratch for the next.
func (c *call) appendRow(o *out, scratch []byte, f found, s shape, want fieldTree) []byte {
	w := c.world
	poor, isPoor := c.quirks().poorOf(f.t)
	if s == whole && want == nil && !isPoor && !c.restricted() && f.bad == "" {
		o.buf = f.t.document(w, o.buf, f.row, nil)
		return scratch
	}
	switch s {
	case whole:
		scratch = f.t.document(w, scratch[:0], f.row, want)
	case hierarchy:
		scratch = w.renderHierarchy(scratch[:0], f.row)
	default:
		scratch = f.t.rowDocument(w, scratch[:0], f.row)
	}
	doc := scratch
	if s == base {
		doc = dashboardBase.cut(nil, doc)
	}
	if isPoor {
		doc = c.poorer(f, doc, poor)
	}
	doc = c.seen(f, doc)
	if f.bad != "" {
		o.buf = append(o.buf, f.bad.spoiled(f.t.kind, want.cut(nil, doc))...)
		return scratch
	}
	o.buf = want.cut(o.buf, doc)
	return scratch
}

// single answers with one document of a kind, in or out of the trash.
func single(kind string) func(c *call) answer { return reading(kind, (*call).document) }

// reading answers about the item of a kind that the path names, and the caller may see.
func reading(kind string, handle func(c *call, f found) answer) func(c *call) answer {
	return func(c *call) answer {
		f, ok := c.find(kind, c.id())
		if !ok {
			return c.notFound()
		}
		return handle(c, f)
	}
}

// find looks up an item that the caller may see.
func (c *call) find(kind, id string) (found, bool) {
	w := c.world
	w.mu.RLock()
	defer w.mu.RUnlock()
	t := w.tables[kind]
	if t.nests {
		w.fillFolders()
	}
	r, i, ok := t.find(id)
	if hide := w.hidden(kind, c.restricted()); ok && hide != nil && hide(w, r) {
		ok = false
	}
	return found{t: t, index: i, row: r}, ok
}

// document answers with the whole document of a row.
func (c *call) document(f found) answer {
	want, err := parseFields(c.query.Get("fields"))
	if err != nil {
		return c.badRequest(fmt.Errorf("fields: %w", err))
	}
	if want == nil && !c.quiet {
		c.world.mu.RLock()
		f.t.servedSingle(f.index)
		c.world.mu.RUnlock()
	}
	return answer{status: http.StatusOK, body: func(o *out) {
		if want == nil && !c.restricted() {
			o.buf = f.t.document(c.world, o.buf, f.row, nil)
			return
		}
		doc := c.seen(f, f.t.document(c.world, nil, f.row, want))
		o.buf = want.cut(o.buf, doc)
	}}
}

// object answers with a document that has no table, cut to the fields asked for.
func (c *call) object(doc []byte) answer {
	want, err := parseFields(c.query.Get("fields"))
	if err != nil {
		return c.badRequest(fmt.Errorf("fields: %w", err))
	}
	return answer{status: http.StatusOK, body: func(o *out) { o.buf = want.cut(o.buf, doc) }}
}

// swapped is the answer for another item than the one asked for.
func (s *Server) swapped(c *call, a answer) answer {
	if c.route == nil {
		return a
	}
	if derivedKinds[c.route.kind] != nil || c.route.kind == "settings" {
		return s.swappedFor(c.route.kind, a)
	}
	if len(c.args) == 0 || s.world.tables[c.route.kind] == nil {
		return a
	}
	w := s.world
	w.mu.RLock()
	t := w.tables[c.route.kind]
	at, ok := t.indexOf(c.id())
	var f found
	for i := range t.rows {
		k := (at + 1 + i) % len(t.rows)
		if ok && k != at && t.rows[k].state == present {
			f = found{t: t, index: k, row: t.rows[k]}
			break
		}
	}
	w.mu.RUnlock()
	if f.t == nil {
		return a
	}
	return c.document(f)
}

// swappedFor is the answer for the first item of a kind that is not the right answer.
func (s *Server) swappedFor(kind string, right answer) answer {
	body := right.bytes()
	for _, it := range s.index(kind) {
		if status, other := s.Peek(it.item.Path); status == http.StatusOK && !bytes.Equal(body, other) {
			return answer{status: status, body: plain(other)}
		}
	}
	return right
}
