package sqlite_test

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/vault/vaulttest"
)

// TestPointsAreTheModel makes random histories and compares what a vault says of
// each of its points with a model that keeps a full copy after every run.
func TestPointsAreTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(testenv.Rounds(t, testenv.Seeds, 5)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := newPastModel(t, rand.New(rand.NewPCG(seed, 7)))
			for range 14 {
				h.run()
			}
			h.compare()
		})
	}
}

// pastDoc is what the model knows of a document.
type pastDoc struct {
	title   string
	state   record.State
	seenBy  []int64 // the runs that saw it like this, in their order
	gone    int64
	version int // tells versions apart
}

type pastModel struct {
	t      *testing.T
	r      *rand.Rand
	path   string
	now    map[record.Ref]pastDoc
	copies []map[record.Ref]pastDoc // after each run
	whole  []map[record.Kind]bool   // kinds that each run looked at as a whole

	pruned   map[int64]bool
	versions int // that there ever were
}

func newPastModel(t *testing.T, r *rand.Rand) *pastModel {
	return &pastModel{t: t, r: r, path: newPath(t), now: map[record.Ref]pastDoc{}, pruned: map[int64]bool{}}
}

// hour is when a run begins.
func hour(run int64) time.Time { return vaulttest.Dawn.Add(time.Duration(run) * time.Hour) }

func (h *pastModel) one(n int) bool { return h.r.IntN(n) == 0 }

// run makes a run of some kinds or of all, sometimes of folders, sometimes cut
// short, in which documents come, change, stay, fail, move to the trash and
// vanish.
func (h *pastModel) run() {
	kinds := []record.Kind{dashboards, looks}
	if h.one(3) {
		kinds = kinds[h.r.IntN(2):][:1]
	}
	start := startOf("acme", kinds...)
	if h.one(4) {
		start.Scope.Folders = []string{"5"}
	}
	id := int64(len(h.copies) + 1)
	start.At = hour(id)
	w := begin(h.t, h.path, start)
	unknown := maps.Clone(h.now)
	cut, whole := h.one(5), map[record.Kind]bool{}
	finish := record.Finish{At: vaulttest.Dawn}
	if cut {
		finish.Outcome = record.RunInterrupted
	}
	for _, kind := range kinds {
		end := record.End{Kind: kind, Listing: record.Complete}
		if cut || h.one(6) {
			end.Listing = record.Incomplete
		}
		finish.Kinds = append(finish.Kinds, end)
		whole[kind] = end.Listing == record.Complete && start.Scope.Unscoped()
		for n := range 6 {
			h.touch(w, record.Ref{Kind: kind, ID: fmt.Sprint(n)}, id, whole[kind])
		}
	}
	run, err := w.Finish(h.t.Context(), finish)
	if err != nil {
		h.t.Fatal(err)
	}
	var fresh int64
	for ref := range h.now {
		if _, had := unknown[ref]; !had {
			fresh++
		}
	}
	counted := int64(0)
	for _, c := range run.Kinds {
		counted += c.New
	}
	if counted != fresh {
		h.t.Errorf("run %d counts %d new documents, want %d", id, counted, fresh)
	}
	if err := w.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.copies, h.whole = append(h.copies, maps.Clone(h.now)), append(h.whole, whole)
}

// touch is what a run does with one document.
func (h *pastModel) touch(w *sqlite.Writer, ref record.Ref, run int64, whole bool) {
	d, had := h.now[ref]
	had = had && d.gone == 0
	switch what := h.r.IntN(8); {
	case what == 0: // it is not there
		if had && whole {
			d.gone = run
			h.now[ref] = d
		}
		return
	case what == 1:
		commit(h.t, w, vaulttest.Fault(ref.Kind, ref.ID, "server", 1))
		return
	case what < 5 && had:
		commit(h.t, w, vaulttest.Same(ref.Kind, ref.ID, func(r *record.Record) { r.State = d.state }))
		d.seenBy = append(slices.Clone(d.seenBy), run)
		h.now[ref] = d
		return
	}
	next := pastDoc{title: fmt.Sprint(ref, " in ", run), state: record.Present, seenBy: []int64{run}, version: h.versions + 1}
	h.versions++
	if h.one(4) {
		next.state = record.Trashed
	}
	commit(h.t, w, vaulttest.Doc(ref.Kind, ref.ID, next.title, func(r *record.Record) { r.State = next.state }))
	h.now[ref] = next
}

// observed is the run whose observation a vault names for a document at a point.
// It keeps intervals, not every observation: the first and last run of one are
// exact, and between them those that looked at the kind as a whole.
func (h *pastModel) observed(ref record.Ref, at int) int64 {
	d := h.copies[at][ref]
	last := d.seenBy[len(d.seenBy)-1]
	for _, later := range h.copies[at:] {
		if l := later[ref]; l.version == d.version {
			last = l.seenBy[len(l.seenBy)-1]
		}
	}
	for _, run := range slices.Backward(d.seenBy) {
		if run == last || run == d.seenBy[0] || h.whole[run-1][ref.Kind] {
			return run
		}
	}
	return 0
}

// line is a document as the comparison shows it.
func line(ref record.Ref, state record.State, name string, observed, gone int64) string {
	return fmt.Sprintf("%s %s %q observed by %d, gone %d", ref, state, name, observed, gone)
}

func (h *pastModel) compare() {
	reader := read(h.t, h.path)
	for at, held := range h.copies {
		point := vault.AtRun(int64(at + 1))
		if h.pruned[int64(at+1)] {
			if _, err := reader.RunAt(h.t.Context(), "acme", point); !errors.Is(err, vault.ErrPruned) {
				h.t.Errorf("run %d was pruned: got %v", at+1, err)
			}
			continue
		}
		var want, deleted []string
		for _, ref := range slices.SortedFunc(maps.Keys(held), compareRefs) {
			d := held[ref]
			state := d.state
			if d.gone != 0 {
				state = record.Gone
			}
			text := line(ref, state, d.title, h.observed(ref, at), d.gone)
			if d.gone == 0 {
				want = append(want, text)
			}
			if state != record.Present {
				deleted = append(deleted, text)
			}
			h.compareOne(reader, ref, d, at)
		}
		if diff := cmp.Diff(want, h.entries(reader, vault.Query{At: point})); diff != "" {
			h.t.Errorf("held as of run %d (-want +got):\n%s", at+1, diff)
		}
		if diff := cmp.Diff(deleted, h.entries(reader, vault.Query{At: point, Deleted: true})); diff != "" {
			h.t.Errorf("deleted as of run %d (-want +got):\n%s", at+1, diff)
		}
	}
	h.comparePassages(reader)
	sound(h.t, h.path)
}

// comparePassages compares what the vault says of the way between any two points, and
// of each run, with the copies of them.
func (h *pastModel) comparePassages(reader *sqlite.Reader) {
	for before := range h.copies {
		for after := before + 1; after < len(h.copies); after++ {
			if h.pruned[int64(before+1)] || h.pruned[int64(after+1)] {
				continue
			}
			want := h.passages(h.copies[before], h.copies[after])
			span := vault.Span{Instance: "acme", After: int64(before + 1), Until: int64(after + 1)}
			if diff := cmp.Diff(want, h.lines(reader.Between(h.t.Context(), span))); diff != "" {
				h.t.Errorf("between the runs %d and %d (-want +got):\n%s", before+1, after+1, diff)
			}
		}
	}
	// What a run saw change is known where the one before it is, too.
	unclear := func(run int64) bool { return h.pruned[run] || h.pruned[run-1] }
	var want []string
	for at, after := range slices.Backward(h.copies) {
		if unclear(int64(at + 1)) {
			continue
		}
		before := map[record.Ref]pastDoc{}
		if at > 0 {
			before = h.copies[at-1]
		}
		want = append(want, h.passages(before, after)...)
	}
	known := func(yield func(vault.Passage, error) bool) {
		for p, err := range reader.Events(h.t.Context(), vault.Span{Instance: "acme"}) {
			if (err != nil || !unclear(p.Run)) && !yield(p, err) {
				return
			}
		}
	}
	if diff := cmp.Diff(want, h.lines(known)); diff != "" {
		h.t.Errorf("events (-want +got):\n%s", diff)
	}
}

// passages are the documents that differ between two copies.
func (h *pastModel) passages(before, after map[record.Ref]pastDoc) (list []string) {
	side := func(held map[record.Ref]pastDoc, ref record.Ref) string {
		d, ok := held[ref]
		if !ok || d.gone != 0 {
			return "-"
		}
		return fmt.Sprint(d.state, " ", d.title)
	}
	for _, ref := range slices.SortedFunc(maps.Keys(after), compareRefs) {
		if was, is := side(before, ref), side(after, ref); was != is {
			list = append(list, fmt.Sprintf("%s: %s > %s", ref, was, is))
		}
	}
	return list
}

func (h *pastModel) lines(passages iter.Seq2[vault.Passage, error]) (list []string) {
	side := func(e *vault.Entry) string {
		if e == nil {
			return "-"
		}
		return fmt.Sprint(e.State, " ", e.Name)
	}
	for p, err := range passages {
		if err != nil {
			h.t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s: %s > %s", p.Ref, side(p.Before), side(p.After)))
	}
	return list
}

func compareRefs(a, b record.Ref) int {
	if a.String() < b.String() {
		return -1
	}
	return 1
}

// entries are read in the order of their ids, and once more as if that were another order.
func (h *pastModel) entries(reader *sqlite.Reader, query vault.Query) []string {
	var lists [2][]string
	for i, sort := range []func([]string){nil, slices.Sort[[]string]} {
		query.Sort = sort
		for e, err := range reader.Entries(h.t.Context(), query) {
			if err != nil {
				h.t.Fatal(err)
			}
			lists[i] = append(lists[i], line(e.Ref, e.State, e.Name, e.LastRun, e.GoneRun))
		}
	}
	if diff := cmp.Diff(lists[0], lists[1]); diff != "" {
		h.t.Errorf("%+v, in an order (-want +got):\n%s", query.At, diff)
	}
	return lists[0]
}

func (h *pastModel) compareOne(reader *sqlite.Reader, ref record.Ref, want pastDoc, at int) {
	d, err := reader.Document(h.t.Context(), "acme", ref, vault.AtRun(int64(at+1)))
	if want.gone != 0 {
		var absent *vault.AbsentError
		if !errors.As(err, &absent) || absent.Gone != want.gone {
			h.t.Errorf("%s as of run %d: got %v, want it gone since run %d", ref, at+1, err, want.gone)
		}
		return
	}
	if err != nil {
		h.t.Fatal(err)
	}
	got := line(d.Ref, d.State, d.Name, d.LastRun, d.GoneRun)
	if diff := cmp.Diff(line(ref, want.state, want.title, h.observed(ref, at), 0), got); diff != "" {
		h.t.Errorf("as of run %d (-want +got):\n%s", at+1, diff)
	}
}
