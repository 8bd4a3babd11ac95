package vaulttest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// digests: what a run was sealed with is the sum of what is read back of its end.
func digests(t *testing.T, e Engine) {
	e.history(t)
	r := e.Read(t)
	for run := range int64(6) {
		sealed, err := r.Run(t.Context(), run+1)
		if err != nil {
			t.Fatal(err)
		}
		held := collect(t, r.Entries(t.Context(), vault.Query{Instance: "acme", At: vault.AtRun(run + 1)}))
		for _, gone := range collect(t, r.Entries(t.Context(), vault.Query{Instance: "acme", At: vault.AtRun(run + 1), Deleted: true})) {
			if gone.State == record.Gone {
				held = append(held, gone)
			}
		}
		slices.SortFunc(held, func(a, b vault.Entry) int { return strings.Compare(a.ID, b.ID) })
		sum := vault.NewSnapshot()
		for _, entry := range held {
			sum.Add(entry.Ref, entry.State, entry.Hash)
		}
		if sealed.Digest.IsZero() || sum.Digest() != sealed.Digest {
			t.Errorf("run %d was sealed with %s, what is read of it has %s", run+1, sealed.Digest, sum.Digest())
		}
	}
}

func faultsReadBack(t *testing.T, e Engine) {
	s := e.Open.begin(t, kinds(dashboards))
	s.commit(Doc(dashboards, "1", "One"), Fault(dashboards, "2", "server", 5), Fault(dashboards, "3", "timeout", 2))
	s.complete(Ended(dashboards, 3))
	s = e.Open.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "1"), Doc(dashboards, "2", "Two"), Fault(dashboards, "3", "timeout", 3))
	s.complete(Ended(dashboards, 3))
	r := e.Read(t)
	told := func(faults []vault.Fault, err error) (lines []string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			lines = append(lines, fmt.Sprintf("%d %s %s %d, resolved by %d", f.Run, f.Ref, f.Class, f.Attempts, f.Resolved))
		}
		return lines
	}
	equal(t, "of run 1", []string{"1 dashboards/2 server 5, resolved by 2", "1 dashboards/3 timeout 2, resolved by 0"}, told(r.Faults(t.Context(), 1)))
	equal(t, "open", []string{"1 dashboards/3 timeout 2, resolved by 0", "2 dashboards/3 timeout 3, resolved by 0"}, told(r.OpenFaults(t.Context(), "acme")))
	if _, err := r.Faults(t.Context(), 9); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("faults of a run that never was: got %v", err)
	}
}

func runsReadBack(t *testing.T, e Engine) {
	e.Open.first(t)
	s := e.Open.begin(t, kinds(dashboards), instance("other"))
	s.commit(Doc(dashboards, "1", "One"))
	s.close() // dies
	r := e.Read(t)
	var told []string
	runs, err := r.Runs(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, run := range runs {
		told = append(told, fmt.Sprint(run.ID, " ", run.Instance, " ", run.Outcome))
	}
	equal(t, "runs", []string{"2 other interrupted", "1 acme complete"}, told)
	newest, err := r.Run(t.Context(), 0)
	if err != nil || newest.ID != 2 {
		t.Errorf("the newest run: got %d, %v", newest.ID, err)
	}
	if _, err := r.Resolve(t.Context(), ""); !errors.Is(err, vault.ErrAmbiguous) {
		t.Errorf("an instance without a name among two: got %v", err)
	}
	if _, err := r.Resolve(t.Context(), "third"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("an instance that is not there: got %v", err)
	}
	if _, err := r.RunAt(t.Context(), "other", vault.AtRun(1)); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("a run of another instance: got %v", err)
	}
	// What was committed before a run died is held.
	held := collect(t, r.Entries(t.Context(), vault.Query{Instance: "other"}))
	if len(held) != 1 {
		t.Errorf("%d documents of the run that died, want 1", len(held))
	}
}

// namesReadBack: who names a document is told of what is stored, bodies too.
func namesReadBack(t *testing.T, e Engine) {
	look := record.Ref{Kind: looks, ID: "1"}
	naming := Doc(dashboards, "1", "One", Pointing(look))
	s := e.Open.begin(t)
	s.commit(naming, Doc(dashboards, "2", "Two"), Doc(looks, "1", "Look"))
	s.complete(Ended(dashboards, 2), Ended(looks, 1))
	s = e.Open.begin(t)
	defer s.close()
	parents, err := s.Parents(t.Context(), look, 5)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "parents", []record.Ref{naming.Ref}, parents)
	named, err := s.Naming(t.Context(), look, 5)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "their bodies", [][]byte{naming.Body}, named)
}
