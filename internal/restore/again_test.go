package restore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What was restored, and taken back, comes back once more: out of the trash, where the
// undo has put it.
func TestRestoredUndoneAndRestored(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	counts := r.counts()
	ref := first(t, r, "dashboards")
	r.do("DELETE", "/dashboards/"+ref.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
	complete(t, done)
	made := r.normal(record.Ref{Kind: ref.Kind, ID: targetOf(done, ref)})
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID})))
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	again := r.apply(plan)
	complete(t, again)
	if targetOf(again, ref) != targetOf(done, ref) {
		t.Errorf("the dashboard is %s, and was %s: %v", targetOf(again, ref), targetOf(done, ref), deeds(plan))
	}
	if is := r.normal(record.Ref{Kind: ref.Kind, ID: targetOf(again, ref)}); is != made {
		t.Errorf("(-first +second):\n%s", cmp.Diff(made, is))
	}
	if diff := cmp.Diff(counts, r.counts()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

// A document that was made anew, and is lost and made anew under the id that it had by
// then, is still the one of the backup: nothing is made a third time.
func TestCopiesOfCopies(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	counts := r.counts()
	ref := first(t, r, "dashboards")
	for range 3 {
		r.do("DELETE", "/dashboards/"+ref.ID, "")
		done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
		complete(t, done)
		ref = record.Ref{Kind: ref.Kind, ID: targetOf(done, ref)}
		r.backup()
	}
	plan := r.plan(restore.Request{Lost: true})
	for _, a := range plan.Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("%s %s", a.Deed, a.Ref)
		}
	}
	if diff := cmp.Diff(counts, r.counts()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

// Boards, and dashboards with tiles of looks, show again what comes back under a new id,
// also where everything that was lost is asked for at once.
func TestEverythingLostIsShownAgain(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	shown := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 0 })
	if len(shown) == 0 {
		t.Fatal("no board shows a dashboard")
	}
	var lost []string
	for _, board := range shown {
		for _, id := range r.dashboardsOn(r.sim.Document("boards", board.ID)) {
			if r.sim.Document("dashboards", id) != nil {
				r.do("DELETE", "/dashboards/"+id, "")
				lost = append(lost, id)
			}
		}
	}
	done := r.apply(r.plan(restore.Request{Lost: true}))
	complete(t, done)
	for _, board := range shown {
		for _, id := range r.dashboardsOn(r.sim.Document("boards", board.ID)) {
			if r.sim.Document("dashboards", id) == nil {
				t.Errorf("%s shows dashboards/%s, which is gone; %v were lost", board, id, lost)
			}
		}
	}
}

// dashboardsOn are the dashboards that a board shows.
func (r *rig) dashboardsOn(board []byte) (ids []string) {
	r.t.Helper()
	for _, section := range mustRows(r.t, canon.Member(board, "board_sections")) {
		for _, item := range mustRows(r.t, canon.Member(section, "board_items")) {
			if id := canon.Text(canon.Member(item, "dashboard_id")); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// What an undo took back stands for nothing any more, until the undo is undone.
func TestUndoneMappings(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := first(t, r, "looks")
	r.do("DELETE", "/looks/"+ref.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Only: true}))
	complete(t, done)
	state := func() (mapping, restored string) {
		mappings, err := r.file.Reader().Mappings(t.Context(), "test", "test")
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mappings {
			if m.Ref == ref {
				mapping = m.State
			}
		}
		of, err := r.file.Reader().Restore(t.Context(), done.ID)
		if err != nil {
			t.Fatal(err)
		}
		return mapping, string(of.State)
	}
	undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
	complete(t, undone)
	if mapping, restored := state(); mapping != record.MapUndone || restored != string(record.RestoreUndone) {
		t.Errorf("after the undo: %s, %s", mapping, restored)
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: undone.ID})))
	if mapping, restored := state(); mapping != record.MapLive || restored != string(record.RestoreComplete) {
		t.Errorf("after the undo of the undo: %s, %s", mapping, restored)
	}
}

// Of what was not lost a plan says nothing: neither of what came back before, nor of what
// lay in the trash when it was backed up.
func TestALostPlanSaysWhatWasLost(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	folder := r.leafFolder()
	r.do("PATCH", "/looks/5", `{"folder_id":"`+folder.ID+`"}`)
	r.do("PATCH", "/looks/5", `{"deleted":true}`)
	r.backup()
	for _, ref := range []record.Ref{{Kind: "dashboards", ID: "1"}, {Kind: "scheduled_plans", ID: "1"}} {
		r.do("DELETE", "/"+string(ref.Kind)+"/"+ref.ID, "")
	}
	complete(t, r.apply(r.plan(restore.Request{Lost: true})))
	r.do("DELETE", "/folders/"+folder.ID, "")
	plan := r.plan(restore.Request{Lost: true})
	for _, a := range plan.Actions {
		if a.Ref == (record.Ref{Kind: "looks", ID: "5"}) {
			t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	complete(t, r.apply(plan))
	if plan := r.plan(restore.Request{Lost: true}); len(plan.Actions) > 0 {
		for _, a := range plan.Actions {
			t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
}

// A document that somebody made by hand, and that is taken for the one that was lost, is
// that one from then on, also under another name.
func TestWhatIsTakenForTheSameStaysSo(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	folder := r.leafFolder()
	body := r.sim.Document("folders", folder.ID)
	name, parent := canon.Text(canon.Member(body, "name")), canon.Text(canon.Member(body, "parent_id"))
	r.do("PATCH", "/dashboards/1", `{"folder_id":"`+folder.ID+`"}`)
	r.backup()
	r.do("DELETE", "/folders/"+folder.ID, "")
	twin := r.make("folders", `{"name":%q,"parent_id":%q}`, name, parent)
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "1"}}})))
	r.do("PATCH", "/folders/"+twin, `{"name":"Renamed"}`)
	r.do("PATCH", "/dashboards/1", `{"folder_id":"1"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "1"}}})
	complete(t, r.apply(plan))
	if is := canon.Text(canon.Member(r.sim.Document("dashboards", "1"), "folder_id")); is != twin {
		t.Errorf("the dashboard lies in folders/%s, not in the one by hand (%s): %v", is, twin, deeds(plan))
	}
}

// What somebody has made again by hand since the last run is found before anything is
// written, also in a folder that was made again by hand.
func TestWhatIsMadeAgainByHandIsFound(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	folder := r.leafFolder()
	r.do("PATCH", "/looks/1", `{"folder_id":"`+folder.ID+`"}`)
	r.backup()
	body := r.sim.Document("folders", folder.ID)
	title := canon.Text(canon.Member(r.sim.Document("looks", "1"), "title"))
	query := canon.Text(canon.Member(r.sim.Document("looks", "1"), "query_id"))
	r.do("DELETE", "/looks/1", "")
	r.do("DELETE", "/folders/"+folder.ID, "")
	place := r.make("folders", `{"name":%q,"parent_id":%q}`, canon.Text(canon.Member(body, "name")), canon.Text(canon.Member(body, "parent_id")))
	twin := r.make("looks", `{"title":%q,"folder_id":%q,"query_id":%q}`, title, place, query)
	r.sim.ForgetWrites()
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "looks", ID: "1"}}})
	if id := targetOf(plan, record.Ref{Kind: "looks", ID: "1"}); id != twin {
		t.Errorf("looks/1 is to be looks/%s, not looks/%s: %v", id, twin, deeds(plan))
	}
	complete(t, r.apply(plan))
	for _, w := range r.sim.Writes() {
		if w.Method == "POST" && w.Path != "/content_metadata_access" { // which lets in whom the first one let in
			t.Errorf("%s %s", w.Method, w.Path)
		}
	}
}

// make makes a document by hand and returns its id.
func (r *rig) make(kind, format string, args ...any) string {
	r.t.Helper()
	status, answer := r.sim.Do("POST", "/"+kind, fmt.Appendf(nil, format, args...))
	if status != 200 {
		r.t.Fatalf("POST /%s: %d %s", kind, status, answer)
	}
	return canon.Text(canon.Member(answer, "id"))
}

// A stop ends a restore between two calls: what is in the air is finished, so that nothing
// is in doubt, and applying again goes on in the middle of a dashboard.
func TestStopBetweenTwoCalls(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	counts := r.counts()
	ref := first(t, r, "dashboards")
	r.do("DELETE", "/dashboards/"+ref.ID, "")
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	r.sim.ForgetWrites()
	for r.workers = 1; ; {
		var stop context.CancelFunc
		r.stop, stop = context.WithCancel(t.Context())
		r.cutAfter, r.cut = 1, stop
		before := len(r.sim.Writes())
		done, err := r.tryApply(t.Context(), plan)
		stop()
		r.cutAfter = 0
		if err == nil {
			complete(t, done)
			break
		}
		if !errors.Is(err, job.ErrInterrupted) || done.State != record.RestoreInterrupted {
			t.Fatalf("%s, %v", done.State, err)
		}
		if n := len(r.sim.Writes()) - before; n != 1 {
			t.Fatalf("%d writes since the stop, want the one that was in the air", n)
		}
	}
	if r.doubts > 0 {
		t.Errorf("%d writes were in doubt", r.doubts)
	}
	if diff := cmp.Diff(counts, r.counts()); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
}

// A board that was led to what came back under a new id, and lost a title besides: the
// undo gives it the title that it had, and leaves alone only what led nowhere before.
func TestUndoOfABoardThatWasLedElsewhere(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	board := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 1 })[0]
	lost := r.dashboardsOn(r.sim.Document("boards", board.ID))[0]
	r.do("DELETE", "/dashboards/"+lost, "")
	r.do("PATCH", "/boards/"+board.ID, `{"title":"Changed"}`)
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{board, {Kind: "dashboards", ID: lost}}, Run: run}))
	complete(t, done)
	undo := r.plan(restore.Request{Undo: done.ID})
	complete(t, r.apply(undo))
	if title := canon.Text(canon.Member(r.sim.Document("boards", board.ID), "title")); title != "Changed" {
		t.Errorf("the title is %q: %v", title, undo.Notes)
	}
	if !slices.ContainsFunc(undo.Notes, func(note string) bool {
		return strings.Contains(note, board.String()) && strings.Contains(note, "dashboards/"+lost)
	}) {
		t.Errorf("nothing is said of the board: %q", undo.Notes)
	}
}

// An alert that went with its tile comes back on the tile that is made anew, after it; alone
// it is impossible, which the plan says. One that went with its dashboard brings that back.
func TestAlertsComeBackOnTheirTiles(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	onTile := r.refsOf("alerts", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "dashboard_element_id")) != "" })
	alert := onTile[0]
	tile := canon.Text(canon.Member(r.sim.Document("alerts", alert.ID), "dashboard_element_id"))
	board := r.refsOf("dashboards", "present", func(body []byte) bool {
		return slices.Contains(canon.Named(body, &catalogue.Relation{Path: "dashboard_elements.id"}), tile)
	})[0]
	r.do("DELETE", "/dashboard_elements/"+tile, "")
	if r.sim.Document("alerts", alert.ID) != nil {
		r.do("DELETE", "/alerts/"+alert.ID, "")
	}
	alone := r.plan(restore.Request{Items: []record.Ref{alert}, Run: run})
	if a := alone.Actions[0]; a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, board.String()) {
		t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
	}
	both := r.apply(r.plan(restore.Request{Items: []record.Ref{alert, board}, Run: run}))
	complete(t, both)

	lost := record.Ref{Kind: "alerts", ID: targetOf(both, alert)}
	r.backup()
	r.do("DELETE", "/dashboards/"+board.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{lost}}))
	complete(t, done)
	if targetOf(done, board) == "" {
		t.Errorf("the dashboard is not in the plan: %v", deeds(done))
	}
}

// A document that is changed back, and names what is made anew all along, waits for that.
func TestAChangedBoardWaitsForItsDashboard(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	board := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 0 })[0]
	lost := record.Ref{Kind: "dashboards", ID: r.dashboardsOn(r.sim.Document("boards", board.ID))[0]}
	r.do("DELETE", "/dashboards/"+lost.ID, "")
	r.do("PATCH", "/boards/"+board.ID, `{"title":"Changed"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{board, lost}, Run: run})
	for _, a := range plan.Actions {
		if a.Ref == board && !slices.ContainsFunc(a.Needs, func(seq int) bool { return plan.Actions[seq-1].Ref == lost }) {
			t.Errorf("%s is of level %d and needs %v", a.Ref, a.Level, a.Needs)
		}
	}
}

// An explore that its model does not have any more is told of before anything is written,
// and keeps nothing back: Looker takes it.
func TestAMissingExploreIsToldOf(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	look := r.refsOf("looks", "present", func([]byte) bool { return true })[0]
	model := canon.Text(canon.Member(canon.Member(r.sim.Document("looks", look.ID), "query"), "model"))
	if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpSet, Kind: "lookml_models", ID: model, Path: "explores", Value: "[]"}); err != nil {
		t.Fatal(err)
	}
	r.do("DELETE", "/looks/"+look.ID, "")
	plan := r.plan(restore.Request{Items: []record.Ref{look}, Only: true})
	if !slices.ContainsFunc(plan.Notes, func(note string) bool { return strings.Contains(note, "explores/"+model+"::") }) {
		t.Errorf("nothing is said of the explore: %q", plan.Notes)
	}
	complete(t, r.apply(plan))
}

// What is made anew while the first one stays in the trash, with its slug, is as it is wanted
// from then on.
func TestMadeAnewBesideTheTrash(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := record.Ref{Kind: "dashboards", ID: "2"}
	r.do("PATCH", "/dashboards/2", `{"deleted":true}`)
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Trash: restore.Recreate})))
	for _, trash := range []restore.Trash{restore.Recreate, restore.Undelete} {
		if a := onlyAction(t, r.plan(restore.Request{Items: []record.Ref{ref}, Trash: trash}), ref); a.State == record.ActionPlanned {
			t.Errorf("--trash %s wants to %s %s once more: %s", trash, a.Deed, a.Target, a.Changes)
		}
	}
}
