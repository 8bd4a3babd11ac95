package extract_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// overviewCalls are the calls for what groups and roles hold, and for the list that tells
// of it.
func (r *rig) overviewCalls() (each, list int) {
	routes := r.sim.Counts().Routes
	return routes["GET /groups/{id}/groups"] + routes["GET /roles/{id}/groups"], routes["GET /groups/search/with_hierarchy"]
}

// do carries out a request on the instance.
func (r *rig) do(method, path, body string) {
	r.t.Helper()
	if status, answer := r.sim.Do(method, path, []byte(body)); status >= 300 {
		r.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
}

// pair are two groups, neither of which holds the other.
func (r *rig) pair() (outer, inner string) {
	r.t.Helper()
	ids := r.sim.IDs("groups")
	for _, outer := range ids[1:] {
		for _, inner := range slices.Backward(ids) {
			_, held := r.sim.Peek("/groups/" + outer + "/groups")
			_, holds := r.sim.Peek("/groups/" + inner + "/groups")
			if outer != inner && string(held) == "[]" && !strings.Contains(string(holds), `"id":"`+outer+`"`) {
				return outer, inner
			}
		}
	}
	r.t.Fatal("each group holds one")
	return "", ""
}

// TestOverview: what a list tells of all groups spares the calls for those that hold the
// same, and every change is seen by the next run.
func TestOverview(t *testing.T) {
	kinds := []record.Kind{"groups", "roles", "group_groups", "role_groups", "users"}
	r := newRig(t, lookersim.Options{Seed: 5})
	r.run(record.RunComplete, start(kinds...))
	all, _ := r.overviewCalls()
	compare(t, r, "group_groups")
	compare(t, r, "role_groups")
	outer, inner := r.pair()
	role := r.sim.IDs("roles")[2]
	for _, change := range []struct {
		name, method, path, body string
		changed                  int // documents
	}{
		{name: "nothing"},
		{"a group comes into another", "POST", "/groups/" + outer + "/groups", `{"group_id":"` + inner + `"}`, 1},
		{"its name changes", "PATCH", "/groups/" + inner, `{"name":"Renamed"}`, 1},
		{"it gets a role", "PUT", "/roles/" + role + "/groups", `["` + inner + `"]`, 1},
		{"it leaves", "DELETE", "/groups/" + outer + "/groups/" + inner, "", 1},
	} {
		t.Run(change.name, func(t *testing.T) {
			if change.method != "" {
				r.do(change.method, change.path, change.body)
			}
			r.sim.ResetCounts()
			r.run(record.RunComplete, start(kinds...))
			compare(t, r, "group_groups")
			compare(t, r, "role_groups")
			each, list := r.overviewCalls()
			if list != 1 || each < 2+change.changed || each > 2+change.changed+4 || each >= all {
				t.Errorf("%d calls for the list and %d for documents, %d of which changed; all are %d", list, each, change.changed, all)
			}
		})
	}
}

// TestChangeBehindTheOverview: what changes between the list and the documents, and back
// again before the next run, is not taken for unchanged.
func TestChangeBehindTheOverview(t *testing.T) {
	kinds := []record.Kind{"groups", "roles", "group_groups", "role_groups", "users"}
	r := newRig(t, lookersim.Options{Seed: 5})
	outer, inner := r.pair()
	r.do("POST", "/groups/"+outer+"/groups", `{"group_id":"`+inner+`"}`)
	title := func(name string, nth int) {
		t.Helper()
		c := lookersim.Change{Op: lookersim.OpTitle, Kind: "groups", ID: inner, Value: name}
		if nth > 0 {
			c.Route, c.Nth = "GET /groups/search/with_hierarchy", nth
		}
		mutate(t, r, c)
	}
	title("Before", 0)
	title("Meanwhile", 1)
	r.run(record.RunComplete, start(kinds...))
	title("Before", 0)
	for range 3 {
		r.run(record.RunComplete, start(kinds...))
		compare(t, r, "group_groups")
		compare(t, r, "role_groups")
	}
}

// TestDocumentThatLagsBehindItsOverview: a group comes into another, the list tells of it,
// and a node that lags answers with what was, or with nothing. Once, it is asked again in
// the same run; where it stays so, the next run asks for it again.
func TestDocumentThatLagsBehindItsOverview(t *testing.T) {
	kinds := []record.Kind{"groups", "group_groups", "users"}
	for _, before := range []string{"empty", "another"} {
		for _, stays := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s before, stays: %v", before, stays), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, lookersim.Options{Seed: 5})
				outer, inner := r.pair()
				if before == "another" {
					other := r.sim.IDs("groups")[0]
					r.do("POST", "/groups/"+outer+"/groups", `{"group_id":"`+other+`"}`)
				}
				path := "/groups/" + outer + "/groups"
				_, old := r.sim.Peek(path)
				var lag atomic.Int64 // answers that are still old
				r.tamper(func(asked string, _ url.Values, body []byte) []byte {
					if asked == path && lag.Add(-1) >= 0 {
						return old
					}
					return body
				})
				r.run(record.RunComplete, start(kinds...))
				r.do("POST", path, `{"group_id":"`+inner+`"}`)
				lag.Store(1)
				if stays {
					lag.Store(100)
				}
				r.run(record.RunComplete, start(kinds...))
				if stays {
					lag.Store(0)
					r.run(record.RunComplete, start(kinds...))
				}
				compare(t, r, "group_groups")
			})
		}
	}
}

// TestOverviewThatCannotBeHad: without the list, or with one that leaves groups out, each
// document is asked for.
func TestOverviewThatCannotBeHad(t *testing.T) {
	kinds := []record.Kind{"groups", "roles", "group_groups", "role_groups", "users"}
	for _, rule := range []lookersim.Rule{
		{Do: lookersim.FaultStatus, Status: 404}, {Do: lookersim.FaultStatus, Status: 403}, {Do: lookersim.FaultStatus, Status: 500},
		{Do: lookersim.FaultNone}, {Do: lookersim.FaultShort}, {Do: lookersim.FaultStray}, {Do: lookersim.FaultOther}, {Do: lookersim.FaultNull},
	} {
		t.Run(fmt.Sprint(rule.Do, rule.Status), func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 5})
			r.run(record.RunComplete, start(kinds...))
			all, _ := r.overviewCalls()
			rule.Route = "GET /groups/search/with_hierarchy"
			if err := r.sim.SetRules(rule); err != nil {
				t.Fatal(err)
			}
			outer, inner := r.pair()
			r.do("POST", "/groups/"+outer+"/groups", `{"group_id":"`+inner+`"}`)
			r.sim.ResetCounts()
			r.run(record.RunComplete, start(kinds...))
			compare(t, r, "group_groups")
			if each, _ := r.overviewCalls(); each != all && rule.Do != lookersim.FaultShort {
				t.Errorf("%d documents were asked for, want all %d", each, all)
			}
		})
	}
}

// TestOverviewThatDoesNotTell: a list that is the same although documents change is found
// out by those that are fetched all the same, makes its kind incomplete then, and is not
// asked for again.
func TestOverviewThatDoesNotTell(t *testing.T) {
	kinds := []record.Kind{"groups", "group_groups", "users"}
	r := newRig(t, lookersim.Options{Seed: 5, Quirks: lookersim.Quirks{FlatHierarchy: true}})
	r.run(record.RunComplete, start(kinds...))
	outer, inner := r.pair()
	r.do("POST", "/groups/"+outer+"/groups", `{"group_id":"`+inner+`"}`)
	for night := 0; ; night++ {
		if night > len(r.sim.IDs("groups")) {
			t.Fatal("nobody finds out")
		}
		result, err := r.try(start(kinds...))
		if err != nil {
			t.Fatal(err)
		}
		if result.Run.Outcome == record.RunPartial {
			i := slices.IndexFunc(result.Run.Kinds, func(k record.Counts) bool { return k.Kind == "group_groups" })
			if k := result.Run.Kinds[i]; k.Listing != record.Incomplete || !strings.Contains(k.Reason, "group_groups/"+outer) {
				t.Errorf("group_groups are %s: %s", k.Listing, k.Reason)
			}
			break
		}
	}
	for range 2 {
		r.sim.ResetCounts()
		r.run(record.RunComplete, start(kinds...))
		compare(t, r, "group_groups")
		if _, list := r.overviewCalls(); list != 0 {
			t.Error("the list is asked for again")
		}
	}
}
