package restore_test

import (
	"fmt"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// A board that is to show what is gone shows what was taken for the same instead, although the plan leaves
// that as somebody has made it: the id that is gone the server refuses.
func TestABoardShowsTheNamesakeThatStays(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"item", "section", "board"} {
		for _, policy := range []restore.Policy{restore.Update, restore.Rename} {
			t.Run(fmt.Sprint(lost, " ", policy), func(t *testing.T) {
				t.Parallel()
				r, run := newBackedUpRig(t)
				board := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 2 })[0]
				body := r.sim.Document("boards", board.ID)
				owner, gone := canon.Text(canon.Member(body, "user_id")), r.dashboardsOn(body)[0]
				switch lost {
				case "item":
					r.do("DELETE", "/board_items/"+r.itemOf(board, gone), "")
				case "section":
					r.do("DELETE", "/board_sections/"+canon.Text(canon.Member(mustRows(t, canon.Member(body, "board_sections"))[0], "id")), "")
				case "board":
					r.do("DELETE", itself(board), "")
				}
				dashboard := r.sim.Document("dashboards", gone)
				r.do("DELETE", "/dashboards/"+gone, "")
				namesake := r.add("/dashboards", fmt.Sprintf(`{"title":%q,"folder_id":%q,"description":"since"}`,
					nameOf(dashboard, "dashboards"), canon.Text(canon.Member(dashboard, "folder_id"))))
				request := restore.Request{Run: run, Owners: []string{owner}, Conflict: policy}
				done := r.apply(r.plan(request))
				complete(t, done)
				if a := onlyAction(t, done, record.Ref{Kind: "dashboards", ID: gone}); a.Deed != record.DeedSkip || a.Target != namesake {
					t.Errorf("%s %s on %s: %s", a.Deed, a.Ref, a.Target, a.Reason)
				}
				if policy == restore.Update || lost == "board" {
					if r.itemOf(record.Ref{Kind: "boards", ID: targetOf(done, board)}, namesake) == "" {
						t.Errorf("the board does not show dashboards/%s", namesake)
					}
				}
				for _, a := range r.plan(request).Actions {
					if a.State == record.ActionPlanned {
						t.Errorf("a second plan would %s %s", a.Deed, a.Ref)
					}
				}
			})
		}
	}
}

// itemOf is the item of a board that shows a dashboard, "" for none.
func (r *rig) itemOf(board record.Ref, dashboard string) string {
	for _, section := range mustRows(r.t, canon.Member(r.sim.Document("boards", board.ID), "board_sections")) {
		for _, item := range mustRows(r.t, canon.Member(section, "board_items")) {
			if canon.Text(canon.Member(item, "dashboard_id")) == dashboard {
				return canon.Text(canon.Member(item, "id"))
			}
		}
	}
	return ""
}
