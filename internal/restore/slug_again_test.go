package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// A dashboard that was made anew with its slug gets that back when somebody changes it: the first one,
// which is gone, does not have it any more. One that lies in the trash, or came out of it, does.
func TestASlugComesBackOnWhatWasMadeAnew(t *testing.T) {
	t.Parallel()
	slug := func(r *rig, id string) string {
		return canon.Text(canon.Member(r.sim.Document("dashboards", id), "slug"))
	}
	for name, test := range map[string]struct {
		lose, trash, back string
		held              bool
	}{
		"gone":             {lose: "DELETE"},
		"in the trash":     {lose: "PATCH", trash: string(restore.Recreate), held: true},
		"out of the trash": {lose: "PATCH", trash: string(restore.Recreate), back: `{"deleted":false,"title":"Since"}`, held: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, run := newBackedUpRig(t)
			ref := r.refsOf("dashboards", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "slug")) != "" })[0]
			was := slug(r, ref.ID)
			body := ""
			if test.lose == "PATCH" {
				body = `{"deleted":true}`
			}
			r.do(test.lose, "/dashboards/"+ref.ID, body)
			request := restore.Request{Items: []record.Ref{ref}, Run: run, Trash: restore.Trash(test.trash)}
			done := r.apply(r.plan(request))
			complete(t, done)
			made := targetOf(done, ref)
			if test.back != "" {
				r.do("PATCH", "/dashboards/"+ref.ID, test.back)
			}
			r.do("PATCH", "/dashboards/"+made, `{"slug":"other"}`)
			plan := r.plan(request)
			complete(t, r.apply(plan))
			if got := slug(r, made); (got == was) == test.held {
				t.Errorf("the slug is %q, it was %q: %q", got, was, plan.Notes)
			}
			note := strings.Join(plan.Notes, "\n")
			if strings.Contains(note, "still has it") != test.held || strings.Contains(note, ref.String()+", in the trash, still") != (test.held && test.back == "") {
				t.Errorf("the notes: %q", plan.Notes)
			}
		})
	}
}
