package restore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// An item of a board that leads to what is gone for good is refused by Looker whatever is written of it. Where
// the backup has that, it is made anew for the item; else the item stays as it is, which the plan says, and
// the rest of the board comes back.
func TestAnItemThatLeadsToWhatIsGone(t *testing.T) {
	t.Parallel()
	changes := map[string]func(r *rig, first, second, dead, other, last string){
		"its title": func(r *rig, _, _, dead, _, _ string) { r.do("PATCH", "/board_items/"+dead, `{"custom_title":"Oops"}`) },
		"its place": func(r *rig, _, second, dead, _, _ string) {
			r.do("PATCH", "/board_items/"+dead, fmt.Sprintf(`{"board_section_id":%q}`, second))
		},
		"the order": func(r *rig, first, _, dead, other, last string) {
			r.do("PATCH", "/board_sections/"+first, fmt.Sprintf(`{"item_order":[%q,%q,%q]}`, last, dead, other))
			r.do("PATCH", "/board_items/"+dead, `{"order":9}`)
		},
	}
	for what, change := range changes {
		for _, held := range []string{"in no backup", "left out", "in the backup"} {
			t.Run(what+", "+held, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, lookersim.Options{Seed: 1})
				dashboard := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Gone","folder_id":"3"}`)}
				board := record.Ref{Kind: "boards", ID: r.make("boards", `{"title":"B"}`)}
				first, second := r.make("board_sections", `{"board_id":%q,"title":"S"}`, board.ID), r.make("board_sections", `{"board_id":%q,"title":"T"}`, board.ID)
				dead := r.make("board_items", `{"board_section_id":%q,"dashboard_id":%q,"custom_title":"was"}`, first, dashboard.ID)
				other := r.make("board_items", `{"board_section_id":%q,"look_id":"3","custom_title":"was"}`, first)
				last := r.make("board_items", `{"board_section_id":%q,"look_id":"4"}`, first)
				if held == "in no backup" {
					scope := record.Scope{Kinds: []record.Kind{board.Kind, "looks", "users"}}
					if _, err := r.run(t.Context(), scope, "api"); err != nil {
						t.Fatal(err)
					}
				} else {
					r.backup()
				}
				change(r, first, second, dead, other, last)
				r.do("DELETE", "/"+dashboard.String(), "")
				r.do("PATCH", "/board_items/"+other, `{"custom_title":"Oops"}`)
				r.do("PATCH", "/boards/"+board.ID, `{"title":"Oops"}`)
				request := restore.Request{Items: []record.Ref{board}, Only: held == "left out"}
				plan := r.plan(request)
				says := slices.ContainsFunc(plan.Notes, func(note string) bool {
					return strings.Contains(note, "keeps board_items/"+dead+" as it is: it needs "+dashboard.String())
				})
				if says == (held == "in the backup") {
					t.Errorf("notes: %q", plan.Notes)
				}
				done := r.apply(plan)
				complete(t, done)
				now := r.sim.Document("boards", board.ID)
				if text := string(now); canon.Text(canon.Member(now, "title")) != "B" || !strings.Contains(text, `"custom_title":"was"`) {
					t.Errorf("the board is %s", text)
				}
				leads := dashboard.ID
				if held == "in the backup" {
					leads = targetOf(done, dashboard)
				}
				if on := r.dashboardsOn(now); !slices.Equal(on, []string{leads}) {
					t.Errorf("the board shows %v, not %s", on, leads)
				}
				for _, a := range r.plan(request).Actions {
					if a.State == record.ActionPlanned {
						t.Errorf("a second plan would %s %s: %v", a.Deed, a.Ref, a.Changes)
					}
				}
				complete(t, r.apply(r.plan(restore.Request{Undo: done.ID})))
				if title := canon.Text(canon.Member(r.sim.Document("boards", board.ID), "title")); title != "Oops" {
					t.Errorf("after the undo the title is %q", title)
				}
			})
		}
	}
}
