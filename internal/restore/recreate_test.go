package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What is made anew although it lies in the trash meets the conflict policy where something of its name is
// in the folder: nothing is sent that Looker refuses, and a second plan has nothing to do.
func TestRecreatedBesideANamesake(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		policy restore.Policy
		known  bool // the namesake is in the backup as well
		deed   record.Deed
		says   string
	}{
		"skip":            {restore.Skip, false, record.DeedSkip, "--conflict update"},
		"update":          {restore.Update, false, record.DeedUpdate, ""},
		"rename":          {restore.Rename, false, record.DeedCreate, "beside another one of its name"},
		"fail":            {restore.Fail, false, record.DeedImpossible, "--conflict fail"},
		"another, skip":   {restore.Skip, true, record.DeedSkip, "has its name now"},
		"another, update": {restore.Update, true, record.DeedImpossible, "has its name now"},
		"another, rename": {restore.Rename, true, record.DeedCreate, "beside another one of its name"},
	} {
		for _, only := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %t", name, only), func(t *testing.T) {
				t.Parallel()
				r, _ := newBackedUpRig(t)
				schedule := r.refsOf("scheduled_plans", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "dashboard_id")) != "" })[0]
				ref := record.Ref{Kind: "dashboards", ID: canon.Text(canon.Member(r.sim.Document("scheduled_plans", schedule.ID), "dashboard_id"))}
				another := r.refsOf("dashboards", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "id")) != ref.ID })[0]
				body := r.sim.Document("dashboards", ref.ID)
				title, folder := nameOf(body, "dashboards"), canon.Text(canon.Member(body, "folder_id"))
				r.do("PATCH", "/dashboards/"+ref.ID, `{"deleted":true}`)
				if test.known {
					r.do("PATCH", "/dashboards/"+another.ID, fmt.Sprintf(`{"title":%q,"folder_id":%q}`, title, folder))
				} else {
					r.add("/dashboards", fmt.Sprintf(`{"title":%q,"folder_id":%q,"description":"since"}`, title, folder))
				}
				request := restore.Request{Lost: true, Trash: restore.Recreate, Folders: []string{folder}, Only: only, Conflict: test.policy}
				plan := r.plan(request)
				if a := onlyAction(t, plan, ref); a.Deed != test.deed || !strings.Contains(a.Reason, test.says) {
					t.Errorf("%s %s: %s, want %s", a.Deed, a.Ref, a.Reason, test.deed)
				}
				done := r.apply(plan)
				if test.deed != record.DeedImpossible {
					complete(t, done)
				}
				for _, a := range r.plan(request).Actions {
					if a.State == record.ActionPlanned {
						t.Errorf("a second plan would %s %s: %s", a.Deed, a.Ref, a.Reason)
					}
				}
			})
		}
	}
}
