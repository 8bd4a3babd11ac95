package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestQuota: a run makes no call more than the month has left, says what had to wait, goes
// on when somebody wants that, and has the next month for itself.
func TestQuota(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "looker-demo.db")
	at := "2026-04-20T02:00:00Z"
	made := func(args ...string) (code int, calls map[string]float64, stderr string) {
		t.Helper()
		var out, errs strings.Builder
		args = append([]string{"run", "--demo", "--db", db, "--json", "--progress", "none", "--set", "looker.quota.administrative=150", "--set", "looker.quota.query=1000"}, args...)
		code = run(args, strings.NewReader(""), &out, &errs, []string{testNow + "=" + at})
		text := strings.TrimSpace(out.String())
		var event struct {
			Calls map[string]float64 `json:"calls_by_class"`
		}
		if last := text[strings.LastIndex(text, "\n")+1:]; last != "" {
			if err := json.Unmarshal([]byte(last), &event); err != nil {
				t.Fatalf("%v: %s", err, last)
			}
		}
		return code, event.Calls, errs.String()
	}
	code, calls, stderr := made()
	if code != 4 || calls["administrative"] > 150 || calls["administrative"] < 140 {
		t.Errorf("exit code %d, calls %v, want 4 and at most 150: %s", code, calls, stderr)
	}
	if !strings.Contains(stderr, "looker.quota") || !strings.Contains(stderr, "--over-quota") {
		t.Errorf("nobody says why it is incomplete: %s", stderr)
	}
	code, calls, stderr = made("--resume")
	if code != 4 || len(calls) > 0 && calls["administrative"] > 0 || !strings.Contains(stderr, "--over-quota") {
		t.Errorf("a second run: exit code %d, calls %v: %s", code, calls, stderr)
	}
	code, calls, stderr = made()
	if code != 4 || calls["administrative"] > 0 || !strings.Contains(stderr, "--over-quota") {
		t.Errorf("a new run: exit code %d, calls %v: %s", code, calls, stderr)
	}
	refused(t, db, 2)
	if code, calls, stderr = made("--resume", "--over-quota"); code != 0 || calls["administrative"] < 50 {
		t.Errorf("over the quota: exit code %d, calls %v: %s", code, calls, stderr)
	}
	at = "2026-05-01T02:00:00Z"
	if code, calls, stderr = made(); code != 0 || calls["administrative"] == 0 || calls["administrative"] > 150 {
		t.Errorf("in the next month: exit code %d, calls %v: %s", code, calls, stderr)
	}
}

// TestLittleQuotaLeft: where the month has less left than it takes to find out who calls, no call is
// made, as nothing would keep count of it; else the run makes what is left and no more.
func TestLittleQuotaLeft(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "looker-demo.db")
	at := "2026-04-10T02:00:00Z"
	made := func(args ...string) (code int, calls int64, stderr string) {
		t.Helper()
		var out, errs strings.Builder
		args = append([]string{"run", "--demo", "--db", db, "--json", "--progress", "none", "--set", "rate_limit.per_second=0"}, args...)
		code = run(args, strings.NewReader(""), &out, &errs, []string{testNow + "=" + at})
		reader := simtest.Reader(t, db)
		defer reader.Close()
		counted, err := reader.CallsIn(t.Context(), "demo", time.Date(2026, 4, 10, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		return code, counted["administrative"], errs.String()
	}
	code, first, stderr := made()
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	counted := first
	for _, left := range []int64{0, 1, 2, 5} {
		at = fmt.Sprintf("2026-04-%02dT02:00:00Z", 11+left)
		quota := counted + left
		code, now, stderr := made("--set", fmt.Sprintf("looker.quota.administrative=%d", quota))
		if code != 4 || now > quota || left >= 2 && now != quota || left < 2 && now != counted {
			t.Errorf("%d left: exit code %d, %d calls made of %d, of which %d before: %s", left, code, now, quota, counted, stderr)
		}
		if !strings.Contains(stderr, "looker.quota") || !strings.Contains(stderr, "--over-quota") {
			t.Errorf("%d left: nobody says what to do: %s", left, stderr)
		}
		counted = now
	}
}

// TestQuotaOfAResumedRun: the calls of a run that is resumed in the next month count for
// that month, whenever the run began.
func TestQuotaOfAResumedRun(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "looker-demo.db")
	var said []string
	nights := []string{"2026-04-30T02:00:00Z", "2026-05-01T02:00:00Z", "2026-05-02T02:00:00Z", "2026-05-03T02:00:00Z"}
	for i, at := range nights {
		var out, errs strings.Builder
		args := []string{"run", "--demo", "--db", db, "--progress", "none", "--set", "looker.quota.administrative=60"}
		if i > 0 {
			args = append(args, "--resume")
		}
		if code := run(args, strings.NewReader(""), &out, &errs, []string{testNow + "=" + at}); code != 4 {
			t.Fatalf("%s: exit code %d: %s", at, code, errs.String())
		}
		if i < 2 { // the others were refused
			said = append(said, errs.String())
		}
	}
	reader := simtest.Reader(t, db)
	defer reader.Close()
	for i, month := range []time.Month{time.April, time.May} {
		calls, err := reader.CallsIn(t.Context(), "demo", time.Date(2026, month, 15, 0, 0, 0, 0, time.UTC))
		if err != nil || calls["administrative"] != 60 {
			t.Errorf("%s: %v calls, %v, want 60", month, calls, err)
		}
		if want := fmt.Sprintf("\n60 of 60 administrative and %d query calls this month.\n", calls["query"]); !strings.Contains(said[i], want) {
			t.Errorf("%s: the summary does not say %q: %s", month, want, said[i])
		}
	}
}

// refused checks that the newest run of the demo's vault is one that was refused, and that
// check and runs tell why.
func refused(t *testing.T, db string, id int64) {
	t.Helper()
	reader := simtest.Reader(t, db)
	defer reader.Close()
	runs, err := reader.Runs(t.Context(), "demo")
	if err != nil || len(runs) != int(id) {
		t.Fatalf("%d runs, %v, want %d", len(runs), err, id)
	}
	if run := runs[0]; run.ID != id || !run.Refused() || len(run.Notes) != 1 || !strings.Contains(run.Notes[0], "refused: the 150 administrative calls of looker.quota are made this month") {
		t.Errorf("the newest run is %d, %s: %q", run.ID, run.Outcome, run.Notes)
	}
	if again, open := record.Continued(runs); !open || again.ID != 1 {
		t.Errorf("a resume would continue run %d (%t), want 1", again.ID, open)
	}
	findings, err := reader.Verify(t.Context())
	if err != nil || len(findings) > 0 {
		t.Errorf("verify: %v %v", findings, err)
	}
	for _, args := range [][]string{{"runs", "--db", db}, {"runs", "show", "--db", db}} {
		var out, errs strings.Builder
		if code := run(args, strings.NewReader(""), &out, &errs, nil); code != 0 || !strings.Contains(out.String(), "failed") {
			t.Errorf("%v: exit code %d: %s%s", args, code, out.String(), errs.String())
		}
		t.Log(out.String())
	}
}
