package catalogue_test

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/testenv"
)

// schema is what these tests need of an OpenAPI schema.
type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Items      *schema
	Properties map[string]json.RawMessage

	parameters []string // of the GET whose answer it is
}

// answers reads the schema of the good answer of every GET of Looker's OpenAPI
// document, by path.
func answers(t *testing.T) map[string]schema {
	t.Helper()
	var document struct {
		Paths map[string]struct {
			Get struct {
				Parameters []struct{ Name string }
				Responses  map[string]struct {
					Content map[string]struct{ Schema schema }
				}
			}
		}
		Components struct{ Schemas map[string]schema }
	}
	testenv.ReadAPI(t, &document)
	resolve := func(s schema) schema {
		if s.Ref != "" {
			return document.Components.Schemas[path.Base(s.Ref)]
		}
		return s
	}
	all := make(map[string]schema)
	for name, operations := range document.Paths {
		s := resolve(operations.Get.Responses["200"].Content["application/json"].Schema)
		if s.Items != nil {
			items := resolve(*s.Items)
			s.Items = &items
		}
		for _, parameter := range operations.Get.Parameters {
			s.parameters = append(s.parameters, parameter.Name)
		}
		all[name] = s
	}
	return all
}

// TestShapesOfDocumentsWithoutAnID compares what the catalogue says of documents that
// hold no id of their own with the OpenAPI document: whether they are arrays, and that
// the members which tell them from others are theirs.
func TestShapesOfDocumentsWithoutAnID(t *testing.T) {
	answers := answers(t)
	for _, kind := range catalogue.All() {
		if kind.Fields.ID != "" {
			continue
		}
		routes := kind.Listing.Fixed
		if !kind.Detail.IsZero() {
			routes = append(routes, kind.Detail)
		}
		for _, route := range routes {
			is, ok := answers[route.Path]
			if !ok {
				t.Errorf("%s is not in the document", route)
				continue
			}
			if array := is.Type == "array"; array != route.Array {
				t.Errorf("%s: array is %v in the catalogue, %v in the document", route, route.Array, array)
			}
			if is.Items != nil {
				is = *is.Items
			}
			if len(route.Members) == 0 {
				t.Errorf("%s: no member tells its documents from others", route)
			}
			members := append(append([]string{}, route.Members...), kind.IDFrom...)
			if member := kind.Belongs(); member != "" {
				members = append(members, member)
			}
			for _, member := range members {
				if _, ok := is.Properties[member]; !ok {
					t.Errorf("%s: %s is no member of it", route, member)
				}
			}
		}
	}
}

// TestPagedRoutesGiveTheSameDocuments: what is read in pages is what the list in one
// answer would have given, by the OpenAPI document.
func TestPagedRoutesGiveTheSameDocuments(t *testing.T) {
	answers := answers(t)
	for _, kind := range catalogue.All() {
		paged, ok := kind.InPages()
		if !ok {
			continue
		}
		whole, pages := answers[kind.Listing.Route.Path], answers[paged.Listing.Route.Path]
		if whole.Items == nil || pages.Items == nil {
			t.Errorf("%s: %s or %s is no list in the document", kind.Name, kind.Listing.Route, paged.Listing.Route)
			continue
		}
		has, want := slices.Sorted(maps.Keys(pages.Items.Properties)), slices.Sorted(maps.Keys(whole.Items.Properties))
		if diff := cmp.Diff(want, has); diff != "" {
			t.Errorf("%s: members of rows (-one answer +pages):\n%s", kind.Name, diff)
		}
		parameters := append([]string{"limit", "offset", "fields"}, slices.Collect(maps.Keys(paged.Listing.Route.Query))...)
		if !paged.Listing.Unsorted {
			parameters = append(parameters, "sorts")
		}
		for _, name := range parameters {
			if !slices.Contains(pages.parameters, name) {
				t.Errorf("%s: %s takes no %s", kind.Name, paged.Listing.Route, name)
			}
		}
	}
}

// TestMembersTellDocuments holds the members by which a single document is told from one of
// another kind, which may have the same id, against the OpenAPI document.
func TestMembersTellDocuments(t *testing.T) {
	answers := answers(t)
	telling := func(kind *catalogue.Spec) []string { return slices.Concat(kind.Detail.Members, kind.Kin) }
	var alone []*catalogue.Spec
	for _, kind := range catalogue.All() {
		if kind.Fields.ID != "" && !kind.Detail.IsZero() {
			alone = append(alone, kind)
		}
	}
	for _, kind := range alone {
		if len(telling(kind)) == 0 {
			t.Errorf("%s: nothing tells its documents from others", kind.Name)
		}
		for _, member := range telling(kind) {
			for _, other := range alone {
				_, has := answers[other.Detail.Path].Properties[member]
				if own := other == kind || slices.Equal(telling(kind), telling(other)); has != own {
					t.Errorf("%s: documents of %s have %s: %v", kind.Name, other.Name, member, has)
				}
			}
		}
	}
}

// TestKinTellsRows holds the members by which rows of a kind are recognised against the
// OpenAPI document: they are members of its lists, and of no other list that is so told.
func TestKinTellsRows(t *testing.T) {
	answers := answers(t)
	rows := func(kind *catalogue.Spec) map[string]json.RawMessage {
		route := kind.Listing.Route
		if route.IsZero() {
			route = kind.Many[0].Route
		}
		if kind.Name == "lookml_dashboards" { // whose list the document calls a single object
			return answers[kind.Detail.Path].Properties
		}
		if is := answers[route.Path]; is.Items != nil {
			return is.Items.Properties
		}
		t.Fatalf("%s: %s is no list in the document", kind.Name, route)
		return nil
	}
	var told []*catalogue.Spec
	for _, kind := range catalogue.All() {
		if len(kind.Kin) > 0 {
			told = append(told, kind)
		} else if len(kind.Listing.Rows) > 0 {
			t.Errorf("%s: nothing tells rows of its list from those of others", kind.Name)
		}
	}
	for _, kind := range told {
		for _, member := range kind.Kin {
			if _, ok := rows(kind)[member]; !ok {
				t.Errorf("%s: %s is no member of its rows", kind.Name, member)
			}
			for _, other := range told {
				_, has := rows(other)[member]
				if has && !slices.Equal(kind.Kin, other.Kin) { // user-defined and LookML dashboards have one schema
					t.Errorf("%s: rows of %s have %s too", kind.Name, other.Name, member)
				}
			}
			if kind.Listing.Stamped && !slices.Contains(kind.Listing.Rows, member) {
				t.Errorf("%s: asking for %s changes all stamps", kind.Name, member)
			}
		}
	}
}
