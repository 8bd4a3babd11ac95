package extract_test

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// A run for some documents asks for them alone, lists nothing else of their kinds, and
// proves the absence of nothing.
func TestDocumentsByTheirIDs(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 1})
	r.run(record.RunComplete, start("dashboards", "looks", "folders", "roles", "role_users"))
	r.sim.ResetCounts()
	s := start("dashboards", "roles", "folders")
	s.Scope.Refs = map[record.Kind][]string{"dashboards": {"1", "2", "999999"}, "roles": {"1"}}
	result := r.run(record.RunComplete, s)
	got := make(map[record.Kind][2]int64)
	for _, k := range result.Run.Kinds {
		got[k.Kind] = [2]int64{k.Settled(), k.Gone + k.Failed}
	}
	want := map[record.Kind][2]int64{"dashboards": {2, 0}, "roles": {1, 0}, "folders": {got["folders"][0], 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got["folders"][0] < 10 {
		t.Errorf("%d folders, want all of them", got["folders"][0])
	}
	if scope := result.Run.Scope.String(); scope != "3 dashboards, 1 role, all folders" {
		t.Errorf("scope %q", scope)
	}
}

// Many are asked for by lists of ids, in the trash and out of it.
func TestManyDocumentsByTheirIDs(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 1})
	r.run(record.RunComplete, start("dashboards"))
	all := r.served("dashboards")
	s := start("dashboards")
	s.Scope.Refs = map[record.Kind][]string{"dashboards": nil}
	for ref := range all {
		s.Scope.Refs["dashboards"] = append(s.Scope.Refs["dashboards"], ref.ID)
	}
	for i := range 5 {
		s.Scope.Refs["dashboards"] = append(s.Scope.Refs["dashboards"], strconv.Itoa(900000+i))
	}
	result := r.run(record.RunComplete, s)
	if got := result.Run.Kinds[0].Settled(); got != int64(len(all)) {
		t.Errorf("%d of %d were seen", got, len(all))
	}
	if calls := result.API.Calls; calls > 40 {
		t.Errorf("%d calls for %d documents", calls, len(all))
	}
}
