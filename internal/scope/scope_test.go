package scope_test

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/scope"
)

// folders are 1 with 2 and 3 in it, 4 in 3, and 5 and 6 in each other.
func folders() iter.Seq2[string, string] {
	return maps.All(map[string]string{"1": "", "2": "1", "3": "1", "4": "3", "5": "6", "6": "5"})
}

func TestBelow(t *testing.T) {
	for _, test := range []struct {
		name string
		ids  []string
		want []string
	}{
		{"nothing", nil, nil},
		{"all below one", []string{"1"}, []string{"1", "2", "3", "4"}},
		{"a leaf", []string{"4"}, []string{"4"}},
		{"one below the other", []string{"3", "1"}, []string{"1", "2", "3", "4"}},
		{"in a circle", []string{"5"}, []string{"5", "6"}},
		{"one that nobody knows", []string{"9"}, []string{"9"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, slices.Sorted(maps.Keys(scope.Below(test.ids, folders())))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestOf(t *testing.T) {
	everything, err := scope.Of(record.Scope{Recursive: true}, folders())
	if err != nil || everything != nil || !everything.Has("looks", "7", "5") {
		t.Errorf("a scope without folders: %v, %v; want one that lets everything in", everything, err)
	}
	for _, test := range []struct {
		name       string
		recursive  bool
		kind       record.Kind
		id, folder string
		want       bool
	}{
		{"the folder itself", false, "folders", "3", "1", true},
		{"one in it", false, "folders", "4", "3", false},
		{"one in it, with those below", true, "folders", "4", "3", true},
		{"one above it", true, "folders", "1", "", false},
		{"a look in it", false, "looks", "7", "3", true},
		{"a dashboard below it", true, "dashboards", "7", "4", true},
		{"a dashboard elsewhere", true, "dashboards", "3", "2", false},
		{"what lies in no folder", true, "users", "1", "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			within, err := scope.Of(record.Scope{Folders: []string{"3"}, Recursive: test.recursive}, folders())
			if err != nil {
				t.Fatal(err)
			}
			if got := within.Has(test.kind, test.id, test.folder); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
	if _, err := scope.Of(record.Scope{Folders: []string{"3", "404"}}, folders()); !errors.Is(err, scope.ErrNoFolder) {
		t.Errorf("error %v, want ErrNoFolder", err)
	}
}
