package restore_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// An address that a user got although the answer was lost is found: the user is made, and not taken for
// one whom somebody has changed.
func TestAnAddressWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	for _, applied := range []bool{true, false} {
		r, _ := newBackedUpRig(t)
		user := r.refsOf("users", "present", func(body []byte) bool {
			return canon.Text(canon.Member(canon.Member(body, "credentials_email"), "email")) != "" && canon.Text(canon.Member(body, "id")) != r.caller.ID
		})[0]
		address := canon.Text(canon.Member(canon.Member(r.sim.Document("users", user.ID), "credentials_email"), "email"))
		r.do("DELETE", "/users/"+user.ID, "")
		plan := r.plan(restore.Request{Items: []record.Ref{user}, Only: true})
		if err := r.sim.SetRules(lookersim.Rule{Route: "POST /users/{id}/credentials_email", Do: lookersim.FaultReset, Applied: applied, Times: 1}); err != nil {
			t.Fatal(err)
		}
		done := r.apply(plan)
		complete(t, done)
		made := r.sim.Document("users", targetOf(done, user))
		if got := canon.Text(canon.Member(canon.Member(made, "credentials_email"), "email")); got != address {
			t.Errorf("the address is %q, want %q", got, address)
		}
		if r.doubts == 0 {
			t.Error("no answer was lost, which shows nothing")
		}
	}
}
