package stages_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestRowsThatWereStoredBeforeTheyWerePoor: what lists have settled of the kind is asked for alone,
// each document once, however many there are; nothing of it where documents rest; and all that is
// settled in a run that is resumed, which does not know how it came.
func TestRowsThatWereStoredBeforeTheyWerePoor(t *testing.T) {
	dashboards := stagestest.KindOf(t, "dashboards")
	now := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	poor := record.Learnt{Kind: "dashboards", Code: record.RowsDoubted}
	tests := []struct {
		name  string
		set   func(*stagestest.Rig)
		asked bool // of the kind anything
		all   bool // also what was fetched alone
	}{
		{name: "in one part", asked: true, set: func(r *stagestest.Rig) { r.Ledger.Poor("dashboards") }},
		{name: "resumed", asked: true, all: true, set: func(r *stagestest.Rig) {
			r.Ledger.Recall([]record.Learnt{poor, {Kind: "dashboards", Code: record.RowsStored}}, nil, nil)
		}},
		{name: "stored by an earlier part", asked: true, all: true, set: func(r *stagestest.Rig) {
			r.Ledger.Recall([]record.Learnt{{Kind: "dashboards", Code: record.RowsStored}}, nil, nil)
			r.Ledger.Poor("dashboards")
		}},
		{name: "resumed when that is done", set: func(r *stagestest.Rig) {
			r.Ledger.Recall([]record.Learnt{poor, {Kind: "dashboards", Code: record.RowsStored}, {Kind: "dashboards", Code: record.RowsAssured}}, nil, nil)
		}},
		{name: "nothing is poor", set: func(*stagestest.Rig) {}},
		{name: "documents rest", set: func(r *stagestest.Rig) {
			r.Ledger.Poor("dashboards")
			asking := r.Asking(r.Looker, true)
			if err := asking.Defer(t.Context(), "dashboards", []plan.Deferral{{ID: "1"}}); err != nil {
				t.Error(err)
			}
		}},
		{name: "the trash rests", set: func(r *stagestest.Rig) {
			options := stages.ListOptions{Asking: r.Asking(r.Looker, true)}
			options.ProvesAbsence, options.Planner.Refresh = true, &refresh.Rules{
				Now: now, Gap: time.Hour, Ages: map[record.Kind]time.Duration{refresh.Trash: 30 * 24 * time.Hour},
				TrashListed: map[record.Kind]time.Time{"dashboards": now.Add(-time.Minute)},
			}
			trash, err := options.Trash(t.Context(), dashboards)
			if err != nil || !options.TrashRests(dashboards, trash, stages.Tally{Present: 2500}) {
				t.Errorf("the trash does not rest: %v", err)
			}
			r.Ledger.Poor("dashboards")
		}},
		{name: "an earlier run is in doubt", set: func(r *stagestest.Rig) { r.Ledger.Recall(nil, []record.Kind{"dashboards"}, nil) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := stagestest.NewRig(&stagestest.Looker{}, dashboards)
			r.Store.Stored = make(map[string]record.Known)
			var rows, all []string
			for i := range 2500 {
				id := fmt.Sprint(i)
				r.Store.Stored[id] = record.Known{State: record.Present, Settled: i%5 > 0}
				if i%5 > 0 {
					all = append(all, id)
				}
				if i%5 > 1 {
					rows = append(rows, id)
					r.Ledger.FromList(record.Ref{Kind: "dashboards", ID: id})
				}
			}
			if tt.name != "an earlier run is in doubt" {
				r.Ledger.StoreRows("dashboards")
			}
			tt.set(r)
			if got := r.Ledger.Doubted("dashboards"); got != tt.asked {
				t.Fatalf("to be asked for: %v, want %v", got, tt.asked)
			}
			if !tt.asked {
				return
			}
			options := r.ListOptions()
			options.Doubted = true
			run := pipeline.NewRun(t.Context(), pipeline.Options{})
			asks := stagestest.Collect(run, pipeline.Then(run, stages.List(options), pipeline.From(run, []*catalogue.Spec{dashboards})))
			if err := run.Wait(); err != nil {
				t.Fatal(err)
			}
			var asked []record.Item
			for _, ask := range *asks {
				for _, want := range ask.Want {
					asked = append(asked, record.Item{Ref: record.Ref{ID: want.ID}, Same: want.Replaces})
				}
			}
			got := stagestest.IDs(asked, func(i record.Item) bool { return i.Same })
			note := fmt.Sprintf("dashboards: %d that were stored as rows before that was found were fetched alone", len(got))
			if notes := r.Ledger.Notes(); !slices.Contains(notes, note) {
				t.Errorf("notes %q, want %q", notes, note)
			}
			if tt.all {
				if diff := cmp.Diff(all, got); diff != "" {
					t.Errorf("asked for (-want +got):\n%s", diff)
				}
				return
			}
			if over := len(got) - len(rows); over < 0 || over > len(all)/100 {
				t.Errorf("%d are asked for, want the %d that came in rows and hardly any other", len(got), len(rows))
			}
			r.Ledger.Assured("dashboards")
			if !r.Ledger.Doubted("dashboards") {
				t.Error("what nobody has answered is not in doubt any more")
			}
			r.Ledger.Answered("dashboards", len(got))
			r.Ledger.Assured("dashboards")
			if lessons := r.Ledger.Lessons(); r.Ledger.Doubted("dashboards") || !slices.Contains(lessons, record.Learnt{Kind: "dashboards", Code: record.RowsAssured}) {
				t.Errorf("what is answered is in doubt, or a resume does not know that it is not: %v", lessons)
			}
		})
	}
}
