package lookersim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Op is what a change does.
type Op string

// The changes that can be made at run time. None moves updated_at but OpTouch, and
// those that go through the API: a server may show an edit without moving it.
const (
	OpAdd     Op = "add"     // one more item, generated, with the next free id; ID is ignored
	OpSet     Op = "set"     // the member at Path becomes Value, a JSON text
	OpTitle   Op = "title"   // title (or name) becomes Value
	OpColour  Op = "colour"  // a tile's custom colour becomes Value, six hexadecimal digits
	OpViews   Op = "views"   // view_count becomes Value
	OpTouch   Op = "touch"   // updated_at becomes Value, a time as the server writes it
	OpMove    Op = "move"    // the folder becomes Value, a folder's id
	OpPut     Op = "put"     // the whole document becomes Value; an unknown id is added
	OpTrash   Op = "trash"   // into the trash: dashboards and looks
	OpRestore Op = "restore" // out of the trash
	OpDelete  Op = "delete"  // gone for good: 404 from now on
	OpEdit    Op = "edit"    // PATCH /Kind/ID with Value, a JSON object, as somebody does through the API
	OpRemove  Op = "remove"  // DELETE /Kind/ID through the API, with all that this takes along
	OpUse     Op = "use"     // somebody queries: times_used of all explores moves; Kind is "explores", ID is ignored
)

var ops = []Op{OpAdd, OpSet, OpTitle, OpColour, OpViews, OpTouch, OpMove, OpPut, OpTrash, OpRestore, OpDelete, OpEdit, OpRemove, OpUse}

// Change is one change to what the server holds.
type Change struct {
	Op          Op
	Kind, ID    string
	Path, Value string

	// Route and Nth put the change off: the n-th request to that route
	// ("GET /dashboards/search"), counted from the moment when the change was
	// handed in, is the last one whose answer does not show it. An empty Route
	// means at once.
	Route string
	Nth   int
}

// ParseChange reads the text form of a change: key=value words, of which value
// takes the rest of the line.
//
//	op=trash kind=dashboards id=17
//	op=set kind=looks id=3 path=description value="a JSON text"
//	op=delete kind=dashboards id=9 route=GET /dashboards/search nth=2
func ParseChange(text string) (Change, error) {
	words, err := pairs(text, "value")
	if err != nil {
		return Change{}, fmt.Errorf("change %q: %w", text, err)
	}
	ch := Change{}
	for _, p := range words {
		switch p.key {
		case "op":
			ch.Op = Op(p.value)
		case "kind":
			ch.Kind = p.value
		case "id":
			ch.ID = p.value
		case "path":
			ch.Path = p.value
		case "value":
			ch.Value = p.value
		case "route":
			ch.Route = p.value
		case "nth":
			if ch.Nth, err = parseCount(p.value); err != nil {
				return Change{}, fmt.Errorf("change %q: nth: %w", text, err)
			}
		default:
			return Change{}, fmt.Errorf("change %q: no key %q; want op, kind, id, path, route, nth or value", text, p.key)
		}
	}
	if err := ch.check(); err != nil {
		return Change{}, fmt.Errorf("change %q: %w", text, err)
	}
	return ch, nil
}

// String is the text form that ParseChange reads.
func (ch Change) String() string {
	words := []string{"op=" + string(ch.Op)}
	for _, p := range []pair{{"kind", ch.Kind}, {"id", ch.ID}, {"path", ch.Path}, {"route", ch.Route}} {
		if p.value != "" {
			words = append(words, p.key+"="+p.value)
		}
	}
	if ch.Nth != 0 {
		words = append(words, "nth="+strconv.Itoa(ch.Nth))
	}
	if ch.Value != "" {
		words = append(words, "value="+ch.Value)
	}
	return strings.Join(words, " ")
}

func (ch Change) check() error {
	switch {
	case !slices.Contains(ops, ch.Op):
		return fmt.Errorf("no change %q; want one of %v", ch.Op, ops)
	case ch.Kind == "":
		return fmt.Errorf("names no kind")
	case ch.Route != "" && !knownRoute(ch.Route):
		return fmt.Errorf("no route %q", ch.Route)
	}
	return nil
}

// Mutate makes changes in order, each at once or when its route says. It
// returns the id that each change concerns, empty for an addition that is put
// off. The first one that cannot be made ends it with an error; those before it
// stay made.
func (s *Server) Mutate(changes ...Change) ([]string, error) {
	var ids []string
	for _, ch := range changes {
		id, err := ch.ID, ch.check()
		switch {
		case err != nil:
		case ch.Route != "":
			s.scripts.add(ch)
		default:
			id, err = s.change(ch)
		}
		if err != nil {
			return ids, fmt.Errorf("change %q: %w", ch, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// change makes one change at once, and keeps it in the state file where there is one.
func (s *Server) change(ch Change) (id string, err error) {
	if ch.Op == OpEdit || ch.Op == OpRemove {
		method := map[Op]string{OpEdit: http.MethodPatch, OpRemove: http.MethodDelete}[ch.Op]
		status, answer := s.Do(method, "/"+ch.Kind+"/"+url.PathEscape(ch.ID), []byte(ch.Value))
		if status >= http.StatusBadRequest {
			return "", fmt.Errorf("status %d: %s", status, answer)
		}
		return ch.ID, nil
	}
	failed := s.state.while(s, func() (stateLine, bool) {
		id, err = s.world.apply(ch)
		ch.Route, ch.Nth = "", 0
		return stateLine{Change: ch.String()}, err == nil
	})
	return id, errors.Join(err, failed)
}

// scripts are the changes that wait for a request.
type scripts struct {
	mu      sync.Mutex
	waiting []Change
}

func (q *scripts) add(ch Change) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ch.Nth = max(ch.Nth, 1)
	q.waiting = append(q.waiting, ch)
}

// asked is told of every call, once its answer is decided.
func (q *scripts) asked(s *Server, c *call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = slices.DeleteFunc(q.waiting, func(ch Change) bool { return ch.Nth == 0 })
	for i := range q.waiting {
		ch := &q.waiting[i]
		if ch.Route != c.template() {
			continue
		}
		if ch.Nth--; ch.Nth == 0 {
			// A change that can no longer be made (its item is gone) is dropped.
			_, _ = s.change(*ch)
		}
	}
}

// apply makes one change and returns the id it concerns.
func (w *world) apply(ch Change) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tables[ch.Kind]
	if ch.Op == OpUse && ch.Kind == "explores" {
		w.uses.Add(1)
		return "", nil
	}
	defer w.listEverything()
	if t == nil || ch.Op == OpUse {
		return "", fmt.Errorf("documents of kind %q cannot be changed", ch.Kind)
	}
	w.changes++
	if t.fixed && (ch.Op == OpAdd || ch.Op == OpDelete) {
		return "", fmt.Errorf("%s are what they are", ch.Kind)
	}
	if ch.Op == OpAdd {
		return t.idOf(w, t.grow(w, "")), nil
	}
	i, ok := t.indexOf(ch.ID)
	if ch.Op == OpPut {
		if !ok {
			t.grow(w, ch.ID)
			i = len(t.rows) - 1
		}
		return ch.ID, t.put(i, []byte(ch.Value))
	}
	if !ok || t.rows[i].state == gone {
		return "", fmt.Errorf("no such item")
	}
	return ch.ID, t.change(w, i, ch)
}

// grow adds a row; an id makes it one that has no number of its own.
func (t *table) grow(w *world, id string) row {
	r := row{num: t.next()}
	if id != "" {
		r.over = &override{id: id}
	}
	t.rows = append(t.rows, r)
	t.single = append(t.single, 0)
	t.listing = append(t.listing, 0)
	if id != "" || t.spec.id != nil {
		t.note(t.idOf(w, r), len(t.rows)-1)
	}
	return r
}

// next is the number of the row that grow adds.
func (t *table) next() int32 {
	num := numberAt(len(t.rows))
	if t.spec.id != nil {
		num = int32(len(t.rows) + 1)
	}
	if n := len(t.rows); n > 0 {
		num = max(num, t.rows[n-1].num+1)
	}
	return num
}

// note remembers where the row of a spelled-out id is.
func (t *table) note(id string, i int) {
	if t.byID == nil {
		t.byID = map[string]int{}
	}
	t.byID[id] = i
}

// put makes body the whole document of a row.
func (t *table) put(i int, body []byte) error {
	if !json.Valid(body) || body[skipSpace(body, 0)] != '{' {
		return fmt.Errorf("the document is not a JSON object")
	}
	r := &t.rows[i]
	over := &override{body: body, keys: keysOf(body), drawn: t.drawn(i)}
	if r.over != nil {
		over.id = r.over.id
	}
	if r.state == gone {
		r.state = present
	}
	r.over = over
	return nil
}

// change edits one row, or moves it between present, trashed and gone.
func (t *table) change(w *world, i int, ch Change) error {
	r := &t.rows[i]
	switch ch.Op {
	case OpDelete:
		r.state = gone
		if r.over != nil {
			over := *r.over
			over.drawn = false
			r.over = &over
		}
		return nil
	case OpTrash, OpRestore:
		if !HasTrash(ch.Kind) {
			return fmt.Errorf("%s have no trash", ch.Kind)
		}
		return t.discard(r, ch.Op == OpTrash)
	}
	doc := t.kept(w, *r)
	next, err := edited(doc, ch)
	if err != nil {
		return err
	}
	return t.put(i, next)
}

// kept is the document as an override holds it.
func (t *table) kept(w *world, r row) []byte {
	if t.nests {
		return t.rowDocument(w, nil, r)
	}
	return t.document(w, nil, r, nil)
}

func edited(doc []byte, ch Change) ([]byte, error) {
	text := func() []byte { return appendString(nil, ch.Value) }
	switch ch.Op {
	case OpSet:
		if !json.Valid([]byte(ch.Value)) {
			return nil, fmt.Errorf("the value is not JSON")
		}
		return splice(doc, ch.Path, []byte(ch.Value))
	case OpTitle:
		if lookup(doc, "title") == nil && lookup(doc, "name") != nil {
			return splice(doc, "name", text())
		}
		return splice(doc, "title", text())
	case OpViews:
		if _, err := parseCount(ch.Value); err != nil {
			return nil, err
		}
		return splice(doc, "view_count", []byte(ch.Value))
	case OpTouch:
		return splice(doc, "updated_at", text())
	case OpMove:
		return moved(doc, text())
	}
	return recoloured(doc, ch.Value)
}

func moved(doc, folder []byte) ([]byte, error) {
	if nested := lookup(doc, "folder"); !isNull(nested) {
		next, err := splice(doc, "folder.id", folder)
		if err != nil {
			return nil, err
		}
		doc = next
	}
	return splice(doc, "folder_id", folder)
}

// recoloured changes one colour of a document wherever it says it: in the
// query, in its copies, and percent-encoded in links.
func recoloured(doc []byte, colour string) ([]byte, error) {
	const name = `"custom_color":`
	if len(colour) != 6 || strings.Trim(colour, hexDigits) != "" {
		return nil, fmt.Errorf("%q is not a colour such as 1a73e8", colour)
	}
	at := bytes.Index(doc, []byte(name))
	if at < 0 {
		return nil, fmt.Errorf("no tile has a custom colour")
	}
	at = bytes.IndexByte(doc[at:], '#') + at + 1
	old := bytes.Clone(doc[at : at+6])
	doc = bytes.ReplaceAll(doc, append([]byte("#"), old...), []byte("#"+colour))
	return bytes.ReplaceAll(doc, append([]byte("%23"), old...), []byte("%23"+colour)), nil
}

// discardedAt is when things that are trashed at run time say they were.
const discardedAt = epoch + 7*year

func (t *table) discard(r *row, away bool) error {
	next := row{num: r.num, state: present, over: r.over}
	if away {
		next.state = trashed
	}
	if r.over != nil {
		doc := r.over.body
		values := [3]string{"false", "null", "null"}
		if away {
			values = [3]string{"true", string(appendTime(nil, discardedAt)), `"1"`}
		}
		for k, name := range []string{"deleted", "deleted_at", "deleter_id"} {
			var err error
			if doc, err = splice(doc, name, []byte(values[k])); err != nil {
				return err
			}
		}
		next.over = &override{id: r.over.id, body: doc, parts: r.over.parts, drawn: r.over.drawn, keys: r.over.keys}
	}
	*r = next
	return nil
}

// vanish deletes the item that a call asks for, where there is one.
func (s *Server) vanish(c *call) {
	if c.route != nil {
		_, _ = s.world.apply(Change{Op: OpDelete, Kind: c.route.kind, ID: c.id()})
	}
}
