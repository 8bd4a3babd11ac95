package vaulttest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// past is a full copy of what an instance held after each of its runs: what is there, with
// state and body.
type past map[int64]map[string]string

// remember copies what is held now, after a run.
func (w *walk) remember(run int64, instance string) {
	held := map[string]string{}
	for d, err := range w.memory.Reader().Documents(w.t.Context(), vault.Query{Instance: instance}) {
		if err != nil {
			w.t.Fatal(err)
		}
		held[d.Ref.String()] = fmt.Sprintf("%s %s", d.State, d.Body)
	}
	if w.past[instance] == nil {
		w.past[instance] = past{}
	}
	w.past[instance][run] = held
}

// readBack compares what both engines tell of each point and of all between them, with
// one another and with the copies.
func (w *walk) readBack() {
	ctx := context.WithoutCancel(w.t.Context())
	disk, err := sqlite.OpenReader(ctx, w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer disk.Close()
	memory := w.memory.Reader()
	same := answers{w.t, w.ranks(memory), w.ranks(disk)}
	for instance, copies := range w.past {
		runs := slices.Sorted(maps.Keys(copies))
		for i, run := range runs {
			for _, reader := range []vault.Answers{memory, disk} {
				got := map[string]string{}
				for d, err := range reader.Documents(ctx, vault.Query{Instance: instance, At: vault.AtRun(run)}) {
					if err != nil {
						w.t.Fatal(err)
					}
					got[d.Ref.String()] = fmt.Sprintf("%s %s", d.State, d.Body)
				}
				if diff := cmp.Diff(copies[run], got); diff != "" {
					w.t.Errorf("%T: as of run %d (-copy +got):\n%s", reader, run, diff)
				}
			}
			for _, deleted := range []bool{false, true} {
				query := vault.Query{Instance: instance, At: vault.AtRun(run), Deleted: deleted}
				same.entries(memory.Entries(ctx, query), disk.Entries(ctx, query))
				query.Sort = func(ids []string) { slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) }) }
				same.entries(memory.Entries(ctx, query), disk.Entries(ctx, query))
			}
			for _, until := range runs[i+1:] {
				span := vault.Span{Instance: instance, After: run, Until: until}
				same.passages(memory.Between(ctx, span), disk.Between(ctx, span))
			}
		}
		span := vault.Span{Instance: instance}
		same.passages(memory.Events(ctx, span), disk.Events(ctx, span))
		for _, kind := range walkKinds {
			for id := range 12 {
				ref := record.Ref{Kind: kind, ID: fmt.Sprint(id)}
				want, wantErr := memory.Versions(ctx, instance, ref)
				got, gotErr := disk.Versions(ctx, instance, ref)
				if diff := cmp.Diff(same.memory.of(want), same.disk.of(got)); diff != "" || (wantErr == nil) != (gotErr == nil) {
					w.t.Errorf("versions of %s: %v, %v (-memory +sqlite):\n%s", ref, wantErr, gotErr, diff)
				}
			}
		}
	}
}

// ranks are the numbers of versions by their order. The numbers themselves are the engine's: one
// of a version that was replaced may be given again.
type ranks map[int64]int64

// ranks reads the numbers of all versions that a reader knows.
func (w *walk) ranks(reader vault.Answers) ranks {
	var numbers []int64
	for instance := range w.past {
		for _, kind := range walkKinds {
			for id := range 12 {
				versions, err := reader.Versions(w.t.Context(), instance, record.Ref{Kind: kind, ID: fmt.Sprint(id)})
				if err != nil && !errors.Is(err, vault.ErrNotFound) {
					w.t.Fatal(err)
				}
				for _, v := range versions {
					numbers = append(numbers, v.Version)
				}
			}
		}
	}
	slices.Sort(numbers)
	r := ranks{}
	for i, number := range numbers {
		r[number] = int64(i + 1)
	}
	return r
}

// of returns entries with ranks for numbers.
func (r ranks) of(entries []vault.Entry) []vault.Entry {
	entries = slices.Clone(entries)
	for i := range entries {
		entries[i].Version = r[entries[i].Version]
	}
	return entries
}

// one is of for an entry that may be missing.
func (r ranks) one(entry *vault.Entry) *vault.Entry {
	if entry == nil {
		return nil
	}
	return &r.of([]vault.Entry{*entry})[0]
}

// answers compares what memory and a file answer.
type answers struct {
	t            *testing.T
	memory, disk ranks
}

func (a *answers) entries(memory, disk iter.Seq2[vault.Entry, error]) {
	a.t.Helper()
	if diff := cmp.Diff(a.memory.of(collect(a.t, memory)), a.disk.of(collect(a.t, disk))); diff != "" {
		a.t.Errorf("entries (-memory +sqlite):\n%s", diff)
	}
}

func (a *answers) passages(memory, disk iter.Seq2[vault.Passage, error]) {
	a.t.Helper()
	ranked := func(r ranks, passages []vault.Passage) []vault.Passage {
		for i, p := range passages {
			passages[i].Before, passages[i].After = r.one(p.Before), r.one(p.After)
		}
		return passages
	}
	if diff := cmp.Diff(ranked(a.memory, collect(a.t, memory)), ranked(a.disk, collect(a.t, disk))); diff != "" {
		a.t.Errorf("passages (-memory +sqlite):\n%s", diff)
	}
}

// collect reads a sequence to its end.
func collect[T any](t *testing.T, answers iter.Seq2[T, error]) (list []T) {
	t.Helper()
	for answer, err := range answers {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, answer)
	}
	return list
}
