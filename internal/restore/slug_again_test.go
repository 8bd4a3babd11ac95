package restore_test

import (
	"fmt"
	"slices"
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

// Copies beside dashboards that have exchanged their slugs get none: each slug is the other one's now. So
// does what comes back under another name, where a third document has its slug.
func TestACopyGoesWithoutASlugThatAnotherOneHas(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		r, run := newBackedUpRig(t)
		refs := r.refsOf("dashboards", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "slug")) != "" })[:2]
		slugs, names := []string{}, []string{}
		for _, ref := range refs {
			slugs = append(slugs, canon.Text(canon.Member(r.sim.Document("dashboards", ref.ID), "slug")))
			names = append(names, nameOf(r.sim.Document("dashboards", ref.ID), "dashboards"))
		}
		items := refs
		if gone {
			folder := canon.Text(canon.Member(r.sim.Document("dashboards", refs[0].ID), "folder_id"))
			r.do("DELETE", "/dashboards/"+refs[0].ID, "")
			r.add("/dashboards", fmt.Sprintf(`{"title":%q,"folder_id":%q,"description":"since"}`, names[0], folder))
			r.do("PATCH", "/dashboards/"+refs[1].ID, fmt.Sprintf(`{"slug":%q}`, slugs[0]))
			items = refs[:1]
		} else {
			r.do("PATCH", "/dashboards/"+refs[0].ID, `{"slug":"aside"}`)
			r.do("PATCH", "/dashboards/"+refs[1].ID, fmt.Sprintf(`{"slug":%q}`, slugs[0]))
			r.do("PATCH", "/dashboards/"+refs[0].ID, fmt.Sprintf(`{"slug":%q}`, slugs[1]))
		}
		request := restore.Request{Items: items, Run: run, Conflict: restore.Rename, Only: true}
		plan := r.plan(request)
		for i, ref := range items {
			if a := onlyAction(t, plan, ref); a.Deed != record.DeedCreate {
				t.Errorf("gone %t: %s %s: %s", gone, a.Deed, a.Ref, a.Reason)
			}
			if note := fmt.Sprintf("%s gets another slug: %s still has it", ref, refs[1-i]); !slices.Contains(plan.Notes, note) {
				t.Errorf("gone %t: the notes lack %q: %q", gone, note, plan.Notes)
			}
		}
		complete(t, r.apply(plan))
		for _, a := range r.plan(request).Actions {
			if a.State == record.ActionPlanned {
				t.Errorf("gone %t: a second plan would %s %s", gone, a.Deed, a.Ref)
			}
		}
	}
}
