package restore_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Flags that narrow a plan narrow what is named by its id as well: nothing is restored that one
// of them leaves out, and the plan says so.
func TestWhatIsNamedIsNarrowedToo(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	ref := first(t, r, "dashboards")
	r.do("PATCH", "/dashboards/"+ref.ID, `{"title":"Oops"}`)
	for flag, narrow := range map[string]func(*restore.Request){
		"--name":   func(q *restore.Request) { q.Name = "nothing is called so*" },
		"--owner":  func(q *restore.Request) { q.Owners = []string{"9"} },
		"--folder": func(q *restore.Request) { q.Folders = []string{"3"} },
	} {
		request := restore.Request{Items: []record.Ref{ref}, Run: run}
		narrow(&request)
		plan := r.plan(request)
		if len(plan.Actions) > 0 || !strings.Contains(strings.Join(plan.Notes, "\n"), ref.String()+" is left out") {
			t.Errorf("%s: %v %q", flag, deeds(plan), plan.Notes)
		}
	}
	other := r.refsOf("dashboards", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "id")) != ref.ID })[0]
	later := r.backup()
	r.do("PATCH", "/"+other.String(), `{"title":"Later"}`)
	for flag, narrow := range map[string]func(*restore.Request){
		"--changed": func(q *restore.Request) { q.Changed = &restore.Span{From: run, To: later} },
		"--lost":    func(q *restore.Request) { q.Lost, q.LostSpan = true, &restore.Span{From: run, To: later} },
		"--exclude": func(q *restore.Request) { q.Exclude = []record.Ref{other} },
	} {
		request := restore.Request{Items: []record.Ref{other}}
		narrow(&request)
		plan := r.plan(request)
		if len(plan.Actions) > 0 || !strings.Contains(strings.Join(plan.Notes, "\n"), other.String()+" is left out: it is named, and ") {
			t.Errorf("%s: %v %q", flag, deeds(plan), plan.Notes)
		}
	}
	if plan := r.plan(restore.Request{Items: []record.Ref{ref}, Changed: &restore.Span{From: run, To: later}}); onlyAction(t, plan, ref).Deed != record.DeedUpdate {
		t.Errorf("what changed: %v %q", deeds(plan), plan.Notes)
	}
	plan := r.plan(restore.Request{Items: []record.Ref{ref}, Run: run, Name: "*"})
	if a := onlyAction(t, plan, ref); a.Deed != record.DeedUpdate {
		t.Errorf("%s %s", a.Deed, a.Reason)
	}
}

// A kind that lies in no folder, or has no owners, is narrowed to nothing, which the plan says.
func TestAKindThatAFlagCannotNarrow(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	for _, test := range []struct {
		kind    record.Kind
		request restore.Request
		says    string
	}{
		{"boards", restore.Request{Folders: []string{"3"}}, "boards lie in no folder: --folder selects none of them"},
		{"groups", restore.Request{Owners: []string{"9"}}, "groups have no owner: --owner selects none of them"},
		{"looks", restore.Request{Folders: []string{"3"}, Owners: []string{"9"}}, ""},
		{"boards", restore.Request{Owners: []string{"9"}}, ""},
	} {
		test.request.Items, test.request.Run = []record.Ref{{Kind: test.kind}}, run
		notes := strings.Join(r.plan(test.request).Notes, "\n")
		if said := strings.Contains(notes, "selects none of them"); said != (test.says != "") || !strings.Contains(notes, test.says) {
			t.Errorf("%s: %q, want %q", test.kind, notes, test.says)
		}
	}
}

// Whoever names the settings means all that can be written.
func TestAllSettings(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	r.do("PATCH", "/session_config", `{"session_minutes":77}`)
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "settings"}}, Run: run, Conflict: restore.Update})
	if a := onlyAction(t, plan, record.Ref{Kind: "settings", ID: "session_config"}); a.Deed != record.DeedUpdate {
		t.Errorf("%s %s", a.Deed, a.Reason)
	}
	if deeds(plan)[record.DeedImpossible] > 0 {
		t.Errorf("%v", plan.Actions)
	}
	complete(t, r.apply(plan))
}

// A kind of which nothing can be given back by itself is refused.
func TestKindsThatComeWithOthers(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	for _, kind := range []record.Kind{"queries", "merge_queries", "explores"} {
		if _, err := r.tryPlan(restore.Request{Items: []record.Ref{{Kind: kind}}}); !errors.Is(err, restore.ErrNotWritten) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Who is to get what belongs to nobody has to be there, also where nothing does.
func TestNobodyGetsOrphans(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	_, err := r.tryPlan(restore.Request{Lost: true, OrphansTo: "nobody@example.com"})
	if err == nil || !strings.Contains(err.Error(), `--orphans-to: user "nobody@example.com"`) {
		t.Errorf("%v", err)
	}
}

// What an earlier plan had taken in by itself, and is planned anew since somebody has changed it,
// stays as it is, as it would have in that plan. What was named becomes what it was.
func TestPlannedAnewWithItsPolicies(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	all := r.refsOf("dashboards", "present", func([]byte) bool { return true })[:2]
	for _, ref := range all {
		r.do("PATCH", "/dashboards/"+ref.ID, `{"title":"Changed since `+ref.ID+`"}`)
	}
	request := restore.Request{Items: all[:1], Run: run}
	request.PlanAnew(all)
	plan := r.plan(request)
	var of []record.Deed
	for _, ref := range all {
		i := slices.IndexFunc(plan.Actions, func(a record.Action) bool { return a.Ref == ref })
		if i < 0 {
			t.Fatalf("no action about %s", ref)
		}
		of = append(of, plan.Actions[i].Deed)
	}
	if !slices.Equal(of, []record.Deed{record.DeedUpdate, record.DeedSkip}) {
		t.Errorf("%v", of)
	}
}
