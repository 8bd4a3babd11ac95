package restore_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Law 3: no POST that would make something twice leaves before its intent is durable.
func TestNoPostBeforeItsIntent(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	plan := r.plan(restore.Request{Items: r.breakThings(), Run: run})
	posts := 0
	r.sending = func(w looker.Write) {
		if w.Method != "POST" || w.Repeat {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		posts++
		for _, a := range plan.Actions {
			steps, err := r.journal.Steps(t.Context(), a.Seq)
			if err != nil {
				t.Error(err)
			}
			if slices.ContainsFunc(steps, func(s record.Step) bool { return s.State == record.StepIntent && s.Intended == sha256.Sum256(w.Body) }) {
				return
			}
		}
		t.Errorf("law 3: %s %s has no intent", w.Method, w.Path)
	}
	complete(t, r.apply(plan))
	if posts < 5 {
		t.Errorf("%d POSTs, which shows nothing", posts)
	}
}

// Law 4: a POST that was carried out, and whose answer was lost, is not sent once more: the look
// in between finds what it made.
func TestNoPostIsRepeatedWithoutALook(t *testing.T) {
	t.Parallel()
	for path, ref := range map[string]record.Ref{
		"/scheduled_plans": {Kind: "scheduled_plans", ID: "1"}, "/looks": {Kind: "looks", ID: "3"}, "/dashboard_elements": {Kind: "dashboards", ID: "2"},
	} {
		t.Run(string(ref.Kind), func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			r.do("DELETE", "/"+string(ref.Kind)+"/"+ref.ID, "")
			plan := r.plan(restore.Request{Items: []record.Ref{ref}, Only: true})
			sent := make(map[string]int)
			r.sending = func(w looker.Write) {
				if w.Path == path {
					sent[string(w.Body)]++
				}
			}
			if err := r.sim.SetRules(lookersim.Rule{Route: "POST " + path, Do: lookersim.FaultReset, Applied: true, Times: 1}); err != nil {
				t.Fatal(err)
			}
			complete(t, r.apply(plan))
			if len(sent) == 0 || r.doubts != 1 {
				t.Errorf("%d POSTs, %d in doubt", len(sent), r.doubts)
			}
			for body, n := range sent {
				if n > 1 {
					t.Errorf("law 4: sent %d times: %.100s", n, body)
				}
			}
		})
	}
}

// Law 7: a schedule whose content was not read back as it was wanted stays asleep.
func TestOnlyWhatIsEqualIsWoken(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	id := r.add("/scheduled_plans", `{"name":"A","dashboard_id":"3","enabled":true,"crontab":"0 6 * * *","scheduled_plan_destination":[{"format":"csv","type":"email","address":"ann@example.com"}]}`)
	r.backup()
	r.do("DELETE", "/scheduled_plans/"+id, "")
	r.do("DELETE", "/dashboards/3", "")
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "3"}, {Kind: "scheduled_plans", ID: id}}})
	r.sending = func(w looker.Write) {
		if w.Path == "/scheduled_plans" { // somebody changes the dashboard when it is done
			r.do("PATCH", "/dashboards/"+canon.Text(canon.Member(w.Body, "dashboard_id")), `{"title":"Changed by somebody"}`)
		}
	}
	done := r.apply(plan)
	if a := onlyAction(t, done, record.Ref{Kind: "dashboards", ID: "3"}); a.Checked != record.CheckedDifferent {
		t.Errorf("the dashboard is %s", a.Checked)
	}
	made := targetOf(done, record.Ref{Kind: "scheduled_plans", ID: id})
	if enabled := canon.Text(canon.Member(r.sim.Document("scheduled_plans", made), "enabled")); enabled != "false" {
		t.Errorf("law 7: the schedule sends a dashboard that is not as it was: enabled is %s", enabled)
	}
}

// Who was added to a role since the backup stays in it.
func TestMembersAreMerged(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	role := r.add("/roles", `{"name":"Of a test","permission_set_id":"2","model_set_id":"1"}`)
	r.do("PUT", "/roles/"+role+"/users", `["2","3"]`)
	run := r.backup()
	r.do("PUT", "/roles/"+role+"/users", `["3","4"]`)
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "role_users", ID: role}}, Run: run})))
	var ids []string
	for _, row := range mustRows(t, r.sim.Document("role_users", role)) {
		ids = append(ids, canon.Text(canon.Member(row, "id")))
	}
	slices.Sort(ids)
	if got := strings.Join(ids, " "); got != "2 3 4" {
		t.Errorf("the role has the users %s, want 2 3 4", got)
	}
}

// A kill leaves more, never less: tiles that are not wanted are deleted when all others are
// made.
func TestPartsAreDeletedLast(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	lost := r.add("/dashboard_elements", `{"dashboard_id":"1","type":"text","title_text":"Lost"}`)
	run := r.backup()
	r.do("DELETE", "/dashboard_elements/"+lost, "")
	var added []string // two, so that none of them can be the lost one
	for _, title := range []string{"One", "Two"} {
		added = append(added, "/dashboard_elements/"+r.add("/dashboard_elements", `{"dashboard_id":"1","type":"text","title_text":"`+title+`"}`))
	}
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "1"}}, Run: run})))
	var order []string
	for _, w := range r.sim.Writes() {
		if w.Path == "/dashboard_elements" || slices.Contains(added, w.Path) {
			order = append(order, w.Method)
		}
	}
	if got := strings.Join(order, " "); got != "POST DELETE DELETE" {
		t.Errorf("the tiles were written by %s", got)
	}
}

// Searches compare as LIKE does and in any case, and a name says nothing of another folder:
// what they find is compared before it is taken for anything.
func TestASearchIsNotTrusted(t *testing.T) {
	t.Parallel()
	t.Run("another folder", func(t *testing.T) {
		r := newRig(t, lookersim.Options{Seed: 1})
		r.do("PATCH", "/dashboards/1", `{"title":"Q_1"}`)
		r.backup()
		r.do("DELETE", "/dashboards/1", "")
		elsewhere := r.add("/folders", `{"name":"Elsewhere","parent_id":"1"}`)
		other := r.add("/dashboards", `{"title":"Q_1","folder_id":"`+elsewhere+`"}`)
		r.backup()
		ref := record.Ref{Kind: "dashboards", ID: "1"}
		if a := onlyAction(t, r.plan(restore.Request{Items: []record.Ref{ref}}), ref); a.Deed != record.DeedCreate {
			t.Errorf("%s %s: %s; the other one is dashboards/%s", a.Deed, a.Target, a.Reason, other)
		}
	})
	t.Run("after a lost answer", func(t *testing.T) {
		r := newRig(t, lookersim.Options{Seed: 1})
		r.do("PATCH", "/looks/3", `{"title":"Q_1"}`)
		r.backup()
		ref := record.Ref{Kind: "looks", ID: "3"}
		body := r.sim.Document("looks", "3")
		r.do("DELETE", "/looks/3", "")
		plan := r.plan(restore.Request{Items: []record.Ref{ref}})
		other := ""
		r.sending = func(w looker.Write) {
			if w.Path == "/looks" && other == "" {
				other = r.add("/looks", fmt.Sprintf(`{"title":"QA1","folder_id":%s,"query_id":%s}`, canon.Member(body, "folder_id"), canon.Member(body, "query_id")))
			}
		}
		if err := r.sim.SetRules(lookersim.Rule{Route: "POST /looks", Do: lookersim.FaultReset, Times: 1}); err != nil {
			t.Fatal(err)
		}
		done := r.apply(plan)
		complete(t, done)
		if made := targetOf(done, ref); made == other || other == "" {
			t.Errorf("the look is taken for looks/%s, which somebody else made", other)
		}
	})
}

// The bindings between filters and tiles come back with a dashboard.
func TestFilterBindingsComeBack(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	bindings := func(id string) int {
		return strings.Count(string(r.sim.Document("dashboards", id)), `"dashboard_filter_name":`)
	}
	ref := record.Ref{}
	for item := range r.sim.Items("dashboards") {
		if item.State == "present" && bindings(item.ID) > 0 {
			ref = record.Ref{Kind: "dashboards", ID: item.ID}
		}
	}
	if ref.ID == "" {
		t.Fatal("no dashboard has bindings")
	}
	r.backup()
	want := bindings(ref.ID)
	r.do("DELETE", "/dashboards/"+ref.ID, "")
	done := r.apply(r.plan(restore.Request{Items: []record.Ref{ref}}))
	complete(t, done)
	if got := bindings(targetOf(done, ref)); got != want {
		t.Errorf("%d bindings came back, want %d", got, want)
	}
}

// Law 10: numbers are sent as they are stored, however large and however they are spelled.
func TestNumbersAreSentAsTheyStand(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	const settings = `{"rows_limit":12345678901234567891,"columns_limit":1.50}`
	r.do("PATCH", "/dashboards/1", `{"download_settings":`+settings+`}`)
	r.backup()
	if body := string(r.sim.Document("dashboards", "1")); !strings.Contains(body, "12345678901234567891") {
		t.Fatalf("the instance does not keep the number: %s", body)
	}
	r.do("DELETE", "/dashboards/1", "")
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "dashboards", ID: "1"}}})))
	for _, w := range r.sim.Writes() {
		if w.Method == "POST" && w.Path == "/dashboards" && (!strings.Contains(string(w.Body), "12345678901234567891") || !strings.Contains(string(w.Body), "1.50")) {
			t.Errorf("law 10: %s", w.Body)
		}
	}
}
