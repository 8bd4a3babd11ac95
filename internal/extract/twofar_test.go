package extract_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// TestTwoBodiesOfOneIDFarApart: a list holds two rows of one id, which differ and stand on
// different pages, the right one first or last. Only a single fetch tells which of them is right; the
// run is complete, and a note says that the list holds the document twice.
func TestTwoBodiesOfOneIDFarApart(t *testing.T) {
	for _, kind := range []record.Kind{"dashboards", "looks", "groups", "users", "roles", "alerts", "boards", "scheduled_plans"} {
		for _, at := range []int{2, 5, 25, 30} {
			for _, usual := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, row %d, usual limits %v", kind, at, usual), func(t *testing.T) {
					t.Parallel()
					r := newRig(t, lookersim.Options{Seed: 3, TrashShare: -1, Sizes: lookersim.Sizes{
						Looks: 30, Dashboards: 30, Groups: 30, Users: 30, Roles: 30, Alerts: 30, Boards: 30, ScheduledPlans: 30,
					}})
					if usual {
						r.config.Stages.List.PageSize, r.limits = 100, plan.Limits{}
					}
					r.row = func(k *catalogue.Spec) {
						if k.Listing.Page > 0 {
							k.Listing.Page = 10
						}
					}
					if err := r.sim.SetBadRows(lookersim.BadRow{Kind: string(kind), At: at, Form: lookersim.RowFar}); err != nil {
						t.Fatal(err)
					}
					for range 2 {
						result, err := r.try(start(kind))
						if err != nil {
							t.Fatal(err)
						}
						if result.Run.Outcome != record.RunComplete {
							t.Fatalf("outcome %s: %+v", result.Run.Outcome, countsOf(t, result, kind))
						}
						if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, string(kind)+": the list holds a document twice") {
							t.Errorf("notes: %s", notes)
						}
						compare(t, r, kind)
					}
				})
			}
		}
	}
}

// TestTwoBodiesOfOneIDInARunThatResumes: the run is stopped when it has stored a part of the list,
// in which a row of another document stands under an id, before or behind the right one.
func TestTwoBodiesOfOneIDInARunThatResumes(t *testing.T) {
	for _, kind := range []record.Kind{"dashboards", "looks", "groups", "users"} {
		for _, at := range []int{2, 25} {
			for _, batches := range []int{1, 2, 4} {
				t.Run(fmt.Sprintf("%s, row %d, after %d batches", kind, at, batches), func(t *testing.T) {
					t.Parallel()
					r := newRig(t, lookersim.Options{Seed: 3, TrashShare: -1, Sizes: lookersim.Sizes{Looks: 30, Dashboards: 30, Groups: 30, Users: 30}})
					r.config.Stages.Batch.Records, r.config.Stages.Fetch.Workers, r.config.Limits.InFlightItems = 3, 1, 6
					r.row = func(k *catalogue.Spec) { k.Listing.Page = 10 }
					if err := r.sim.SetBadRows(lookersim.BadRow{Kind: string(kind), At: at, Form: lookersim.RowFar}); err != nil {
						t.Fatal(err)
					}
					r.stopAt(batches, true)
					if _, err := r.try(start(kind)); !errors.Is(err, job.ErrInterrupted) {
						t.Fatal(err)
					}
					r.undisturbed()
					r.run(record.RunComplete, resume())
					compare(t, r, kind)
				})
			}
		}
	}
}

// TestTwoBodiesOfOneIDInOrder: the wrong row of an id stands in order, and is stored before the
// right one is read, at the end of the list. The run fetches the document, and what it stores of it
// takes the place of the row; later runs find nothing to change.
func TestTwoBodiesOfOneIDInOrder(t *testing.T) {
	for _, kind := range []record.Kind{"dashboards", "looks", "groups", "users", "roles", "alerts"} {
		for _, at := range []int{1, 2, 9} {
			for _, resumes := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, row %d, resumed %v", kind, at, resumes), func(t *testing.T) {
					t.Parallel()
					r := newRig(t, lookersim.Options{Seed: 3, TrashShare: -1, Sizes: lookersim.Sizes{
						Looks: 30, Dashboards: 30, Groups: 30, Users: 30, Roles: 30, Alerts: 30,
					}})
					r.row = func(k *catalogue.Spec) {
						if k.Listing.Page > 0 {
							k.Listing.Page = 10
						}
					}
					if err := r.sim.SetBadRows(lookersim.BadRow{Kind: string(kind), At: at, Form: lookersim.RowMoved}); err != nil {
						t.Fatal(err)
					}
					first := start(kind)
					if resumes {
						r.config.Stages.Batch.Records, r.config.Stages.Fetch.Workers, r.config.Limits.InFlightItems = 3, 1, 6
						r.stopAt(1, true)
						if _, err := r.try(first); !errors.Is(err, job.ErrInterrupted) {
							t.Fatal(err)
						}
						r.undisturbed()
						first = resume()
					}
					r.run(record.RunComplete, first)
					compare(t, r, kind)
					if changed := countsOf(t, r.run(record.RunComplete, start(kind)), kind).Changed; changed > 0 {
						t.Errorf("%d changed in the second run", changed)
					}
					compare(t, r, kind)
				})
			}
		}
	}
}
