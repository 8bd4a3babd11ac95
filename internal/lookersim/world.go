package lookersim

import (
	"fmt"
	"iter"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
)

// world is everything that the server holds. What exists is in tables; what a
// document says is worked out from the seed, its kind and its number.
type world struct {
	opts  Options
	sizes Sizes
	seed  uint64

	mu      sync.RWMutex // guards tables' rows, views and changes
	tables  map[string]*table
	changes uint64 // how many changes were made; views of an older state are stale
	views   viewCache

	overlay

	// Worked out at New, never changed afterwards.
	tilePools
	folders         []folder
	children        []int32         // how many folders lie in each
	contentFolders  []int32         // folders that dashboards and looks lie in
	folderOwner     map[int32]int32 // of personal folders and what is below them
	personalFolder  map[int32]int32 // by user
	memberCounts    map[int32]int32 // of groups
	models          []modelInfo
	tileStride      int32             // numbers reserved for the tiles of one dashboard
	mergeMultiplier int               // spreads merged tiles over dashboards
	adopted         map[string][]byte // documents of a corpus that have no table, by kind/id

	contents atomic.Pointer[contents] // what lies in which folder

	everything atomic.Pointer[everything] // what lists of all there is hold
	uses       atomic.Int64               // how often OpUse was made
}

// spec describes how documents of one kind are made and asked about.
type spec struct {
	kind string
	// id spells a row's id; nil means its number.
	id func(w *world, num int32) string
	// render appends the document. Members that want leaves out may be left
	// out; those that stay have the same bytes as in the whole document.
	render func(w *world, b []byte, r row, want fieldTree) []byte
	// attr answers for a member without rendering, for kinds that are large.
	attr func(w *world, r row, field string) (value, bool)
	// fixed says that items are neither added nor deleted.
	fixed bool
	// nests says that documents end with others' (render then deals with
	// overrides itself, which hold what listed gives).
	nests bool
	// repeated says that documents of other kinds repeat members of this one.
	repeated bool
	// echo appends a document that is kept, with what it repeats of others as
	// that is now; nil means that it repeats nothing.
	echo func(w *world, b []byte, r row) []byte
	// listed turns the whole document into what lists give; nil means whole.
	listed func(b, doc []byte) []byte
	// needs names the query parameter that a listing needs to show the row.
	needs func(w *world, r row) string
	// poor names the members that lists lack with Quirks.PoorRows.
	poor []string
}

type state uint8

const (
	present state = iota
	trashed
	gone // the row stays, so that numbers never move; nothing shows it
)

// String is the state as Item tells it.
func (s state) String() string { return [...]string{"present", "trashed", "gone"}[s] }

// row is one item. It is copied freely; what it points at is never changed.
type row struct {
	num   int32
	state state
	over  *override
}

// override is what a corpus or a change at run time puts in a generated
// document's place.
type override struct {
	id      string // for items that have no number of their own
	body    []byte // the whole document; of kinds that nest others, without those
	parts   *parts // of a dashboard that a write split: what its body leaves out
	written bool   // a write made it
	drawn   bool   // the queries that the seed drew for the row are still there
	keys
}

// table holds the rows of one kind in ascending number.
type table struct {
	*spec
	rows []row
	byID map[string]int // where ids are spelled out
	// How often each row's whole document was given, alone and in a list.
	single, listing []uint32
}

func newTable(w *world, s *spec, count int, stateOf func(i int) state) *table {
	t := &table{spec: s, rows: make([]row, count), single: make([]uint32, count), listing: make([]uint32, count)}
	for i := range t.rows {
		t.rows[i].num = numberAt(i)
		if s.id != nil {
			t.rows[i].num = int32(i + 1)
		}
		if stateOf != nil {
			t.rows[i].state = stateOf(i)
		}
	}
	if s.id != nil {
		t.byID = make(map[string]int, count)
		for i, r := range t.rows {
			t.byID[s.id(w, r.num)] = i
		}
	}
	return t
}

// gapFree is how many ids follow each other before gaps begin.
const gapFree = 24

// numberAt is the id of the i-th item: small at first, with gaps later on.
func numberAt(i int) int32 {
	if i < gapFree {
		return int32(i + 1)
	}
	return int32(1 + i + (i-gapFree)/4 + 1)
}

// indexOf finds a row by id, shown or not.
func (t *table) indexOf(id string) (int, bool) {
	if i, ok := t.byID[id]; ok {
		return i, true
	}
	if t.spec.id != nil {
		return 0, false
	}
	num, err := strconv.ParseInt(id, 10, 32)
	if err != nil || strconv.FormatInt(num, 10) != id {
		return 0, false
	}
	i := sort.Search(len(t.rows), func(i int) bool { return t.rows[i].num >= int32(num) })
	return i, i < len(t.rows) && t.rows[i].num == int32(num)
}

// find returns the row of an item that exists.
func (t *table) find(id string) (row, int, bool) {
	i, ok := t.indexOf(id)
	if !ok || t.rows[i].state == gone {
		return row{}, 0, false
	}
	return t.rows[i], i, true
}

// present yields the rows of items that are neither in the trash nor gone.
func (t *table) present() iter.Seq[found] {
	return func(yield func(found) bool) {
		for i, r := range t.rows {
			if r.state == present && !yield(found{t: t, index: i, row: r}) {
				return
			}
		}
	}
}

func (t *table) idOf(w *world, r row) string {
	if r.over != nil && r.over.id != "" {
		return r.over.id
	}
	if t.spec.id != nil {
		return t.spec.id(w, r.num)
	}
	return strconv.Itoa(int(r.num))
}

// document appends the whole document of a row.
func (t *table) document(w *world, b []byte, r row, want fieldTree) []byte {
	if r.over == nil || t.nests {
		return t.render(w, b, r, want)
	}
	if t.echo != nil && w.wrote.Load() {
		return t.echo(w, b, r)
	}
	return append(b, r.over.body...)
}

// rowDocument appends what lists of the kind give for a row.
func (t *table) rowDocument(w *world, b []byte, r row) []byte {
	if t.listed == nil {
		return t.document(w, b, r, nil)
	}
	return t.listed(b, t.document(w, nil, r, nil))
}

// attribute answers for one member of a row's document.
func (t *table) attribute(w *world, r row, field string) value {
	if r.over == nil && t.attr != nil {
		if v, ok := t.attr(w, r, field); ok {
			return v
		}
	}
	if r.over != nil && r.over.parts != nil {
		return rawValue(lookup(r.over.body, field)) // no filter asks for what is a part or an echo
	}
	raw := lookup(t.document(w, nil, r, fieldTree{field: nil}), field)
	if raw == nil && r.over != nil && t.attr != nil {
		v, _ := t.attr(w, r, field) // filters ask for more than documents say
		return v
	}
	return rawValue(raw)
}

func (t *table) servedSingle(i int) { atomic.AddUint32(&t.single[i], 1) }
func (t *table) servedRow(i int)    { atomic.AddUint32(&t.listing[i], 1) }

// rngFor starts the generator of one document; salt keeps several of one
// document apart.
func (w *world) rngFor(kind string, num int32, salt uint64) rng {
	return seeded(w.seed, hashOf(kind), uint64(num), salt)
}

// hashOf is FNV-1a.
func hashOf(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// newWorld lays out everything that opts ask for.
func newWorld(opts Options) (*world, error) {
	w := &world{opts: opts, sizes: opts.Sizes, seed: uint64(opts.Seed), tables: map[string]*table{}, adopted: map[string][]byte{}}
	w.overlay.init()
	w.layOut()
	for _, k := range w.kinds() {
		w.tables[k.spec.kind] = newTable(w, k.spec, k.count, k.stateOf)
	}
	if opts.Corpus != "" {
		if err := w.loadCorpus(opts.Corpus); err != nil {
			return nil, fmt.Errorf("corpus: %w", err)
		}
	}
	w.listEverything()
	return w, nil
}

// kindRow is one line of the list of kinds that have a table.
type kindRow struct {
	spec    *spec
	count   int
	stateOf func(i int) state
}

// spreadTrash marks a share of a kind as trashed, evenly over its ids.
func (w *world) spreadTrash(i int) state {
	share := w.opts.TrashShare
	if share <= 0 || i < 20 && share < 0.5 {
		return present
	}
	if int(float64(i+1)*share) > int(float64(i)*share) {
		return trashed
	}
	return present
}
