package extract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// What came of a kind and was known already is told apart from what was stored, and
// every answer counts for the kind that it was asked for.
func TestAKindTellsWhatItTook(t *testing.T) {
	r := newRig(t, lookersim.Options{Sizes: simtest.Small()})
	kinds := []record.Kind{"folders", "dashboards", "merge_queries", "queries", "roles", "role_users"}
	var last job.Snapshot
	r.measured = func(view *extract.View) { last = view.Snapshot() }
	for _, test := range []struct {
		name  string
		known bool
	}{{"first run", false}, {"second run", true}} {
		r.run(record.RunComplete, start(kinds...))
		var calls, bytes, unchanged int64
		for _, k := range last.Kinds {
			calls += k.Calls
			bytes += k.Bytes
			unchanged += k.Unchanged
			if k.Calls > 0 && (k.Answering <= 0 || k.Longest <= 0 || k.Longest > k.Answering) {
				t.Errorf("%s: %s: %d answers took %s, the longest %s", test.name, k.Kind, k.Calls, k.Answering, k.Longest)
			}
			want := int64(0)
			if test.known {
				want = k.Bytes
			}
			if k.Unchanged != want {
				t.Errorf("%s: %s: %d of %d bytes known, want %d", test.name, k.Kind, k.Unchanged, k.Bytes, want)
			}
		}
		if bytes == 0 || bytes != last.Bytes || unchanged != last.Bytes-last.Packed {
			t.Errorf("%s: the kinds have %d bytes, %d of them known, want %d and %d", test.name, bytes, unchanged, last.Bytes, last.Bytes-last.Packed)
		}
		if calls == 0 || calls != last.API.Good {
			t.Errorf("%s: the kinds have %d good answers, want %d", test.name, calls, last.API.Good)
		}
	}
}

// How much a list holds is known before it is read: the server says it, or there is one
// document for each of another kind.
func TestAKindIsExpected(t *testing.T) {
	r := newRig(t, lookersim.Options{Sizes: simtest.Small()})
	var last job.Snapshot
	r.measured = func(view *extract.View) { last = view.Snapshot() }
	r.run(record.RunComplete, start("dashboards", "roles", "role_users", "merge_queries"))
	got := make(map[record.Kind]int64)
	for _, k := range last.Kinds {
		got[k.Kind] = k.Expected
		if k.Listed == 0 || k.PerCall < 1 {
			t.Errorf("%s: %d listed, %v in a call", k.Kind, k.Listed, k.PerCall)
		}
	}
	want := map[record.Kind]int64{"dashboards": int64(simtest.Small().Dashboards), "roles": 0, "role_users": int64(simtest.Small().Roles), "merge_queries": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
