package catalogue_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// TestCreationOrder makes one document of each kind after the other: what it names
// must be there by then.
func TestCreationOrder(t *testing.T) {
	order := catalogue.CreationOrder()
	if len(order) != len(catalogue.All()) {
		for _, kind := range catalogue.All() {
			if !slices.Contains(order, kind.Name) {
				t.Errorf("%s waits for what is made after it", kind.Name)
			}
		}
		t.Fatalf("cycles %v", cycles())
	}
	place := make(map[record.Kind]int)
	for i, kind := range order {
		place[kind] = i
	}
	for _, kind := range catalogue.All() {
		for _, r := range kind.Relations {
			switch {
			case r.Role == catalogue.Actor, r.Late, r.Kind == kind.Name:
			case r.Role == catalogue.Owns && place[r.Kind] < place[kind.Name]:
				t.Errorf("%s come before %s, which own them by %s", r.Kind, kind.Name, r.Path)
			case r.Role != catalogue.Owns && place[r.Kind] > place[kind.Name]:
				t.Errorf("%s come after %s, which name them by %s", r.Kind, kind.Name, r.Path)
			}
		}
	}
	for _, pair := range [][2]record.Kind{
		{"connections", "lookml_models"}, {"lookml_models", "model_sets"}, {"model_sets", "roles"}, {"roles", "users"},
		{"users", "role_users"}, {"users", "folders"}, {"folders", "looks"}, {"looks", "dashboards"}, {"dashboards", "boards"},
		{"dashboards", "scheduled_plans"}, {"dashboards", "alerts"}, {"folders", "content_metadata"}, {"content_metadata", "content_access"},
	} {
		if place[pair[0]] >= place[pair[1]] {
			t.Errorf("%s are made before %s", pair[1], pair[0])
		}
	}
}

// cycles returns the pairs of kinds whose documents name each other, at once or through
// others and late relations included, and alone the kinds whose documents name others of
// the same kind.
func cycles() [][]record.Kind {
	needs := make(map[[2]record.Kind]bool)
	for _, kind := range catalogue.All() {
		for _, r := range kind.Relations {
			switch r.Role {
			case catalogue.Actor:
			case catalogue.Owns:
				needs[[2]record.Kind{r.Kind, kind.Name}] = true
			default:
				needs[[2]record.Kind{kind.Name, r.Kind}] = true
			}
		}
	}
	direct := maps.Clone(needs)
	for _, through := range catalogue.All() {
		for _, from := range catalogue.All() {
			for _, to := range catalogue.All() {
				if needs[[2]record.Kind{from.Name, through.Name}] && needs[[2]record.Kind{through.Name, to.Name}] {
					needs[[2]record.Kind{from.Name, to.Name}] = true
				}
			}
		}
	}
	var found [][]record.Kind
	for i, a := range catalogue.All() {
		if direct[[2]record.Kind{a.Name, a.Name}] {
			found = append(found, []record.Kind{a.Name})
		}
		for _, b := range catalogue.All()[i+1:] {
			if needs[[2]record.Kind{a.Name, b.Name}] && needs[[2]record.Kind{b.Name, a.Name}] {
				found = append(found, []record.Kind{a.Name, b.Name})
			}
		}
	}
	return found
}

// TestCycles names the kinds whose documents name each other. Each of them needs a
// rule of its own where documents are made.
func TestCycles(t *testing.T) {
	want := [][]record.Kind{{"folders"}, {"folders", "users"}, {"content_metadata"}}
	if diff := cmp.Diff(want, cycles()); diff != "" {
		t.Errorf("cycles (-want +got):\n%s", diff)
	}
}

// TestColumnsAreRelations: the folder and the owner that the vault keeps in columns
// are those that the relations name.
func TestColumnsAreRelations(t *testing.T) {
	for _, kind := range catalogue.All() {
		role := func(path string) string {
			i := slices.IndexFunc(kind.Relations, func(r catalogue.Relation) bool { return r.Path == path })
			if i < 0 {
				return "no relation"
			}
			return kind.Relations[i].Role.String() + " " + string(kind.Relations[i].Kind)
		}
		if path := kind.Fields.Folder; path != "" {
			if got := role(path); got != "parent folders" && got != "parent "+string(kind.Name) {
				t.Errorf("%s: the folder is %s, which is %s", kind.Name, path, got)
			}
		}
		if path := kind.Fields.Owner; path != "" {
			// Whose a connection is, nothing tells: the column holds who changed it last.
			if got := role(path); got != "owner users" && (got != "actor users" || kind.Name != "connections") {
				t.Errorf("%s: the owner is %s, which is %s", kind.Name, path, got)
			}
		}
	}
}
