package restore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// A Looker whose settings give people another address than those of the backup is another one:
// when a plan reads the settings anyway, also the second time, and before a plan for several
// documents is applied, by one call more. One document costs no call more. Settings that are to
// come back, and those that were backed up since, are no reason.
func TestAnotherAddressIsRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	run := r.backup()
	r.do("DELETE", "/scheduled_plans/2", "")
	r.do("PATCH", "/dashboards/2", `{"title":"Edited since"}`)
	r.do("DELETE", "/dashboards/5", "")
	dashboards := []record.Ref{{Kind: "dashboards", ID: "2"}, {Kind: "dashboards", ID: "5"}}
	several := r.plan(restore.Request{Items: dashboards, Run: run})
	one := r.plan(restore.Request{Items: dashboards[1:], Run: run})
	identify := func(plan record.Restore) (int64, error) {
		before := r.client.Stats().Calls
		_, err := restore.Identify(t.Context(), r.client, r.file.Reader(), plan)
		return r.client.Stats().Calls - before, err
	}
	another := func(err error) bool {
		_, ok := errors.AsType[*restore.AnotherError](err)
		return ok
	}
	if calls, err := identify(several); err != nil || calls != 2 {
		t.Errorf("at its own address: %v, %d calls", err, calls)
	}
	r.do("PATCH", "/setting", `{"host_url":"https://copy.looker.example/"}`)
	if calls, err := identify(several); !another(err) || !strings.Contains(err.Error(), "copy.looker.example") || calls != 1 {
		t.Errorf("several documents: %v, %d calls", err, calls)
	}
	if calls, err := identify(one); err != nil || calls != 1 {
		t.Errorf("one document: %v, %d calls", err, calls)
	}
	mailed := restore.Request{Items: []record.Ref{{Kind: "scheduled_plans", ID: "2"}}, Run: run}
	for range 2 {
		if _, err := r.tryPlan(mailed); !another(err) {
			t.Errorf("a plan that reads the settings: %v", err)
		}
	}
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "settings", ID: "setting"}}, Run: run})))
	r.do("PATCH", "/setting", `{"host_url":"https://moved.looker.example"}`)
	r.backup()
	if _, err := identify(several); err != nil {
		t.Errorf("after it has moved and was backed up: %v", err)
	}
	r.plan(mailed)
}
