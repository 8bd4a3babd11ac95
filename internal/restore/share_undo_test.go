package restore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// An undo that would bring back a tile whose look was gone before the restore leaves it out, and
// says with how many tiles the dashboard is back. A tile that stands there all the same counts.
func TestAnUndoSaysWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, share string
		stands      bool // another tile shows the look that is gone, and stays
	}{
		{"the only one", "with only 2 of 3 tiles", false},
		{"one of two", "with only 3 of 4 tiles", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			ref := record.Ref{Kind: "dashboards", ID: "1"}
			const tile = `{"dashboard_id":"1","type":"look","look_id":"3","title":"`
			if test.stands {
				r.add("/dashboard_elements", tile+`Stays"}`)
			}
			run := r.backup()
			r.add("/dashboard_elements", tile+`Dead"}`)
			r.add("/dashboard_elements", `{"dashboard_id":"1","type":"text","title_text":"Added"}`)
			r.do("DELETE", "/looks/3", "")
			r.backup()
			done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Run: run, Exclude: []record.Ref{{Kind: "looks", ID: "3"}}}))
			complete(t, done)
			plan := r.plan(restore.Request{Undo: done.ID, ExactMembers: true})
			if a := onlyAction(t, plan, ref); a.Deed != record.DeedUpdate || !strings.Contains(a.Reason, test.share) {
				t.Errorf("%s: %q %s, want %q; notes %q", a.Deed, a.Reason, a.Changes, test.share, plan.Notes)
			}
			undone := r.apply(plan)
			complete(t, undone)
			if notes := strings.Join(undone.Notes, "\n"); !strings.Contains(notes, test.share) {
				t.Errorf("the undo says %q", undone.Notes)
			}
			tiles := string(canon.Member(r.sim.Document("dashboards", "1"), "dashboard_elements"))
			if strings.Contains(tiles, `"Dead"`) || strings.Contains(tiles, `"Stays"`) != test.stands || !strings.Contains(tiles, `"Added"`) {
				t.Errorf("tiles: %s", tiles)
			}
		})
	}
}

// A tile that is lost and shows what is gone does not come back because another tile that stands
// shows the same.
func TestALostTileOfWhatIsGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	ref := record.Ref{Kind: "dashboards", ID: "1"}
	const tile = `{"dashboard_id":"1","type":"look","look_id":"3","title":"`
	r.add("/dashboard_elements", tile+`Stays"}`)
	lost := r.add("/dashboard_elements", tile+`Lost"}`)
	run := r.backup()
	r.do("DELETE", "/dashboard_elements/"+lost, "")
	r.do("DELETE", "/looks/3", "")
	request := restore.Request{Items: []record.Ref{ref}, Run: run, Exclude: []record.Ref{{Kind: "looks", ID: "3"}}}
	if a := onlyAction(t, r.plan(request), ref); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "looks/3, which is left out") {
		t.Errorf("%s: %q %s", a.Deed, a.Reason, a.Changes)
	}
	request.Exclude = nil // the look is made anew, and both tiles show it
	done := r.apply(r.plan(request))
	complete(t, done)
	tiles := string(canon.Member(r.sim.Document("dashboards", "1"), "dashboard_elements"))
	if got := strings.Count(tiles, `"look_id":"`+targetOf(done, record.Ref{Kind: "looks", ID: "3"})+`"`); got != 2 {
		t.Errorf("%d tiles show the look: %s", got, tiles)
	}
}

// What showed a dashboard that lies in the trash, and showed the one that was made in its place,
// shows the one in the trash again after the undo: it was so before.
func TestAnUndoShowsAgainWhatLiesInTheTrash(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	shown := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 0 })
	ref := record.Ref{Kind: "dashboards", ID: r.dashboardsOn(r.sim.Document("boards", shown[0].ID))[0]}
	r.do("PATCH", "/dashboards/"+ref.ID, `{"deleted":true}`)
	before := r.normal(shown[0])
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Trash: restore.Recreate}))
	complete(t, done)
	if r.normal(shown[0]) == before {
		t.Fatal("the board does not show what was made")
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID, Hard: true})))
	if is := r.normal(shown[0]); is != before {
		t.Errorf("the board (-before +after):\n%s", cmp.Diff(before, is))
	}
}

// A board goes on showing a dashboard that an undo has deleted for good and that an undo of that makes
// anew: it leads to the new one.
func TestAnUndoOfAnUndoLeadsBoardsToWhatItMakes(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	board := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 0 })[0]
	lost := record.Ref{Kind: "dashboards", ID: r.dashboardsOn(r.sim.Document("boards", board.ID))[0]}
	r.do("DELETE", "/dashboards/"+lost.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{lost}, Run: run}))
	undone := r.apply(r.plan(restore.Request{Undo: done.ID, Hard: true}))
	again := r.apply(r.plan(restore.Request{Undo: undone.ID}))
	complete(t, again)
	made := targetOf(again, record.Ref{Kind: lost.Kind, ID: targetOf(done, lost)})
	if shown := r.dashboardsOn(r.sim.Document("boards", board.ID)); made == "" || !slices.Contains(shown, made) {
		t.Errorf("the board shows dashboards %v, not %q", shown, made)
	}
}
