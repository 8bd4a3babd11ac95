package extract_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestALesserKeyTakesNothingAway: what a key without Admin does not see of a document that an
// administrator's run has stored is no change of that.
func TestALesserKeyTakesNothingAway(t *testing.T) {
	options := lookersim.Options{Seed: 5, Sizes: lookersim.Sizes{Users: 30}}
	admin := newRig(t, options)
	options.Restricted = true
	lesser := newRig(t, options)
	lesser.path, lesser.config.Looker.PartialView = admin.path, true
	// The caller has other roles on the two servers.
	admin.exclude = []record.Ref{{Kind: "users", ID: "1"}}
	lesser.exclude = admin.exclude
	no := false
	asLesser := start("users")
	asLesser.Caller.Admin = &no
	users := int64(len(admin.sim.IDs("users"))) - 1

	admin.run(record.RunComplete, start("users"))
	for run := range 2 {
		lesser.sim.ResetCounts()
		result := lesser.run(record.RunComplete, asLesser)
		if got := countsOf(t, result, "users"); got.Changed != 0 || got.Same != users {
			t.Errorf("run %d of the lesser key: %+v, want nothing changed", run+1, got)
		}
		if got := lesser.sim.Counts().Kinds["users"]; got > 8 {
			t.Errorf("run %d of the lesser key took %d calls for %d users", run+1, got, users)
		}
		if !hasNote(result, "users: 29 show less to this key than to the administrator's key of an earlier run, what that saw stays") {
			t.Errorf("notes %q", result.Run.Notes)
		}
		if !strings.Contains(string(admin.stored()[record.Ref{Kind: "users", ID: "9"}].Body), `"credentials_email"`) {
			t.Error("what the administrator's key saw is not stored any more")
		}
	}

	// What the key sees and has changed is a change.
	rename := lookersim.Change{Op: lookersim.OpSet, Kind: "users", ID: "9", Path: "display_name", Value: `"Somebody Else"`}
	mutate(t, lesser, rename)
	result := lesser.run(record.RunComplete, asLesser)
	if got := countsOf(t, result, "users"); got.Changed != 1 {
		t.Errorf("somebody is called otherwise: %+v, want one changed", got)
	}
	if !hasNote(result, "users: 1 changed, and what this key does not see is missing in their newest versions: 9") {
		t.Errorf("notes %q", result.Run.Notes)
	}
	if got := countsOf(t, lesser.run(record.RunComplete, asLesser), "users"); got.Changed != 0 {
		t.Errorf("nothing changed: %+v", got)
	}
	mutate(t, admin, rename)
	if got := countsOf(t, admin.run(record.RunComplete, start("users")), "users"); got.Changed != 1 {
		t.Errorf("the administrator's key: %+v, want one changed", got)
	}
	if !strings.Contains(string(admin.stored()[record.Ref{Kind: "users", ID: "9"}].Body), `"credentials_email"`) {
		t.Error("what the administrator's key sees again is not stored")
	}
}

// TestWhatALesserKeySawAlone: where no administrator's run has seen a document, what is not
// there any more is a change.
func TestWhatALesserKeySawAlone(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 5, Sizes: lookersim.Sizes{Users: 6}, Restricted: true})
	r.config.Looker.PartialView = true
	no := false
	s := start("users")
	s.Caller.Admin = &no
	r.run(record.RunComplete, s)
	mutate(t, r, lookersim.Change{Op: lookersim.OpSet, Kind: "users", ID: "2", Path: "last_name", Value: `""`})
	if got := countsOf(t, r.run(record.RunComplete, s), "users"); got.Changed != 1 {
		t.Errorf("a name was taken away: %+v, want one changed", got)
	}
}
