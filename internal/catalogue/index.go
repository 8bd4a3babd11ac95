package catalogue

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
)

// The kinds that other documents name as where they lie, whose they are, and what they
// show.
const (
	Folders record.Kind = "folders" // of [Fields].Folder
	Users   record.Kind = "users"   // of [Fields].Owner
	Groups  record.Kind = "groups"  // of those who may do or see something
	Looks   record.Kind = "looks"
	Models  record.Kind = "lookml_models"
)

// index answers the questions about kinds. It is made once, when the program
// starts, since stages ask them for every document: searching the rows cost 14 µs
// and a copy of 27 KB each time.
type index struct {
	rows    []*Spec
	byName  map[record.Kind]*Spec
	leading map[record.Kind][]record.Kind
	waves   map[record.Kind]int
	owned   map[record.Kind]bool
	partOf  map[record.Kind]record.Kind // of kinds whose documents have the id of another one
	doubles map[record.Kind][]Double
	backs   map[record.Kind][]string
}

var table = newIndex(
	slices.Concat(content, people, access, models, appearance, behind),
	joined(contentWrites, peopleWrites, accessWrites, adminWrites),
)

// written is what is said of writing a kind, in the files of the write rows.
type written struct {
	row      *Write
	not      string
	variants []Variant
}

func joined(parts ...map[record.Kind]written) map[record.Kind]written {
	all := make(map[record.Kind]written)
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

func newIndex(rows []Spec, writing map[record.Kind]written) *index {
	t := &index{
		byName: make(map[record.Kind]*Spec), leading: make(map[record.Kind][]record.Kind), waves: make(map[record.Kind]int),
		owned: make(map[record.Kind]bool), partOf: make(map[record.Kind]record.Kind), doubles: make(map[record.Kind][]Double),
		backs: make(map[record.Kind][]string),
	}
	for i := range rows {
		if w, ok := writing[rows[i].Name]; ok {
			rows[i].Write, rows[i].NotWritten, rows[i].Variants = w.row, w.not, w.variants
		}
		t.rows = append(t.rows, &rows[i])
		t.byName[rows[i].Name] = &rows[i]
	}
	for _, kind := range t.rows {
		for r := range kind.Leads() {
			if !slices.Contains(t.leading[r.Kind], kind.Name) {
				t.leading[r.Kind] = append(t.leading[r.Kind], kind.Name)
			}
			others, known := t.owned[r.Kind]
			t.owned[r.Kind] = r.Role == Owns && (others || !known)
			if r.Role == Owns && r.Path == "id" {
				t.partOf[r.Kind] = kind.Name
			}
		}
	}
	for _, kind := range t.rows {
		t.waves[kind.Name] = t.wave(kind.Name)
		t.findDoubles(kind)
		for _, r := range kind.Relations {
			if r.Back != "" {
				t.backs[r.Kind] = append(t.backs[r.Kind], r.Back)
			}
		}
	}
	return t
}

func (t *index) wave(name record.Kind) int {
	kind, ok := t.byName[name]
	if !ok || !kind.Listing.Followed {
		return 0
	}
	wave := 0
	for _, parent := range t.leading[name] {
		wave = max(wave, t.wave(parent)+1)
	}
	return wave
}

// Find returns the row of a kind.
func Find(name record.Kind) (*Spec, bool) {
	kind, ok := table.byName[name]
	return kind, ok
}

// Lookup returns the row of a kind; of one that this version does not know a row with its
// name alone, which changes nothing and names nothing.
func Lookup(name record.Kind) *Spec {
	if spec, known := Find(name); known {
		return spec
	}
	return &Spec{Name: name}
}

// WriteClass is the quota that the calls of writing documents of a kind are drawn from.
func WriteClass(kind record.Kind) Activity {
	spec := Lookup(kind)
	if spec.Write == nil {
		return Administrative
	}
	return cmp.Or(spec.Write.Update.Activity, spec.Write.Create.Activity, Administrative)
}

// All returns every row, in the order in which a run lists the kinds: large and
// slow ones first, so that they do not end alone. The slice is the caller's.
func All() []*Spec { return slices.Clone(table.rows) }

// Default returns the rows that a run takes when no kind is named.
func Default() []*Spec {
	return slices.DeleteFunc(All(), func(k *Spec) bool { return k.OptIn })
}

// CoversDefault reports whether a scope holds every kind that is backed up by default, of
// the whole instance.
func CoversDefault(scope record.Scope) bool {
	return scope.Unscoped() && !slices.ContainsFunc(Default(), func(k *Spec) bool {
		return !slices.Contains(scope.Kinds, k.Name)
	})
}

// Wave returns in which wave of a run a kind is fetched: 0 for what is listed,
// else one more than the latest of the kinds whose documents lead to it.
func Wave(name record.Kind) int { return table.waves[name] }

// HasOverviewOf reports whether an overview is a list of documents of a kind.
func HasOverviewOf(name record.Kind) bool {
	return slices.ContainsFunc(table.rows, func(k *Spec) bool { return k.Listing.Overview != nil && k.Listing.Overview.Of == name })
}

// LeadingTo returns the kinds whose documents lead to documents of a kind, which are
// fetched because of them.
func LeadingTo(name record.Kind) []record.Kind { return slices.Clone(table.leading[name]) }

// PartOf returns the kind of the documents that those of a kind are parts of, and whose
// id they have: roles for role_users. It reports false for other kinds.
func PartOf(name record.Kind) (record.Kind, bool) {
	whole, ok := table.partOf[name]
	return whole, ok
}
