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

// A part that shows what is nowhere any more keeps its document from coming back, unless
// somebody wants the rest: then plan, creation, check and a second plan agree on what the
// rest is.
func TestTheRestComesBackWithoutDeadParts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		whole   record.Ref
		part    func(r *rig) string // adds the part that names what goes, and returns its id
		counted string              // what each part has once
		share   string              // of the parts that come back
	}{
		{
			"a tile that shows a look", record.Ref{Kind: "dashboards", ID: "1"},
			func(r *rig) string {
				return r.add("/dashboard_elements", `{"dashboard_id":"1","type":"look","look_id":"3","title":"Dead"}`)
			},
			`"dashboard_id":"`, "with only 1 of 2 tiles",
		},
		{
			"an item of a board", record.Ref{Kind: "boards", ID: "1"},
			func(r *rig) string {
				var board struct {
					Sections []struct {
						ID string `json:"id"`
					} `json:"board_sections"`
				}
				if err := json.Unmarshal(r.sim.Document("boards", "1"), &board); err != nil {
					r.t.Fatal(err)
				}
				return r.add("/board_items", `{"board_section_id":"`+board.Sections[0].ID+`","look_id":"3"}`)
			},
			`"board_section_id":"`, "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			part := test.part(r)
			r.backup()
			had := r.sim.Document(string(test.whole.Kind), test.whole.ID)
			r.do("DELETE", "/"+string(test.whole.Kind)+"/"+test.whole.ID, "")
			r.do("DELETE", "/looks/3", "")
			request := restore.Request{Items: []record.Ref{test.whole}, Exclude: []record.Ref{{Kind: "looks", ID: "3"}}}
			if a := onlyAction(t, r.plan(request), test.whole); a.Deed != record.DeedImpossible || !strings.Contains(a.Reason, "looks/3") {
				t.Fatalf("without --partial: %s: %s", a.Deed, a.Reason)
			}
			request.Partial = true
			plan := r.plan(request)
			a := onlyAction(t, plan, test.whole)
			if a.Deed != record.DeedCreate {
				t.Fatalf("%s: %s", a.Deed, a.Reason)
			}
			if !slices.ContainsFunc(plan.Notes, func(n string) bool { return strings.Contains(n, "without") && strings.Contains(n, part) }) {
				t.Errorf("no note tells of part %s: %q", part, plan.Notes)
			}
			share := test.share
			if all, dead := strings.Count(string(had), test.counted), strings.Count(string(had), `"look_id":"3"`); test.whole.Kind == "boards" {
				share = fmt.Sprintf("with only %d of %d items", all-dead, all)
			}
			if !strings.Contains(a.Reason, share) {
				t.Errorf("the plan does not say %q: %q", share, a.Reason)
			}
			for _, c := range a.Changes {
				if strings.Contains(string(c.After), `"look_id":"3"`) || strings.Contains(c.Path, part) {
					t.Errorf("the plan says that the part comes back: %+v", c)
				}
			}
			done := r.apply(plan)
			complete(t, done)
			if !strings.Contains(strings.Join(done.Notes, "\n"), "is back "+share) {
				t.Errorf("the result does not say %q: %q", share, done.Notes)
			}
			body := r.sim.Document(string(test.whole.Kind), targetOf(done, test.whole))
			if want, got := strings.Count(string(had), test.counted)-strings.Count(string(had), `"look_id":"3"`), strings.Count(string(body), test.counted); got != want {
				t.Errorf("%d parts came back, want %d", got, want)
			}
			if again := onlyAction(t, r.plan(request), test.whole); again.Deed != record.DeedReuse {
				t.Errorf("a second plan: %s: %s %v", again.Deed, again.Reason, again.Changes)
			}
		})
	}
}

// add makes something on the instance behind everybody's back, and returns its id.
func (r *rig) add(path, body string) string {
	r.t.Helper()
	status, answer := r.sim.Do("POST", path, []byte(body))
	if status >= 300 {
		r.t.Fatalf("POST %s: %d %s", path, status, answer)
	}
	return canon.Text(canon.Member(answer, "id"))
}
