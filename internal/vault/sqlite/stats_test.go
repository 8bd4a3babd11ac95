package sqlite_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// TestStatsOfDamage: what stats counts is checked, or follows from what is.
func TestStatsOfDamage(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, damage string }{
		{"a compressed body that is shorter", `UPDATE bodies SET data = substr(data, 1, length(data) - 1) WHERE codec = 'zstd'`},
		{"a plain body that is shorter", `UPDATE bodies SET data = substr(data, 1, length(data) - 1) WHERE rowid = (SELECT min(rowid) FROM bodies WHERE codec = 'none')`},
		{"the size of a body", `UPDATE bodies SET size = size + 1 WHERE rowid = (SELECT min(rowid) FROM bodies)`},
		{"a body that is not there", `DELETE FROM bodies WHERE rowid = (SELECT min(rowid) FROM bodies)`},
		{"a body that nobody has", `INSERT INTO bodies (hash, codec, size, data) VALUES (zeroblob(32), 'none', 1, x'31')`},
		{"how much a run stored", `UPDATE run_kinds SET stored = stored + 1 WHERE run = 1`},
		{"how often a run called", `UPDATE run_calls SET calls = calls + 1`},
		{"when a run began", `UPDATE runs SET started_at = started_at + 1 WHERE id = 1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := newPath(t)
			aFullVault(t, path)
			if _, err := read(t, path).Stats(t.Context()); err != nil {
				t.Fatal(err)
			}
			execute(t, path, tt.damage)
			if s, err := read(t, path).Stats(t.Context()); !errors.Is(err, vault.ErrCorrupt) {
				t.Errorf("%+v and %v, want ErrCorrupt", s, err)
			}
		})
	}
}

// withoutLists are runs without the lists of what their sessions measured.
func withoutLists(runs []record.Run) (brief []record.Run) {
	for _, run := range runs {
		run.Sessions = slices.Clone(run.Sessions)
		for i := range run.Sessions {
			run.Sessions[i].Stages, run.Sessions[i].Kinds, run.Sessions[i].Samples = nil, nil, nil
		}
		brief = append(brief, run)
	}
	return brief
}

// TestNewestRuns: so many of the newest runs are those at the head of all of them.
func TestNewestRuns(t *testing.T) {
	path := newPath(t)
	aFullVault(t, path)
	r := read(t, path)
	for _, instance := range []string{"", "acme"} {
		all, err := r.Runs(t.Context(), instance)
		if err != nil || len(all) < 3 {
			t.Fatalf("%d runs, %v", len(all), err)
		}
		for _, limit := range []int{0, 1, 2, len(all), len(all) + 5} {
			want := all
			if limit > 0 {
				want = all[:min(limit, len(all))]
			}
			got, err := r.NewestRuns(t.Context(), instance, limit)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%d of %q (-want +got)\n%s", limit, instance, diff)
			}
			brief, err := r.RunsInBrief(t.Context(), instance, limit)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(withoutLists(want), brief); diff != "" {
				t.Errorf("%d of %q in brief (-want +got)\n%s", limit, instance, diff)
			}
		}
	}
	if _, err := r.NewestRuns(t.Context(), "nowhere", 3); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("of an instance that is not there: %v, want ErrNotFound", err)
	}
}
