package vaulttest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/lookervault/lookervault/internal/vault"
)

// prunedReadBack: what kept runs hold reads as before; of the others nothing does.
func prunedReadBack(t *testing.T, e Engine) {
	e.history(t)
	pruned, err := e.Prune(t, vault.Pruning{Instance: "acme", Runs: []int64{1, 2, 4}, LostBefore: hour(3)})
	if err != nil {
		t.Fatal(err)
	}
	// Of 1 the first version, whose body 5 has as well; both of 3 and 4 that nobody reads.
	if pruned.Runs != 3 || pruned.Documents != 1 {
		t.Errorf("removed %+v, want 3 runs and 1 document: 3 is gone since run 3", pruned)
	}
	r := e.Read(t)
	for _, run := range []int64{3, 5, 6} {
		equal(t, fmt.Sprint("as of run ", run), seen(run), documentsAt(t, r, vault.AtRun(run)))
	}
	equal(t, "now", seen(6), documentsAt(t, r, vault.Point{}))
	for _, run := range []int64{1, 2, 4} {
		if _, err := r.Document(t.Context(), "acme", ref("1"), vault.AtRun(run)); !errors.Is(err, vault.ErrPruned) {
			t.Errorf("as of run %d: got %v, want ErrPruned", run, err)
		}
	}
	if run, err := r.RunAt(t.Context(), "acme", vault.Point{Newest: true, Back: 2}); err != nil || run.ID != 3 {
		t.Errorf("two before the newest that is left: got %d, %v, want 3", run.ID, err)
	}
	if _, err := r.Versions(t.Context(), "acme", ref("3")); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("versions of a document of which nothing is left: got %v", err)
	}
	equal(t, "versions of 1", []string{"3-6 0 present One, better"}, versionsOf(t, r, "1"))
	var absent *vault.AbsentError
	if _, err := r.Document(t.Context(), "acme", ref("4"), vault.AtRun(3)); !errors.As(err, &absent) || !absent.Pruned || absent.Seen != 4 {
		t.Errorf("4 as of run 3: got %v, want that what was known of it before run 4 was pruned", err)
	}
	again, err := e.Prune(t, vault.Pruning{Instance: "acme", Runs: []int64{1, 2, 4}, LostBefore: hour(3)})
	if err != nil || again != (vault.Pruned{}) {
		t.Errorf("a second prune removed %+v, %v", again, err)
	}
}

func prunedTooMuch(t *testing.T, e Engine) {
	e.history(t)
	_, err := e.Prune(t, vault.Pruning{Instance: "acme", Runs: []int64{5, 6}})
	if err == nil {
		t.Error("the newest complete run was pruned")
	}
	equal(t, "as of run 5", seen(5), documentsAt(t, e.Read(t), vault.AtRun(5)))
}
