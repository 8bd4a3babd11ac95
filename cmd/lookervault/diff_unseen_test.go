package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/view"
)

// TestDiffTellsWhatWasNotLookedAt: what rested in the later run may have changed, and a diff says so.
func TestDiffTellsWhatWasNotLookedAt(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "looker-demo.db")
	command := func(at string, args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs strings.Builder
		if code := run(args, strings.NewReader(""), &out, &errs, []string{testNow + "=" + at}); code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, errs.String())
		}
		return out.String(), errs.String()
	}
	nights := []string{"2026-04-01T02:00:00Z", "2026-04-02T02:00:00Z"}
	for _, at := range nights {
		command(at, "run", "--demo", "--db", db, "--quiet", "--set", "refresh.settings=300d", "--set", "refresh.themes=300d", "--set", "refresh.content_access=0d")
	}
	args := func(words ...string) []string { return append(words, "--db", db) }
	stdout, _ := command(nights[1], args("list", "settings", "--json")...)
	var settings []view.Entry
	if err := json.Unmarshal([]byte(stdout), &settings); err != nil {
		t.Fatal(err)
	}
	rested := slices.DeleteFunc(settings, func(d view.Entry) bool { return d.Observed != 1 })
	if len(rested) == 0 {
		t.Fatal("no setting rested")
	}
	want := fmt.Sprintf("Run 2 did not ask again for %d documents", len(rested))
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"everything", args("diff", "1", "2"), want + ", any themes: what changed there a later run tells.\n"},
		{"until now", args("diff", "1"), want + ", any themes: what changed there a later run tells.\n"},
		{"the other way round", args("diff", "2", "1", "settings"), want + ": what changed there a later run tells.\n"},
		{"a whole kind", args("diff", "1", "2", "themes"), "Run 2 did not ask again for any themes: what changed there a later run tells.\n"},
		{"one document", args("diff", "1", "2", "settings", rested[0].ID), "Run 2 did not look at settings/" + rested[0].ID + ": what it is compared by is what run 1 saw, the newest before it.\n"},
		{"a kind that was asked for", args("diff", "1", "2", "looks"), ""},
		{"a document that was asked for", args("diff", "1", "2", "looks", "3"), ""},
	} {
		if _, stderr := command(nights[1], test.args...); stderr != test.want {
			t.Errorf("%s: %q, want %q", test.name, stderr, test.want)
		}
	}
}
