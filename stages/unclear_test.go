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
		for _, row := range []struct {
			id      string
			content record.Digest
		}{{"3", stored}, {"4", other}, {"5", stored}, {"5", other}, {"6", other}, {"7", other}, {"1", other}} {
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
		if r.Ledger.HasUnclear("dashboards") {
			t.Errorf("%s: still unclear", tt.name)
		}
	}
}
