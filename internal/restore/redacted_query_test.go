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

// A query of which a backup lacks something is never made without that, since it would be another one. The one on
// the instance has all of it, also where its texts are to lead to what is made anew; where they lead to what
// an earlier restore has made the tile is impossible.
func TestAQueryThatWasRedacted(t *testing.T) {
	t.Parallel()
	for _, member := range []string{"filters", "model"} {
		r := newRig(t, lookersim.Options{Seed: 1})
		r.config.Stages.Redact.Paths = []string{"dashboards.dashboard_elements.query." + member}
		linked := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Linked","folder_id":"1"}`)}
		query := r.make("queries", `{"model":"thelook","view":"users","fields":["users.id"],"filters":{"age":"5"},"vis_config":{"x":%q}}`, "see /dashboards/"+linked.ID)
		ref := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Q","folder_id":"1"}`)}
		r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":"A"}`, ref.ID, query)
		r.backup()
		shows := func(id, path string) string {
			return fmt.Sprint(canon.Named(r.sim.Document("dashboards", id), &catalogue.Relation{Path: "dashboard_elements.query." + path}))
		}
		r.do("DELETE", "/"+linked.String(), "")
		r.do("DELETE", "/"+ref.String(), "")
		plan := r.plan(restore.Request{Items: []record.Ref{ref, linked}})
		if notes := strings.Join(plan.Notes, "\n"); !strings.Contains(notes, "queries/"+query+", of which stages.redact.paths") {
			t.Errorf("%s: the plan says %s", member, notes)
		}
		done := r.apply(plan)
		complete(t, done)
		made := targetOf(done, ref)
		if shows(made, "filters.age") != "[5]" || shows(made, "model") != "[thelook]" || shows(made, "vis_config.x") != "[see /dashboards/"+targetOf(done, linked)+"]" {
			t.Errorf("%s: the tile shows %s", member, r.sim.Document("dashboards", made))
		}

		r.do("DELETE", "/dashboards/"+made, "") // now it leads to what an earlier restore has made
		request := restore.Request{Items: []record.Ref{ref}}
		if a := onlyAction(t, r.plan(request), ref); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "stages.redact.paths") || !strings.Contains(a.Reason, "--partial") {
			t.Errorf("%s: %s %s", member, a.Deed, a.Reason)
		}
		request.Links = restore.LinksKeep
		done = r.apply(r.plan(request))
		complete(t, done)
		if made = targetOf(done, ref); shows(made, "id") != "["+query+"]" {
			t.Errorf("%s: the tile shows %s", member, r.sim.Document("dashboards", made))
		}
	}
}

// Where the instance has no such query any more, what shows it fails, of which the plan has warned.
func TestAQueryThatWasRedactedAndIsGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.config.Stages.Redact.Paths = []string{"looks.query.fields"}
	r.backup()
	ref := record.Ref{Kind: "looks", ID: "1"}
	if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpDelete, Kind: string(ref.Kind), ID: ref.ID}); err != nil {
		t.Fatal(err)
	}
	plan := r.plan(restore.Request{Items: []record.Ref{ref}})
	if notes := strings.Join(plan.Notes, "\n"); !strings.Contains(notes, "what shows one that the instance does not have any more cannot come back") {
		t.Errorf("the plan says %s", notes)
	}
	if a := onlyAction(t, r.apply(plan), ref); a.State != record.ActionFailed || !strings.Contains(a.Message, "make it by hand") {
		t.Errorf("%s %s", a.State, a.Message)
	}
}
