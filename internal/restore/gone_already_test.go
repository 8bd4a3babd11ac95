package restore_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What is to be deleted and is gone by then is as it is wanted: an access rule, a tile, a member, a
// document.
func TestWhatIsGoneAlreadyNeedsNoDeletion(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		add func(r *rig) record.Ref
	}{
		"access": {func(r *rig) record.Ref {
			folder := r.make("folders", `{"name":"Guarded","parent_id":"1"}`)
			metadata := canon.Text(canon.Member(r.sim.Document("folders", folder), "content_metadata_id"))
			r.do("PATCH", "/content_metadata/"+metadata, `{"inherits":false}`)
			r.backup()
			r.add("/content_metadata_access", `{"content_metadata_id":"`+metadata+`","user_id":"5","permission_type":"view"}`)
			return record.Ref{Kind: "content_access", ID: metadata}
		}},
		"tile": {func(r *rig) record.Ref {
			r.backup()
			r.add("/dashboard_elements", `{"dashboard_id":"1","type":"text","title_text":"Added"}`)
			return record.Ref{Kind: "dashboards", ID: "1"}
		}},
		"member": {func(r *rig) record.Ref {
			group := r.make("groups", `{"name":"Of a test"}`)
			r.backup()
			r.do("POST", "/groups/"+group+"/users", `{"user_id":"5"}`)
			return record.Ref{Kind: "users", ID: "5"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			ref := test.add(r)
			plan := r.plan(restore.Request{Items: []record.Ref{ref}, ExactMembers: true})
			deleted := 0
			r.sending = func(w looker.Write) {
				if w.Method == "DELETE" {
					deleted++
					r.do("DELETE", w.Path, "")
				}
			}
			complete(t, r.apply(plan))
			if deleted != 1 {
				t.Errorf("%d deletions, which shows nothing", deleted)
			}
		})
	}
}
