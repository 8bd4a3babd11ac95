package lookersim

import (
	"strconv"
	"sync"
	"sync/atomic"
)

// overlay is what writes made of the generated world. Renderers read it without
// a lock; as long as nothing was written, one atomic load tells them so.
type overlay struct {
	wrote atomic.Bool
	// latest holds documents that others repeat parts of, as they are now, once a
	// write changed them. Keys are itemKeys, values []byte.
	latest sync.Map
	relations

	// Guarded by the world's lock.
	queryOverlay
	accessOverlay
	valueOverlay
	mailed  []Mail
	moments int64 // how many writes were carried out: the clock of what they make
	partIDs int64 // the last id given to a part of a document
	// partOwners are the dashboards of parts that writes made.
	partOwners map[partKey]string
	// goldens are the golden queries that writes made or changed, nil for deleted ones.
	goldens map[string][]byte
}

func (o *overlay) init() {
	o.ownAccessOf, o.entries = map[int64]bool{}, map[int64][]accessEntry{}
	o.groupValues, o.ownValues = map[int32][]groupValue{}, map[ownKey]*string{}
	o.partOwners, o.goldens = map[partKey]string{}, map[string][]byte{}
}

type itemKey struct{ kind, id string }

// Writes happen after everything that the seed made; each takes a second.
const firstWrite = epoch + 7*year + 30*day

func (o *overlay) moment() int64 { return firstWrite + o.moments*1000 }

// written notes that a write was carried out.
func (o *overlay) written() { o.moments++ }

// firstPart is beyond the ids of all parts that the seed makes.
const firstPart = 1_000_000_000

// partID is a new id for a part of a document, never used before.
func (o *overlay) partID() string {
	o.partIDs++
	return strconv.FormatInt(firstPart+o.partIDs, 10)
}

// now is a document that a write changed, as it is now.
func (o *overlay) now(kind, id string) ([]byte, bool) {
	if !o.wrote.Load() {
		return nil, false
	}
	doc, ok := o.latest.Load(itemKey{kind, id})
	if !ok {
		return nil, false
	}
	return doc.([]byte), true
}

func (o *overlay) nowNumbered(kind string, num int32) ([]byte, bool) {
	if !o.wrote.Load() {
		return nil, false
	}
	return o.now(kind, strconv.Itoa(int(num)))
}

// number is an id as a number, 0 for one that is none.
func number(id string) int64 {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// keys are the members that must be unique somewhere.
type keys struct{ title, folder, slug string }

func keysOf(doc []byte) keys {
	k := keys{}
	for m := range members(doc) {
		switch string(m.key) {
		case "title":
			k.title = rawValue(doc[m.value:m.end]).text
		case "folder_id":
			k.folder = rawValue(doc[m.value:m.end]).text
		case "slug":
			k.slug = rawValue(doc[m.value:m.end]).text
		}
	}
	return k
}

// create adds a row whose document finish makes. The draft that it is handed is
// what the seed would make of the row's number, so that no member is missing.
func (w *world) create(t *table, finish func(d *draft, id string)) found {
	r := t.grow(w, "")
	i := len(t.rows) - 1
	id := t.idOf(w, r)
	d := draft{t.kept(w, r)}
	t.rows[i].over = &override{}
	finish(&d, id)
	return w.store(t, i, d, present)
}

// store makes a draft the document of a row.
func (w *world) store(t *table, i int, d draft, s state) found {
	over := &override{body: d.body, drawn: t.rows[i].over == nil}
	if old := t.rows[i].over; old != nil {
		over.id, over.parts, over.drawn = old.id, old.parts, old.drawn
	}
	return w.storeOver(t, i, over, s)
}

func (w *world) storeOver(t *table, i int, over *override, s state) found {
	over.keys = keysOf(over.body)
	over.written = true
	t.rows[i] = row{num: t.rows[i].num, state: s, over: over}
	w.changed(t, i)
	return t.found(i)
}

// changed publishes a row that a write changed.
func (w *world) changed(t *table, i int) {
	w.wrote.Store(true)
	w.changes++
	r := t.rows[i]
	if t.repeated && r.over != nil {
		w.latest.Store(itemKey{t.kind, t.idOf(w, r)}, r.over.body)
	}
	if t.kind == "lookml_models" || t.kind == "connections" {
		w.listEverything()
	}
}

// remove deletes a row for good. Its number is never given again.
func (w *world) remove(t *table, i int) {
	over := &override{drawn: true}
	if old := t.rows[i].over; old != nil {
		over = old
	}
	t.rows[i] = row{num: t.rows[i].num, state: gone, over: over}
	w.wrote.Store(true)
	w.changes++
}

// draftOf is a row's document, for a change.
func (w *world) draftOf(f found) draft { return draft{f.t.kept(w, f.row)} }

// answerOf is the document that a write answers with.
func (w *world) answerOf(f found) []byte {
	if f.t.nests {
		w.fillFolders()
	}
	return f.t.document(w, nil, f.row, nil)
}
