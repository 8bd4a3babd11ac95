package extract_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/sinks"
)

// many is LOOKERVAULT_TEST_SEEDS, or a few; one where the race detector makes it slow.
func many(t *testing.T, few int) int {
	t.Helper()
	if raced {
		few = 1
	}
	return testenv.Rounds(t, testenv.Seeds, few)
}

// chaos is a run in a world that is against it.
type chaos struct {
	*handles
	rand     *rand.Rand
	requests atomic.Int64 // since the run began
	at       int64        // request at which trouble comes, 0 for none
	trouble  func()
	exact    bool     // the server does what it is asked to
	log      []string // what was done, for a failure
}

// pick returns one of them.
func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

func newChaos(t *testing.T, seed uint64) *chaos {
	c := &chaos{rand: rand.New(rand.NewPCG(seed, 7))}
	sizes := simtest.Small()
	sizes.Dashboards, sizes.Looks, sizes.Users = 5+c.rand.IntN(40), 5+c.rand.IntN(40), 5+c.rand.IntN(30)
	quirks := lookersim.Quirks{NoTotals: c.rand.IntN(4) == 0, IgnoreIDs: c.rand.IntN(5) == 0}
	switch c.rand.IntN(6) { // with both, nothing can be pinned down
	case 0:
		quirks.IgnoreSorts = true
	case 1:
		quirks.PageCap = 7 + c.rand.IntN(9)
	}
	for _, kind := range []string{"dashboards", "users", "roles", "boards"} {
		if c.rand.IntN(5) == 0 {
			quirks.PoorRows = append(quirks.PoorRows, kind)
		}
	}
	// A server that does not answer what it is asked may give again what it gave.
	c.exact = !quirks.IgnoreIDs && !quirks.IgnoreSorts && quirks.PageCap == 0 && c.rand.IntN(3) > 0
	c.log = append(c.log, fmt.Sprintf("%+v", quirks))
	c.handles = newHandlesOf(t, lookersim.Options{Seed: int64(seed), Sizes: sizes, Quirks: quirks, TrashShare: pick(c.rand, -1, 0.1, 0.3)})
	c.arrived = func(int, string) {
		if c.requests.Add(1) == c.at {
			c.trouble()
		}
	}
	page := 3 + c.rand.IntN(30)
	c.row = func(k *catalogue.Spec) {
		// What of a folder was fetched before is known within a page only.
		if k.Listing.Page > 0 && (k.Name != "looks" || !c.exact) {
			k.Listing.Page = page
		}
	}
	s := &c.config.Stages
	s.List.Workers, s.List.Buffer, s.List.PageSize = 1+c.rand.IntN(4), c.rand.IntN(5), 1+c.rand.IntN(20)
	s.Fetch.Workers, s.Fetch.Buffer = 1+c.rand.IntN(8), c.rand.IntN(9)
	s.Serialize.Workers, s.Serialize.Buffer = 1+c.rand.IntN(3), c.rand.IntN(5)
	s.Batch.Records, s.Batch.Buffer = 1+c.rand.IntN(40), c.rand.IntN(3)
	s.Batch.Every = config.Duration(time.Duration(1+c.rand.IntN(50)) * time.Millisecond)
	c.config.Limits.InFlightItems = pick(c.rand, 1, 5, 50, 2000)
	c.config.Limits.InFlightBytes = config.Size(pick(c.rand, 100, 20<<10, 1<<20, 96<<20))
	c.config.Looker.Timeout, c.config.Looker.MaxBody = config.Duration(100*time.Millisecond), 1<<20
	c.config.Retry.Attempts, c.config.Retry.MaxWait = 1+c.rand.IntN(4), config.Duration(2*time.Millisecond)
	c.config.Shutdown.Grace = config.Duration(pick(c.rand, 0, time.Millisecond, time.Second))
	c.timeout = patient // of logins, none of which hangs
	return c
}

// spoil puts random faults in place.
func (c *chaos) spoil() {
	var rules []string
	for range c.rand.IntN(4) {
		where := pick(c.rand, "route=GET * ", "kind=dashboards ", "kind=looks ", "kind=users ", "kind=roles ", "kind=merge_queries ", "kind=queries ",
			"route=GET /users/{id} ", "route=GET /looks/search ", "route=GET /dashboards/search ", "route=GET /folders/{id}/looks ", "route=GET /groups ")
		what := pick(c.rand, "status=500", "status=502", "status=503", "status=503 retry-after=1s", "status=429", "status=429 retry-after=1s",
			"do=reset", "do=truncate", "do=length", "do=json", "do=html", "do=delay delay=5ms", "do=oversize bytes=2MB", "do=short",
			"do=swap", "status=403", "status=404", "do=redirect", "do=hang")
		if what == "do=hang" && (where != "route=GET /users/{id} " && where != "route=GET /groups ") {
			what = "do=delay delay=20ms" // slow routes are given minutes
		}
		when := pick(c.rand, fmt.Sprintf(" p=%.2f", 0.02+0.3*c.rand.Float64()), fmt.Sprintf(" nth=%d", 1+c.rand.IntN(12)),
			fmt.Sprintf(" after=%d times=%d", c.rand.IntN(10), 1+c.rand.IntN(6)))
		rules = append(rules, where+what+when)
	}
	c.log = append(c.log, fmt.Sprintf("rules %q", rules))
	c.rules(rules...)
}

// disturb chooses how the next run is interrupted, if it is.
func (c *chaos) disturb() {
	stop, stopNow := context.WithCancelCause(c.t.Context())
	kill, killNow := context.WithCancelCause(c.t.Context())
	c.rig.stop, c.rig.kill = stop, kill
	c.stop, c.kill = func() { stopNow(job.ErrInterrupted) }, func() { killNow(job.ErrInterrupted) }
	c.requests.Store(0)
	c.at, c.committing = 0, nil
	how := pick(c.rand, "not", "stop", "kill", "both", "stop at a commit", "kill at a commit", "forget")
	c.log = append(c.log, how)
	n := int64(1 + c.rand.IntN(120))
	switch how {
	case "stop":
		c.at, c.trouble = n, c.stop
	case "kill":
		c.at, c.trouble = n, c.kill
	case "both":
		c.at, c.trouble = n, func() { c.stop(); c.kill() }
	case "forget":
		c.at, c.trouble = n, c.sim.ForgetTokens
	case "stop at a commit", "kill at a commit":
		do := c.stop
		if how == "kill at a commit" {
			do = c.kill
		}
		c.committing = func(m int) {
			if int64(m) == 1+n/10 {
				do()
			}
		}
	}
}

// move changes what the server holds, now or in the middle of the next run.
func (c *chaos) move() {
	for range c.rand.IntN(4) {
		kind := pick(c.rand, "dashboards", "looks", "users", "roles")
		ids := c.sim.IDs(kind)
		if len(ids) < 3 {
			continue
		}
		change := lookersim.Change{Kind: kind, ID: pick(c.rand, ids...)}
		change.Op = pick(c.rand, lookersim.OpTitle, lookersim.OpDelete, lookersim.OpAdd)
		if kind == "dashboards" || kind == "looks" {
			change.Op = pick(c.rand, change.Op, lookersim.OpTrash)
		}
		if change.Op == lookersim.OpTitle {
			change.Value = fmt.Sprintf("Title %d", c.rand.IntN(1000))
		}
		if kind != "roles" && c.rand.IntN(2) == 0 {
			change.Route = map[string]string{"dashboards": "GET /dashboards/search", "looks": "GET /looks/search", "users": "GET /users"}[kind]
			change.Nth = 1 + c.rand.IntN(6)
		}
		if change.Kind == "users" && change.Op == lookersim.OpTitle {
			continue
		}
		if _, err := c.sim.Mutate(change); err == nil {
			c.log = append(c.log, change.String())
		}
	}
}

// TestChaosRuns throws faults, changes, stops and kills at runs, resumes some of
// them, and wants in the end what the server holds, byte for byte, whatever
// happened before. LOOKERVAULT_TEST_SEEDS asks for more than a few.
func TestChaosRuns(t *testing.T) {
	for seed := range many(t, 4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			c := newChaos(t, uint64(seed))
			defer func() {
				if t.Failed() {
					for _, line := range c.log {
						t.Log(line)
					}
				}
			}()
			open := false
			for range 1 + c.rand.IntN(5) {
				c.move()
				c.spoil()
				c.disturb()
				s := start()
				s.Resume = open && c.rand.IntN(3) > 0
				s.Full = !s.Resume && c.rand.IntN(5) == 0
				result, err := c.end(s)
				c.log = append(c.log, fmt.Sprintf("resume %v: %v, %s", s.Resume, err, result.Run.Outcome))
				if err != nil && !expected(err) {
					t.Fatalf("run: %v", err)
				}
				if result.Run.ID > 0 {
					open = result.Run.Resumable()
				}
				if _, err := os.Stat(c.path); err == nil { // else it was killed before there was anything
					c.stored() // verifies
				}
			}
			c.quiet()
			if open {
				c.resumes()
			}
			result, err := c.end(start())
			if err != nil || result.Run.Outcome != record.RunComplete {
				t.Fatalf("the last run: %v, %s: %+v %q", err, result.Run.Outcome, c.faults(), result.Run.Notes)
			}
			// What follows from what is gone goes with the runs after it.
			for range 2 {
				if result, err = c.end(start()); err != nil || result.Run.Outcome != record.RunComplete {
					t.Fatalf("the last run: %v, %s", err, result.Run.Outcome)
				}
			}
			c.compare()
			if faults := c.faults(); len(faults) > 0 {
				t.Errorf("still open: %+v", faults)
			}
		})
	}
}

// expected reports whether chaos may end a run with that error.
func expected(err error) bool {
	for _, target := range []error{job.ErrInterrupted, looker.ErrDown, looker.ErrLogin, context.Canceled} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// patient is a timeout that no answer of a loaded machine misses.
const patient = time.Minute

// quiet ends all trouble. Nothing hangs any more, so no call needs to be given up.
func (c *chaos) quiet() {
	c.rules()
	c.config.Looker.Timeout = config.Duration(patient)
	c.undisturbed()
	c.rig.kill, c.at, c.committing = nil, 0, nil
	c.wrap = func(s sinks.Sink) sinks.Sink { return s }
	// Changes that wait for a request would come in the middle of what follows.
	for range 8 {
		for _, path := range []string{"/dashboards/search", "/looks/search", "/users"} {
			request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.url+"/api/4.0"+path, nil)
			if err != nil {
				c.t.Fatal(err)
			}
			response, err := new(http.Transport).RoundTrip(request)
			if err != nil {
				c.t.Fatal(err)
			}
			_ = response.Body.Close()
		}
	}
}

// resumes continues the run that is open, to its end, and checks on the server's
// side that it fetches nothing again.
func (c *chaos) resumes() {
	t := c.t
	t.Helper()
	newest := c.newest()
	settled := c.settled(newest)
	c.sim.ResetCounts()
	result, err := c.end(resume())
	if err != nil {
		t.Fatalf("the last resume: %v", err)
	}
	if result.Begun.Run != newest || !result.Begun.Resumed {
		t.Errorf("begun %+v, want run %d again", result.Begun, newest)
	}
	if c.exact {
		c.notAgain(settled)
	}
}

// newest is the id of the newest run in the vault.
func (r *rig) newest() int64 {
	r.t.Helper()
	return r.newestRun().ID
}

// newestRun is the newest run in the vault.
func (r *rig) newestRun() record.Run {
	r.t.Helper()
	reader := simtest.Reader(r.t, r.path)
	defer reader.Close()
	run, err := reader.Run(r.t.Context(), 0)
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

// compare compares the vault with the server. Of the kinds behind others, those
// that the simulator knows must be there, and all be what it answers.
func (c *chaos) compare() {
	c.t.Helper()
	compare(c.t, c.rig, inFront()...)
	served := c.served(behind...)
	for ref, document := range c.stored() {
		if slices.Contains(behind, ref.Kind) {
			row, _ := catalogue.Find(ref.Kind)
			_, path := row.Single(ref.ID)
			if status, body := c.sim.Peek(path); status != http.StatusOK || string(body) != string(document.Body) {
				c.t.Errorf("%s: the server answers %d, and other bytes", ref, status)
			}
			delete(served, ref)
		}
	}
	for ref := range served {
		c.t.Errorf("%s is missing", ref)
	}
}
