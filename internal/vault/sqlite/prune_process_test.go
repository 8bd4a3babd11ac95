package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// A prune that is stopped between two transactions leaves a sound vault, and the next one
// goes on.
func TestPruneStops(t *testing.T) {
	path := newPath(t)
	aLargeHistory(t, path, 1200)
	ctx, cancel := context.WithCancel(t.Context())
	w := open(t, path)
	stopped, err := w.Prune(ctx, vault.Pruning{Instance: "acme", Runs: []int64{1, 2}}, func(int64, int64) { cancel() })
	if !errors.Is(err, context.Canceled) || stopped.Versions == 0 || stopped.Versions >= 2400 {
		t.Fatalf("got %+v, %v", stopped, err)
	}
	mustClose(t, w)
	sound(t, path)
	if rest := prune(t, path, vault.Pruning{}); rest.Versions != 2400-stopped.Versions {
		t.Errorf("then %d versions were removed, want %d", rest.Versions, 2400-stopped.Versions)
	}
	sound(t, path)
}

// pruneChild prunes a large history and says after each transaction how far it is.
func pruneChild(ctx context.Context, args []string) error {
	w, err := sqlite.Open(ctx, args[0], sqlite.Options{})
	if err != nil {
		return err
	}
	defer w.Close()
	_, err = w.Prune(ctx, vault.Pruning{Instance: "acme", Runs: []int64{1, 2}}, func(done, _ int64) { fmt.Println(done) })
	if err == nil {
		_, err = w.Shrink(ctx, func(done, _ int64) { fmt.Println(done) })
	}
	return err
}

// TestPruneKilled kills prunes after a random number of transactions, and compares what
// the next one leaves with what an undisturbed one does.
func TestPruneKilled(t *testing.T) {
	t.Parallel()
	whole, want := newPath(t), newPath(t)
	aLargeHistory(t, whole, 1200)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 3))
	cp := func(to string) {
		content, err := os.ReadFile(whole)
		if err == nil {
			err = os.WriteFile(to, content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cp(want)
	prune(t, want, vault.Pruning{Runs: []int64{1, 2}})
	for range 4 {
		path := newPath(t)
		cp(path)
		cmd := childCommand(t, "prune", path)
		stdout, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		for range random.IntN(6) {
			lines.Scan()
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		sound(t, path)
		prune(t, path, vault.Pruning{Runs: []int64{1, 2}})
		sound(t, path)
		for _, table := range []string{"runs", "heads", "versions", "bodies", "pruned_versions", "count_corrections"} {
			query := "SELECT * FROM " + table + " ORDER BY 1, 2, 3"
			expected, err := sqlite.Rows(want, query)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := sqlite.Rows(path, query); err != nil || !slices.Equal(expected, got) {
				t.Errorf("%s: %d rows, %v; an undisturbed prune leaves %d others", table, len(got), err, len(expected))
			}
		}
	}
}

// A vault gives back what a prune made free, in steps; one that was made before files
// were laid out for that is rewritten once.
func TestShrink(t *testing.T) {
	t.Parallel()
	for name, older := range map[string]bool{"laid out for it": false, "made before that": true} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			aLargeHistory(t, path, 1200)
			if older {
				execute(t, path, "PRAGMA journal_mode=DELETE", "PRAGMA auto_vacuum=NONE", "VACUUM", "PRAGMA journal_mode=WAL")
			}
			before := sqlite.FilesOf(path).All()
			prune(t, path, vault.Pruning{Runs: []int64{1, 2}})
			if now := sqlite.FilesOf(path).All(); now < before {
				t.Fatalf("%d bytes were %d: nothing is left to give back", now, before)
			}
			w := open(t, path)
			var last [2]int64
			shrunk, err := w.Shrink(t.Context(), func(done, total int64) { last = [2]int64{done, total} })
			if err = errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
			after := sqlite.FilesOf(path).All()
			if shrunk.Freed != before-after || after > before*2/3 || shrunk.Left != 0 || shrunk.WhyLeft != "" {
				t.Errorf("%d bytes were %d: %+v", after, before, shrunk)
			}
			if last[0] == 0 || last[0] != last[1] {
				t.Errorf("the last progress was %v", last)
			}
			sound(t, path)
			if mode, err := sqlite.Value(path, "PRAGMA auto_vacuum"); err != nil || mode != int64(2) {
				t.Errorf("auto_vacuum is %v, %v", mode, err)
			}
		})
	}
}
