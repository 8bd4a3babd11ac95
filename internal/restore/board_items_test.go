package restore_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// A dashboard that comes out of the trash is on the boards again from which somebody has taken it
// besides; what else is missing there stays away, and so does what it was not on.
func TestBoardsShowAgainWhatComesOutOfTheTrash(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	board := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 2 })[0]
	on := r.dashboardsOn(r.sim.Document("boards", board.ID))
	before := r.normal(board)
	trashed, removed := on[0], ""
	for _, section := range mustRows(t, canon.Member(r.sim.Document("boards", board.ID), "board_sections")) {
		for _, item := range mustRows(t, canon.Member(section, "board_items")) {
			if canon.Text(canon.Member(item, "dashboard_id")) == trashed {
				removed = canon.Text(canon.Member(item, "id"))
			}
		}
	}
	request := restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: trashed}}}
	r.do("PATCH", "/dashboards/"+trashed, `{"deleted":true}`)
	if plan := r.plan(request); len(plan.Actions) != 1 {
		t.Errorf("with the item still there: %v", deeds(plan))
	}
	r.do("DELETE", "/board_items/"+removed, "")
	plan := r.plan(request)
	done := r.apply(plan)
	complete(t, done)
	if a := onlyAction(t, done, board); a.Deed != record.DeedUpdate {
		t.Errorf("%s: %s", board, a.Deed)
	}
	if now := r.dashboardsOn(r.sim.Document("boards", board.ID)); len(now) != len(on) {
		t.Errorf("the board shows %v, it showed %v", now, on)
	}
	complete(t, r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true})))
	if r.normal(board) == before {
		t.Error("the undo has left the item")
	}
}
