package find_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/find"
)

const dashboard = `{"id":"7","title":"Sales Overview","user_id":"3","folder":{"name":"Finance"},
	"dashboard_elements":[
		{"id":"17","title":"Revenue","note_text":"net of RETURNS","query":{"model":"shop","view":"orders","fields":["orders.total","orders.id"],"sorts":["orders.total desc 0"],
			"filters":{"orders.status":"complete"},"dynamic_fields":"[{\"expression\":\"${orders.cost} * 2\"}]"}},
		{"id":18,"look_id":"5","body_text":"a/b -- \"quoted\" 100%","look":{"model":{"id":"shop"},"title":"Sales"}}],
	"destinations":[{"destination_type":"EMAIL","email_address":"ann@example.com"}],"scheduled_plan_destination":[{"id":"4","address":"ANN@example.com"}],
	"dashboard_filters":[{"title":"Region","dimension":"users.region","model":"shop","explore":"users"}]}`

func TestIn(t *testing.T) {
	tests := []struct {
		name  string
		query find.Query
		want  []string // nil: not found
	}{
		{"a word", find.New("revenue"), []string{"/dashboard_elements/17/title"}},
		{"whatever its case", find.New("SALES"), []string{"/dashboard_elements/18/look/title", "/title"}},
		{"all words, in different places", find.New("sales returns"), []string{"/dashboard_elements/17/note_text", "/dashboard_elements/18/look/title", "/title"}},
		{"one word that is missing", find.New("sales nowhere"), nil},
		{"no operators", find.New(`-- "quoted" 100% a/b`), []string{"/dashboard_elements/18/body_text"}},
		{"not what the folder is called", find.New("finance"), nil},
		{"ids are not read", find.New("17"), nil},
		{"a field that is selected and sorted by", find.Query{Field: "orders.total"}, []string{"/dashboard_elements/17/query/fields/0", "/dashboard_elements/17/query/sorts/0"}},
		{"a field that is filtered by", find.Query{Field: "orders.status"}, []string{"/dashboard_elements/17/query/filters/orders.status"}},
		{"a field in a calculation", find.Query{Field: "orders.cost"}, []string{"/dashboard_elements/17/query/dynamic_fields"}},
		{"a field of a filter", find.Query{Field: "users.region"}, []string{"/dashboard_filters/0/dimension"}},
		{"a part of a field is another field", find.Query{Field: "orders.tot"}, nil},
		{"an explore", find.Query{Explore: "shop::orders"}, []string{"/dashboard_elements/17/query/view"}},
		{"an explore of a filter", find.Query{Explore: "shop::users"}, []string{"/dashboard_filters/0/explore"}},
		{"a model", find.Query{Model: "shop"}, []string{"/dashboard_elements/17/query/model", "/dashboard_elements/18/look/model", "/dashboard_filters/0/model"}},
		{"a look", find.Query{Look: "5"}, []string{"/dashboard_elements/18/look_id"}},
		{"a user", find.Query{User: "3"}, []string{"/user_id"}},
		{"a user whose mail goes there", find.Query{User: "99", Address: "Ann@Example.com"}, []string{"/destinations/0/email_address", "/scheduled_plan_destination/4/address"}},
		{"a user by id, whatever the address", find.Query{User: "3", Address: "bob@example.com"}, []string{"/user_id"}},
		{"a user whom nothing names", find.Query{User: "99", Address: "bob@example.com"}, nil},
		{"an address in words", find.New("ann@example.com"), []string{"/destinations/0/email_address", "/scheduled_plan_destination/4/address"}},
		{"both a word and a field", find.Query{Words: []string{"overview"}, Field: "orders.id"}, []string{"/dashboard_elements/17/query/fields/1", "/title"}},
		{"a word without the field", find.Query{Words: []string{"overview"}, Field: "orders.no"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, found := find.NewSearcher(tt.query).In([]byte(dashboard))
			if found != (tt.want != nil) {
				t.Fatalf("found: %v, %v", found, got)
			}
			if diff := cmp.Diff(tt.want, got.Where); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	title, _ := find.NewSearcher(find.New("overview")).In([]byte(dashboard))
	note, _ := find.NewSearcher(find.New("returns")).In([]byte(dashboard))
	if title.Score <= note.Score {
		t.Errorf("a title scores %d, a note %d", title.Score, note.Score)
	}
	if _, found := find.NewSearcher(find.New("x")).In([]byte(`{`)); found {
		t.Error("found in what is no JSON")
	}
}

// TestPassages: what was found is shown with the words around it, the best place first.
func TestPassages(t *testing.T) {
	long := strings.Repeat("lorem ipsum ", 20)
	document := `{"title":"Sales","description":"` + long + `of Sales and returns, ` + long + `",
		"dashboard_elements":[{"id":"1","note_text":"RETURNS\nof sales","query":{"fields":["orders.total"]}},{"id":"2","title":"ÄRGER mit İstanbul ` + long + `Größe"}]}`
	tests := []struct {
		name  string
		query find.Query
		want  []find.Passage
	}{
		{"two words", find.New("sales RETURNS"), []find.Passage{
			{Path: "/description", Excerpt: "...lorem ipsum of Sales and returns, lorem ipsum lorem...", Words: []string{"sales", "returns"}},
			{Path: "/title", Excerpt: "Sales", Words: []string{"sales"}},
			{Path: "/dashboard_elements/1/note_text", Excerpt: "RETURNS of sales", Words: []string{"sales", "returns"}},
		}},
		{"far in a text of other letters", find.New("größe"), []find.Passage{
			{Path: "/dashboard_elements/2/title", Excerpt: "...ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum Größe", Words: []string{"größe"}},
		}},
		{"a field", find.Query{Field: "orders.total"}, []find.Passage{
			{Path: "/dashboard_elements/1/query/fields/0", Excerpt: "orders.total", Words: []string{"orders.total"}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := find.NewSearcher(tt.query).In([]byte(document))
			if diff := cmp.Diff(tt.want, got.Passages); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
