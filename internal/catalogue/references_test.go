package catalogue_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/testenv"
)

// description is what the tests need of an OpenAPI document.
type description struct {
	Paths map[string]struct {
		Get struct {
			Responses map[string]struct {
				Content map[string]struct{ Schema *shape }
			}
		}
	}
	Components struct{ Schemas map[string]*shape }
}

type shape struct {
	Ref                  string `json:"$ref"`
	Properties           map[string]*shape
	Items                *shape
	AdditionalProperties json.RawMessage
	AllOf                []*shape
}

// naming are members that hold an id or a slug of something. Models, connections and projects
// are known by their names.
var naming = regexp.MustCompile(`(^|_)(id|ids|slug|guid)$|^(models?|model_name|connection_name|allowed_db_connection_names|project_name)$`)

// walker finds the members of a kind's documents that name something.
type walker struct {
	d     *description
	found func(path, member string) // "dashboard_elements.query_id", "DashboardElement.query_id"
}

// walk goes through a schema; above are the schemas that it lies in.
func (w walker) walk(s *shape, path string, above []string) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		if slices.Contains(above, name) {
			return
		}
		above = append(slices.Clone(above), name)
		s = w.d.Components.Schemas[name]
	}
	w.walk(s.Items, path, above)
	for _, part := range s.AllOf {
		w.walk(part, path, above)
	}
	for member, below := range s.Properties {
		at := member
		if path != "" {
			at = path + "." + member
		}
		if naming.MatchString(member) {
			w.found(at, above[len(above)-1]+"."+member)
		}
		w.walk(below, at, above)
	}
}

// documentRoutes are the routes that answer with documents of a kind.
func documentRoutes(kind *catalogue.Spec) []catalogue.Route {
	routes := append([]catalogue.Route{kind.Detail}, kind.Listing.Fixed...)
	if kind.Listing.Whole {
		routes = append(routes, kind.Listing.Route)
	}
	return slices.DeleteFunc(routes, catalogue.Route.IsZero)
}

// walkKind finds the members of a kind's documents that name something, but for those
// which lie in copies of other documents, or are not asked for.
func (d *description) walkKind(t *testing.T, kind *catalogue.Spec, found func(path, member string)) {
	t.Helper()
	for _, route := range documentRoutes(kind) {
		answer, ok := d.Paths[route.Path]
		if !ok {
			t.Errorf("%s: the description has no %s", kind.Name, route)
			continue
		}
		fields := route.Query.Get("fields")
		w := walker{d: d, found: func(path, member string) {
			copied := slices.ContainsFunc(kind.Copies, func(c string) bool { return strings.HasPrefix(path, c+".") })
			first, _, _ := strings.Cut(path, ".")
			asked := fields == "" || slices.Contains(strings.Split(fields, ","), first)
			named := slices.ContainsFunc(kind.Relations, func(r catalogue.Relation) bool { return r.Path == path })
			if asked && (named || !copied) {
				found(path, member)
			}
		}}
		for _, content := range answer.Get.Responses["200"].Content {
			w.walk(content.Schema, "", nil)
		}
	}
}

// TestEveryReferenceIsARelationOrSaidNotToBe derives from the description of the API
// every member of a document that holds the id of something. It is a relation of the
// kind's row, or stands on the list of those that are none.
func TestEveryReferenceIsARelationOrSaidNotToBe(t *testing.T) {
	d := &description{}
	testenv.ReadAPI(t, d)
	used := make(map[string]bool)
	members := 0
	for _, kind := range catalogue.All() {
		d.walkKind(t, kind, func(path, member string) {
			members++
			if slices.ContainsFunc(kind.Relations, func(r catalogue.Relation) bool { return r.Path == path }) {
				return
			}
			reason := whyNot(member)
			used[reason] = true
			if reason == "" {
				t.Errorf("%s: %s (%s) is neither a relation nor on the list of what is none", kind.Name, path, member)
			}
		})
	}
	if members < 200 {
		t.Errorf("%d members were found, which cannot be all", members)
	}
	for _, u := range noRelations() {
		for _, pattern := range u.Members {
			if !used[pattern] {
				t.Errorf("%s is on the list of what is no relation, and no document has it alone", pattern)
			}
		}
	}
}

// whyNot is the pattern of the list that a member matches, "" for none.
func whyNot(member string) string {
	_, name, _ := strings.Cut(member, ".")
	var match string
	for _, u := range noRelations() {
		for _, pattern := range u.Members {
			if pattern == member {
				return pattern
			}
			if pattern == "*."+name {
				match = pattern
			}
		}
	}
	return match
}

// TestRelationsAreMembers checks that each relation that names something by an id is a
// member which documents of the kind have, and that its kind is one.
func TestRelationsAreMembers(t *testing.T) {
	d := &description{}
	testenv.ReadAPI(t, d)
	for _, kind := range catalogue.All() {
		paths := make(map[string]bool)
		d.walkKind(t, kind, func(path, _ string) { paths[path] = true })
		for _, r := range kind.Relations {
			if _, ok := catalogue.Find(r.Kind); !ok {
				t.Errorf("%s: %s names %s, which is no kind", kind.Name, r.Path, r.Kind)
			}
			if !naming.MatchString(r.Path[strings.LastIndexByte(r.Path, '.')+1:]) {
				continue // explores are named by two names
			}
			if !paths[r.Path] {
				t.Errorf("%s: no document has %s", kind.Name, r.Path)
			}
		}
	}
}
