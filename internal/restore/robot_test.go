package restore_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// givesFolder is a Looker that makes a personal folder with a new service account, and does not say so in its
// answer.
type givesFolder struct {
	restore.Looker
	rig    *rig
	folder string
}

func (g givesFolder) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	response, err := g.Looker.Send(ctx, w)
	if err == nil && w.Method == http.MethodPost && w.Path == "/users/service_accounts" {
		g.rig.set("users", canon.Text(canon.Member(response.Body, "id")), "personal_folder_id", fmt.Sprintf("%q", g.folder))
	}
	return response, err
}

// Whether Looker gives a new service account a personal folder shows when it is made: the plan says so, and
// content and access rules go into that folder, or the result says that they did not.
func TestThePersonalFolderOfAServiceAccount(t *testing.T) {
	t.Parallel()
	for _, gets := range []bool{false, true} {
		r := newRig(t, lookersim.Options{Seed: 1})
		account := record.Ref{Kind: "users", ID: r.make("users", `{"first_name":"Ro","last_name":"Bot"}`)}
		r.set("users", account.ID, "is_service_account", "true")
		r.set("users", account.ID, "service_account_name", `"Robot"`)
		folder := canon.Text(canon.Member(r.sim.Document("users", account.ID), "personal_folder_id"))
		rules := record.Ref{Kind: "content_metadata", ID: canon.Text(canon.Member(r.sim.Document("folders", folder), "content_metadata_id"))}
		r.do("PATCH", "/content_metadata/"+rules.ID, `{"inherits":false}`)
		r.do("POST", "/content_metadata_access", `{"content_metadata_id":"`+rules.ID+`","permission_type":"view","group_id":"3"}`)
		content := record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"Mine","folder_id":"`+folder+`","user_id":"`+account.ID+`"}`)}
		r.backup()
		r.do("DELETE", "/users/service_accounts/"+account.ID, "")
		home := canon.Text(canon.Member(r.sim.Document("users", r.caller.ID), "personal_folder_id"))
		if gets {
			home = r.make("folders", `{"name":"Robot","parent_id":"1"}`)
			r.wrap = func(l restore.Looker) restore.Looker { return givesFolder{l, r, home} }
		}
		plan := r.plan(restore.Request{Items: []record.Ref{account, content}})
		if notes := strings.Join(plan.Notes, "\n"); !strings.Contains(notes, "whether Looker makes one in place of folders/"+folder) {
			t.Errorf("the plan says %s", notes)
		}
		done := r.apply(plan)
		complete(t, done)
		if is := canon.Text(canon.Member(r.sim.Document("dashboards", content.ID), "folder_id")); is != home {
			t.Errorf("gets %t: the dashboard lies in folders/%s, want folders/%s", gets, is, home)
		}
		for _, ref := range []record.Ref{rules, {Kind: "content_access", ID: rules.ID}} {
			want := map[bool]record.ActionState{false: record.ActionSkipped, true: record.ActionDone}[gets]
			if a := onlyAction(t, done, ref); a.State != want {
				t.Errorf("gets %t: %s is %s %s", gets, ref, a.State, a.Message)
			}
		}
		if notes := strings.Join(done.Notes, "\n"); strings.Contains(notes, "Looker has made none") == gets {
			t.Errorf("gets %t: the result says %s", gets, notes)
		}
		if gets {
			now := canon.Text(canon.Member(r.sim.Document("folders", home), "content_metadata_id"))
			if is := canon.Text(canon.Member(r.sim.Document("content_metadata", now), "inherits")); is != "false" {
				t.Errorf("the folder of the account inherits: %s", is)
			}
		}
		for _, a := range r.plan(restore.Request{Items: []record.Ref{account, content}}).Actions {
			if a.State == record.ActionPlanned {
				t.Errorf("gets %t: a second plan: %s %s %s", gets, a.Deed, a.Ref, a.Changes)
			}
		}
	}
}
