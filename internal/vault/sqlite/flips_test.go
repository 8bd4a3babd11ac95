package sqlite_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// A question is what a command asks of a vault; the answer is what it prints, also
// in front of an error.
type question struct {
	name string
	ask  func(ctx context.Context, r *sqlite.Reader) (lines []string, err error)
}

var questions = []question{
	{"list", entriesOf(vault.Query{})},
	{"list of a kind", entriesOf(vault.Query{Kind: dashboards})},
	{"list in an order", entriesOf(vault.Query{Sort: slices.Sort[[]string]})},
	{"list of what is deleted in an order", entriesOf(vault.Query{Deleted: true, Sort: slices.Sort[[]string]})},
	{"list of what is deleted", entriesOf(vault.Query{Deleted: true})},
	{"list as of a run", entriesOf(vault.Query{At: vault.AtRun(3)})},
	{"list as of a run in an order", entriesOf(vault.Query{At: vault.AtRun(3), Sort: slices.Sort[[]string]})},
	{"tree", func(ctx context.Context, r *sqlite.Reader) (lines []string, err error) {
		for e, err := range r.Current(ctx, "acme", dashboards, looks) {
			if err != nil {
				return lines, err
			}
			lines = append(lines, fmt.Sprintf("%s %#v", e.Ref, e))
		}
		return lines, nil
	}},
	{"dump", func(ctx context.Context, r *sqlite.Reader) (lines []string, err error) {
		for d, err := range r.Documents(ctx, vault.Query{}) {
			if err != nil {
				return lines, err
			}
			lines = append(lines, fmt.Sprintf("%s %#v %s", d.Ref, d.Entry, hex.EncodeToString(d.Body)))
		}
		return lines, nil
	}},
	{"cat", func(ctx context.Context, r *sqlite.Reader) ([]string, error) {
		d, err := r.Document(ctx, "", record.Ref{Kind: dashboards, ID: "2"}, vault.Point{})
		if err != nil {
			return nil, err
		}
		return []string{fmt.Sprintf("%s %#v %s", d.Ref, d.Entry, hex.EncodeToString(d.Body))}, nil
	}},
	{"runs", func(ctx context.Context, r *sqlite.Reader) (lines []string, err error) {
		runs, err := r.Runs(ctx, "")
		err = errors.Join(err, r.CheckRows(ctx, vault.RunTables))
		for _, run := range runs {
			lines = append(lines, fmt.Sprintf("%+v", run))
		}
		if err != nil {
			lines = nil // the counts of a run may be the damaged ones
		}
		return lines, err
	}},
	{"faults", func(ctx context.Context, r *sqlite.Reader) ([]string, error) {
		faults, err := r.Faults(ctx, 0)
		err = errors.Join(err, r.CheckRows(ctx, vault.FaultTables))
		if err != nil {
			return nil, err
		}
		return []string{fmt.Sprintf("%+v", faults)}, nil
	}},
	{"report", func(ctx context.Context, r *sqlite.Reader) ([]string, error) {
		if err := r.CheckRows(ctx, vault.RunTables, vault.FaultTables, vault.DocumentTables); err != nil {
			return nil, err
		}
		changes, counts, err := r.Changes(ctx, 5, 100)
		if err != nil {
			return nil, err
		}
		largest, err := r.Largest(ctx, "", 100)
		if err != nil {
			return nil, err
		}
		most, err := r.MostChanged(ctx, "acme", 100)
		return []string{fmt.Sprintf("%+v %+v %+v %+v", changes, counts, largest, most)}, err
	}},
	{"log", passages(func(ctx context.Context, r *sqlite.Reader) iter.Seq2[vault.Passage, error] {
		return r.Events(ctx, vault.Span{})
	})},
	{"log of a document", passages(func(ctx context.Context, r *sqlite.Reader) iter.Seq2[vault.Passage, error] {
		return r.Events(ctx, vault.Span{Kind: dashboards, ID: "2"})
	})},
	{"diff of a document", passages(func(ctx context.Context, r *sqlite.Reader) iter.Seq2[vault.Passage, error] {
		return r.Between(ctx, vault.Span{Kind: dashboards, ID: "2", After: 1})
	})},
	{"diff", passages(func(ctx context.Context, r *sqlite.Reader) iter.Seq2[vault.Passage, error] {
		return r.Between(ctx, vault.Span{After: 1})
	})},
	{"find", searched(false)},
	{"find in every version", searched(true)},
	{"stats", func(ctx context.Context, r *sqlite.Reader) ([]string, error) {
		stats, err := r.Stats(ctx)
		if err != nil {
			return nil, err
		}
		return []string{fmt.Sprintf("%+v", stats)}, nil
	}},
	{"open faults", func(ctx context.Context, r *sqlite.Reader) ([]string, error) {
		faults, err := r.OpenFaults(ctx, "")
		err = errors.Join(err, r.CheckRows(ctx, vault.FaultTables))
		if err != nil {
			return nil, err
		}
		return []string{fmt.Sprintf("%+v", faults)}, nil
	}},
}

func passages(of func(ctx context.Context, r *sqlite.Reader) iter.Seq2[vault.Passage, error]) func(context.Context, *sqlite.Reader) ([]string, error) {
	return func(ctx context.Context, r *sqlite.Reader) (lines []string, err error) {
		for p, err := range of(ctx, r) {
			if err != nil {
				return lines, err
			}
			lines = append(lines, fmt.Sprintf("%s %d %t %+v %+v", p.Ref, p.Run, p.Pruned, p.Before, p.After))
		}
		return lines, nil
	}
}

func searched(history bool) func(context.Context, *sqlite.Reader) ([]string, error) {
	return func(ctx context.Context, r *sqlite.Reader) (lines []string, err error) {
		for d, err := range r.Candidates(ctx, vault.Search{History: history}) {
			if err != nil {
				return lines, err
			}
			lines = append(lines, fmt.Sprintf("%s %#v %s", d.Ref, d.Entry, hex.EncodeToString(d.Body)))
		}
		return lines, nil
	}
}

func entriesOf(query vault.Query) func(context.Context, *sqlite.Reader) ([]string, error) {
	return func(ctx context.Context, r *sqlite.Reader) (lines []string, err error) {
		for e, err := range r.Entries(ctx, query) {
			if err != nil {
				return lines, err
			}
			lines = append(lines, fmt.Sprintf("%s %#v", e.Ref, e))
		}
		return lines, nil
	}
}

// asked opens the vault and asks one question.
func asked(ctx context.Context, path string, q question) ([]string, error) {
	r, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return q.ask(ctx, r)
}

// TestFlippedBits flips one bit of a vault at a time and asks everything that
// commands ask: each answer is the one from before, or an error of a damaged file
// behind nothing but lines from before, in their order. LOOKERVAULT_TEST_FLIPS asks for more flips.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	flips := testenv.Rounds(t, testenv.Flips, 30)
	path := newPath(t)
	aFullVault(t, path)
	whole := readFile(t, path)
	want := map[string][]string{}
	for _, q := range questions {
		var err error
		if want[q.name], err = asked(t.Context(), path, q); err != nil {
			t.Fatalf("%s of a sound vault: %v", q.name, err)
		}
	}
	used := usedBytes(whole)
	random := rand.New(rand.NewPCG(7, 11))
	met := 0
	for range flips {
		at, bit := used[random.IntN(len(used))], byte(1)<<random.IntN(8)
		whole[at] ^= bit
		err := os.WriteFile(path, whole, 0o600)
		whole[at] ^= bit
		if err != nil {
			t.Fatal(err)
		}
		dropLog(path)
		damaged := false
		for _, q := range questions {
			got, err := asked(t.Context(), path, q)
			damaged = damaged || err != nil
			if problem := judge(want[q.name], got, err); problem != "" {
				t.Errorf("bit %#x of byte %d of page %d: %s: %s", bit, at%16384, at/16384+1, q.name, problem)
			}
		}
		if !damaged {
			continue
		}
		met++
		if !noticed(t, path) {
			t.Errorf("bit %#x of byte %d of page %d: a reader meets it, and Verify finds nothing", bit, at%16384, at/16384+1)
		}
	}
	t.Logf("%d of %d flips were met by a reader", met, flips)
	// Of a small vault many bytes are the text of the schema, or what indexes have that
	// these questions do not use.
	if met < flips/4 {
		t.Errorf("only %d of %d flips were met", met, flips)
	}
}

// judge says what is wrong with an answer of a damaged vault, "" when nothing is.
func judge(want, got []string, err error) string {
	next := 0
	for _, line := range got {
		at := slices.IndexFunc(want[next:], func(was string) bool {
			// In front of an error an earlier version may stand for a newer one that was lost.
			return was == line || err != nil && named(was) == named(line)
		})
		if at < 0 {
			return fmt.Sprintf("prints what never was (%v): %s", err, line)
		}
		if err == nil {
			next += at + 1
		}
	}
	switch {
	case err == nil && len(got) != len(want):
		return fmt.Sprintf("prints %d of %d lines without an error", len(got), len(want))
	case err != nil && !corrupt(err):
		return fmt.Sprintf("is no error of a damaged file: %v", err)
	case err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0xfffd }):
		return fmt.Sprintf("prints raw bytes: %q", err)
	}
	return ""
}

// named is the document that a line is about.
func named(line string) string {
	name, _, _ := strings.Cut(line, " ")
	return name
}

// corrupt reports whether an error means that the file is at fault.
func corrupt(err error) bool {
	for _, kind := range []error{vault.ErrCorrupt, vault.ErrNotVault, vault.ErrTooNew, vault.ErrTooOld} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
