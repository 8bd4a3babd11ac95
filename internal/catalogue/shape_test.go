package catalogue_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// schema is what these tests need of an OpenAPI schema.
type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Items      *schema
	Properties map[string]json.RawMessage
}

// answers reads the schema of the good answer of every GET of Looker's OpenAPI
// document, by path.
func answers(t *testing.T) map[string]schema {
	t.Helper()
	const variable = "LOOKERVAULT_TEST_SPEC"
	name := os.Getenv(variable)
	if name == "" {
		t.Skipf("%s is not set: it names Looker's OpenAPI document (Looker.4.0.oas.json, gzip allowed)", variable)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var text io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		if text, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	var document struct {
		Paths map[string]struct {
			Get struct {
				Responses map[string]struct {
					Content map[string]struct{ Schema schema }
				}
			}
		}
		Components struct{ Schemas map[string]schema }
	}
	if err := json.NewDecoder(text).Decode(&document); err != nil {
		t.Fatal(err)
	}
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
			if kind.Belongs != "" {
				members = append(members, kind.Belongs)
			}
			for _, member := range members {
				if _, ok := is.Properties[member]; !ok {
					t.Errorf("%s: %s is no member of it", route, member)
				}
			}
		}
	}
}
