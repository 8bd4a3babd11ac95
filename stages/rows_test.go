package stages_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestBadRowsOfAnEnumeration: whatever stands in a list in place of a document, and
// wherever, the documents around it are listed.
func TestBadRowsOfAnEnumeration(t *testing.T) {
	long := strings.Repeat("7", 1025)
	tests := []struct {
		name   string
		things int
		set    func(*stagestest.Looker)
		bad    map[int]string // position: what is wrong
		listed int
		calls  int // of the enumeration
	}{
		{name: "null", things: 9, set: stagestest.Raw(map[int]string{3: "null"}), bad: map[int]string{3: "is null, not a document"}, listed: 8, calls: 1},
		{name: "a number", things: 9, set: stagestest.Raw(map[int]string{1: "17"}), bad: map[int]string{1: "is a number, not a document"}, listed: 8, calls: 1},
		{name: "a list", things: 9, set: stagestest.Raw(map[int]string{9: `["1"]`}), bad: map[int]string{9: "is a list, not a document"}, listed: 8, calls: 1},
		{
			name: "no id", things: 9, set: stagestest.Raw(map[int]string{2: `{"folder_id":"1","title":"Sales"}`}),
			bad: map[int]string{2: `has no id, titled "Sales"`}, listed: 8, calls: 1,
		},
		{
			name: "an empty id, and null for one", things: 9, set: stagestest.Raw(map[int]string{2: `{"id":"","label":"Ops"}`, 4: `{"id":null}`}),
			bad: map[int]string{2: `has an empty id, titled "Ops"`, 4: "has null for its id"}, listed: 7, calls: 1,
		},
		{
			name: "an object for an id", things: 9, set: stagestest.Raw(map[int]string{2: `{"id":{"a":1}}`, 4: `{"id":true}`}),
			bad: map[int]string{2: "has an object for its id", 4: "has true or false for its id"}, listed: 7, calls: 1,
		},
		{
			name: "an id without end", things: 9, set: stagestest.Raw(map[int]string{2: `{"id":"` + long + `"}`}),
			bad: map[int]string{2: "has 1025 bytes for its id"}, listed: 8, calls: 1,
		},
		{
			name: "half a surrogate pair for an id", things: 9, set: stagestest.Raw(map[int]string{2: `{"id":"\ud800"}`, 4: `{"id":"a\udc00"}`}),
			bad: map[int]string{2: "has an id that is no UTF-8 text: \"\ufffd\"", 4: "has an id that is no UTF-8 text: \"a\ufffd\""}, listed: 7, calls: 1,
		},
		{
			name: "ids that no address can name", things: 9, set: stagestest.Raw(map[int]string{2: `{"id":"."}`, 4: `{"id":".."}`}),
			bad: map[int]string{2: `has "." for its id, which no address can name`, 4: `has ".." for its id, which no address can name`}, listed: 7, calls: 1,
		},
		{name: "an id that is a number", things: 9, set: stagestest.Raw(map[int]string{2: `{"id":2}`}), listed: 9, calls: 1},
		{
			name: "at the end of a page", things: 25, set: stagestest.Raw(map[int]string{10: "null"}),
			bad: map[int]string{10: "is null, not a document"}, listed: 24, calls: 3,
		},
		{
			name: "at the end and the beginning of pages", things: 25, set: stagestest.Raw(map[int]string{9: "null", 10: "null", 11: "null", 12: "null"}),
			bad:    map[int]string{9: "is null, not a document", 10: "is null, not a document", 11: "is null, not a document", 12: "is null, not a document"},
			listed: 21, calls: 3,
		},
		{
			name: "at the end of the list, without totals", things: 25,
			set: func(f *stagestest.Looker) {
				stagestest.Raw(map[int]string{10: "null", 25: "{}"})(f)
				f.NoTotals = true
			},
			bad: map[int]string{10: "is null, not a document", 25: "has no id"}, listed: 23, calls: 4,
		},
		{
			name: "pages of two rows", things: 6,
			set: func(f *stagestest.Looker) {
				stagestest.Raw(map[int]string{2: "null", 5: "null"})(f)
				f.Cap, f.NoTotals = 2, true
			},
			bad: map[int]string{2: "is null, not a document", 5: "is null, not a document"}, listed: 4, calls: 7,
		},
		{
			name: "of which the total does not count", things: 25,
			set: func(f *stagestest.Looker) {
				stagestest.Raw(map[int]string{10: "null"})(f)
				f.Total = func(all, _ int) int { return all - 1 }
			},
			bad: map[int]string{10: "is null, not a document"}, listed: 24, calls: 4,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind := stagestest.Paged.With(func(k *catalogue.Spec) { k.Listing.Trash = false })
			looker := &stagestest.Looker{Things: stagestest.Things(tt.things)}
			tt.set(looker)
			r := stagestest.NewRig(looker, kind)
			asks := r.List(t, kind)
			got := map[int]string{}
			var listed []string
			for _, ask := range asks {
				if ask.Fault != nil {
					got[ask.Row] = strings.TrimPrefix(ask.Fault.Message, fmt.Sprintf("row %d of the list ", ask.Row))
				}
				for _, want := range ask.Want {
					listed = append(listed, want.ID)
				}
			}
			if diff := cmp.Diff(tt.bad, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("bad rows (-want +got):\n%s", diff)
			}
			slices.Sort(listed)
			if n := len(slices.Compact(listed)); n != tt.listed {
				t.Errorf("%d documents are asked for, want %d", n, tt.listed)
			}
			want := record.End{Kind: kind.Name, Listing: record.Open, Listed: int64(tt.listed)}
			if n := len(tt.bad); n > 0 {
				want.Listing, want.Through = record.Incomplete, true
				want.Reason = fmt.Sprintf("%d of %d rows cannot be stored", n, tt.things)
			}
			if diff := cmp.Diff([]record.End{want}, r.Ledger.Ends()); diff != "" {
				t.Errorf("end (-want +got):\n%s", diff)
			}
			if len(looker.Calls) != tt.calls {
				t.Errorf("%d calls, want %d: %v", len(looker.Calls), tt.calls, looker.Calls)
			}
		})
	}
}

// TestListsThatAreNotWhatTheServerSays: where everything came, and came twice the
// same, a kind is complete, and a note says what the server says.
func TestListsThatAreNotWhatTheServerSays(t *testing.T) {
	says := func(total int) func(int, int) int { return func(int, int) int { return total } }
	double := func(f *stagestest.Looker) { f.Things = slices.Concat(f.Things[:5], f.Things[2:3], f.Things[5:]) }
	shifted := "the list shifted while it was read: "
	tests := []struct {
		name   string
		things int
		set    func(*stagestest.Looker)
		listed int
		reason string // why it is incomplete, "" where it is complete
		note   string
		calls  int
		plans  []string // nil: it does not matter
	}{
		{
			name: "a total that is too high", things: 25, set: func(f *stagestest.Looker) { f.Total = says(40) }, listed: 25, calls: 5,
			note: "the server says that the list has 40 rows, 25 came, twice the same",
		},
		{
			name: "a total that is too high, of a single row", things: 1, set: func(f *stagestest.Looker) { f.Total = says(3) }, listed: 1, calls: 4,
			note: "the server says that the list has 3 rows, 1 came, twice the same",
		},
		{
			name: "a total that is too low", things: 25, set: func(f *stagestest.Looker) { f.Total = says(13) }, listed: 25, calls: 5,
			note: "the server says that the list has 13 rows, 25 came, twice the same",
		},
		{
			name: "a total that is too low, and that of the first page", things: 25, set: func(f *stagestest.Looker) { f.Total = says(10) }, listed: 25, calls: 5,
			note: "the server says that the list has 10 rows, 25 came, twice the same",
		},
		{
			name: "a total of the rows that came", things: 25, set: func(f *stagestest.Looker) { f.Total = func(_, rows int) int { return rows } }, listed: 25, calls: 5,
			note: "the server says that the list has 10 rows, 25 came, twice the same",
		},
		{
			name: "a total of none", things: 7, set: func(f *stagestest.Looker) { f.Total = says(0) }, listed: 7, calls: 3,
			note: "the server says that the list has 0 rows, 7 came, twice the same",
		},
		{
			name: "a total beyond all numbers", things: 25, set: func(f *stagestest.Looker) { f.Total = says(1 << 61) }, listed: 25, calls: 5,
			note: "the server says that the list has 2305843009213693952 rows, 25 came, twice the same",
		},
		{
			name: "a total that is too high, and pages that are short", things: 25,
			set: func(f *stagestest.Looker) { f.Total, f.Cap = says(40), 6 }, listed: 25, calls: 11,
			note: "the server says that the list has 40 rows, 25 came, twice the same",
		},
		{
			name: "a limit that means nothing", things: 25, set: func(f *stagestest.Looker) { f.NoLimit = true }, listed: 25, calls: 1,
			note:  "the server ignores limit: 25 rows came where 10 were asked for",
			plans: []string{"ids", "ids", "ids", "ids", "ids", "ids", "ids"},
		},
		{
			name: "a limit that means nothing, without totals", things: 25, set: func(f *stagestest.Looker) { f.NoLimit, f.NoTotals = true, true }, listed: 25, calls: 2,
			note: "the server ignores limit: 25 rows came where 10 were asked for",
		},
		{
			name: "neither limit nor offset", things: 25, set: func(f *stagestest.Looker) { f.NoLimit, f.NoOffset, f.NoTotals = true, true, true }, listed: 25, calls: 2,
			note: "the server ignores offset: it answers the same page again",
		},
		{
			name: "an offset that means nothing", things: 25, set: func(f *stagestest.Looker) { f.NoOffset = true }, listed: 25, calls: 3,
			note: "the server ignores offset: it answers the same page again",
		},
		{
			name: "an offset that means nothing, without totals", things: 25, set: func(f *stagestest.Looker) { f.NoOffset, f.NoTotals = true, true }, listed: 25, calls: 4,
			note: "the server ignores offset: it answers the same page again",
		},
		{
			name: "an offset that means nothing, and a short list", things: 7, set: func(f *stagestest.Looker) { f.NoOffset, f.NoTotals = true, true }, listed: 7, calls: 2,
			note: "the server ignores offset: it answers the same page again",
		},
		{
			name: "an offset that means nothing, and pages that are short", things: 25, set: func(f *stagestest.Looker) { f.NoOffset, f.Cap = true, 6 }, listed: 6, calls: 6,
			reason: shifted + "6 rows came of 25, and the server ignores offset: it answers the same page again",
		},
		{
			name: "a document twice", things: 8, set: double, listed: 8, calls: 2,
			note: "the list holds a document twice, it counts once: 3",
		},
		{
			name: "a document twice, on different pages", things: 18, listed: 18, calls: 5,
			set: func(f *stagestest.Looker) {
				f.Things = slices.Concat(f.Things[:16], f.Things[2:3], f.Things[16:])
				f.Cap = 10
			},
			note: "the list holds a document twice, it counts once: 3",
		},
		{
			name: "a page that is repeated once", things: 25, listed: 25, calls: 3,
			set: func(f *stagestest.Looker) {
				f.Before = func(n int, _ stages.Call) error {
					f.NoOffset = n == 2
					return nil
				}
			},
			note: "the server ignores offset: it answers the same page again",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind := stagestest.Paged.With(func(k *catalogue.Spec) { k.Listing.Trash = false })
			looker := &stagestest.Looker{Things: stagestest.Things(tt.things)}
			tt.set(looker)
			r := stagestest.NewRig(looker, kind)
			var listed, plans []string
			for _, ask := range r.List(t, kind) {
				if len(ask.Want) > 0 {
					plans = append(plans, ask.How.String())
				}
				for _, want := range ask.Want {
					listed = append(listed, want.ID)
				}
			}
			want := record.End{Kind: kind.Name, Listing: record.Open, Listed: int64(tt.listed)}
			if tt.reason != "" {
				want.Listing, want.Reason = record.Incomplete, tt.reason
			}
			if diff := cmp.Diff([]record.End{want}, r.Ledger.Ends()); diff != "" {
				t.Errorf("end (-want +got):\n%s", diff)
			}
			slices.Sort(listed)
			if n := len(slices.Compact(listed)); n != tt.listed {
				t.Errorf("%d documents are asked for, want %d", n, tt.listed)
			}
			var notes []string
			if tt.note != "" {
				notes = []string{"dashboards: " + tt.note}
			}
			if diff := cmp.Diff(notes, r.Ledger.Notes()); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if len(looker.Calls) != tt.calls {
				t.Errorf("%d calls, want %d: %q", len(looker.Calls), tt.calls, stagestest.Short(looker.Calls))
			}
			if tt.plans != nil {
				if diff := cmp.Diff(tt.plans, plans); diff != "" {
					t.Errorf("asks (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestPagesAreNotJoinedByBadRows: one null is like another. A document is deleted
// between two pages, and the null behind the end of the first one takes its place.
func TestPagesAreNotJoinedByBadRows(t *testing.T) {
	kind := stagestest.Paged.With(func(k *catalogue.Spec) { k.Listing.Trash = false })
	looker := &stagestest.Looker{Things: stagestest.Things(25), NoTotals: true}
	stagestest.Raw(map[int]string{10: "null", 11: "null"})(looker)
	looker.Before = func(n int, _ stages.Call) error {
		if n == 2 {
			looker.Things = slices.Delete(looker.Things, 2, 3)
		}
		return nil
	}
	r := stagestest.NewRig(looker, kind)
	r.List(t, kind)
	if end := r.Ledger.Ends()[0]; end.Reason != "2 of 24 rows cannot be stored" || end.Listed != 22 {
		t.Errorf("%+v, want both bad rows of 24", end)
	}
}
