package restore_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// replaceByHand deletes a tile without an alert of a dashboard and makes it again, with a title, as
// somebody does it by hand.
func (r *rig) replaceByHand(dashboard record.Ref, tile, title string) (made string) {
	r.t.Helper()
	for _, row := range mustRows(r.t, canon.Member(r.sim.Document("dashboards", dashboard.ID), "dashboard_elements")) {
		if canon.Text(canon.Member(row, "id")) != tile {
			continue
		}
		query := canon.Text(canon.Member(row, "query_id"))
		r.do("DELETE", "/dashboard_elements/"+tile, "")
		return r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":%q}`, dashboard.ID, query, title)
	}
	r.t.Fatalf("%s has no tile %s", dashboard, tile)
	return ""
}

// A tile that somebody has made again by hand is paired with the one that was there: the plan says
// so, as applying it does, and deletes and makes none.
func TestATileThatWasReplacedByHand(t *testing.T) {
	t.Parallel()
	for name, title := range map[string]string{"under its title": "", "under another title": "Made again"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			dashboard, was := first(t, r, "dashboards"), "Orders by hand"
			query := r.make("queries", `{"model":"thelook","view":"users","fields":["users.id"],"limit":"77"}`)
			tile := r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":%q,"note_text":"Mind this"}`, dashboard.ID, query, was)
			run := r.backup()
			before := r.normal(dashboard)
			if title == "" {
				title = was
			}
			made := r.replaceByHand(dashboard, tile, title)
			plan := r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run})
			a := onlyAction(t, plan, dashboard)
			for _, c := range a.Changes {
				if rest, ok := strings.CutPrefix(c.Path, "dashboard_elements/"); ok && !strings.HasPrefix(rest, made+".") {
					t.Errorf("the plan says %s: %s → %s", c.Path, c.Before, c.After)
				}
			}
			if len(a.Changes) == 0 {
				t.Error("the plan changes nothing")
			}
			done := r.apply(plan)
			complete(t, done)
			for _, w := range r.sim.Writes() {
				if w.Method != "PATCH" {
					t.Errorf("%s %s", w.Method, w.Path)
				}
			}
			want := strings.ReplaceAll(before, `"`+tile+`"`, `"`+made+`"`)
			if after := r.normal(dashboard); canonical(t, after) != canonical(t, want) {
				t.Errorf("(-want +got):\n%s", cmp.Diff(canonical(t, want), canonical(t, after)))
			}
			if calls := onlyAction(t, done, dashboard).Calls; calls > a.PlannedCalls {
				t.Errorf("%d calls, planned %d", calls, a.PlannedCalls)
			}
			for _, again := range r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run}).Actions {
				if again.State == record.ActionPlanned {
					t.Errorf("a second plan would %s %s: %v", again.Deed, again.Ref, again.Changes)
				}
			}
		})
	}
}

// canonical is a text of JSON with the members of objects in their order.
func canonical(t *testing.T, text string) string {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(sorted)
}

// A tile that is lost a second time, after a restore has made it anew, brings its alert once more:
// no backup knows the tile by the id that it had last.
func TestATileIsLostTwiceWithItsAlert(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	alert, tile, dashboard := r.tileWithAlert()
	alerts := r.counts()["alerts"]
	request := restore.Request{Items: []record.Ref{dashboard}}
	for range 2 {
		r.do("DELETE", "/dashboard_elements/"+tile, "")
		done := r.apply(r.plan(request))
		complete(t, done)
		if n := r.counts()["alerts"]; n != alerts {
			t.Fatalf("%d alerts, want %d", n, alerts)
		}
		tile = r.tileOf(targetOf(done, alert))
	}
}

// What is made beside a document that stays says nothing of which parts of that are which.
func TestACopyPairsNothing(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	dashboard := first(t, r, "dashboards")
	query := r.make("queries", `{"model":"thelook","view":"users","fields":["users.id"],"limit":"77"}`)
	tile := r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":"Tile"}`, dashboard.ID, query)
	run := r.backup()
	made := r.replaceByHand(dashboard, tile, "Another title")
	plan := r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run, Conflict: restore.Rename})
	if request, err := restore.RequestOf(plan); err != nil || len(request.Parts) > 0 {
		t.Errorf("pairs: %v, %v", request.Parts, err)
	}
	before := r.normal(dashboard)
	complete(t, r.apply(plan))
	if after := r.normal(dashboard); after != before || !strings.Contains(after, made) {
		t.Errorf("(-before +after):\n%s", cmp.Diff(before, after))
	}
}

// Wherever a restore of replaced tiles is cut off, it goes on: nothing is made that is there, and nothing
// is deleted that stands for a tile of the backup.
func TestReplacedTilesAreCutOff(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	dashboard := first(t, r, "dashboards")
	query := r.make("queries", `{"model":"thelook","view":"users","fields":["users.id"],"limit":"77"}`)
	var tiles []string
	for _, title := range []string{"One", "Two", "Three"} {
		tiles = append(tiles, r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":%q,"note_text":"Mind this"}`, dashboard.ID, query, title))
	}
	run := r.backup()
	before := r.normal(dashboard)
	before = strings.ReplaceAll(before, `"`+tiles[0]+`"`, `"`+r.replaceByHand(dashboard, tiles[0], "One")+`"`)
	before = strings.ReplaceAll(before, `"`+tiles[1]+`"`, `"`+r.replaceByHand(dashboard, tiles[1], "Two")+`"`)
	r.do("DELETE", "/dashboard_elements/"+tiles[2], "")
	plan := r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run})
	cuts := 0
	for done := false; !done && cuts < 60; cuts++ {
		ctx, cancel := context.WithCancel(t.Context())
		r.cut, r.cutAfter = cancel, 2
		_, err := r.tryApply(ctx, plan)
		cancel()
		done = err == nil
	}
	r.cutAfter = 0
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run}))
	if wrote := deeds(done)[record.DeedUpdate]; wrote > 0 || cuts < 4 {
		t.Errorf("after %d cuts there is still something to do: %v", cuts, done.Actions)
	}
	ids := canon.Named(r.sim.Document("dashboards", dashboard.ID), &catalogue.Relation{Path: "dashboard_elements.id"})
	before = strings.ReplaceAll(before, `"`+tiles[2]+`"`, `"`+ids[len(ids)-1]+`"`)
	if diff := cmp.Diff(canonical(t, before), canonical(t, r.normal(dashboard))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
