package extract_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/testenv"
)

// rules puts rules in place of all that the server had.
func (r *rig) rules(texts ...string) {
	r.t.Helper()
	simtest.SetRules(r.t, r.sim, texts...)
}

// accounted checks that every document of the server is stored as it is, or has
// a fault, or belongs to a kind that is said not to be complete, that nothing
// else is stored, and that the run's outcome and numbers say the same.
func (r *rig) accounted(result extract.Result) {
	r.t.Helper()
	counts := make(map[record.Kind]record.Counts)
	for _, k := range result.Run.Kinds {
		counts[k.Kind] = k
	}
	failed := make(map[record.Ref]bool)
	rows := make(map[record.Kind]int64)
	for _, f := range r.faults() {
		failed[f.Ref] = true
		if f.Run == result.Run.ID && f.Failure() {
			rows[f.Kind]++
		}
	}
	stored, secrets := r.stored(), mustSecrets(r.t)
	for ref, item := range r.served(result.Run.Scope.Kinds...) {
		document, have := stored[ref]
		delete(stored, ref)
		switch {
		case have:
			want, _ := secrets[ref.Kind].Redact(r.bodyOf(ref.Kind, item))
			if string(want) != string(document.Body) || string(document.State) != item.State {
				r.t.Errorf("%s: %s with other bytes than the server's, where it is %s", ref, document.State, item.State)
			}
		case !failed[ref] && counts[ref.Kind].Listing == record.Complete && !noted(result.Run.Notes, ref):
			r.t.Errorf("%s is lost: neither stored nor a fault, and its kind is said to be complete", ref)
		}
	}
	for ref := range stored {
		r.t.Errorf("%s is stored, the server does not hold it", ref)
	}
	outcome := record.RunComplete
	for _, k := range result.Run.Kinds {
		if k.Failed != rows[k.Kind] {
			r.t.Errorf("%s: %d failed, %d rows of faults", k.Kind, k.Failed, rows[k.Kind])
		}
		if k.Listing != record.Complete || k.Failed > 0 {
			outcome = record.RunPartial
		}
		if k.Listing == record.Incomplete && rows[k.Kind] == 0 {
			r.t.Errorf("%s is incomplete without a fault that says why", k.Kind)
		}
	}
	if result.Run.Outcome != outcome {
		r.t.Errorf("outcome %s, want %s: %+v", result.Run.Outcome, outcome, result.Run.Kinds)
	}
}

// noted reports whether a run says that something points to a document that is not
// there.
func noted(notes []string, ref record.Ref) bool {
	return slices.ContainsFunc(notes, func(note string) bool {
		kind, rest, _ := strings.Cut(note, ": ")
		_, ids, ok := strings.Cut(rest, "are not there (404): ")
		return ok && kind == string(ref.Kind) && slices.Contains(strings.Split(ids, ", "), ref.ID)
	})
}

// places are the ways in which a run asks. A rule with that text hits one of
// them and nothing else.
var places = []struct {
	name    string
	rule    string
	kinds   []record.Kind
	exclude bool   // one document is left out, so that pages are asked for as id lists
	poor    string // a kind whose rows are poor, so that it is fetched one by one
	falls   bool   // what does not come in this way comes in another
	slow    bool   // the route is given minutes
	lists   bool   // it is a listing
}{
	{name: "an enumeration", rule: "route=GET /users nth=1", kinds: []record.Kind{"users"}, lists: true},
	{name: "every listing", rule: "route=GET /users", kinds: []record.Kind{"users"}, lists: true},
	{name: "a page", rule: "route=GET /users nth=4", kinds: []record.Kind{"users"}, falls: true},
	{name: "every page", rule: "route=GET /users after=2", kinds: []record.Kind{"users"}, falls: true},
	{name: "an id list", rule: "route=GET /users nth=3", kinds: []record.Kind{"users"}, exclude: true, falls: true},
	{name: "every id list", rule: "route=GET /users after=2", kinds: []record.Kind{"users"}, exclude: true, falls: true},
	{name: "a document", rule: "route=GET /users/{id} id=7", kinds: []record.Kind{"users"}, poor: "users"},
	{name: "a proof", rule: "route=GET /users/{id} nth=1", kinds: []record.Kind{"users"}, falls: true},
	{name: "a whole list", rule: "route=GET /user_attributes", kinds: []record.Kind{"user_attributes"}, lists: true},
	{name: "a folder", rule: "route=GET /folders/{id}/looks nth=2", kinds: []record.Kind{"looks"}, falls: true, slow: true},
	{name: "every folder", rule: "route=GET /folders/{id}/looks", kinds: []record.Kind{"looks"}, falls: true, slow: true},
	{name: "a followed document", rule: "kind=merge_queries nth=1", kinds: []record.Kind{"dashboards", "merge_queries"}},
}

// spoils are the ways in which an answer goes wrong.
var spoils = []struct {
	do    string
	heals bool // the same question asked again is answered
	hangs bool
	once  bool // for good, a run never ends or ends for another reason
	lists bool // it does harm to a list
}{
	{do: "status=401", heals: true, once: true, lists: true},
	{do: "status=403", lists: true},
	{do: "status=404", lists: true},
	{do: "status=422", lists: true},
	{do: "status=429", heals: true, once: true, lists: true},
	{do: "status=429 retry-after=1s", heals: true, once: true, lists: true},
	{do: "status=429 retry-after=date:1s", heals: true, once: true, lists: true},
	{do: "status=500", heals: true, lists: true},
	{do: "status=502", heals: true, lists: true},
	{do: "status=503", heals: true, lists: true},
	{do: "status=503 retry-after=1s", heals: true, lists: true},
	{do: "status=504", heals: true, lists: true},
	{do: "do=reset", heals: true, lists: true},
	{do: "do=hang", heals: true, hangs: true, lists: true},
	{do: "do=drip bytes=8 delay=20ms", heals: true, hangs: true},
	{do: "do=truncate", heals: true, lists: true},
	{do: "do=length", heals: true, lists: true},
	{do: "do=json", heals: true, lists: true},
	{do: "do=html", heals: true, lists: true},
	{do: "do=redirect", lists: true},
	{do: "do=swap", heals: true},
	{do: "do=null", heals: true, lists: true},
	{do: "do=value", heals: true, lists: true},
	{do: "do=oversize bytes=2MB", heals: true, lists: true},
}

// TestFaultMatrix makes every kind of answer go wrong in every way, once and for
// good. Nothing may be lost or invented, and the next run makes up for it. By
// default it takes a part of the matrix, with LOOKERVAULT_TEST_SEEDS all of it.
func TestFaultMatrix(t *testing.T) {
	every, n := 9, 0
	switch {
	case testenv.More(testenv.Seeds):
		every = 1
	case raced:
		every = 40
	}
	for p, place := range places {
		for _, spoil := range spoils {
			for _, times := range []string{" times=1", ""} {
				if times == "" && spoil.once || spoil.hangs && place.slow || spoil.do[:7] == "do=drip" && place.lists {
					continue
				}
				if n++; (n+p)%every != 0 {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s%s", place.name, spoil.do, times), func(t *testing.T) {
					t.Parallel()
					sizes := simtest.Small()
					sizes.Dashboards, sizes.Looks, sizes.Folders = 15, 20, 12
					r := newRig(t, lookersim.Options{Seed: 2, Sizes: sizes, TrashShare: -1, Quirks: lookersim.Quirks{PoorRows: []string{place.poor}}})
					r.config.Looker.MaxBody, r.config.Looker.Timeout = 1<<20, config.Duration(patient)
					if spoil.hangs {
						r.config.Looker.Timeout = config.Duration(5 * time.Second) // which the answer to a second attempt does not need
					}
					r.config.Retry.MaxWait = config.Duration(5 * time.Millisecond)
					if place.exclude {
						r.exclude = []record.Ref{{Kind: "users", ID: "2"}}
					}
					r.rules(place.rule + " " + spoil.do + times)
					result, err := r.try(start(place.kinds...))
					if err != nil {
						t.Fatalf("run: %v", err)
					}
					if r.sim.Counts().Faults == 0 {
						t.Fatal("the fault did not happen")
					}
					if !place.exclude {
						r.accounted(result)
					}
					single := times != "" || strings.Contains(place.rule, "nth=")
					whole := place.falls || spoil.heals && single || place.lists && !spoil.lists
					if spoil.do == "status=404" && !place.falls {
						// It is asked again; what others point to and is not there is noted.
						whole = single || !place.lists && place.poor == ""
					}
					if got := result.Run.Outcome == record.RunComplete; got != whole {
						t.Errorf("complete: %v, want %v; faults %+v, notes %q", got, whole, r.faults(), result.Run.Notes)
					}
					r.rules()
					r.exclude = nil
					r.run(record.RunComplete, start(place.kinds...))
					compare(t, r, place.kinds...)
					if faults := r.faults(); len(faults) > 0 {
						t.Errorf("still open: %+v", faults)
					}
				})
			}
		}
	}
}

// TestDocumentThatCannotBeAskedFor: an id that makes no address is the fault of its
// row, not of the run.
func TestDocumentThatCannotBeAskedFor(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 2, Quirks: lookersim.Quirks{PoorRows: []string{"users"}}})
	mutate(t, r, lookersim.Change{Op: lookersim.OpPut, Kind: "users", ID: "..", Value: `{"id":"..","display_name":"Dots","email":null}`})
	result := r.run(record.RunPartial, start("users"))
	if got := countsOf(t, result, "users"); got.Failed != 1 || got.New != got.Listed || got.Listing != record.Incomplete {
		t.Errorf("%+v, want all but one", got)
	}
	if faults := r.faults(); len(faults) != 1 || faults[0].ID != "#26" || !strings.Contains(faults[0].Message, `".." for its id`) {
		t.Errorf("faults = %+v", faults)
	}
}
