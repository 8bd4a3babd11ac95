package vault_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

func TestReadersLeftKeeps(t *testing.T) {
	version := func(first, gone int64) vault.Lifespan { return vault.Lifespan{First: first, Gone: gone} }
	for _, tt := range []struct {
		name     string
		kept     []int64 // runs
		over     bool    // the time of what is gone is up
		versions []vault.Lifespan
		want     []bool
	}{
		{name: "the newest is read now", versions: []vault.Lifespan{version(1, 0), version(3, 0)}, want: []bool{false, true}},
		{name: "a kept run reads the first", kept: []int64{2}, versions: []vault.Lifespan{version(1, 0), version(3, 0)}, want: []bool{true, true}},
		{name: "the run that saw the next one first does not", kept: []int64{3}, versions: []vault.Lifespan{version(1, 0), version(3, 0)}, want: []bool{false, true}},
		{name: "gone, and its time is not up", versions: []vault.Lifespan{version(1, 3)}, want: []bool{true}},
		{name: "gone, and its time is up", over: true, versions: []vault.Lifespan{version(1, 3)}, want: []bool{false}},
		{name: "a run that knew it as gone keeps it only until its time is up", kept: []int64{4}, over: true, versions: []vault.Lifespan{version(1, 3), version(6, 0)}, want: []bool{false, true}},
		{name: "gone and back, a kept run knew it as gone", kept: []int64{4}, versions: []vault.Lifespan{version(1, 3), version(6, 0)}, want: []bool{true, true}},
		{name: "gone and back, nobody reads that", kept: []int64{7}, versions: []vault.Lifespan{version(1, 3), version(6, 0)}, want: []bool{false, true}},
		{
			name: "an older one that stays would be taken for it", kept: []int64{1}, over: true,
			versions: []vault.Lifespan{version(1, 0), version(3, 5)}, want: []bool{true, true},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			readers := vault.ReadersLeft{Runs: tt.kept, IsOver: func(int64) bool { return tt.over }}
			if diff := cmp.Diff(tt.want, readers.Keeps(tt.versions)); diff != "" {
				t.Errorf("stays (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimeUp(t *testing.T) {
	at := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	began := map[int64]time.Time{1: at.Add(-time.Second), 2: at, 3: at.Add(time.Second)}
	for run, want := range map[int64]bool{1: true, 2: true, 3: false, 4: false} {
		if got := vault.TimeUp(began, at)(run); got != want {
			t.Errorf("run %d: %t, want %t", run, got, want)
		}
		if vault.TimeUp(map[int64]time.Time{run: {}}, time.Time{})(run) {
			t.Error("without a time before which, nothing is over")
		}
	}
}

// TestNewestComplete: a newer run of less does not take the place of an older one of more.
func TestNewestComplete(t *testing.T) {
	no := false
	everything := record.Run{Outcome: record.RunComplete, Scope: record.Scope{All: true}}
	kinds := record.Run{Outcome: record.RunComplete, Scope: record.Scope{Kinds: []record.Kind{"looks"}}}
	ofAKey := record.Run{Outcome: record.RunComplete, Scope: record.Scope{All: true}, Caller: record.Caller{Admin: &no}}
	folders := record.Run{Outcome: record.RunComplete, Scope: record.Scope{Folders: []string{"1"}}}
	for _, tt := range []struct {
		name string
		runs []record.Run // newest first
		want int
	}{
		{"none", nil, -1},
		{"only a part of the folders", []record.Run{folders}, -1},
		{"everything before some kinds", []record.Run{folders, ofAKey, kinds, everything, everything}, 3},
		{"some kinds before what a key sees", []record.Run{ofAKey, kinds, kinds}, 1},
		{"what a key sees", []record.Run{folders, ofAKey, ofAKey}, 1},
	} {
		if got := vault.NewestComplete(tt.runs); got != tt.want {
			t.Errorf("%s: run %d, want %d", tt.name, got, tt.want)
		}
	}
}
