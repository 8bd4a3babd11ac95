package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
)

// forecast runs run --dry-run.
func (tr *trial) forecast(args ...string) view.Forecast {
	tr.t.Helper()
	var v view.Forecast
	if err := json.Unmarshal([]byte(tr.must(append([]string{"run", "--dry-run", "--json"}, args...)...)), &v); err != nil {
		tr.t.Fatal(err)
	}
	return v
}

func TestDryRunIsCheapAndStoresNothing(t *testing.T) {
	tr := trialHere(t, lookersim.Options{Seed: 3})
	v := tr.forecast()
	counts := tr.sim.Counts()
	if asked := v.Asked["administrative"] + v.Asked["query"]; int(asked) != counts.Calls {
		t.Errorf("it says that it took %d calls, the server counted %d", asked, counts.Calls)
	}
	most := len(catalogue.Default()) + 2 // who calls is asked first, and its roles with it
	for _, kind := range catalogue.Default() {
		if kind.Listing.Trash {
			most++
		}
	}
	for route, n := range counts.Routes {
		if n > 2 {
			t.Errorf("%s was asked %d times", route, n)
		}
	}
	if counts.Calls > most {
		t.Errorf("%d calls, want at most %d", counts.Calls, most)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("it left %v (%v)", entries, err)
	}
	if v.Event != "forecast" || len(v.Kinds) != len(catalogue.Default()) || v.Held {
		t.Errorf("%+v", v)
	}
}

func TestDryRunComesTrue(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3, Sizes: lookersim.DefaultSizes()})
	for _, within := range []float64{0.30, 0.10} {
		v := tr.forecast()
		tr.sim.ResetCounts()
		tr.must("run", "--progress", "none")
		counts := tr.sim.Counts()
		off := float64(v.Calls.Likely-int64(counts.Calls)) / float64(counts.Calls)
		t.Logf("forecast %+v, made %d", v.Calls, counts.Calls)
		if math.Abs(off) > within {
			t.Errorf("forecast %d calls, the run made %d", v.Calls.Likely, counts.Calls)
		}
		query := v.ByClass["query"]
		if n := int64(counts.Query); n < query.Low || n > query.High {
			t.Errorf("%d query calls, forecast %+v", n, query)
		}
	}
	v := tr.forecast()
	if !v.Held || v.Month["administrative"] == 0 || v.StandardAfter["query"] >= standardCalls {
		t.Errorf("the vault's runs do not count: %+v", v.Month)
	}
}

func TestDryRunOfFoldersKindsAndBudgets(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	v := tr.forecast("looks", "--max-calls", "2", "--rate-limit-per-second", "2")
	if len(v.Kinds) != 1 || v.Kinds[0].Kind != "looks" || v.Budget != "no" || v.Seconds == nil || v.Seconds.Likely != float64(v.Calls.Likely)/2 {
		t.Errorf("%+v", v)
	}
	if v := tr.forecast("looks", "--max-calls", "300"); v.Budget != "yes" || v.Seconds != nil {
		t.Errorf("%+v", v)
	}
	scoped := tr.forecast("looks", "--folder-ids", "1", "--recursive=false")
	if scoped.Items.Likely >= v.Items.Likely {
		t.Errorf("%d looks in one folder, %d in all", scoped.Items.Likely, v.Items.Likely)
	}
	if code, _, stderr := tr.do("run", "--dry-run", "--folder-ids", "404404"); code != 2 || !strings.Contains(stderr, "404404") {
		t.Errorf("a folder that is not there: exit code %d, %s", code, stderr)
	}
}

func TestDryRunOfAResume(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	if code, _, stderr := tr.do("run", "--max-calls", "60"); code != 4 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	fresh, rest := tr.forecast(), tr.forecast("--resume")
	if rest.Resume != 1 || rest.Calls.Likely >= fresh.Calls.Likely {
		t.Errorf("a resume of %d calls, a new run of %d", rest.Calls.Likely, fresh.Calls.Likely)
	}
	tr.must("run", "--resume")
	if _, stdout, stderr := tr.do("run", "--dry-run", "--resume", "--json"); stdout != "" || !strings.Contains(stderr, "Nothing to resume") {
		t.Errorf("%q, %q", stdout, stderr)
	}
}

func TestDryRunInAPipe(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	code, stdout, stderr := tr.do("run", "--dry-run")
	if code != 0 {
		t.Fatal(stderr)
	}
	for line := range strings.Lines(stdout) {
		if n := strings.Count(line, "\t") + 1; n != 11 { // kind, listing, and three times three numbers
			t.Errorf("%q has %d columns, want 11", line, n)
		}
	}
	for _, want := range []string{"Nothing was stored.", "calls by runs in this vault", "Standard edition"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is not said: %s", want, stderr)
		}
	}
}

// The table of a forecast takes the flags of every table.
func TestDryRunTakesTheFlagsOfTables(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	lines := func(args ...string) []string {
		t.Helper()
		code, stdout, stderr := tr.do(append([]string{"run", "--dry-run"}, args...)...)
		if code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
		return strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	}
	known := "kind\titems\tcalls_high"
	if got := lines("--format", "tsv", "--columns", "kind,documents,calls_high", "--limit", "3"); len(got) != 4 || got[0] != known {
		t.Errorf("%q, want 3 rows below %q", got, known)
	}
	for _, flag := range []string{"documents", "items", "items_likely"} {
		previous := int64(math.MaxInt64)
		for _, cell := range lines("--columns", "items", "--sort", "-"+flag) {
			n, err := strconv.ParseInt(cell, 10, 64)
			if err != nil || n > previous {
				t.Fatalf("--sort -%s: %q after %d", flag, cell, previous)
			}
			previous = n
		}
	}
	if got := lines("--format", "csv", "--limit", "1"); got[0] != "kind,listing,items_low,items_likely,items_high,calls_low,calls_likely,calls_high,query_calls_low,query_calls_likely,query_calls_high" {
		t.Errorf("as CSV: %q", got)
	}
	if got := lines("--json", "--columns", "kind,calls", "--limit", "1"); len(got) != 3 || !strings.HasPrefix(got[1], `  {"kind":"`) || !strings.Contains(got[1], `"calls":{"low":`) {
		t.Errorf("as JSON: %q", got)
	}
	if got := lines("--format", "yaml"); got[0] != "event: forecast" {
		t.Errorf("as YAML: %q", got[0])
	}
	for _, tt := range []struct{ args, want string }{
		{"--dry-run --columns docments", "did you mean documents?"},
		{"--dry-run --json --format csv", "--json and --format csv exclude each other"},
		{"--dry-run --limit -1", "--limit: -1 is less than 0"},
		{"--columns kind", "--columns is for the table of --dry-run"},
		{"--format csv", "--format is for the table of --dry-run"},
	} {
		if code, stdout, stderr := tr.do(append([]string{"run"}, strings.Fields(tt.args)...)...); code != 2 || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("run %s: exit code %d, %q, want 2 and %q", tt.args, code, stderr, tt.want)
		}
	}
}

func TestDryRunFailsAsARunWould(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	if err := os.WriteFile(tr.file("looker.db"), []byte("something else entirely"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := tr.do("run", "--dry-run"); code != 5 {
		t.Errorf("no vault: exit code %d, want 5: %s", code, stderr)
	}
	tr.environ = append(tr.environ, "LOOKERVAULT_SINK__PATH="+tr.file("other.db"), "LOOKERVAULT_LOOKER__CLIENT_SECRET=another secret")
	if code, _, stderr := tr.do("run", "--dry-run"); code != 3 {
		t.Errorf("wrong key: exit code %d, want 3: %s", code, stderr)
	}
}

func TestBudgetOfAForecast(t *testing.T) {
	for _, tt := range []struct {
		budget int
		want   string
	}{{0, ""}, {100, "yes"}, {60, "perhaps"}, {10, "no"}} {
		d := &dryRun{}
		d.config.RateLimit.MaxCalls = tt.budget
		f := forecast.Forecast{Kinds: []forecast.KindForecast{{Kind: "looks", Administrative: forecast.Span{Low: 50, Likely: 55, High: 70}}}}
		if got := d.view(f, forecast.Ahead{}, nil, nil, time.Now()).Budget; got != tt.want {
			t.Errorf("budget of %d: %q, want %q", tt.budget, got, tt.want)
		}
	}
}

// TestEverybodyCountsTheSame compares what check, a dry run and a run count, kind by kind:
// the trash is counted by all of them, and the kinds stand in one order.
func TestEverybodyCountsTheSame(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3, TrashShare: 0.3})
	forecast := tr.forecast()
	var findings []view.Check
	if err := json.Unmarshal([]byte(tr.must("check", "--json")), &findings); err != nil {
		t.Fatal(err)
	}
	tr.must("run", "--progress", "none")
	var run view.Run
	if err := json.Unmarshal([]byte(tr.must("runs", "show", "--json")), &run); err != nil {
		t.Fatal(err)
	}
	ran := make(map[record.Kind]int64)
	var order, checked, made []string
	for _, k := range run.Kinds {
		ran[k.Kind] = k.New
		made = append(made, string(k.Kind))
	}
	for _, k := range forecast.Kinds {
		order = append(order, string(k.Kind))
		if k.Items.Known() && k.Items.Likely != ran[k.Kind] {
			t.Errorf("%s: the dry run counted %d, the run %d", k.Kind, k.Items.Likely, ran[k.Kind])
		}
	}
	for _, f := range findings {
		kind, ok := strings.CutPrefix(f.Check, "kind ")
		if !ok {
			continue
		}
		checked = append(checked, kind)
		var n int64
		if _, err := fmt.Sscanf(f.Found, "%d document", &n); err == nil && n != ran[record.Kind(kind)] {
			t.Errorf("%s: check said %q, the run counted %d", kind, f.Found, ran[record.Kind(kind)])
		}
	}
	if diff := cmp.Diff(order, checked); diff != "" {
		t.Errorf("the order of kinds (-dry run +check):\n%s", diff)
	}
	if diff := cmp.Diff(order, made); diff != "" {
		t.Errorf("the order of kinds (-dry run +run):\n%s", diff)
	}
	if k := forecast.Kinds[0]; k.Kind != "dashboards" || !k.Items.Known() {
		t.Errorf("the trash of %s is not known: %+v", k.Kind, k.Items)
	}
}

// TestDryRunSaysWhatWouldChange: on a filled vault, by name, for people and in JSON.
func TestDryRunSaysWhatWouldChange(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	said := func() string {
		t.Helper()
		code, _, stderr := tr.do("run", "--dry-run")
		if code != 0 {
			t.Fatal(stderr)
		}
		return stderr
	}
	if got := said(); strings.Contains(got, "as far as lists tell") || strings.Contains(got, "no change") {
		t.Errorf("of an empty vault: %s", got)
	}
	tr.must("run", "--progress", "none")
	if got := said(); !strings.Contains(got, "Lists tell of no change") {
		t.Errorf("nothing has changed: %s", got)
	}
	for _, change := range []lookersim.Change{
		{Op: lookersim.OpTitle, Kind: "dashboards", ID: "5", Value: "Renamed"},
		{Op: lookersim.OpDelete, Kind: "looks", ID: "4"},
		{Op: lookersim.OpTrash, Kind: "looks", ID: "3"},
	} {
		if _, err := tr.sim.Mutate(change); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"  dashboards: 1 changed (Renamed)\n", "  looks: 1 in the trash (", "), 1 gone ("} {
		if got := said(); !strings.Contains(got, want) {
			t.Errorf("%q is not said: %s", want, got)
		}
	}
	for _, k := range tr.forecast().Kinds {
		if k.Kind != "looks" {
			continue
		}
		if c := k.Changes; c == nil || !c.Whole || c.New != 0 || c.Trashed != 1 || c.Gone != 1 || len(c.First) != 2 || c.First[1].ID != "4" {
			t.Errorf("looks: %+v", c)
		}
	}
}
