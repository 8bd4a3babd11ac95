package lookersim_test

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/lookersim"
)

func TestCounts(t *testing.T) {
	var mu sync.Mutex
	var calls []lookersim.Call
	s, c := start(t, lookersim.Options{SmallTiles: true, Observe: func(call lookersim.Call) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, call)
	}})
	c.body("/dashboards/3")
	c.body("/dashboards/3?fields=id")
	c.body("/dashboards/search?limit=3&sorts=id")
	c.body("/scheduled_plans?all_users=true")
	c.body("/versions")
	c.get("/looks/99999")
	c.get("/nothing/here")
	want := lookersim.Counts{Requests: 8, Calls: 6, Query: 1, Admin: 5, Logins: 1, Busiest: 1,
		Routes: map[string]int{"POST /login": 1, "GET /dashboards/{id}": 2, "GET /dashboards/search": 1,
			"GET /scheduled_plans": 1, "GET /versions": 1, "GET /looks/{id}": 1, "unknown": 1},
		Kinds: map[string]int{"dashboards": 3, "scheduled_plans": 1, "looks": 1}, Statuses: map[int]int{200: 6, 404: 2}}
	got := s.Counts()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(lookersim.Counts{}, "Bytes")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	served := maps.Collect(s.Served("dashboards"))
	for id, want := range map[string]lookersim.Served{"3": {Single: 1, Listed: 1}, "1": {Listed: 1}, "4": {}} {
		if served[id] != want {
			t.Errorf("dashboard %s was served %+v, want %+v", id, served[id], want)
		}
	}
	s.ResetCounts()
	if got := s.Counts(); got.Requests != 0 || len(got.Routes) != 0 {
		t.Errorf("counts after a reset: %+v", got)
	}
	mu.Lock()
	defer mu.Unlock()
	last := calls[len(calls)-2]
	if len(calls) != 8 || last.Route != "GET /looks/{id}" || last.ID != "99999" || last.Status != http.StatusNotFound || last.Bytes == 0 {
		t.Errorf("%d calls were observed, the last but one %+v", len(calls), last)
	}
}

// TestManyClients asks and changes at once; the race detector judges.
func TestManyClients(t *testing.T) {
	s, c := start(t, lookersim.Options{SmallTiles: true})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 20 {
				paths := []string{"/dashboards/search?limit=10", "/folders/search", "/folders/5",
					"/looks/search?title=%25a%25", "/dashboards/2", "/folders/5/looks", "/groups/1/users?limit=5"}
				if r, _, err := c.try(paths[(i+k)%len(paths)]); err != nil || r.StatusCode != http.StatusOK {
					t.Errorf("%s: %v", paths[(i+k)%len(paths)], err)
				}
				if i == 0 {
					add := lookersim.Change{Op: lookersim.OpAdd, Kind: "dashboards"}
					views := lookersim.Change{Op: lookersim.OpViews, Kind: "looks", ID: "3", Value: "7"}
					if _, err := s.Mutate(add, views); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestPersonalFolders: each user has a folder whose access is its own, besides those
// that there are.
func TestPersonalFolders(t *testing.T) {
	sizes := lookersim.Sizes{Folders: 20, Users: 15}
	plain, _ := start(t, lookersim.Options{Sizes: sizes})
	own, _ := start(t, lookersim.Options{Sizes: sizes, PersonalFolders: true})
	lists := func(s *lookersim.Server) (n int) {
		for range s.Items("content_access") {
			n++
		}
		return n
	}
	if got, want := len(own.IDs("folders")), len(plain.IDs("folders"))+15; got != want {
		t.Errorf("%d folders, want %d", got, want)
	}
	personal := 0
	for item := range own.Items("folders") {
		if strings.Contains(string(item.Row), `"is_personal":true`) {
			personal++
		}
	}
	if personal != 15 {
		t.Errorf("%d personal folders, want one for each of 15 users", personal)
	}
	if got := lists(own); got < 15 || got <= lists(plain) {
		t.Errorf("%d access lists, %d without personal folders", got, lists(plain))
	}
}
