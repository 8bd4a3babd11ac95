package lookersim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

func ids(t testing.TB, array []byte) []string {
	t.Helper()
	var list []string
	for _, doc := range rows(t, array) {
		list = append(list, idOf(t, doc))
	}
	return list
}

func TestPageHeaders(t *testing.T) {
	_, c := start(t, lookersim.Options{Sizes: lookersim.Sizes{Users: 107}})
	type page struct {
		rows        int
		total, link string
	}
	link := func(rel string, rest string) string {
		return "<" + c.base + "/api/4.0/users?" + rest + `>; rel="` + rel + `"`
	}
	tests := []struct {
		name, query string
		want        page
	}{
		{"no limit, no headers", "?offset=3", page{104, "", ""}},
		{"first", "?limit=5", page{5, "107", link("first", "limit=5&offset=0") + "," + link("last", "limit=5&offset=105") + "," + link("next", "limit=5&offset=5")}},
		{"middle keeps other parameters as they are spelled", "?fields=id,title&limit=50&offset=50", page{50, "107", link("first", "fields=id,title&limit=50&offset=0") +
			"," + link("last", "fields=id,title&limit=50&offset=100") + "," + link("next", "fields=id,title&limit=50&offset=100") + "," + link("prev", "fields=id,title&limit=50&offset=0")}},
		{"last", "?limit=50&offset=100", page{7, "107", link("first", "limit=50&offset=0") + "," + link("last", "limit=50&offset=100") + "," + link("prev", "limit=50&offset=50")}},
		{"beyond the end", "?limit=50&offset=500", page{0, "107", link("first", "limit=50&offset=0") + "," + link("last", "limit=50&offset=100") + "," + link("prev", "limit=50&offset=450")}},
		{"page and per_page", "?page=2&per_page=10", page{10, "107", link("first", "limit=10&offset=0") + "," + link("last", "limit=10&offset=100") +
			"," + link("next", "limit=10&offset=20") + "," + link("prev", "limit=10&offset=0")}},
		{"limit beats per_page", "?page=3&per_page=10&limit=107", page{107, "107", link("first", "limit=107&offset=0") + "," + link("last", "limit=107&offset=0")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, body := c.get("/users" + tt.query)
			got := page{len(rows(t, body)), r.Header.Get("X-Total-Count"), r.Header.Get("Link")}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(page{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutTotals(t *testing.T) {
	_, c := start(t, lookersim.Options{Sizes: lookersim.Sizes{Users: 20}, Quirks: lookersim.Quirks{NoTotals: true}})
	for _, tt := range []struct {
		query string
		next  bool
	}{{"limit=8", true}, {"limit=8&offset=16", false}, {"limit=10&offset=10", true}} { // a full page may be followed by an empty one
		r, _ := c.get("/users?" + tt.query)
		if r.Header.Get("X-Total-Count") != "" || strings.Contains(r.Header.Get("Link"), "last") {
			t.Errorf("%s: the total is told: %v", tt.query, r.Header)
		}
		if got := strings.Contains(r.Header.Get("Link"), `rel="next"`); got != tt.next {
			t.Errorf("%s: next link %t, want %t", tt.query, got, tt.next)
		}
	}
}

func TestUnpagedListsIgnoreLimit(t *testing.T) {
	s, c := start(t, lookersim.Options{})
	for _, kind := range []string{"folders", "boards", "roles", "permission_sets", "themes"} {
		r, body := c.get("/" + kind + "?limit=2")
		if got, want := len(rows(t, body)), len(s.IDs(kind)); got != want || r.Header.Get("Link") != "" {
			t.Errorf("%s: %d rows with headers %v, want all %d and none", kind, got, r.Header, want)
		}
	}
}

func TestBadParameters(t *testing.T) {
	_, c := start(t, lookersim.Options{})
	for path, want := range map[string]int{
		"/users?limit=x": 400, "/users?limit=-1": 400, "/users?limit=2&offset=z": 400, "/users?fields=a(b": 400,
		"/users/search?is_disabled=maybe": 400, "/content_metadata": 400, "/nothing": 404, "/users/999999": 404, "/users/007": 404,
		"/dashboards/none::such": 404, "/queries/1x": 404, "/merge_queries/AAAAAAAAAAAAAAAAAAAAAA": 404,
	} {
		r, body := c.get(path)
		if r.StatusCode != want || !strings.Contains(string(body), `"message":`) || !strings.Contains(string(body), "/4.0/"+strconv.Itoa(want)+"/get/") {
			t.Errorf("%s: status %d, want %d: %s", path, r.StatusCode, want, body)
		}
	}
	req, _ := http.NewRequest(http.MethodPost, c.base+"/api/4.0/dashboards/17", nil)
	r, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST on a read route: status %d, want 405", r.StatusCode)
	}
}

func TestSorts(t *testing.T) {
	_, c := start(t, lookersim.Options{Seed: 5})
	byID := ids(t, c.body("/dashboards/search?sorts=id&fields=id"))
	numeric := func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	}
	if !slices.IsSortedFunc(byID, numeric) {
		t.Errorf("sorts=id is not in numeric order: %v", byID)
	}
	down := ids(t, c.body("/dashboards/search?sorts=id%20desc&fields=id"))
	slices.Reverse(down)
	if diff := cmp.Diff(byID, down); diff != "" {
		t.Errorf("sorts=id desc is not the reverse (-want +got):\n%s", diff)
	}
	loose := ids(t, c.body("/dashboards/search?fields=id"))
	if slices.Equal(byID, loose) {
		t.Error("without sorts the order is that of ids")
	}
	if slices.Sort(loose); len(slices.Compact(loose)) != len(byID) {
		t.Error("without sorts rows are missing or repeated")
	}
	var last string
	for i, doc := range rows(t, c.body("/dashboards/search?sorts=title,id&fields=id,title")) {
		var d struct{ Title string }
		if err := json.Unmarshal(doc, &d); err != nil {
			t.Fatal(err)
		}
		if i > 0 && d.Title < last {
			t.Errorf("sorts=title: %q after %q", d.Title, last)
		}
		last = d.Title
	}
}

func TestIgnoredSortsAndCaps(t *testing.T) {
	_, c := start(t, lookersim.Options{Quirks: lookersim.Quirks{IgnoreSorts: true, PageCap: 10}})
	one, two := ids(t, c.body("/dashboards/search?sorts=id&limit=50")), ids(t, c.body("/dashboards/search?sorts=id&limit=50"))
	if len(one) != 10 || len(two) != 10 {
		t.Errorf("pages of %d and %d rows, want 10", len(one), len(two))
	}
	if slices.Equal(one, two) {
		t.Error("two requests came in the same order")
	}
}

func TestFilters(t *testing.T) {
	s, c := start(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{Dashboards: 300, Looks: 200, Users: 80, Folders: 40, Groups: 10}, SmallTiles: true})
	if _, err := s.Mutate(
		lookersim.Change{Op: lookersim.OpTitle, Kind: "dashboards", ID: "3", Value: "Q_1 Überblick"},
		lookersim.Change{Op: lookersim.OpTitle, Kind: "dashboards", ID: "4", Value: "QA1 überblick"},
	); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		want       string
	}{
		{"id list", "/dashboards/search?id=3,5,4000&sorts=id", "3 5"},
		{"ids of users", "/users?ids=2,7,9999&sorts=id", "2 7"},
		{"underscore is a wildcard, case is not told apart", "/dashboards/search?title=" + url.QueryEscape("q_1 über%") + "&sorts=id", "3 4"},
		{"without a wildcard the whole text counts", "/dashboards/search?title=q_1", ""},
		{"filter_or", "/dashboards/search?filter_or=true&id=9&title=" + url.QueryEscape("Q_1%") + "&sorts=id", "3 4 9"},
		{"and", "/dashboards/search?id=3,9&title=" + url.QueryEscape("Q_1%"), "3"},
		{"null", "/folders/search?parent_id=" + url.QueryEscape("IS NULL") + "&sorts=id&fields=id", "1 2 3 4 lookml"},
		{"roots by flag", "/folders/search?is_shared_root=true&fields=id", "1"},
		{"built-in", "/roles/search?built_in=true&sorts=id", "1 2 3 4 5 6"},
		{"embed users and others are all", "/users/search?filter_or=true&embed_user=true&id=1&sorts=id&limit=1", "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(ids(t, c.body(tt.path)), " "); got != tt.want {
				t.Errorf("GET %s: %q, want %q", tt.path, got, tt.want)
			}
		})
	}
	all := ids(t, c.body("/users?limit=500"))
	for _, flag := range []string{"embed_user", "is_disabled", "is_service_account"} {
		yes, no := ids(t, c.body("/users/search?"+flag+"=true")), ids(t, c.body("/users/search?"+flag+"=false"))
		if len(yes) == 0 || len(no) == 0 || len(yes)+len(no) != len(all) {
			t.Errorf("%s: %d yes and %d no of %d", flag, len(yes), len(no), len(all))
		}
	}
	byFolder := 0
	for _, f := range s.IDs("folders") {
		byFolder += len(ids(t, c.body("/dashboards/search?folder_id="+f+"&fields=id")))
	}
	if want := len(ids(t, c.body("/dashboards/search?fields=id"))); byFolder != want {
		t.Errorf("%d dashboards by folder, want %d", byFolder, want)
	}
}

func TestIgnoredIDs(t *testing.T) {
	s, c := start(t, lookersim.Options{Quirks: lookersim.Quirks{IgnoreIDs: true}})
	if got, want := len(ids(t, c.body("/users?ids=2,3"))), len(s.IDs("users")); got != want {
		t.Errorf("%d rows for an id list that is ignored, want all %d", got, want)
	}
}

func TestTrash(t *testing.T) {
	s, c := start(t, lookersim.Options{TrashShare: 0.2})
	for _, kind := range []string{"dashboards", "looks"} {
		state := map[string]string{}
		for item := range s.Items(kind) {
			state[item.ID] = item.State
		}
		for query, want := range map[string]string{"": "present", "&deleted=false": "present", "&deleted=true": "trashed"} {
			list := ids(t, c.body("/"+kind+"/search?fields=id"+query))
			for _, id := range list {
				if state[id] != want {
					t.Errorf("%s%s shows %s, which is %s", kind, query, id, state[id])
				}
				c.body("/" + kind + "/" + id)
			}
			if len(list) < 10 {
				t.Errorf("%s%s shows %d rows", kind, query, len(list))
			}
		}
		for _, id := range ids(t, c.body("/"+kind+"?fields=id")) {
			if state[id] == "trashed" {
				t.Errorf("/%s shows %s from the trash", kind, id)
			}
		}
	}
}

func TestMixedDashboards(t *testing.T) {
	s, c := start(t, lookersim.Options{TrashShare: -1})
	got := ids(t, c.body("/dashboards"))
	want := slices.Concat(s.IDs("dashboards"), s.IDs("lookml_dashboards"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if body := c.body("/dashboards"); strings.Contains(string(body), "dashboard_elements") {
		t.Error("the mixed list holds tiles")
	}
}

func TestFolderContent(t *testing.T) {
	s, c := start(t, lookersim.Options{Seed: 6, SmallTiles: true})
	looks := map[string][]byte{}
	for _, f := range s.IDs("folders") {
		for _, doc := range rows(t, c.body(fmt.Sprintf("/folders/%s/looks", f))) {
			looks[idOf(t, doc)] = doc
		}
	}
	want := map[string][]byte{}
	for item := range s.Items("looks") {
		if item.State == "present" {
			want[item.ID] = item.Body
		}
	}
	compareDocuments(t, want, looks)
}

func TestPoorRows(t *testing.T) {
	_, c := start(t, lookersim.Options{SmallTiles: true, Quirks: lookersim.Quirks{PoorRows: []string{"dashboards"}}})
	one := c.body("/dashboards/3")
	row := rows(t, c.body("/dashboards/search?id=3"))[0]
	if string(one) == string(row) || strings.Contains(string(row), "dashboard_layouts") || !strings.Contains(string(one), "dashboard_layouts") {
		t.Errorf("row of %d bytes, single document of %d", len(row), len(one))
	}
}

func TestRestrictedCaller(t *testing.T) {
	opts := lookersim.Options{Sizes: lookersim.StandardSizes(), SmallTiles: true}
	_, admin := start(t, opts)
	opts.Restricted = true
	_, c := start(t, opts)
	for _, path := range []string{"/folders", "/dashboards/search?fields=id", "/looks", "/boards", "/scheduled_plans?all_users=true", "/groups", "/roles"} {
		less, all := len(rows(t, c.body(path))), len(rows(t, admin.body(path)))
		if less == 0 || less >= all {
			t.Errorf("%s: %d rows of %d", path, less, all)
		}
	}
	for path, want := range map[string]int{"/color_collections": 404, "/alerts/search?all_owners=true": 403, "/saml_config": 403, "/alerts/search": 200, "/setting": 200} {
		if r, _ := c.get(path); r.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, r.StatusCode, want)
		}
	}
	if other := string(c.body("/users/2")); strings.Contains(other, "email") || !strings.Contains(other, "display_name") {
		t.Errorf("another user shows more than a name: %s", other)
	}
	if me := string(c.body("/user")); !strings.Contains(me, `"role_ids":["4"`) {
		t.Errorf("the caller's roles: %s", me)
	}
}

func TestShortPage(t *testing.T) {
	_, c := start(t, lookersim.Options{Sizes: lookersim.Sizes{Users: 40}, Rules: []lookersim.Rule{mustRule(t, "route=GET /users do=short nth=2")},
		Quirks: lookersim.Quirks{LinkHost: "https://looker.internal:19999"}})
	var sizes []int
	for offset := 0; offset < 40; offset += 10 {
		r, body := c.get(fmt.Sprintf("/users?limit=10&offset=%d", offset))
		sizes = append(sizes, len(rows(t, body)))
		if link := r.Header.Get("Link"); !strings.HasPrefix(link, "<https://looker.internal:19999/api/4.0/users?") {
			t.Errorf("Link: %s", link)
		}
	}
	if diff := cmp.Diff([]int{10, 5, 10, 10}, sizes); diff != "" {
		t.Errorf("rows of the pages (-want +got):\n%s", diff)
	}
}

// TestPoorForms: every second row of a list is poorer than its document in the ways that are asked
// for, by turns, also within an object.
func TestPoorForms(t *testing.T) {
	forms := []lookersim.PoorForm{lookersim.PoorOne, lookersim.PoorEmpty, lookersim.PoorNull, lookersim.PoorMissing}
	_, c := start(t, lookersim.Options{Quirks: lookersim.Quirks{PoorRows: []string{"roles.permission_set.permissions"}, PoorEvery: 2, PoorForms: forms}})
	type role struct {
		ID  string         `json:"id"`
		Set map[string]any `json:"permission_set"`
	}
	got := make(map[string]int)
	for _, row := range rows(t, c.body("/roles")) {
		var listed, alone role
		if err := json.Unmarshal(row, &listed); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(c.body("/roles/"+listed.ID), &alone); err != nil {
			t.Fatal(err)
		}
		all := len(alone.Set["permissions"].([]any))
		value, there := listed.Set["permissions"]
		list, isList := value.([]any)
		switch {
		case !there:
			got["missing"]++
		case !isList:
			got["null"]++
		case len(list) == all:
			got["whole"]++
		default:
			got[map[int]string{0: "empty", all - 1: "one"}[len(list)]]++
		}
	}
	if got["whole"] == 0 || got["one"] == 0 || got["empty"] == 0 || got["null"] == 0 || got["missing"] == 0 || got[""] > 0 {
		t.Errorf("rows: %v", got)
	}
	for _, quirks := range []lookersim.Quirks{{PoorRows: []string{"rolls.models"}}, {PoorForms: []lookersim.PoorForm{"quarter"}}} {
		if _, err := lookersim.New(lookersim.Options{Quirks: quirks}); err == nil {
			t.Errorf("%+v is accepted", quirks)
		}
	}
}
