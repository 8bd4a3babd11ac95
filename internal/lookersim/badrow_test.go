package lookersim_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// listedRows are the rows of a list as short text: ids, and what stands there else.
func listedRows(t *testing.T, body []byte) (list []string) {
	t.Helper()
	for _, row := range rows(t, body) {
		text := string(row)
		if strings.HasPrefix(text, "{") {
			text = idOf(t, row)
			if strings.Contains(string(row), "somebody else's") {
				text += " other"
			}
		}
		list = append(list, text)
	}
	return list
}

func TestBadRows(t *testing.T) {
	s, c := start(t, lookersim.Options{Sizes: lookersim.Sizes{Users: 6}, BadRows: []lookersim.BadRow{
		{Kind: "users", At: 4, Form: lookersim.RowTwice}, {Kind: "users", At: 1, Form: lookersim.RowNull}, {Kind: "users", At: 6, Form: lookersim.RowNumber},
		{Kind: "users", At: 100, Form: lookersim.RowNull}, {Kind: "roles", At: 2, Form: lookersim.RowOther},
	}})
	r, body := c.get("/users?limit=100&sorts=id")
	if diff := cmp.Diff([]string{"null", "1", "2", "3", "3", "17", "4", "5", "6"}, listedRows(t, body)); diff != "" {
		t.Errorf("a page (-want +got):\n%s", diff)
	}
	if got := r.Header.Get("X-Total-Count"); got != "9" {
		t.Errorf("total %s, want the bad rows counted", got)
	}
	if _, body = c.get("/users?limit=3&offset=3&fields=id&sorts=id"); !slices.Equal(listedRows(t, body), []string{"3", "3", "17"}) {
		t.Errorf("another page: %s", body)
	}
	_, body = c.get("/roles")
	if list := listedRows(t, body); list[1] != list[2]+" other" {
		t.Errorf("roles: %v, want one twice with another name", list)
	}
	if _, peeked := s.Peek("/roles"); strings.Contains(string(peeked), "somebody else's") {
		t.Error("the truth has bad rows")
	}
	if err := s.SetBadRows(lookersim.BadRow{Kind: "roles", At: 1, Form: lookersim.RowNoID}, lookersim.BadRow{Kind: "lookml_models", At: 1, Form: lookersim.RowNullID}); err != nil {
		t.Fatal(err)
	}
	if _, body = c.get("/roles?fields=id,name"); !strings.HasPrefix(string(body), `[{"name":`) {
		t.Errorf("roles: %s", body)
	}
	if _, body = c.get("/lookml_models?fields=name,label"); !strings.Contains(string(body), `"name":null`) {
		t.Errorf("models: %s", body)
	}
}

func TestParseBadRow(t *testing.T) {
	got, err := lookersim.ParseBadRow("lookml_models:2:null-id")
	if want := (lookersim.BadRow{Kind: "lookml_models", At: 2, Form: lookersim.RowNullID}); err != nil || got != want {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"", "roles", "roles:2", "roles:0:null", "roles:2:odd", ":2:null"} {
		if _, err := lookersim.ParseBadRow(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// TestServersThatDoNotPage: what limit, offset and totals may mean.
func TestServersThatDoNotPage(t *testing.T) {
	const query = "/users?limit=4&offset=4&sorts=id&fields=id"
	tests := []struct {
		name   string
		quirks lookersim.Quirks
		rule   lookersim.Rule
		rows   string
		total  string
	}{
		{"the truth", lookersim.Quirks{}, lookersim.Rule{}, "5 6 7 8", "10"},
		{"no limit", lookersim.Quirks{IgnoreLimit: true}, lookersim.Rule{}, "5 6 7 8 9 10", "10"},
		{"no offset", lookersim.Quirks{IgnoreOffset: true}, lookersim.Rule{}, "1 2 3 4", "10"},
		{"too high", lookersim.Quirks{Totals: lookersim.TotalHigh}, lookersim.Rule{}, "5 6 7 8", "16"},
		{"too low", lookersim.Quirks{Totals: lookersim.TotalLow}, lookersim.Rule{}, "5 6 7 8", "5"},
		{"of the page", lookersim.Quirks{Totals: lookersim.TotalPage}, lookersim.Rule{}, "5 6 7 8", "4"},
		{"huge", lookersim.Quirks{Totals: lookersim.TotalHuge}, lookersim.Rule{}, "5 6 7 8", "2305843009213693952"},
		{"the page before", lookersim.Quirks{}, lookersim.Rule{Route: "GET /users", Do: lookersim.FaultAgain}, "1 2 3 4", "10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			options := lookersim.Options{Sizes: lookersim.Sizes{Users: 10}, Quirks: tt.quirks}
			if tt.rule.Do != "" {
				options.Rules = []lookersim.Rule{tt.rule}
			}
			_, c := start(t, options)
			r, body := c.get(query)
			if got := strings.Join(listedRows(t, body), " "); got != tt.rows || r.Header.Get("X-Total-Count") != tt.total {
				t.Errorf("%s of %s, want %s of %s", got, r.Header.Get("X-Total-Count"), tt.rows, tt.total)
			}
		})
	}
	if _, err := lookersim.New(lookersim.Options{Quirks: lookersim.Quirks{Totals: "odd"}}); err == nil {
		t.Error("odd totals are taken")
	}
}
