package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestClock: what is stored and compared as a date goes by the clock of a test, and a run
// says so. What may grow old is asked for when its time has come.
func TestClock(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "looker-demo.db")
	at := ""
	command := func(args ...string) (code int, stdout, stderr string) {
		var out, errs strings.Builder
		code = run(args, strings.NewReader(""), &out, &errs, []string{testNow + "=" + at})
		return code, out.String(), errs.String()
	}
	calls := make([]float64, 0, 3)
	for _, at = range []string{"2026-04-01T02:00:00Z", "2026-04-02T02:00:00Z", "2026-06-01T02:00:00Z"} {
		code, stdout, stderr := command("run", "--demo", "--db", db, "--json", "--progress", "none", "--set", "refresh.settings=30d")
		if code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		last := stdout[strings.LastIndex(strings.TrimSpace(stdout), "\n")+1:]
		var event struct {
			Time  string
			Calls float64
			Notes []string
		}
		if err := json.Unmarshal([]byte(last), &event); err != nil {
			t.Fatalf("%v: %s", err, last)
		}
		if !strings.HasPrefix(event.Time, at[:len("2026-04-01T02:00")]) {
			t.Errorf("the run of %s ended at %s", at, event.Time)
		}
		if notes := strings.Join(event.Notes, "; "); !strings.Contains(notes, testNow) {
			t.Errorf("the run does not say that its clock was set: %q", notes)
		}
		if code, shown, stderr := command("runs", "show", "--db", db); code != 0 || !strings.Contains(shown, "\n"+at[:len("2026-04-01T02:00")]) {
			t.Errorf("the run of %s is shown as of another day: exit code %d, %s%s", at, code, shown, stderr)
		}
		calls = append(calls, event.Calls)
	}
	if calls[1] > calls[2]-20 {
		t.Errorf("calls %v: after a day settings are not asked for again, after two months they are", calls)
	}
	if code, stdout, _ := command("list", "--db", db, "--at", "2026-03-31", "settings"); code != 1 || stdout != "" {
		t.Errorf("before the first run: exit code %d, %q", code, stdout)
	}
	at = "tomorrow"
	if code, _, stderr := command("runs"); code != 2 || strings.Count(stderr, "\n") > 2 || !strings.Contains(stderr, "2026-04-01T02:00:00Z") {
		t.Errorf("a wrong time: exit code %d, %q", code, stderr)
	}
}
