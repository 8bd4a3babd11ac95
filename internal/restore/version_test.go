package restore_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/vault"
)

// A plan whose request another version of the program stored in another form is refused in one line that says
// what to do, and one that was applied keeps nobody from planning anew.
func TestAPlanOfAnotherVersion(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := first(t, r, "looks")
	r.do("PATCH", "/looks/"+ref.ID, `{"title":"Oops"}`)
	request := restore.Request{Items: []record.Ref{ref}}
	plan := r.plan(request)
	plan.ID, plan.Request = 0, []byte(`{"aside":{"looks/1":"17"}}`)
	plan, err := r.file.PutPlan(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.tryApply(t.Context(), plan)
	if !errors.Is(err, vault.ErrOtherVersion) || !strings.HasPrefix(err.Error(), fmt.Sprintf("plan %d: another version of this program made it: ", plan.ID)) || !strings.HasSuffix(err.Error(), "; plan anew") {
		t.Errorf("applied: %v", err)
	}
	if _, err := r.journal.Finish(t.Context(), record.RestoreComplete, 0, nil); err != nil {
		t.Fatal(err)
	}
	anew := r.plan(request)
	if a := onlyAction(t, anew, ref); a.Deed != record.DeedUpdate || !strings.Contains(strings.Join(anew.Notes, "\n"), fmt.Sprintf("restore %d is damaged in the vault, or another version", plan.ID)) {
		t.Errorf("%s %q", a.Deed, anew.Notes)
	}
	complete(t, r.apply(anew))
}
