package extract_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// weighed is a run in a process of its own.
type weighed struct {
	URL, Path string
	Kind      record.Kind
	Workers   int
	Limit     int64 // of in_flight_bytes; 0: the default
}

// weight is what such a run says of itself.
type weight struct {
	Documents int64
	Resident  int64 // the most that was resident, in bytes (VmHWM)
	Heap      int64 // bytes of the heap at the end, after a collection
	Flight    int64 // the most that was in flight
	Calls     int64
	Waited    time.Duration
	Took      time.Duration
}

// TestMemoryChild is no test: it is the run that TestMemory weighs.
func TestMemoryChild(t *testing.T) {
	var w weighed
	if json.Unmarshal([]byte(os.Getenv(childVariable)), &w) != nil {
		t.Skip("this is what TestMemory starts")
	}
	r := newRig(t, lookersim.Options{Sizes: lookersim.Sizes{Dashboards: 1}})
	r.url, r.path, r.timeout = w.URL, w.Path, 5*time.Minute
	r.config = config.Default(runtime.NumCPU())
	r.config.RateLimit.PerSecond, r.config.RateLimit.Adaptive = 0, false
	r.config.Stages.Fetch.Workers = w.Workers
	if w.Limit > 0 {
		r.config.Limits.InFlightBytes = config.Size(w.Limit)
	}
	if os.Getenv("GOMEMLIMIT") == "" { // as the program does it
		debug.SetMemoryLimit(extract.MemoryLimit(r.config))
	}
	result := r.run(record.RunComplete, start(w.Kind))
	runtime.GC()
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	line, err := json.Marshal(weight{
		Documents: countsOf(t, result, w.Kind).New, Resident: resident(t), Heap: int64(heap.HeapAlloc), Flight: result.Peak.Bytes,
		Calls: result.API.Calls, Waited: result.Waited, Took: result.Took,
	})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(os.Stderr, "weight %s\n", line)
}

// resident is the most memory that this process had resident, in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.Lines(string(status)) {
		if kilobytes, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.Fields(kilobytes)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Skip("the system does not say what was resident")
	return 0
}

// weigh makes a run in a process of its own.
func weigh(t *testing.T, w weighed) (got weight) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	env, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^TestMemoryChild$", "-test.timeout", "30m")
	cmd.Env = append(os.Environ(), childVariable+"="+string(env))
	var said strings.Builder
	cmd.Stderr = &said
	if out, err := cmd.Output(); err != nil {
		t.Fatalf("%v\n%s%s", err, out, said.String())
	}
	_, line, _ := strings.Cut(said.String(), "weight ")
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	t.Logf("%d documents of %s, %d workers: %d MiB resident, %.1f MiB of heap at the end, %d MiB in flight, %d calls, waited %s, took %s",
		got.Documents, w.Kind, w.Workers, got.Resident>>20, float64(got.Heap)/(1<<20), got.Flight>>20, got.Calls,
		got.Waited.Round(time.Millisecond), got.Took.Round(time.Millisecond))
	return got
}

// TestMemory weighs runs in processes of their own, which takes minutes and what
// LOOKERVAULT_TEST_MEMORY asks for: "large" for 200 documents of 10 MB, "many"
// for half a million small ones, "all" for both.
func TestMemory(t *testing.T) {
	what := os.Getenv("LOOKERVAULT_TEST_MEMORY")
	if what == "" {
		t.Skip("LOOKERVAULT_TEST_MEMORY is not set")
	}
	t.Run("200 documents of 10 MB", func(t *testing.T) {
		if what == "many" {
			t.Skip("not asked for")
		}
		sim, err := lookersim.New(lookersim.Options{Seed: 1, DashboardBytes: 10 << 20, TrashShare: -1, Sizes: lookersim.Sizes{Dashboards: 200}})
		if err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{8, 16} {
			got := weigh(t, weighed{URL: serve(t, sim), Path: t.TempDir() + "/vault.db", Kind: "dashboards", Workers: workers})
			if got.Documents != 200 || got.Resident > 400<<20 {
				t.Errorf("%d documents with %d MiB resident, want 200 with at most 400", got.Documents, got.Resident>>20)
			}
		}
	})
	t.Run("500,000 small documents", func(t *testing.T) {
		if what == "large" {
			t.Skip("not asked for")
		}
		var before weight
		for _, n := range []int{50_000, 500_000} {
			sim, err := lookersim.New(lookersim.Options{Seed: 1, Sizes: lookersim.Sizes{Groups: n}})
			if err != nil {
				t.Fatal(err)
			}
			got := weigh(t, weighed{URL: serve(t, sim), Path: t.TempDir() + "/vault.db", Kind: "groups", Workers: 8})
			if before.Documents > 0 && (got.Heap > before.Heap+8<<20 || got.Resident > before.Resident+40<<20) {
				t.Errorf("ten times the documents take %.1f MiB of heap instead of %.1f, and %d MiB resident instead of %d",
					float64(got.Heap)/(1<<20), float64(before.Heap)/(1<<20), got.Resident>>20, before.Resident>>20)
			}
			before = got
		}
	})
}

// serve starts a simulated Looker.
func serve(t *testing.T, sim *lookersim.Server) string {
	t.Helper()
	if url := sim.URL(); url != "" {
		return url
	}
	url, err := sim.Start("")
	if err != nil {
		t.Fatal(err)
	}
	simtest.Cleanup(t, func() { _ = sim.Close() })
	return url
}
