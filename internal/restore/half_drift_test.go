package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Where a restore was cut off in the middle of a dashboard, and somebody has changed a tile of it before
// it goes on, that is their work: the dashboard is left as it is, and named.
func TestATileThatWasChangedBeforeARestoreGoesOn(t *testing.T) {
	t.Parallel()
	dashboard := record.Ref{Kind: "dashboards", ID: "1"}
	for _, cut := range []int{1, 2} { // before the first write, and after it
		r, run := newBackedUpRig(t)
		tiles := canon.Named(r.sim.Document("dashboards", dashboard.ID), &catalogue.Relation{Path: "dashboard_elements.id"})
		for i, tile := range tiles {
			r.do("PATCH", "/dashboard_elements/"+tile, fmt.Sprintf(`{"title":"Broken %d"}`, i))
		}
		plan := r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run, Only: true})
		r.workers, r.inner = 1, 1
		if _, err := r.applyCutOff(plan, cut); err == nil {
			t.Fatal("it was not cut off")
		}
		mine := tiles[len(tiles)-1]
		r.do("PATCH", "/dashboard_elements/"+mine, `{"title":"Mine"}`)
		done := r.apply(plan)
		if a := onlyAction(t, done, dashboard); a.State != record.ActionDrifted {
			t.Errorf("cut off at write %d: %s %s", cut, a.State, a.Message)
		}
		for _, row := range mustRows(t, canon.Member(r.sim.Document("dashboards", dashboard.ID), "dashboard_elements")) {
			if canon.Text(canon.Member(row, "id")) == mine && canon.Text(canon.Member(row, "title")) != "Mine" {
				t.Errorf("cut off at write %d: the tile is called %s", cut, canon.Member(row, "title"))
			}
		}
	}
}

// What somebody has changed since the plan is theirs, also where it is a member that no row knows and no
// restore would write over.
func TestAnUnknownMemberThatWasChangedIsDrift(t *testing.T) {
	t.Parallel()
	for _, changed := range []bool{false, true} {
		r, run := newBackedUpRig(t)
		ref := record.Ref{Kind: "looks", ID: "3"}
		set := func(value string) {
			if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpSet, Kind: "looks", ID: ref.ID, Path: "brand_new", Value: value}); err != nil {
				t.Fatal(err)
			}
		}
		r.do("PATCH", "/"+ref.String(), `{"description":"Oops"}`)
		set(`"theirs"`)
		plan := r.plan(restore.Request{Items: []record.Ref{ref}, Run: run})
		want := record.ActionDone
		if changed {
			set(`"theirs, changed"`)
			want = record.ActionDrifted
		}
		if a := onlyAction(t, r.apply(plan), ref); a.State != want {
			t.Errorf("changed %t: %s %s", changed, a.State, a.Message)
		}
	}
}

// Where the restore had begun with a document nobody knows who has changed such a member: it is left as it is, and
// the result says so. Parts that the restore has made or deleted are none.
func TestAnUnknownMemberThatWasChangedBeforeARestoreGoesOn(t *testing.T) {
	t.Parallel()
	for _, changed := range []bool{false, true} {
		r := newRig(t, lookersim.Options{Seed: 1})
		ref := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"A","folder_id":"1"}`)}
		tile := r.make("dashboard_elements", `{"dashboard_id":%q,"type":"text","title_text":"Stays"}`, ref.ID)
		gone := r.make("dashboard_elements", `{"dashboard_id":%q,"type":"text","title_text":"Comes back"}`, ref.ID)
		run := r.backup()
		r.do("DELETE", "/dashboard_elements/"+gone, "")
		r.do("PATCH", "/"+ref.String(), `{"description":"Oops"}`)
		r.do("PATCH", "/dashboard_elements/"+tile, `{"title_text":"Oops"}`)
		r.set("dashboards", ref.ID, "brand_new", `"theirs"`)
		plan := r.plan(restore.Request{Items: []record.Ref{ref}, Run: run})
		r.workers, r.inner = 1, 1
		if _, err := r.applyCutOff(plan, 2); err == nil {
			t.Fatal("it was not cut off")
		}
		if changed {
			r.set("dashboards", ref.ID, "brand_new", `"theirs, changed"`)
		}
		done := r.apply(plan)
		complete(t, done)
		said := strings.Contains(strings.Join(done.Notes, "\n"), "brand_new is another one than the plan saw")
		if said != changed {
			t.Errorf("changed %t: %q", changed, done.Notes)
		}
	}
}
