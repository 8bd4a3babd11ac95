package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What a restore has written and nothing has read back is taken back as far as it is what the restore
// found or wrote: what somebody has made of it since is named and stays.
func TestAnUndoOfWhatWasNotReadBack(t *testing.T) {
	t.Parallel()
	dashboard := record.Ref{Kind: "dashboards", ID: "1"}
	for name, test := range map[string]struct {
		since, named string // what somebody changes since, and what the undo names
		part         bool
		gone         bool // the dashboard is made anew
	}{
		"nobody":                   {},
		"a member of nobody":       {since: `{"refresh_interval":"7 minutes"}`, named: "refresh_interval"},
		"a member of the restore":  {since: `{"title":"Mine"}`, named: "title"},
		"a tile":                   {part: true, named: "dashboard_elements"},
		"made anew, nobody":        {gone: true},
		"made anew, a member":      {gone: true, since: `{"description":"Mine"}`, named: "description"},
		"made anew, another tile":  {gone: true, part: true, named: "dashboard_elements"},
		"made anew, in the trash":  {gone: true, since: `{"deleted":true}`},
		"made anew, hidden member": {gone: true, since: `{"hidden":false}`, named: "hidden"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, run := newBackedUpRig(t)
			if test.gone {
				r.do("DELETE", "/dashboards/1", "")
			} else {
				tile := canon.Named(r.sim.Document("dashboards", "1"), &catalogue.Relation{Path: "dashboard_elements.id"})[0]
				r.do("DELETE", "/dashboard_elements/"+tile, "")
				r.do("PATCH", "/dashboards/1", `{"title":"Broken","description":"Broken as well"}`)
			}
			before := r.normal(dashboard)
			plan := r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run, Only: true})
			r.blind = 1
			done, err := r.tryApply(t.Context(), plan)
			if err == nil {
				t.Fatal("it was not cut off")
			}
			now := record.Ref{Kind: "dashboards", ID: targetOf(done, dashboard)}
			if test.since != "" {
				r.do("PATCH", "/dashboards/"+now.ID, test.since)
			}
			if test.part {
				r.add("/dashboard_elements", `{"dashboard_id":"`+now.ID+`","type":"text","title_text":"Mine"}`)
			}
			since := r.normal(now)
			undo := r.plan(restore.Request{Undo: done.ID, ExactMembers: true})
			a := onlyAction(t, undo, now)
			if test.named != "" {
				if a.Deed != record.DeedSkip || !strings.Contains(a.Reason, test.named) || !strings.Contains(a.Reason, "read back") {
					t.Errorf("%s: %s", a.Deed, a.Reason)
				}
				if left := r.apply(undo); left.State != record.RestorePartial {
					t.Errorf("the undo is %s", left.State)
				}
				if is := r.normal(now); is != since {
					t.Errorf("(-want +got):\n%s", cmp.Diff(since, is))
				}
				return
			}
			complete(t, r.apply(undo))
			is := r.sim.Document("dashboards", now.ID)
			if test.gone && canon.Text(canon.Member(is, "deleted")) != "true" {
				t.Error("it is not in the trash")
			}
			if !test.gone && r.normal(now) != before {
				t.Errorf("(-want +got):\n%s", cmp.Diff(before, r.normal(now)))
			}
		})
	}
}

// Wherever a restore is cut off, an undo takes back what it did of a dashboard, and leaves that with
// what somebody has changed of it since.
func TestAnUndoOfHalfAnUpdate(t *testing.T) {
	t.Parallel()
	dashboard := record.Ref{Kind: "dashboards", ID: "1"}
	for cutAfter := 1; cutAfter <= 8; cutAfter++ {
		for _, since := range []bool{false, true} {
			t.Run(fmt.Sprint(cutAfter, since), func(t *testing.T) {
				t.Parallel()
				r, run := newBackedUpRig(t)
				tiles := canon.Named(r.sim.Document("dashboards", "1"), &catalogue.Relation{Path: "dashboard_elements.id"})
				for _, tile := range tiles {
					r.do("DELETE", "/dashboard_elements/"+tile, "")
				}
				r.do("PATCH", "/dashboards/1", `{"title":"Broken"}`)
				before := r.normal(dashboard)
				done, _ := r.applyCutOff(r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run, Only: true}), cutAfter)
				if since {
					r.do("PATCH", "/dashboards/1", `{"refresh_interval":"7 minutes"}`)
				}
				mine := r.normal(dashboard)
				undo := r.plan(restore.Request{Undo: done.ID, ExactMembers: true})
				if len(undo.Actions) == 0 {
					return // it had not begun
				}
				undone := r.apply(undo)
				if since {
					if r.normal(dashboard) != mine || undone.State != record.RestorePartial {
						t.Errorf("%s (-want +got):\n%s", undone.State, cmp.Diff(mine, r.normal(dashboard)))
					}
					return
				}
				complete(t, undone)
				if r.normal(dashboard) != before {
					t.Errorf("(-want +got):\n%s", cmp.Diff(before, r.normal(dashboard)))
				}
			})
		}
	}
}
