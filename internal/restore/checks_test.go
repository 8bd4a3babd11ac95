package restore_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

const planFlags = `"require_results":false,"require_no_results":false,"require_change":false,"send_all_results":true,"run_as_recipient":false,"include_links":false`

// The configuration of a model is of no use without its LookML, so that nobody makes it because
// something needs it: what shows the model is impossible, and the plan says how much of it. Who
// names the model as well gets both.
func TestAModelIsNotMadeBecauseItIsNeeded(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	const model = "thelook"
	query := r.make("queries", `{"model":%q,"view":"users","fields":["users.id"]}`, model)
	dashboard := r.make("dashboards", `{"title":"Shows the model","folder_id":"3"}`)
	r.make("dashboard_filters", `{"dashboard_id":%q,"name":"F","title":"F","type":"field_filter","model":%q,"explore":"users","dimension":"users.id"}`, dashboard, model)
	r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","query_id":%q,"title":"A"}`, dashboard, query)
	r.make("dashboard_elements", `{"dashboard_id":%q,"type":"text","title_text":"B"}`, dashboard)
	look := r.make("looks", `{"title":"Shows the model","folder_id":"3","query_id":%q}`, query)
	above := r.make("dashboards", `{"title":"Shows the look","folder_id":"3"}`)
	r.make("dashboard_elements", `{"dashboard_id":%q,"type":"look","look_id":%q,"title":"A"}`, above, look)
	r.make("dashboard_elements", `{"dashboard_id":%q,"type":"text","title_text":"B"}`, above)
	schedule := r.make("scheduled_plans", `{"name":"S","look_id":%q,"crontab":"0 6 * * *","enabled":true,`+planFlags+`,
		"scheduled_plan_destination":[{"type":"email","address":"ann@example.com","format":"csv"}]}`, look)
	r.backup()
	refs := []record.Ref{
		{Kind: "dashboards", ID: dashboard}, {Kind: "dashboards", ID: above}, {Kind: "looks", ID: look}, {Kind: "scheduled_plans", ID: schedule},
	}
	for _, ref := range refs[:3] {
		r.do("DELETE", fmt.Sprintf("/%s/%s", ref.Kind, ref.ID), "")
	}
	r.do("DELETE", "/lookml_models/"+model, "")

	request := restore.Request{Items: refs}
	plan := r.plan(request)
	for _, ref := range refs {
		if a := onlyAction(t, plan, ref); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "lookml_models/"+model) {
			t.Errorf("%s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	for _, ref := range refs[:2] {
		if a := onlyAction(t, plan, ref); !strings.Contains(a.Reason, "1 of 2 tiles") {
			t.Errorf("%s: %s", a.Ref, a.Reason)
		}
	}

	request.Partial = true
	plan = r.plan(request)
	for i, deed := range []record.Deed{record.DeedCreate, record.DeedCreate, record.DeedImpossible, record.DeedImpossible} {
		if a := onlyAction(t, plan, refs[i]); a.Deed != deed || deed == record.DeedCreate && !strings.Contains(a.Reason, "with only 1 of 2 tiles") {
			t.Errorf("with --partial: %s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	for _, a := range plan.Actions {
		if a.Kind == "lookml_models" {
			t.Errorf("the plan would %s %s", a.Deed, a.Ref)
		}
	}

	request.Partial = false
	request.Items = append(request.Items, record.Ref{Kind: "lookml_models", ID: model})
	complete(t, r.apply(r.plan(request)))
}

// A tile that shows nothing is one that Looker takes from nobody: the plan says so before anything
// of its dashboard is made.
func TestATileThatShowsNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	ref := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Broken","folder_id":"3"}`)}
	tile := r.make("dashboard_elements", `{"dashboard_id":%q,"type":"vis","look_id":"3","title":"A"}`, ref.ID)
	r.make("dashboard_elements", `{"dashboard_id":%q,"type":"text","title_text":"B"}`, ref.ID)
	var tiles []map[string]any
	if err := json.Unmarshal(canon.Member(r.sim.Document("dashboards", ref.ID), "dashboard_elements"), &tiles); err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{"look_id", "look", "query_id", "query", "result_maker", "result_maker_id", "merge_result_id"} {
		tiles[0][member] = nil
	}
	value, err := json.Marshal(tiles)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpSet, Kind: "dashboards", ID: ref.ID, Path: "dashboard_elements", Value: string(value)}); err != nil {
		t.Fatal(err)
	}
	r.backup()
	r.do("DELETE", "/dashboards/"+ref.ID, "")
	request := restore.Request{Items: []record.Ref{ref}}
	if a := onlyAction(t, r.plan(request), ref); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "dashboard_elements/"+tile) {
		t.Errorf("%s: %s", a.Deed, a.Reason)
	}
	request.Partial = true
	plan := r.plan(request)
	if a := onlyAction(t, plan, ref); a.Deed != record.DeedCreate || !strings.Contains(a.Reason, "with only 1 of 2 tiles") {
		t.Errorf("with --partial: %s: %s", a.Deed, a.Reason)
	}
	complete(t, r.apply(plan))
}

// A key that is no administrator's may not write all that it sees.
func TestWhatTheKeyMayNotWrite(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := record.Ref{Kind: "looks", ID: "3"}
	r.do("PATCH", "/looks/3", `{"description":"changed since"}`)
	if _, err := r.sim.Mutate(lookersim.Change{Op: lookersim.OpSet, Kind: "looks", ID: "3", Path: "can", Value: `{"show":true,"update":false}`}); err != nil {
		t.Fatal(err)
	}
	request := restore.Request{Items: []record.Ref{ref}, PartialView: true}
	if a := onlyAction(t, r.plan(request), ref); a.Deed != record.DeedUpdate {
		t.Errorf("an administrator's: %s: %s", a.Deed, a.Reason)
	}
	no := false
	r.caller.Admin = &no
	if a := onlyAction(t, r.plan(request), ref); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "may not change it") {
		t.Errorf("somebody's: %s: %s", a.Deed, a.Reason)
	}
}

// What a key that is no administrator's does not see may be there: an undo does not say that it is gone,
// and nothing is made anew for it, nor
// beside what it sees.
func TestWhatTheKeyDoesNotSeeIsNotGone(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	ref, lost, changed := record.Ref{Kind: "looks", ID: "3"}, record.Ref{Kind: "looks", ID: "4"}, record.Ref{Kind: "looks", ID: "5"}
	r.do("PATCH", "/looks/5", `{"description":"Oops"}`)
	for _, ref := range []record.Ref{ref, lost} {
		r.do("DELETE", "/"+ref.String(), "")
	}
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}, Run: run}))
	complete(t, done)
	made := record.Ref{Kind: ref.Kind, ID: targetOf(done, ref)}
	r.do("DELETE", "/"+made.String(), "")
	no := false
	r.caller.Admin = &no
	for _, want := range []struct {
		request restore.Request
		ref     record.Ref
	}{
		{restore.Request{Undo: done.ID, PartialView: true}, made},
		{restore.Request{Items: []record.Ref{lost}, Run: run, PartialView: true}, lost},
		{restore.Request{Items: []record.Ref{changed}, Run: run, Conflict: restore.Rename, PartialView: true}, changed},
	} {
		if a := onlyAction(t, r.plan(want.request), want.ref); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "may be there all the same") {
			t.Errorf("undo of %d: %s %s: %s", want.request.Undo, a.Deed, a.Ref, a.Reason)
		}
	}
}

// What lives in LookML or belongs to a hub cannot be made: what names it is impossible when it is
// not on the instance, but for a board, which comes back without that item.
func TestWhatNobodyCanMakeIsNeeded(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	const lookml, integration, mail = "aviation::business_pulse_1", "1::google_sheets_1", `{"type":"email","address":"ann@example.com","format":"csv"}`
	board := record.Ref{Kind: "boards", ID: r.make("boards", `{"title":"B"}`)}
	section := r.make("board_sections", `{"board_id":%q,"title":"S"}`, board.ID)
	r.make("board_items", `{"board_section_id":%q,"lookml_dashboard_id":%q}`, section, lookml)
	r.make("board_items", `{"board_section_id":%q,"look_id":"3"}`, section)
	plan := func(name, of, destination string) record.Ref {
		id := r.make("scheduled_plans", `{"name":%q,"enabled":true,`+of+`,`+planFlags+`,"scheduled_plan_destination":[`+destination+`]}`, name)
		return record.Ref{Kind: "scheduled_plans", ID: id}
	}
	needs := map[record.Ref]string{
		plan("of LookML", `"crontab":"0 6 * * *","lookml_dashboard_id":"`+lookml+`"`, mail):                                         lookml,
		plan("by a datagroup", `"look_id":"3","datagroup":"aviation::daily"`, mail):                                                 "aviation::daily",
		plan("to an integration", `"crontab":"0 6 * * *","look_id":"3"`, `{"type":"`+integration+`","address":"x","format":"csv"}`): integration,
	}
	for item := range r.sim.Items("alerts") {
		if strings.Contains(string(r.sim.Document("alerts", item.ID)), integration) {
			needs[record.Ref{Kind: "alerts", ID: item.ID}] = integration
		}
	}
	if len(needs) != 4 {
		t.Fatalf("%d need something", len(needs))
	}
	r.backup()
	request := restore.Request{Items: []record.Ref{board}}
	r.do("DELETE", "/boards/"+board.ID, "")
	for ref := range needs {
		r.do("DELETE", fmt.Sprintf("/%s/%s", ref.Kind, ref.ID), "")
		request.Items = append(request.Items, ref)
	}
	for _, a := range r.plan(request).Actions {
		if needs[a.Ref] != "" && a.Deed != record.DeedCreate {
			t.Errorf("while all is there: %s %s: %s", a.Deed, a.Ref, a.Reason)
		}
	}
	for _, change := range []lookersim.Change{
		{Op: lookersim.OpDelete, Kind: "lookml_dashboards", ID: lookml}, {Op: lookersim.OpDelete, Kind: "integrations", ID: integration},
		{Op: lookersim.OpDelete, Kind: "datagroups", ID: "1"},
	} {
		if _, err := r.sim.Mutate(change); err != nil {
			t.Fatal(err)
		}
	}
	done := r.apply(r.plan(request))
	for ref, need := range needs {
		if a := onlyAction(t, done, ref); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, need) {
			t.Errorf("%s %s: %s", a.Deed, ref, a.Reason)
		}
	}
	if a := onlyAction(t, done, board); a.State != record.ActionDone || !strings.Contains(a.Reason, "with only 1 of 2 items") {
		t.Errorf("%s %s: %s", a.Deed, a.State, a.Reason)
	}
	if a := onlyAction(t, r.plan(restore.Request{Items: []record.Ref{board}}), board); a.State == record.ActionPlanned {
		t.Errorf("a second plan would %s it: %v", a.Deed, a.Changes)
	}
}

// A merged result that the backup could not read, and that the instance does not have either, is
// known to be missing before its dashboard is made.
func TestAMergedResultThatIsNowhere(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	missing := lookersim.Rule{Route: "GET /merge_queries/{id}", Do: lookersim.FaultStatus, Status: 404}
	if err := r.sim.SetRules(missing); err != nil {
		t.Fatal(err)
	}
	r.backup()
	r.do("DELETE", "/dashboards/1", "")
	ref := record.Ref{Kind: "dashboards", ID: "1"}
	request := restore.Request{Items: []record.Ref{ref}}
	if a := onlyAction(t, r.plan(request), ref); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "merge_queries/") || !strings.Contains(a.Reason, " tiles") {
		t.Errorf("%s: %s", a.Deed, a.Reason)
	}
	request.Partial = true
	plan := r.plan(request)
	if a := onlyAction(t, plan, ref); a.Deed != record.DeedCreate {
		t.Errorf("with --partial: %s: %s", a.Deed, a.Reason)
	}
	r.apply(plan)
	request.Partial = false
	if err := r.sim.SetRules(); err != nil {
		t.Fatal(err)
	}
	if a := onlyAction(t, r.plan(request), ref); a.Deed == record.DeedImpossible {
		t.Errorf("when it is there: %s: %s", a.Deed, a.Reason)
	}
}

// A schedule comes back to an owner who is disabled, and the plan says that it does not run so.
func TestAnOwnerWhoIsDisabled(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := r.refsOf("scheduled_plans", "present", awake)[0]
	owner := canon.Text(canon.Member(r.sim.Document("scheduled_plans", ref.ID), "user_id"))
	r.do("DELETE", "/scheduled_plans/"+ref.ID, "")
	for _, disabled := range []bool{false, true} {
		if disabled {
			r.do("PATCH", "/users/"+owner, `{"is_disabled":true}`)
		}
		plan := r.plan(restore.Request{Items: []record.Ref{ref}})
		noted := slices.ContainsFunc(plan.Notes, func(note string) bool {
			return strings.Contains(note, "its owner users/"+owner+` "`) && strings.HasSuffix(note, " is disabled")
		})
		if a := onlyAction(t, plan, ref); a.Deed != record.DeedCreate || noted != disabled {
			t.Errorf("disabled %t: %s: %s %q", disabled, a.Deed, a.Reason, plan.Notes)
		}
	}
}

// A merged result whose query the backup could not read, and that the instance does not have any more, nor
// that query, is known to be missing before its dashboard is made. Where either is there it comes back.
func TestAMergedResultWhoseQueryIsNowhere(t *testing.T) {
	t.Parallel()
	missing := func(route string) lookersim.Rule {
		return lookersim.Rule{Route: route, Do: lookersim.FaultStatus, Status: 404}
	}
	merges, queries := missing("GET /merge_queries/{id}"), missing("GET /queries*")
	for _, test := range []struct {
		name string
		gone []lookersim.Rule
		deed record.Deed
	}{
		{"all is there", nil, record.DeedCreate},
		{"the queries are there", []lookersim.Rule{merges}, record.DeedCreate},
		{"the merged result is there", []lookersim.Rule{queries}, record.DeedCreate},
		{"neither is there", []lookersim.Rule{merges, queries}, record.DeedImpossible},
		{"nobody knows", []lookersim.Rule{merges, {Route: queries.Route, Do: lookersim.FaultStatus, Status: 403}}, record.DeedImpossible},
	} {
		r := newRig(t, lookersim.Options{Seed: 1})
		if err := r.sim.SetRules(queries); err != nil {
			t.Fatal(err)
		}
		r.backup()
		if err := r.sim.SetRules(test.gone...); err != nil {
			t.Fatal(err)
		}
		ref := record.Ref{Kind: "dashboards", ID: "1"}
		r.do("DELETE", itself(ref), "")
		request := restore.Request{Items: []record.Ref{ref}}
		a := onlyAction(t, r.plan(request), ref)
		if impossible := a.Deed == record.DeedImpossible; a.Deed != test.deed || impossible && (!strings.Contains(a.Reason, " queries/") || !strings.Contains(a.Reason, "--partial")) {
			t.Errorf("%s: %s: %s", test.name, a.Deed, a.Reason)
		}
		request.Partial = true
		if a := onlyAction(t, r.plan(request), ref); a.Deed != record.DeedCreate || (test.deed == record.DeedImpossible) != strings.Contains(a.Reason, "with only") {
			t.Errorf("%s, with --partial: %s: %s", test.name, a.Deed, a.Reason)
		}
	}
}
