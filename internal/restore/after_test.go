package restore_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// leafFolder is a folder without folders in it that can be deleted.
func (r *rig) leafFolder() record.Ref {
	r.t.Helper()
	for _, ref := range r.refsOf("folders", "present", func(body []byte) bool { return canon.Guarded(catalogueRow("folders"), body) == nil }) {
		if canon.Text(canon.Member(r.sim.Document("folders", ref.ID), "child_count")) == "0" {
			return ref
		}
	}
	r.t.Fatal("no folder is a leaf")
	return record.Ref{}
}

func targetOf(done record.Restore, ref record.Ref) string {
	for _, a := range done.Actions {
		if a.Ref == ref {
			return a.Target
		}
	}
	return ""
}

// What somebody has put into a folder since it was made is not deleted with it.
func TestUndoLeavesTheWorkOfOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	r.backup()
	folder := r.leafFolder()
	r.do("DELETE", "/folders/"+folder.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{folder}, Only: true}))
	complete(t, done)
	r.do("POST", "/dashboards", `{"title":"Of somebody else","folder_id":"`+targetOf(done, folder)+`"}`)
	undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
	if undone.State != record.RestorePartial || undone.Actions[0].State != record.ActionDrifted {
		t.Errorf("the undo is %s, its action %s", undone.State, undone.Actions[0].State)
	}
	if r.sim.Document("folders", targetOf(done, folder)) == nil {
		t.Error("the folder is gone")
	}
}

// A tree of folders is deleted from its leaves, and with it what has no deletion of its
// own.
func TestUndoOfATree(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 3})
	r.backup()
	before := r.counts()
	r.do("DELETE", "/folders/5", "")
	plan := r.plan(restore.Request{Lost: true, Folders: []string{"5"}})
	gone := r.counts()
	done := r.apply(plan)
	complete(t, done)
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID})))
	after := r.counts()
	for _, kind := range []record.Kind{"folders", "content_metadata", "content_access"} {
		if after[kind] != gone[kind] {
			t.Errorf("%d %s, want %d (%d before)", after[kind], kind, gone[kind], before[kind])
		}
	}
}

// What was made for a document that was lost is the same document: it comes back once,
// however often it is lost.
func TestCopiesComeBackOnce(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	counts := r.counts()
	id := "1"
	for range 3 {
		r.do("DELETE", "/scheduled_plans/"+id, "")
		done := r.apply(r.plan(restore.Request{Lost: true}))
		complete(t, done)
		id = targetOf(done, record.Ref{Kind: "scheduled_plans", ID: id})
		r.backup()
	}
	if diff := cmp.Diff(counts, r.counts()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

// A restore that is cut off before its check goes on with that, and wakes what sleeps.
func TestApplyGoesOnWithItsCheck(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	plans := r.refsOf("scheduled_plans", "present", awake)
	r.do("DELETE", "/scheduled_plans/"+plans[0].ID, "")
	plan := r.plan(restore.Request{Items: plans[:1]})
	r.blind = 1
	if done, err := r.tryApply(t.Context(), plan); err == nil || done.State != record.RestoreInterrupted {
		t.Fatalf("%s, %v", done.State, err)
	}
	done := r.apply(plan)
	complete(t, done)
	if enabled := canon.Text(canon.Member(r.sim.Document("scheduled_plans", targetOf(done, plans[0])), "enabled")); enabled != "true" {
		t.Errorf("enabled: %s", enabled)
	}
}

// A plan that is made twice means the same twice: what the first one looked at is no
// state that somebody wants back.
func TestALookIsNoBackup(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	r.do("PATCH", "/dashboards/2", `{"title":"BROKEN"}`)
	ref := record.Ref{Kind: "dashboards", ID: "2"}
	for range 2 {
		plan := r.plan(restore.Request{Items: []record.Ref{ref}})
		if len(plan.Actions) != 1 || plan.Actions[0].Deed != record.DeedUpdate || !strings.Contains(string(plan.Actions[0].Changes[0].Before), "BROKEN") {
			t.Errorf("%v", deeds(plan))
		}
	}
}

// Looks of tiles lead to what was made anew.
func TestTilesLeadToWhatIsMadeAnew(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	var look, dashboard string
	for _, ref := range r.refsOf("dashboards", "present", func([]byte) bool { return true }) {
		for _, tile := range mustRows(t, canon.Member(r.sim.Document("dashboards", ref.ID), "dashboard_elements")) {
			if id := canon.Text(canon.Member(tile, "look_id")); id != "" && r.sim.Document("looks", id) != nil {
				look, dashboard = id, ref.ID
			}
		}
	}
	if look == "" {
		t.Skip("no tile shows a look in this instance")
	}
	r.do("DELETE", "/looks/"+look, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "looks", ID: look}}}))
	complete(t, done)
	if body := string(r.sim.Document("dashboards", dashboard)); !strings.Contains(body, `"look_id":"`+targetOf(done, record.Ref{Kind: "looks", ID: look})+`"`) {
		t.Errorf("dashboard %s does not show the new look: %v", dashboard, done.Notes)
	}
}

// An undo can be undone: a folder that it deleted is made once more, and its content comes out
// of the trash into it.
func TestUndoOfTheUndoOfAFolder(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	folder := r.add("/folders", `{"name":"Of a test","parent_id":"1"}`)
	inner := r.add("/folders", `{"name":"In it","parent_id":"`+folder+`"}`)
	var dashboards []record.Ref
	for _, in := range []string{folder, inner} {
		dashboards = append(dashboards, record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"In `+in+`","folder_id":"`+in+`"}`)})
	}
	r.backup()
	r.do("DELETE", "/folders/"+folder, "")
	done := r.apply(r.plan(restore.Request{Lost: true, Folders: []string{folder}}))
	complete(t, done)
	undone := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
	complete(t, undone)
	again := r.apply(r.plan(restore.Request{Undo: undone.ID, ExactMembers: true}))
	complete(t, again)
	for _, ref := range dashboards {
		body := r.sim.Document(string(ref.Kind), ref.ID)
		in := canon.Text(canon.Member(body, "folder_id"))
		if canon.Text(canon.Member(body, "deleted")) != "false" || r.sim.Document("folders", in) == nil {
			t.Errorf("%s is in folders/%s: %.300s", ref, in, body)
		}
	}
	plan := r.plan(restore.Request{Lost: true, Folders: []string{folder}})
	for _, a := range plan.Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("a plan after all that wants to %s %s: %s", a.Deed, a.Ref, a.Changes)
		}
	}
}

// A folder with its content is lost, comes back, is taken back and comes back once more: the
// content was last seen in the folder that the first restore had made.
func TestAFolderComesBackOnceMore(t *testing.T) {
	t.Parallel()
	for _, backup := range []bool{false, true} {
		r := newRig(t, lookersim.Options{Seed: 1})
		folder := r.add("/folders", `{"name":"Of a test","parent_id":"1"}`)
		ref := record.Ref{Kind: "dashboards", ID: r.add("/dashboards", `{"title":"In it","folder_id":"`+folder+`"}`)}
		r.backup()
		r.do("DELETE", "/folders/"+folder, "")
		done := r.apply(r.plan(restore.Request{Lost: true, Folders: []string{folder}}))
		complete(t, done)
		complete(t, r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true})))
		if backup {
			r.backup()
		}
		again := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
		complete(t, again)
		body := r.sim.Document("dashboards", ref.ID)
		in := canon.Text(canon.Member(body, "folder_id"))
		if canon.Text(canon.Member(body, "deleted")) != "false" || canon.Text(canon.Member(r.sim.Document("folders", in), "name")) != "Of a test" {
			t.Errorf("with a backup in between (%t) it is in folders/%s: %.200s", backup, in, body)
		}
	}
}

// What Looker cannot delete goes into the trash, also where what was made is to be deleted for good.
func TestHardUndoOfWhatCannotBeDeleted(t *testing.T) {
	t.Parallel()
	for _, kind := range catalogue.All() {
		if kind.Write == nil || kind.Write.Create.IsZero() || kind.Write.Trash.IsZero() || !kind.Write.Delete.IsZero() {
			continue
		}
		r, run := newBackedUpRig(t)
		ref := first(t, r, kind.Name)
		r.do("PATCH", itself(ref), `{"name":"Changed"}`)
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Run: run, Conflict: restore.Rename}))
		complete(t, done)
		undo := r.plan(restore.Request{Undo: done.ID, Hard: true})
		if !strings.Contains(undo.Actions[0].Reason, "trash") {
			t.Errorf("%s: the plan says %q", kind.Name, undo.Actions[0].Reason)
		}
		complete(t, r.apply(undo))
		made := targetOf(done, ref)
		if !canon.InTrash(kind.Write, r.sim.Document(string(kind.Name), made)) {
			t.Errorf("%s/%s is not in the trash", kind.Name, made)
		}
		for _, a := range r.plan(restore.Request{Undo: done.ID, Hard: true}).Actions {
			if a.Deed != record.DeedReuse {
				t.Errorf("once more: %s %s: %s", a.Deed, a.Ref, a.Reason)
			}
		}
	}
}
