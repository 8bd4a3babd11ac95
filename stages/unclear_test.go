package stages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestWhatRowsContradict: documents of which a list holds two rows are asked for alone, and what
// this run has settled of them is replaced; rows that nobody asked for count where another one is
// stored.
func TestWhatRowsContradict(t *testing.T) {
	stored, other := record.Digest{1}, record.Digest{2}
	looker := &stagestest.Looker{Things: stagestest.Things(9)}
	dashboards := stagestest.KindOf(t, "dashboards")
	tests := []struct {
		name     string
		poor     bool
		replaced []string
	}{
		{name: "rows are documents", replaced: []string{"1", "5", "7"}},
		{name: "rows are poor", poor: true, replaced: []string{"1"}},
	}
	for _, tt := range tests {
		r := stagestest.NewRig(looker, dashboards)
		r.Store.Stored = make(map[string]record.Known)
		for _, id := range []string{"1", "3", "4", "5", "7"} {
			r.Store.Stored[id] = record.Known{State: record.Present, Settled: id != "4", Fingerprint: stored}
		}
		r.Ledger.Unclear("dashboards", stagestest.Want("1", "2")...)
		r.Ledger.Unclear("dashboards", stagestest.Want("1")...)
		r.Ledger.Listed("dashboards", 9)
		for _, row := range []struct {
			id      string
			content record.Digest
		}{{"3", stored}, {"3", stored}, {"4", other}, {"5", stored}, {"5", other}, {"6", other}, {"7", other}, {"1", other}} {
			r.Ledger.Unasked("dashboards", row.id, row.content)
		}
		if tt.poor {
			r.Ledger.Learn("dashboards", record.RowsPoor)
		}
		options := r.ListOptions()
		options.Unclear = true
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		asks := stagestest.Collect(run, pipeline.Then(run, stages.List(options), pipeline.From(run, []*catalogue.Spec{dashboards})))
		if err := run.Wait(); err != nil {
			t.Fatal(err)
		}
		var replaced, left []record.Item
		for _, ask := range *asks {
			for _, want := range ask.Want {
				whole := record.Listed{ID: want.ID, State: record.Present, Fingerprint: stored, Held: true, Replaces: true}
				if diff := cmp.Diff(whole, want); want.Replaces && diff != "" {
					t.Errorf("%s: replaced (-want +got):\n%s", tt.name, diff)
				}
				if item := (record.Item{Ref: record.Ref{ID: want.ID}}); want.Replaces {
					replaced = append(replaced, item)
				} else {
					left = append(left, item)
				}
			}
			if ask.How != record.Single {
				t.Errorf("%s: asked by %s", tt.name, ask.How)
			}
		}
		all := func(record.Item) bool { return true }
		if diff := cmp.Diff(tt.replaced, stagestest.IDs(replaced, all)); diff != "" {
			t.Errorf("%s: replaced (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff([]string{"2"}, stagestest.IDs(left, all)); diff != "" {
			t.Errorf("%s: not settled (-want +got):\n%s", tt.name, diff)
		}
		if listed := r.Ledger.SoFar("dashboards"); listed != 9 {
			t.Errorf("%s: %d are listed, want the 9 that were", tt.name, listed)
		}
		if r.Ledger.HasUnclear("dashboards") {
			t.Errorf("%s: still unclear", tt.name)
		}
	}
}

// TestRowsOfTwoKindsThatContradictEachOther: two rows show the same document with arrays of
// different length. Both documents are to be fetched alone, of a few such pairs.
func TestRowsOfTwoKindsThatContradictEachOther(t *testing.T) {
	ref := func(kind record.Kind, id string) record.Ref { return record.Ref{Kind: kind, ID: id} }
	arrays := func(n int) map[string]int { return map[string]int{"permissions": n} }
	set, other := ref("permission_sets", "1"), ref("permission_sets", "2")
	for name, tt := range map[string]struct {
		show func(l *stages.Ledger)
		want []record.Kind
	}{
		"they agree":                    {func(l *stages.Ledger) { l.Shows(set, set, arrays(3)); l.Shows(set, ref("roles", "1"), arrays(3)) }, nil},
		"they show different documents": {func(l *stages.Ledger) { l.Shows(set, set, arrays(3)); l.Shows(other, ref("roles", "1"), arrays(2)) }, nil},
		"one row is read twice":         {func(l *stages.Ledger) { l.Shows(set, set, arrays(3)); l.Shows(set, set, arrays(2)) }, nil},
		"they show different arrays":    {func(l *stages.Ledger) { l.Shows(set, set, arrays(3)); l.Shows(set, ref("roles", "1"), nil) }, nil},
		"one shows less":                {func(l *stages.Ledger) { l.Shows(set, set, arrays(3)); l.Shows(set, ref("roles", "1"), arrays(2)) }, []record.Kind{"permission_sets", "roles"}},
		"the set comes last":            {func(l *stages.Ledger) { l.Shows(set, ref("roles", "1"), arrays(0)); l.Shows(set, set, arrays(3)) }, []record.Kind{"permission_sets", "roles"}},
		"two roles show it, one has less": {func(l *stages.Ledger) {
			l.Shows(set, ref("roles", "1"), arrays(3))
			l.Shows(set, ref("roles", "2"), arrays(2))
		}, []record.Kind{"roles"}},
		"a user names no role who has it": {func(l *stages.Ledger) {
			l.NamesBack(ref("users", "1"), "role_ids", []string{"2"})
			l.IsNamed(ref("users", "1"), ref("role_users", "3"), "role_ids")
		}, []record.Kind{"users"}},
		"a user names the role": {func(l *stages.Ledger) {
			l.NamesBack(ref("users", "1"), "role_ids", []string{"2", "3"})
			l.IsNamed(ref("users", "1"), ref("role_users", "3"), "role_ids")
		}, nil},
		"a user without a row": {func(l *stages.Ledger) { l.IsNamed(ref("users", "1"), ref("role_users", "3"), "role_ids") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			kinds := []record.Kind{"permission_sets", "roles", "users"}
			ledger := stages.NewLedger(kinds)
			tt.show(ledger)
			var unclear []record.Kind
			for _, kind := range kinds {
				if ledger.HasUnclear(kind) {
					unclear = append(unclear, kind)
				}
			}
			if diff := cmp.Diff(tt.want, unclear); diff != "" {
				t.Errorf("unclear (-want +got):\n%s", diff)
			}
		})
	}
}
