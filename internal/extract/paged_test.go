package extract_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// givesUp is the rule of a load balancer that gives up on a list before the server has
// made it, however often it is asked for. Pages of it, which have a limit, are another
// route but for models.
func givesUp(kind *catalogue.Spec) string {
	return fmt.Sprintf("route=%s status=504 body=page", kind.Listing.Route)
}

// TestListThatIsTooLongForOneAnswer: each kind with a paged search is read by that, in
// first and later runs, and what was deleted is gone.
func TestListThatIsTooLongForOneAnswer(t *testing.T) {
	deleted := map[record.Kind]string{"scheduled_plans": "3", "roles": "5", "permission_sets": "4", "model_sets": "4", "themes": "3"}
	tested := 0
	for _, kind := range catalogue.All() {
		paged, ok := kind.InPages()
		if !ok || paged.Listing.Route.Path == kind.Listing.Route.Path {
			continue
		}
		tested++
		t.Run(string(kind.Name), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 3})
			r.config.Stages.List.PageSize = 3
			r.rules(givesUp(kind))
			for _, change := range []int64{0, 1} {
				if change > 0 {
					mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: string(kind.Name), ID: deleted[kind.Name]})
				}
				result := r.run(record.RunComplete, start(kind.Name))
				compare(t, r, kind.Name)
				if got := countsOf(t, result, kind.Name); got.Gone != change || got.Listed != int64(len(r.sim.IDs(string(kind.Name)))) {
					t.Errorf("%+v, want %d gone", got, change)
				}
				want := []string{fmt.Sprintf("%s: the list cannot be had in one answer (%s), so it was read in pages (%s)",
					kind.Name, kind.Listing.Route, paged.Listing.Route)}
				if diff := cmp.Diff(want, result.Run.Notes); diff != "" {
					t.Errorf("notes (-want +got):\n%s", diff)
				}
				if faults := r.faults(); len(faults) > 0 {
					t.Errorf("faults: %v", faults)
				}
			}
			r.rules()
			searches := r.sim.Counts().Routes[paged.Listing.Route.String()]
			if got := countsOf(t, r.run(record.RunComplete, start(kind.Name)), kind.Name); got.Changed+got.New+got.Gone > 0 {
				t.Errorf("%+v, want rows of both lists to be the same documents", got)
			}
			if n := r.sim.Counts().Routes[paged.Listing.Route.String()]; n != searches {
				t.Errorf("%d searches although nothing is wrong", n-searches)
			}
		})
	}
	if tested != len(deleted) {
		t.Errorf("%d kinds were tried, want %d", tested, len(deleted))
	}
}

// TestListAndPagesFail: the kind is incomplete for what the list said, and nothing of
// it is gone.
func TestListAndPagesFail(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.run(record.RunComplete, start("scheduled_plans"))
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "scheduled_plans", ID: "3"})
	for _, search := range []string{"status=500", "status=404", "status=403"} {
		r.rules("route=GET /scheduled_plans status=504 body=page", "route=GET /scheduled_plans/search "+search)
		got := countsOf(t, r.run(record.RunPartial, start("scheduled_plans")), "scheduled_plans")
		if got.Listing != record.Incomplete || got.Gone != 0 || got.Failed != 1 || !strings.Contains(got.Reason, "504") {
			t.Errorf("search with %s: %+v, want it incomplete because of 504", search, got)
		}
	}
	r.rules()
	if got := countsOf(t, r.run(record.RunComplete, start("scheduled_plans")), "scheduled_plans"); got.Gone != 1 {
		t.Errorf("%+v, want one gone", got)
	}
	if faults := r.faults(); len(faults) > 0 {
		t.Errorf("faults: %v", faults)
	}
}

// TestResumeBeginsWithThePages: a list that could not be had is not waited for again.
func TestResumeBeginsWithThePages(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.config.Stages.List.PageSize, r.config.Stages.Batch.Records, r.config.Stages.Fetch.Workers, r.config.Limits.InFlightItems = 2, 2, 1, 4
	r.rules("route=GET /scheduled_plans status=504 body=page")
	r.stopAt(2, true)
	if _, err := r.try(start("scheduled_plans")); !errors.Is(err, job.ErrInterrupted) {
		t.Fatal(err)
	}
	r.undisturbed()
	if codes := r.lessonsOf("scheduled_plans"); !strings.Contains(fmt.Sprint(codes), string(record.WholeOff)) {
		t.Fatalf("lessons %v, want %s among them", codes, record.WholeOff)
	}
	r.sim.ResetCounts()
	r.run(record.RunComplete, resume())
	compare(t, r, "scheduled_plans")
	if n := r.sim.Counts().Routes["GET /scheduled_plans"]; n > 0 {
		t.Errorf("the list was asked for %d times", n)
	}
}

// TestPagesWithinABudget: the calls of the second way are paid for like any other.
func TestPagesWithinABudget(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.config.Stages.List.PageSize = 3
	r.rules("route=GET /scheduled_plans status=504 body=page")
	r.config.RateLimit.MaxCalls = 4
	result := r.run(record.RunPartial, start("scheduled_plans"))
	if got := countsOf(t, result, "scheduled_plans"); got.Listing != record.Budget || result.API.Calls != 4 {
		t.Errorf("%+v after %d calls, want the budget of 4 used up", got, result.API.Calls)
	}
	r.config.RateLimit.MaxCalls = 0
	r.run(record.RunComplete, resume())
	compare(t, r, "scheduled_plans")
}

// TestModelsInPages: pages of models are parts of the same list, which takes no order.
// What pages in another order leave is asked for alone.
func TestModelsInPages(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.config.Stages.List.PageSize = 2
	for _, change := range []int64{0, 1} {
		if change > 0 {
			mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "lookml_models", ID: r.sim.IDs("lookml_models")[1]})
		}
		r.rules(fmt.Sprintf("route=GET /lookml_models times=%d status=504 body=page", r.config.Retry.Attempts))
		result := r.run(record.RunComplete, start("lookml_models"))
		compare(t, r, "lookml_models")
		if got := countsOf(t, result, "lookml_models"); got.Gone != change || len(result.Run.Notes) != 1 {
			t.Errorf("%+v, notes %q: want %d gone and one note", got, result.Run.Notes, change)
		}
	}
}

// TestAListThatIsCutOff: a server answers no more than ten models at once, and says
// nothing of it.
func TestAListThatIsCutOff(t *testing.T) {
	for _, models := range []int{10, 11, 25} {
		r := newRig(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{LookmlModels: models}, Quirks: lookersim.Quirks{NoTotals: true, PageCap: 10}})
		for range 2 {
			r.run(record.RunComplete, start("lookml_models"))
			compare(t, r, "lookml_models")
			if n := len(r.stored()); n != models {
				t.Errorf("%d models are stored of %d", n, models)
			}
		}
	}
}
