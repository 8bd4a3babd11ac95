package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/view"
)

// edited changes the titles of so many dashboards through the API, which moves their dates.
func (tr *trial) edited(n int) {
	tr.t.Helper()
	for _, id := range tr.sim.IDs("dashboards")[:n] {
		if _, err := tr.sim.Mutate(lookersim.Change{Op: lookersim.OpEdit, Kind: "dashboards", ID: id, Value: fmt.Sprintf(`{"title":"Title %d of %s"}`, n, id)}); err != nil {
			tr.t.Fatal(err)
		}
	}
}

// TestCheckTellsWhatWasLearntOfDates: in how many changes the date moved, and what follows.
func TestCheckTellsWhatWasLearntOfDates(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{TrashShare: -1, Sizes: lookersim.Sizes{Dashboards: 60, Looks: 5, Folders: 8}})
	tr.must("run", "--quiet")
	learned := []string{"--set", "trust_dates=learned"}
	dates := func(args ...string) view.Check {
		t.Helper()
		return lineOf(tr.check(0, args...), "dates")
	}
	if got := dates(learned...); !strings.HasPrefix(got.Found, "no change was seen on Looker ") {
		t.Errorf("before any change: %+v", got)
	}
	tr.edited(12)
	tr.must("run", "--quiet")
	if got := dates(learned...); !strings.Contains(got.Found, "dashboards: in 12 of 12 changes on Looker ") || !strings.HasSuffix(got.Found, "the date moved; trusted after 30") {
		t.Errorf("after twelve: %+v", got)
	}
	tr.edited(45)
	tr.must("run", "--quiet")
	if got := dates(); !strings.Contains(got.Found, "dashboards: in 57 of 57 changes on Looker ") || !strings.HasSuffix(got.Found, "the date moved") {
		t.Errorf("never trusted: %+v", got)
	}
	if got := dates(learned...); !strings.HasSuffix(got.Found, "the date moved: trusted") || got.Status != "ok" {
		t.Errorf("trusted: %+v", got)
	}
	if _, _, stderr := tr.do("run", "--set", "trust_dates=learned"); !strings.Contains(stderr, "of 60 dashboards (their dates have not moved)") {
		t.Errorf("a run says nothing of what it did not read: %s", stderr)
	}
	if _, err := tr.sim.Mutate(lookersim.Change{Op: lookersim.OpTitle, Kind: "dashboards", ID: tr.sim.IDs("dashboards")[3], Value: "Unmoved"}); err != nil {
		t.Fatal(err)
	}
	if _, _, stderr := tr.do("run", "--full", "--set", "trust_dates=learned"); !strings.Contains(stderr, "dates are not trusted any more, the next run reads everything") {
		t.Errorf("the run says nothing of a counterexample: %s", stderr)
	}
	if got := dates(learned...); !strings.Contains(got.Found, "in 57 of 58 changes") || !strings.HasSuffix(got.Found, "; not in run 5, so dates are not trusted") || got.Status != "warn" {
		t.Errorf("a counterexample: %+v", got)
	}
}

// TestCheckForecastsTheMonth: what nightly runs cost, whether the licence includes it, and
// what to write into the configuration where it does not.
func TestCheckForecastsTheMonth(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{})
	tr.must("run", "--quiet")
	if got := lineOf(tr.check(0), "month"); got.Status != "ok" || !strings.HasPrefix(got.Found, "31 nightly runs: about ") {
		t.Errorf("without a quota: %+v", got)
	}
	const large, small = "looker.quota.administrative=100000", "looker.quota.administrative=1700"
	if got := lineOf(tr.check(0, "--set", large), "month"); got.Status != "ok" || !strings.HasSuffix(got.Found, "looker.quota includes that") {
		t.Errorf("a large licence: %+v", got)
	}
	got := lineOf(tr.check(0, "--set", small), "month")
	_, _, stderr := tr.do("check", "--set", small)
	if got.Status != "warn" || got.Remedy != "set refresh as proposed below" || !strings.Contains(stderr, "\nrefresh:\n") || !strings.Contains(stderr, "\n  settings: ") {
		t.Errorf("a small licence: %+v\n%s", got, stderr)
	}
	// What is proposed is what a dry run proposes.
	_, _, dry := tr.do("run", "--dry-run", "--set", small)
	_, block, _ := strings.Cut(stderr, "refresh:\n")
	if block, _, _ = strings.Cut(block, "\n\n"); block == "" || !strings.Contains(dry, block) {
		t.Errorf("a dry run proposes another block:\n%s\n%s", block, dry)
	}
}

// upgraded serves the simulator as another release of Looker.
func (tr *trial) upgraded(release string) {
	tr.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/versions") {
			tr.sim.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		tr.sim.ServeHTTP(answer, r)
		_, _ = io.WriteString(w, strings.Replace(answer.Body.String(), "26.12.3", release, 1))
	}), nil)
}

// TestForecastsKnowTheRelease: what was learnt counts for the release that the server has now, also
// behind a run that was refused before it asked for that.
func TestForecastsKnowTheRelease(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{TrashShare: -1, Sizes: lookersim.Sizes{Dashboards: 60, Looks: 5, Folders: 8}})
	tr.upgraded("26.12.3")
	quota := 5000
	args := func(command ...string) []string {
		return append(command, "--set", "looker.name=test", "--set", "trust_dates=learned", "--set", "refresh.settings=30d", "--set", fmt.Sprintf("looker.quota.administrative=%d", quota))
	}
	dates := func() string {
		t.Helper()
		return lineOf(tr.check(0, args()...), "dates").Found
	}
	compare := func(when string) {
		t.Helper()
		var foreseen view.Forecast
		_, stdout, stderr := tr.do(args("run", "--dry-run", "--json")...)
		if err := json.Unmarshal([]byte(stdout), &foreseen); err != nil {
			t.Fatalf("%v: %s%s", err, stdout, stderr)
		}
		tr.sim.ResetCounts()
		tr.must(args("run", "--quiet")...)
		if made := tr.sim.Counts().Calls; foreseen.Calls.Likely != int64(made) {
			t.Errorf("%s: forecast %d calls, made %d", when, foreseen.Calls.Likely, made)
		}
	}
	tr.must(args("run", "--quiet")...)
	tr.edited(31)
	tr.must(args("run", "--quiet")...)
	quota = 1
	if code, _, stderr := tr.do(args("run", "--quiet")...); code != codeIncomplete {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	quota = 5000
	if got := dates(); !strings.HasSuffix(got, "on Looker 26.12.3 the date moved: trusted") {
		t.Errorf("behind a refused run: %s", got)
	}
	compare("behind a refused run")
	tr.upgraded("26.14.0")
	if got := dates(); !strings.HasPrefix(got, "no change was seen on Looker 26.14.0 yet") {
		t.Errorf("on another release: %s", got)
	}
	compare("on another release")
}
