package lookersim_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

func mutate(t testing.TB, s *lookersim.Server, lines ...string) []string {
	t.Helper()
	var done []string
	for _, line := range lines {
		ch, err := lookersim.ParseChange(line)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Mutate(ch)
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, got...)
	}
	return done
}

// snapshot is every document of a server.
func snapshot(s *lookersim.Server, kinds ...string) map[string]string {
	all := map[string]string{}
	for _, kind := range kinds {
		for item := range s.Items(kind) {
			all[kind+"/"+item.ID] = string(item.Body)
		}
	}
	return all
}

// changed lists what differs between two snapshots.
func changed(before, after map[string]string) []string {
	var list []string
	for id, body := range after {
		if before[id] != body {
			list = append(list, id)
		}
	}
	for id := range before {
		if _, ok := after[id]; !ok {
			list = append(list, "-"+id)
		}
	}
	slices.Sort(list)
	return list
}

func TestMutate(t *testing.T) {
	kinds := []string{"dashboards", "looks", "users", "boards", "roles", "lookml_models", "settings"}
	tests := []struct {
		name, change, want string
		holds              string // what the changed document says afterwards
	}{
		{"title", `op=title kind=dashboards id=3 value=New "title" & more = x`, "dashboards/3", `"title":"New \"title\" \u0026 more = x"`},
		{"name where there is no title", "op=title kind=roles id=8 value=Renamed", "roles/8", `"name":"Renamed"`},
		{"views", "op=views kind=dashboards id=3 value=987654", "dashboards/3", `"view_count":987654`},
		{"touch", "op=touch kind=looks id=3 value=2026-07-01T00:00:00.000-07:00", "looks/3", `"updated_at":"2026-07-01T00:00:00.000-07:00"`},
		{"colour", "op=colour kind=dashboards id=3 value=0a1b2c", "dashboards/3", `"custom_color":"#0a1b2c"`},
		{"nested member", `op=set kind=dashboards id=3 path=dashboard_elements.0.title_hidden value=true`, "dashboards/3", `"title_hidden":true`},
		{"new member", `op=set kind=users id=2 path=extra value={"a":1.0}`, "users/2", `"extra":{"a":1.0}}`},
		{"move", "op=move kind=looks id=4 value=5", "looks/4", `"folder_id":"5"`},
		{"trash", "op=trash kind=dashboards id=3", "dashboards/3", `"deleted":true`},
		{"delete", "op=delete kind=users id=7", "-users/7", ""},
		{"put", `op=put kind=boards id=2 value={"id":"2"}`, "boards/2", `{"id":"2"}`},
		{"put a new one", `op=put kind=boards id=fresh value={"title":"fresh"}`, "boards/fresh", `{"title":"fresh"}`},
		{"add", "op=add kind=boards", "boards/9", `"board_sections"`},
		{"a setting", `op=set kind=settings id=session_config path=session_minutes value=5`, "settings/session_config", `"session_minutes":5`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, c := start(t, lookersim.Options{Seed: 2, SmallTiles: true})
			before := snapshot(s, kinds...)
			mutate(t, s, tt.change)
			after := snapshot(s, kinds...)
			if got := strings.Join(changed(before, after), " "); got != tt.want {
				t.Fatalf("changed %q, want %q", got, tt.want)
			}
			body, there := after[tt.want]
			if !there {
				return
			}
			if !strings.Contains(body, tt.holds) {
				t.Errorf("the document lacks %s: %s", tt.holds, body)
			}
			for item := range s.Items(strings.SplitN(tt.want, "/", 2)[0]) {
				if item.ID == strings.SplitN(tt.want, "/", 2)[1] && string(c.body(item.Path)) != body {
					t.Error("the single route tells otherwise")
				}
			}
		})
	}
}

// TestColourChangesNothingElse compares a recoloured dashboard byte by byte.
func TestColourChangesNothingElse(t *testing.T) {
	s, _ := start(t, lookersim.Options{Seed: 2})
	_, before := s.Peek("/dashboards/3")
	mutate(t, s, "op=colour kind=dashboards id=3 value=0a1b2c")
	_, after := s.Peek("/dashboards/3")
	if len(before) != len(after) || !json.Valid(after) {
		t.Fatalf("%d bytes became %d", len(before), len(after))
	}
	old := before[bytes.Index(before, []byte(`"custom_color":"#`))+17:][:6]
	back := bytes.ReplaceAll(bytes.ReplaceAll(after, []byte("#0a1b2c"), append([]byte("#"), old...)), []byte("%230a1b2c"), append([]byte("%23"), old...))
	if !bytes.Equal(back, before) {
		t.Error("something else changed as well")
	}
}

func TestTrashAndBack(t *testing.T) {
	for _, id := range []string{"3", "17"} { // generated, and from a corpus
		s, c := start(t, lookersim.Options{SmallTiles: true, Corpus: writeCorpus(t)})
		_, before := s.Peek("/dashboards/" + id)
		shown := func(query string) bool {
			return slices.Contains(ids(t, c.body("/dashboards/search?fields=id"+query)), id)
		}
		mutate(t, s, "op=trash kind=dashboards id="+id)
		if shown("") || !shown("&deleted=true") {
			t.Errorf("%s is not in the trash", id)
		}
		mutate(t, s, "op=restore kind=dashboards id="+id)
		if !shown("") || shown("&deleted=true") {
			t.Errorf("%s is still in the trash", id)
		}
		_, after := s.Peek("/dashboards/" + id)
		if id == "3" && !bytes.Equal(before, after) {
			t.Error("a restored dashboard differs from what it was")
		}
	}
}

func TestAddedItemsAreWhole(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true})
	for _, kind := range s.Kinds() {
		ch := lookersim.Change{Op: lookersim.OpAdd, Kind: kind}
		done, err := s.Mutate(ch)
		if err != nil {
			if kind != "settings" && !strings.HasPrefix(err.Error(), "change") {
				t.Errorf("%s: %v", kind, err)
			}
			continue
		}
		before, found := len(s.IDs(kind)), false
		for item := range s.Items(kind) {
			if item.ID == done[0] {
				found = json.Valid(item.Body)
				if item.Path != "" {
					c.body(item.Path)
				}
			}
		}
		if !found {
			t.Errorf("%s %s: added, but not among the %d items", kind, done[0], before)
		}
	}
}

func TestChangesThatCannotBe(t *testing.T) {
	s, _ := start(t, lookersim.Options{})
	before := snapshot(s, "dashboards", "users")
	for _, line := range []string{"op=title kind=dashboards id=999999 value=x", "op=trash kind=users id=2",
		"op=set kind=users id=2 path=a value={", "op=put kind=users id=2 value=1",
		"op=colour kind=users id=2 value=0a1b2c", "op=colour kind=dashboards id=3 value=red", "op=views kind=dashboards id=3 value=many",
		"op=set kind=users id=2 path=no.such value=1", "op=delete kind=queries id=1", "op=add kind=nothing"} {
		ch, err := lookersim.ParseChange(line)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Mutate(ch); err == nil {
			t.Errorf("%q was made", line)
		}
	}
	for _, line := range []string{"", "op=paint kind=users id=1", "op=trash id=1", "kind=users",
		"op=trash kind=users route=GET /nowhere", "op=trash kind=users nth=x", "op=trash size=3"} {
		if ch, err := lookersim.ParseChange(line); err == nil {
			t.Errorf("%q was taken for %+v", line, ch)
		}
	}
	if diff := cmp.Diff(before, snapshot(s, "dashboards", "users")); diff != "" {
		t.Errorf("something changed:\n%.500s", diff)
	}
}

// TestChangesBetweenPages shifts a list while it is paged.
func TestChangesBetweenPages(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true, TrashShare: -1})
	all := len(s.IDs("dashboards"))
	mutate(t, s, "op=delete kind=dashboards id=1 route=GET /dashboards/search nth=2", "op=add kind=dashboards route=GET /dashboards/search nth=4")
	seen := map[string]int{}
	var totals []string
	for offset := 0; offset < all+10; offset += 10 {
		r, body := c.get(fmt.Sprintf("/dashboards/search?fields=id&sorts=id&limit=10&offset=%d", offset))
		totals = append(totals, r.Header.Get("X-Total-Count"))
		for _, id := range ids(t, body) {
			seen[id]++
		}
	}
	want := []string{fmt.Sprint(all), fmt.Sprint(all), fmt.Sprint(all - 1), fmt.Sprint(all - 1), fmt.Sprint(all)}
	if diff := cmp.Diff(want, totals[:5]); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if _, ok := seen["21"]; ok || len(seen) != all {
		t.Errorf("the row that slid over the border was seen (%t), %d rows in all", ok, len(seen))
	}
}

// TestChangesComeBeforeTheirAnswer checks that whoever has read the n-th
// answer meets the changed world: the change is made before the first byte.
func TestChangesComeBeforeTheirAnswer(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true, TrashShare: -1})
	mutate(t, s, "op=delete kind=dashboards id=29 route=GET /dashboards/search nth=1")
	r := httptest.NewRequest(http.MethodGet, "/api/4.0/dashboards/search?sorts=id&limit=50&fields=id", nil)
	r.Header.Set("Authorization", "token "+c.token)
	w := &spy{ResponseRecorder: httptest.NewRecorder(), look: func() bool { return slices.Contains(s.IDs("dashboards"), "29") }}
	s.ServeHTTP(w, r)
	if w.saw != 1 || w.found {
		t.Errorf("looked %d times, the dashboard was still there: %t", w.saw, w.found)
	}
	if !slices.Contains(ids(t, w.Body.Bytes()), "29") {
		t.Error("the answer itself shows the change already")
	}
}

// spy looks at the server when the first byte of an answer is written.
type spy struct {
	*httptest.ResponseRecorder
	look  func() bool
	saw   int
	found bool
}

func (s *spy) WriteHeader(status int) {
	s.saw++
	s.found = s.look()
	s.ResponseRecorder.WriteHeader(status)
}

// TestOrderIsStable checks that a row that comes leaves the others in their
// places where no sorts are given.
func TestOrderIsStable(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true})
	before := ids(t, c.body("/lookml_models"))
	added := mutate(t, s, "op=add kind=lookml_models")[0]
	after := ids(t, c.body("/lookml_models"))
	if diff := cmp.Diff(before, slices.DeleteFunc(after, func(id string) bool { return id == added })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFoldersFollowTheirContent(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true})
	c.body("/folders/5")
	mutate(t, s, "op=title kind=folders id=5 value=Renamed", "op=move kind=looks id=3 value=5", "op=title kind=looks id=3 value=Moved here")
	_, folder := s.Peek("/folders/5")
	for _, want := range []string{`"name":"Renamed"`, `"title":"Moved here"`, `"dashboards":[`} {
		if !strings.Contains(string(folder), want) {
			t.Errorf("folder 5 lacks %s", want)
		}
	}
	if got := ids(t, c.body("/folders/5/looks")); !slices.Contains(got, "3") {
		t.Errorf("looks of folder 5: %v", got)
	}
	flat := rows(t, c.body("/folders"))
	i := slices.IndexFunc(flat, func(doc []byte) bool { return idOf(t, doc) == "5" })
	if strings.Contains(string(flat[i]), `"looks"`) || !strings.Contains(string(flat[i]), "Renamed") {
		t.Errorf("flat row: %s", flat[i])
	}
}

func FuzzParseChange(f *testing.F) {
	f.Add("op=set kind=looks id=3 path=description value=\"a JSON text\"")
	f.Add("op=delete kind=dashboards id=9 route=GET /dashboards/search nth=2")
	f.Fuzz(func(t *testing.T, text string) {
		ch, err := lookersim.ParseChange(text)
		if err != nil {
			return
		}
		again, err := lookersim.ParseChange(ch.String())
		if err != nil || strings.TrimSpace(again.Value) != strings.TrimSpace(ch.Value) {
			t.Errorf("%q: %+v reads back as %+v: %v", text, ch, again, err)
		}
	})
}
