package restore_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// A section of a board that a restore makes anew enters the order of the sections by itself. Where the
// restore is cut off then, that is its own work: it goes on, and an undo takes the section back.
func TestABoardThatIsCutOffGoesOn(t *testing.T) {
	t.Parallel()
	for cut := 1; ; cut++ {
		for _, undo := range []bool{false, true} {
			r, run := newBackedUpRig(t)
			board := r.refsOf("boards", "present", func(body []byte) bool { return len(r.dashboardsOn(body)) > 1 })[0]
			was := shownBy(t, r.sim.Document("boards", board.ID))
			section := ""
			for _, row := range mustRows(t, canon.Member(r.sim.Document("boards", board.ID), "board_sections")) {
				if len(mustRows(t, canon.Member(row, "board_items"))) > 0 {
					section = canon.Text(canon.Member(row, "id"))
				}
			}
			r.do("DELETE", "/board_sections/"+section, "")
			lost := shownBy(t, r.sim.Document("boards", board.ID))
			plan := r.plan(restore.Request{Items: []record.Ref{board}, Run: run})
			if _, err := r.applyCutOff(plan, cut); err == nil {
				return // it was over before
			}
			want := was
			if undo {
				want, plan = lost, r.plan(restore.Request{Undo: plan.ID, ExactMembers: true})
			}
			complete(t, r.apply(plan))
			if is := shownBy(t, r.sim.Document("boards", board.ID)); is != want {
				t.Errorf("cut off at write %d (undo %t) (-want +got):\n%s", cut, undo, cmp.Diff(want, is))
			}
		}
	}
}

// shownBy is what a board shows, in its order, without ids of its parts.
func shownBy(t *testing.T, body []byte) (shown string) {
	t.Helper()
	var board struct {
		Title    string
		Order    []string `json:"section_order"`
		Sections []struct {
			ID, Title string
			Order     []string `json:"item_order"`
			Items     []struct {
				ID        string
				Dashboard *string `json:"dashboard_id"`
				Look      *string `json:"look_id"`
				Title     *string `json:"custom_title"`
			} `json:"board_items"`
		} `json:"board_sections"`
	}
	if err := json.Unmarshal(body, &board); err != nil {
		t.Fatal(err)
	}
	text := func(value *string) string {
		if value == nil {
			return "-"
		}
		return *value
	}
	for _, id := range board.Order {
		for _, section := range board.Sections {
			if section.ID != id {
				continue
			}
			shown += section.Title + "\n"
			for _, id := range section.Order {
				for _, item := range section.Items {
					if item.ID == id {
						shown += fmt.Sprintln(" ", text(item.Dashboard), text(item.Look), text(item.Title))
					}
				}
			}
		}
	}
	return shown
}
