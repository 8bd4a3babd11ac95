package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
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

// Texts lead to the personal folder that a user gets who comes back, whether anything lay in the
// one that went with them or not, and that folder is on the instance.
func TestTextsLeadToThePersonalFolderOfWhoIsBack(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ full, byHand bool }{
		"where nothing lay in it":      {},
		"where the document lay in it": {full: true},
		"made by hand":                 {full: true, byHand: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			user, folder := r.someoneWithAFolder(t)
			place := "1"
			if tt.full {
				place = folder
			}
			content := record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Mine","folder_id":"`+place+`","description":"see /folders/`+folder+`"}`)}
			run := r.backup()
			r.do("DELETE", "/users/"+user.ID, "")
			r.do("DELETE", "/dashboards/"+content.ID, "")
			items := []record.Ref{content, user}
			if tt.byHand {
				made := r.add("/users", `{"first_name":"By","last_name":"Hand"}`)
				r.do("POST", "/users/"+made+"/credentials_email", `{"email":"someone@example.com"}`)
				items = items[:1]
			}
			request := restore.Request{Items: items, Run: run}
			done := r.apply(r.plan(request))
			complete(t, done)
			body := r.sim.Document("dashboards", targetOf(done, content))
			home := canon.Text(canon.Member(body, "folder_id"))
			if !tt.full {
				home = canon.Text(canon.Member(r.sim.Document("users", targetOf(done, user)), "personal_folder_id"))
			}
			if is := canon.Text(canon.Member(body, "description")); is != "see /folders/"+home || home == folder {
				t.Errorf("the text says %q, and the folder was %s and is %s", is, folder, home)
			}
			if links, err := restore.LinksLeft(t.Context(), r.file.Reader(), done); err != nil || len(links) > 0 {
				t.Errorf("links that lead nowhere: %q, %v", links, err)
			}
			for _, a := range r.plan(request).Actions {
				if a.State == record.ActionPlanned {
					t.Errorf("a second plan wants to %s %s: %v", a.Deed, a.Ref, a.Changes)
				}
			}
		})
	}
}
