package lookersim_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// Writers and readers do not disturb each other: run it with -race.
func TestWritesBesideReads(t *testing.T) {
	s, c := start(t, small())
	var wg sync.WaitGroup
	do := func(method, path, body string) {
		if status, answer := s.Do(method, path, []byte(body)); status >= 400 && status != http.StatusNotFound {
			t.Errorf("%s %s: status %d: %s", method, path, status, answer)
		}
	}
	wg.Go(func() {
		for i := range 20 {
			do("PATCH", "/folders/6", fmt.Sprintf(`{"name":"n%d"}`, i))
			do("PATCH", "/dashboards/1", fmt.Sprintf(`{"title":"t%d"}`, i))
			do("PATCH", "/users/2", fmt.Sprintf(`{"first_name":"u%d"}`, i))
			do("PUT", "/roles/7/users", `["2","3"]`)
			do("POST", "/boards", `{"title":"b"}`)
			do("PATCH", "/looks/1", fmt.Sprintf(`{"title":"l%d"}`, i))
			do("POST", "/user_attributes/7/group_values", fmt.Sprintf(`[{"group_id":"2","value":"%d"}]`, i))
		}
	})
	for _, path := range []string{"/dashboards/search?limit=10&sorts=id", "/folders", "/folders/6", "/users?limit=9", "/looks", "/boards", "/roles", "/groups", "/content_metadata?parent_id=30",
		"/users/2/attribute_values?include_unset=true", "/scheduled_plans?all_users=true"} {
		wg.Go(func() {
			for range 5 {
				if r, body, err := c.try(path); err != nil || r.StatusCode != http.StatusOK {
					t.Errorf("%s: %v: %.200s", path, err, body)
				}
			}
		})
	}
	wg.Wait()
}

// What merge queries and schedules that were written name is there to be read.
func TestWrittenDocumentsNameWhatIsThere(t *testing.T) {
	s, c := start(t, small())
	query := c.write("POST", "/queries", newQuery).text("id")
	merge := c.write("POST", "/merge_queries", `{"source_queries":[{"query_id":"`+query+`","name":"a","merge_fields":[]}]}`).text("id")
	dash := c.write("POST", "/dashboards", `{"title":"M","folder_id":"1"}`).text("id")
	c.write("POST", "/dashboard_elements", `{"dashboard_id":"`+dash+`","type":"vis","merge_result_id":"`+merge+`"}`)
	c.write("POST", "/scheduled_plans", `{"name":"q","query_id":"6","crontab":"0 5 * * 1",`+destination+`}`)
	for _, want := range []struct{ kind, id string }{{"merge_queries", merge}, {"queries", query}, {"queries", "6"}} {
		found := false
		for item := range s.Items(want.kind) {
			found = found || item.ID == want.id && len(item.Body) > 0
		}
		if !found {
			t.Errorf("%s %s is not among the items", want.kind, want.id)
		}
	}
}
