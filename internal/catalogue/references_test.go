package catalogue_test

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
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

// readDescription reads the document that LOOKERVAULT_TEST_SPEC names.
func readDescription(t *testing.T) *description {
	t.Helper()
	path := os.Getenv("LOOKERVAULT_TEST_SPEC")
	if path == "" {
		t.Skip("LOOKERVAULT_TEST_SPEC names no OpenAPI document (Looker.4.0.oas.json, gzip)")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var d description
	if err := json.NewDecoder(z).Decode(&d); err != nil {
		t.Fatal(err)
	}
	return &d
}

// naming are members that hold an id or a slug of something.
var naming = regexp.MustCompile(`(^|_)(id|ids|slug|guid)$`)

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

// TestEveryReferenceIsFollowedOrSaidNotToBe derives from the description of the API
// every member of a document that holds the id of something. It is a pointer of the
// kind's row, or stands on the list of those that are not followed.
func TestEveryReferenceIsFollowedOrSaidNotToBe(t *testing.T) {
	d := readDescription(t)
	used := make(map[string]bool)
	members := 0
	for _, kind := range catalogue.All() {
		followed := make(map[string]bool)
		for _, p := range slices.Concat(kind.Refs, kind.Nests) {
			followed[p.Path] = true
		}
		w := walker{d: d, found: func(path, member string) {
			members++
			reason := whyNot(member)
			used[reason] = true
			if !followed[path] && reason == "" {
				t.Errorf("%s: %s (%s) is neither followed nor on the list of what is not", kind.Name, path, member)
			}
		}}
		for _, route := range documentRoutes(kind) {
			answer, ok := d.Paths[route.Path]
			if !ok {
				t.Errorf("%s: the description has no %s", kind.Name, route)
				continue
			}
			for _, content := range answer.Get.Responses["200"].Content {
				w.walk(content.Schema, "", nil)
			}
		}
	}
	if members < 200 {
		t.Errorf("%d members were found, which cannot be all", members)
	}
	for _, u := range catalogue.NotFollowed() {
		for _, pattern := range u.Members {
			if !used[pattern] {
				t.Errorf("%s is on the list of what is not followed, and no document has it alone", pattern)
			}
		}
	}
}

// whyNot is the pattern of the list that a member matches, "" for none.
func whyNot(member string) string {
	_, name, _ := strings.Cut(member, ".")
	var match string
	for _, u := range catalogue.NotFollowed() {
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

// TestPointersLeadSomewhere checks that each pointer is a member that documents of
// the kind have.
func TestPointersLeadSomewhere(t *testing.T) {
	d := readDescription(t)
	for _, kind := range catalogue.All() {
		if kind.Listing.Followed && kind.Fields.ID == "" {
			continue
		}
		paths := make(map[string]bool)
		w := walker{d: d, found: func(path, _ string) { paths[path] = true }}
		for _, route := range documentRoutes(kind) {
			for _, content := range d.Paths[route.Path].Get.Responses["200"].Content {
				w.walk(content.Schema, "", nil)
			}
		}
		for _, p := range slices.Concat(kind.Refs, kind.Nests) {
			if !naming.MatchString(p.Path[strings.LastIndexByte(p.Path, '.')+1:]) {
				continue // explores are named by name
			}
			if !paths[p.Path] {
				t.Errorf("%s: no document has %s", kind.Name, p.Path)
			}
		}
	}
}
