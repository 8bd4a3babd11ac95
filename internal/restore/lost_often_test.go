package restore_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// However often a document is lost and made anew, with no backup in between, its plan does not
// take more looks: each of those that were made would be one more to look at.
func TestLostManyTimes(t *testing.T) {
	t.Parallel()
	for _, conflict := range []restore.Policy{"", restore.Rename} {
		r, _ := newBackedUpRig(t)
		ref := first(t, r, "looks")
		lost := ref.ID
		if conflict == restore.Rename { // what the backup has is made beside it each time
			r.do("PATCH", "/looks/"+ref.ID, `{"description":"changed"}`)
		}
		for i := range 8 {
			if i > 0 || conflict == "" {
				r.do("DELETE", "/looks/"+lost, "")
			}
			before := len(r.runs())
			plan := r.plan(restore.Request{Items: []record.Ref{ref}, Conflict: conflict})
			if looks := len(r.runs()) - before; looks > 5 {
				t.Errorf("%q: %d looks when it was lost %d times", conflict, looks, i)
			}
			done := r.apply(plan)
			complete(t, done)
			lost = targetOf(done, ref)
		}
	}
}

// runs are all runs of the vault.
func (r *rig) runs() []record.Run {
	r.t.Helper()
	runs, err := r.file.Reader().Runs(r.t.Context(), "test")
	if err != nil {
		r.t.Fatal(err)
	}
	return runs
}
