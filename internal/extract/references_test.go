package extract_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestReferencesAreFollowedWhereverTheyStand: a tile names its merged result, or its
// query, in the result maker alone, an alert stands on no tile, an agent has metadata
// of its own. What they name is stored; a query that the document nests is not asked
// for again.
func TestReferencesAreFollowedWhereverTheyStand(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	r := newRig(t, lookersim.Options{Seed: 8, TrashShare: -1, Observe: func(c lookersim.Call) {
		mu.Lock()
		defer mu.Unlock()
		if c.Route == "GET /queries/{id}" {
			asked = append(asked, c.ID)
		}
	}})
	var merges, queries []string
	for item := range r.sim.Items("merge_queries") {
		merges = append(merges, item.ID)
	}
	for item := range r.sim.Items("queries") {
		queries = append(queries, item.ID)
	}
	_, merge := r.sim.Peek("/merge_queries/" + merges[0])
	queries = slices.DeleteFunc(queries, func(id string) bool { return strings.Contains(string(merge), `"`+id+`"`) })
	nested := queries[3]
	dashboards := r.sim.IDs("dashboards")
	for i, element := range []string{
		fmt.Sprintf(`{"id":"900","merge_result_id":null,"query_id":null,"query":null,"result_maker":{"merge_result_id":%q,"query_id":null}}`, merges[0]),
		fmt.Sprintf(`{"id":"901","query_id":null,"query":null,"result_maker":{"query_id":%q,"query":null}}`, queries[0]),
		fmt.Sprintf(`{"id":"902","query_id":%q,"query":null,"result_maker":null}`, queries[1]),
		fmt.Sprintf(`{"id":"903","look":{"id":"1","query_id":%q,"query":null}}`, queries[2]),
		fmt.Sprintf(`{"id":"904","query_id":%q,"query":{"id":%q},"result_maker":null}`, nested, nested),
	} {
		value := `[` + element + `]`
		mutate(t, r, lookersim.Change{Op: lookersim.OpSet, Kind: "dashboards", ID: dashboards[i], Path: "dashboard_elements", Value: value})
	}
	for _, id := range dashboards[5:] { // nothing else names them
		mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: id})
	}
	r.run(record.RunComplete, start("dashboards", "agents", "merge_queries", "queries", "content_metadata"))
	stored := r.stored()
	want := []record.Ref{{Kind: "merge_queries", ID: merges[0]}}
	for _, id := range queries[:3] {
		want = append(want, record.Ref{Kind: "queries", ID: id})
	}
	for _, id := range r.sim.IDs("agents") {
		var agent struct {
			Metadata string `json:"content_metadata_id"`
		}
		body, ok := stored[record.Ref{Kind: "agents", ID: id}]
		if !ok {
			continue // it is in no list
		}
		if err := json.Unmarshal(body.Body, &agent); err != nil {
			t.Fatal(err)
		}
		if body.State == record.Present {
			want = append(want, record.Ref{Kind: "content_metadata", ID: agent.Metadata})
		}
	}
	for _, ref := range want {
		if _, ok := stored[ref]; !ok {
			t.Errorf("%s is named and not stored", ref)
		}
	}
	if slices.Contains(asked, nested) || len(asked) == 0 {
		t.Errorf("queries %v were asked for, %s is nested", asked, nested)
	}
}

// TestReferencesThatNoAddressCanName: an address in which a document is called ".." is another one's. A
// reference to such a document leads to nothing, like one to a document that was deleted: it makes no
// night partial.
func TestReferencesThatNoAddressCanName(t *testing.T) {
	for _, id := range []string{".", ".."} {
		r := newRig(t, lookersim.Options{Seed: 8, TrashShare: -1})
		dashboard := r.sim.IDs("dashboards")[0]
		value := fmt.Sprintf(`[{"id":"900","merge_result_id":%q,"query_id":null,"query":null},{"id":"901","query_id":%q,"query":null}]`, id, id)
		mutate(t, r, lookersim.Change{Op: lookersim.OpSet, Kind: "dashboards", ID: dashboard, Path: "dashboard_elements", Value: value})
		r.run(record.RunComplete, start("dashboards", "merge_queries", "queries"))
		r.run(record.RunComplete, start("dashboards", "merge_queries", "queries"))
		named := make(map[record.Ref]bool)
		for _, f := range r.faults() {
			if f.Class != record.FaultDangling || f.Message != "named by dashboards/"+dashboard+": no address can name it" {
				t.Errorf("%s: %s %s", f.Ref, f.Class, f.Message)
			}
			named[f.Ref] = true
		}
		want := map[record.Ref]bool{{Kind: "merge_queries", ID: id}: true, {Kind: "queries", ID: id}: true}
		if diff := cmp.Diff(want, named); diff != "" {
			t.Errorf("faults (-want +got):\n%s", diff)
		}
		mutate(t, r, lookersim.Change{Op: lookersim.OpSet, Kind: "dashboards", ID: dashboard, Path: "dashboard_elements", Value: "[]"})
		r.run(record.RunComplete, start("dashboards", "merge_queries", "queries"))
		if left := r.faults(); len(left) > 0 {
			t.Errorf("nothing names them any more, and %+v are open", left)
		}
	}
}
