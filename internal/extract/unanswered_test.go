package extract_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/sinks"
)

// TestTheEndThatNobodyTells: a server cuts off each list after 60 rows, as many as there are in its
// answer by its own word, and the call that would show it gets no answer. The run does not say that
// the list is complete; where the server does not serve such calls, a note says what is not proven.
// The same documents a second time speak against a cut, so no run is partial for ever.
func TestTheEndThatNobodyTells(t *testing.T) {
	for _, tt := range []struct {
		name, fault string
		calls       int // that the first run may make, 0 for all
		first       record.Outcome
		listing     record.Listing
		second      record.Outcome
		notes       bool // of the second run
	}{
		{"answered", "query=offset=60 nth=1 status=503", 0, record.RunPartial, record.Incomplete, record.RunPartial, false},
		{"server error", "query=offset=60 status=500", 0, record.RunPartial, record.Incomplete, record.RunComplete, true},
		{"page", "query=offset=60 do=html", 0, record.RunPartial, record.Incomplete, record.RunComplete, true},
		{"no list", "query=offset=60 do=value", 0, record.RunPartial, record.Incomplete, record.RunComplete, true},
		{"refused", "query=offset=60 status=403", 0, record.RunComplete, record.Complete, record.RunComplete, false},
		{"no call left", "", 9, record.RunPartial, record.Budget, record.RunPartial, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{
				Seed: 3, Sizes: lookersim.Sizes{Groups: 70}, TrashShare: -1,
				Quirks: lookersim.Quirks{PageCap: 60, Totals: lookersim.TotalPage},
			})
			r.config.RateLimit.MaxCalls = tt.calls
			if tt.fault != "" {
				r.rules("route=GET /groups " + tt.fault)
			}
			result := r.run(tt.first, start("groups"))
			got, notes := countsOf(t, result, "groups"), strings.Join(result.Run.Notes, "\n")
			if got.Listing != tt.listing || got.Listed != 60 {
				t.Errorf("%s (%s), %d listed", got.Listing, got.Reason, got.Listed)
			}
			if tt.first == record.RunComplete && !strings.Contains(notes, "nothing proves that no more stand behind them") {
				t.Errorf("notes: %q", notes)
			}
			r.config.RateLimit.MaxCalls = 0
			result = r.run(tt.second, start("groups"))
			if told := strings.Contains(strings.Join(result.Run.Notes, "\n"), "nothing proves"); told != tt.notes {
				t.Errorf("the second run: %q", result.Run.Notes)
			}
		})
	}
}

// TestAnotherListTellsOfTheEnd: where the call behind one of the longest lists gets no answer, that
// behind another one shows whether the server cuts lists off.
func TestAnotherListTellsOfTheEnd(t *testing.T) {
	for _, tt := range []struct {
		name    string
		cap     int
		outcome record.Outcome
	}{
		{"whole", 0, record.RunComplete},
		{"cut", 60, record.RunPartial},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := 60
			if tt.cap > 0 {
				n = 70
			}
			r := newRig(t, lookersim.Options{
				Seed: 3, Sizes: lookersim.Sizes{Groups: n, Looks: n}, TrashShare: -1,
				Quirks: lookersim.Quirks{PageCap: tt.cap, Totals: lookersim.TotalPage},
			})
			r.rules("route=GET /groups query=offset=60 status=500")
			result := r.run(tt.outcome, start("groups", "looks"))
			for _, kind := range []record.Kind{"groups", "looks"} {
				got := countsOf(t, result, kind)
				if cut := strings.Contains(got.Reason, "cut off"); cut != (tt.cap > 0) {
					t.Errorf("%s: %s (%s)", kind, got.Listing, got.Reason)
				}
			}
		})
	}
}

// TestTheEndOfModelsThatNobodyTells: 40 models came, a number that looks like a limit, and what
// stands behind them could not be asked for. It is asked for again at the end of the run.
func TestTheEndOfModelsThatNobodyTells(t *testing.T) {
	for _, tt := range []struct {
		name, fault string
		outcome     record.Outcome
	}{
		{"for good", "status=500", record.RunPartial},
		{"for a while", "times=3 status=500", record.RunComplete},
		{"refused", "status=400", record.RunComplete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 3, Sizes: lookersim.Sizes{LookmlModels: 40}})
			n := len(r.sim.IDs("lookml_models"))
			if n%10 != 0 {
				t.Fatalf("%d models", n)
			}
			r.rules("route=GET /lookml_models query=offset=40 " + tt.fault)
			result := r.run(tt.outcome, start("lookml_models"))
			got := countsOf(t, result, "lookml_models")
			if told := strings.Contains(got.Reason, "nothing proves"); told != (tt.outcome == record.RunPartial) {
				t.Errorf("%s (%s)", got.Listing, got.Reason)
			}
		})
	}
}

// parameter is one of a path, by whatever name.
var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

// TestARefusalIsNoListing: a kind that some editions do not have was listed, and a call that was to
// prove its list is refused. That is no answer about the list, so the kind is incomplete.
func TestARefusalIsNoListing(t *testing.T) {
	kinds := 0
	for _, kind := range catalogue.All() {
		if !kind.Optional || !kind.Listing.Whole || kind.Detail.IsZero() {
			continue
		}
		kinds++
		t.Run(string(kind.Name), func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 5})
			r.run(record.RunComplete, start(kind.Name))
			r.rules("route="+kind.Listing.Route.String()+" do=short", "route="+parameter.ReplaceAllString(kind.Detail.String(), "{id}")+" status=403")
			result := r.run(record.RunPartial, start(kind.Name))
			if got := countsOf(t, result, kind.Name); got.Listing != record.Incomplete || got.Gone != 0 {
				t.Errorf("%s (%s), %d gone", got.Listing, got.Reason, got.Gone)
			}
		})
	}
	if kinds == 0 {
		t.Error("no kind of that sort")
	}
}

// TestACutRunProvesNoAbsence: half of a list came, and the run is stopped before anybody has
// asked for what is missing from it. Nothing is gone for that, and the kind is not complete.
func TestACutRunProvesNoAbsence(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 5})
	kinds := []record.Kind{"roles", "dashboards"}
	r.run(record.RunComplete, start(kinds...))
	r.rules("route=GET /roles do=short")
	stop, now := context.WithCancel(t.Context())
	r.stop = stop
	r.wrap = func(s sinks.Sink) sinks.Sink {
		return &sinks.Faulty{Sink: s, BeforeCommit: func(_ context.Context, _ int, batch record.Batch) error {
			if slices.ContainsFunc(batch, func(rec record.Record) bool { return rec.Kind == "roles" }) {
				now()
			}
			return nil
		}}
	}
	result, err := r.try(start(kinds...))
	if !errors.Is(err, job.ErrInterrupted) {
		t.Fatal(err)
	}
	if got := countsOf(t, result, "roles"); got.Listing != record.Open || got.Gone != 0 || got.Same == 0 {
		t.Errorf("roles: %s (%s), %d gone, %d the same", got.Listing, got.Reason, got.Gone, got.Same)
	}
	r.undisturbed()
	if got := countsOf(t, r.run(record.RunPartial, resume()), "roles"); got.Listing != record.Incomplete || got.Gone != 0 {
		t.Errorf("resumed: roles: %s (%s), %d gone", got.Listing, got.Reason, got.Gone)
	}
}

// TestAFaultHidesNoCut: half of a list came, and a document of it failed. What others name is
// looked for all the same, and the one that failed is not asked for once more.
func TestAFaultHidesNoCut(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3, Quirks: lookersim.Quirks{PoorRows: []string{"roles"}}})
	roles := r.sim.IDs("roles")
	failing := roles[len(roles)-1] // in the half that comes
	r.rules("route=GET /roles do=short", "route=GET /roles/{id} id="+failing+" status=500")
	got := countsOf(t, r.run(record.RunPartial, start("users", "roles")), "roles")
	if got.Listing != record.Incomplete || !strings.Contains(got.Reason, "other documents name") {
		t.Errorf("cut: %s (%s), %d failed", got.Listing, got.Reason, got.Failed)
	}
	r = newRig(t, lookersim.Options{Seed: 3, Quirks: lookersim.Quirks{PoorRows: []string{"roles"}}})
	r.rules("route=GET /roles/{id} id=" + failing + " status=500")
	result := r.run(record.RunPartial, start("users", "roles"))
	if got := countsOf(t, result, "roles"); got.Listing != record.Complete || got.Failed != 1 || hasNote(result, "while the list was read") {
		t.Errorf("whole: %s (%s), %d failed: %q", got.Listing, got.Reason, got.Failed, result.Run.Notes)
	}
}
