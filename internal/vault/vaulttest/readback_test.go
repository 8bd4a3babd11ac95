package vaulttest_test

import (
	"context"
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
				same(w.t, memory.Entries(ctx, query), disk.Entries(ctx, query))
				query.Sort = func(ids []string) { slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) }) }
				same(w.t, memory.Entries(ctx, query), disk.Entries(ctx, query))
			}
			for _, until := range runs[i+1:] {
				span := vault.Span{Instance: instance, After: run, Until: until}
				same(w.t, memory.Between(ctx, span), disk.Between(ctx, span))
			}
		}
		span := vault.Span{Instance: instance}
		same(w.t, memory.Events(ctx, span), disk.Events(ctx, span))
		for _, kind := range walkKinds {
			for id := range 12 {
				ref := record.Ref{Kind: kind, ID: fmt.Sprint(id)}
				want, wantErr := memory.Versions(ctx, instance, ref)
				got, gotErr := disk.Versions(ctx, instance, ref)
				if diff := cmp.Diff(want, got); diff != "" || (wantErr == nil) != (gotErr == nil) {
					w.t.Errorf("versions of %s: %v, %v (-memory +sqlite):\n%s", ref, wantErr, gotErr, diff)
				}
			}
		}
	}
}

// same compares the answers of memory and of a file.
func same[T any](t *testing.T, memory, disk iter.Seq2[T, error]) {
	t.Helper()
	collect := func(answers iter.Seq2[T, error]) (list []T) {
		for answer, err := range answers {
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, answer)
		}
		return list
	}
	if diff := cmp.Diff(collect(memory), collect(disk)); diff != "" {
		t.Errorf("%T (-memory +sqlite):\n%s", *new(T), diff)
	}
}
