package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Texts lead to what a plan takes for the same as what they led to, whether it makes something
// anew as well or not: an undo has taken back that an earlier restore made it.
func TestTextsLeadToWhatIsTakenForTheSame(t *testing.T) {
	t.Parallel()
	first, second, look := record.Ref{Kind: "dashboards", ID: "1"}, record.Ref{Kind: "dashboards", ID: "2"}, record.Ref{Kind: "looks", ID: "5"}
	for name, anew := range map[string][]record.Ref{"alone": nil, "beside what is made anew": {look}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			r.add("/dashboard_elements", `{"dashboard_id":"2","type":"text","body_text":"see /dashboards/1"}`)
			run := r.backup()
			for _, ref := range append(anew, first, second) {
				r.do("DELETE", "/"+string(ref.Kind)+"/"+ref.ID, "")
			}
			made := r.apply(r.plan(restore.Request{Items: []record.Ref{first, second}, Run: run}))
			complete(t, made)
			complete(t, r.apply(r.plan(restore.Request{Undo: made.ID, ExactMembers: true})))
			r.do("PATCH", "/dashboards/"+targetOf(made, second), `{"deleted":false,"title":"Broken"}`)

			done := r.apply(r.plan(restore.Request{Items: append(anew, first, second), Run: run, Only: true}))
			complete(t, done)
			if got := targetOf(done, first); got != targetOf(made, first) {
				t.Fatalf("dashboards/1 is %s now, not %s", got, targetOf(made, first))
			}
			body := string(r.sim.Document("dashboards", targetOf(done, second)))
			if want := `"see /dashboards/` + targetOf(made, first) + `"`; !strings.Contains(body, want) {
				t.Errorf("no text says %s: %s", want, body)
			}
			for _, a := range done.Actions {
				for _, change := range a.Changes {
					if a.Ref == second && strings.HasSuffix(change.Path, "body_text") {
						t.Errorf("the plan changes %s from %s to %s", change.Path, change.Before, change.After)
					}
				}
			}
		})
	}
}
