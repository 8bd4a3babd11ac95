package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// TestNewestBackup: without a number runs show and report mean the newest backup, and not what
// a restore looked by; that is there by its number.
func TestNewestBackup(t *testing.T) {
	t.Chdir(t.TempDir())
	began := time.Date(2026, 3, 1, 4, 30, 0, 0, time.UTC)
	for i, origin := range []string{"api", "api", record.OriginLook} {
		w, err := sqlite.Open(t.Context(), "looker.db", sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		at := began.AddDate(0, 0, i)
		scope := record.Scope{Kinds: []record.Kind{"looks"}}
		if _, err := w.Begin(t.Context(), record.Start{Instance: "acme", BaseURL: "https://acme", Origin: origin, Scope: scope, At: at}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Finish(t.Context(), record.Finish{At: at, Kinds: []record.End{{Kind: "looks", Listing: record.Complete}}}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args string
		want int64
	}{
		{"", 2},
		{" latest", 2},
		{" latest-1", 1},
		{" 3", 3},
	} {
		shown, _ := piped(t, 0, strings.Fields("runs show --json"+tt.args)...)
		var run view.Run
		if err := json.Unmarshal([]byte(shown), &run); err != nil || run.Run != tt.want {
			t.Errorf("runs show%s: run %d (%v), want %d", tt.args, run.Run, err, tt.want)
		}
		page, _ := piped(t, 0, strings.Fields("report -o -"+tt.args)...)
		if want := "<title>Run " + string(rune('0'+tt.want)) + " of acme"; !strings.Contains(page, want) {
			t.Errorf("report%s: the page does not say %q", tt.args, want)
		}
	}
}
