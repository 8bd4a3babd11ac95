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
)

// raw puts rows in place of documents: the keys are positions from 1 on.
func raw(rows map[int]string) func(*fakeLooker) {
	return func(f *fakeLooker) {
		for at, text := range rows {
			f.things[at-1] = thing{raw: text}
		}
	}
}

// faultsOf returns the faults of rows as "#3: message".
func faultsOf(items []record.Item) (faults []string) {
	for _, item := range items {
		if item.Fault != nil {
			faults = append(faults, fmt.Sprintf("%s %s: %s", item.Fault.Class, item.ID, item.Fault.Message))
		}
	}
	slices.Sort(faults)
	return faults
}

// TestBadRowsOfAnEnumeration: whatever stands in a list in place of a document, and
// wherever, the documents around it are listed.
func TestBadRowsOfAnEnumeration(t *testing.T) {
	long := strings.Repeat("7", 1025)
	tests := []struct {
		name   string
		things int
		set    func(*fakeLooker)
		bad    map[int]string // position: what is wrong
		listed int
		calls  int // of the enumeration
	}{
		{name: "null", things: 9, set: raw(map[int]string{3: "null"}), bad: map[int]string{3: "is null, not a document"}, listed: 8, calls: 1},
		{name: "a number", things: 9, set: raw(map[int]string{1: "17"}), bad: map[int]string{1: "is a number, not a document"}, listed: 8, calls: 1},
		{name: "a list", things: 9, set: raw(map[int]string{9: `["1"]`}), bad: map[int]string{9: "is a list, not a document"}, listed: 8, calls: 1},
		{
			name: "no id", things: 9, set: raw(map[int]string{2: `{"folder_id":"1","title":"Sales"}`}),
			bad: map[int]string{2: `has no id, titled "Sales"`}, listed: 8, calls: 1,
		},
		{
			name: "an empty id, and null for one", things: 9, set: raw(map[int]string{2: `{"id":"","label":"Ops"}`, 4: `{"id":null}`}),
			bad: map[int]string{2: `has an empty id, titled "Ops"`, 4: "has null for its id"}, listed: 7, calls: 1,
		},
		{
			name: "an object for an id", things: 9, set: raw(map[int]string{2: `{"id":{"a":1}}`, 4: `{"id":true}`}),
			bad: map[int]string{2: "has an object for its id", 4: "has true or false for its id"}, listed: 7, calls: 1,
		},
		{
			name: "an id without end", things: 9, set: raw(map[int]string{2: `{"id":"` + long + `"}`}),
			bad: map[int]string{2: "has 1025 bytes for its id"}, listed: 8, calls: 1,
		},
		{
			name: "half a surrogate pair for an id", things: 9, set: raw(map[int]string{2: `{"id":"\ud800"}`, 4: `{"id":"a\udc00"}`}),
			bad: map[int]string{2: "has an id that is no UTF-8 text: \"\ufffd\"", 4: "has an id that is no UTF-8 text: \"a\ufffd\""}, listed: 7, calls: 1,
		},
		{
			name: "ids that no address can name", things: 9, set: raw(map[int]string{2: `{"id":"."}`, 4: `{"id":".."}`}),
			bad: map[int]string{2: `has "." for its id, which no address can name`, 4: `has ".." for its id, which no address can name`}, listed: 7, calls: 1,
		},
		{name: "an id that is a number", things: 9, set: raw(map[int]string{2: `{"id":2}`}), listed: 9, calls: 1},
		{
			name: "at the end of a page", things: 25, set: raw(map[int]string{10: "null"}),
			bad: map[int]string{10: "is null, not a document"}, listed: 24, calls: 3,
		},
		{
			name: "at the end and the beginning of pages", things: 25, set: raw(map[int]string{9: "null", 10: "null", 11: "null", 12: "null"}),
			bad:    map[int]string{9: "is null, not a document", 10: "is null, not a document", 11: "is null, not a document", 12: "is null, not a document"},
			listed: 21, calls: 3,
		},
		{
			name: "at the end of the list, without totals", things: 25,
			set: func(f *fakeLooker) {
				raw(map[int]string{10: "null", 25: "{}"})(f)
				f.noTotals = true
			},
			bad: map[int]string{10: "is null, not a document", 25: "has no id"}, listed: 23, calls: 4,
		},
		{
			name: "pages of two rows", things: 6,
			set: func(f *fakeLooker) {
				raw(map[int]string{2: "null", 5: "null"})(f)
				f.cap, f.noTotals = 2, true
			},
			bad: map[int]string{2: "is null, not a document", 5: "is null, not a document"}, listed: 4, calls: 7,
		},
		{
			name: "of which the total does not count", things: 25,
			set: func(f *fakeLooker) {
				raw(map[int]string{10: "null"})(f)
				f.total = func(all, _ int) int { return all - 1 }
			},
			bad: map[int]string{10: "is null, not a document"}, listed: 24, calls: 4,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind := paged.With(func(k *catalogue.Spec) { k.Listing.Trash = false })
			looker := &fakeLooker{things: things(tt.things)}
			tt.set(looker)
			r := newRig(looker, kind)
			asks := r.list(t, kind)
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
			if diff := cmp.Diff([]record.End{want}, r.ledger.Ends()); diff != "" {
				t.Errorf("end (-want +got):\n%s", diff)
			}
			if len(looker.calls) != tt.calls {
				t.Errorf("%d calls, want %d: %v", len(looker.calls), tt.calls, looker.calls)
			}
		})
	}
}

// TestBadRowsThatAreExpected: a kind of which exclude names "#" is complete.
func TestBadRowsThatAreExpected(t *testing.T) {
	for _, name := range []record.Kind{"dashboards", "roles"} {
		looker := &fakeLooker{things: things(6)}
		raw(map[int]string{3: "null"})(looker)
		r := newRig(looker, kindOf(t, name))
		r.out = []record.Ref{{Kind: name, ID: record.AnyRow}}
		items := r.both(t, kindOf(t, name))
		if diff := cmp.Diff([]string{"1", "2", "4", "5", "6"}, ids(items, hasBody)); diff != "" {
			t.Errorf("%s: bodies (-want +got):\n%s", name, diff)
		}
		if faults := faultsOf(items); faults != nil {
			t.Errorf("%s: faults %q", name, faults)
		}
		if end := r.ledger.Ends()[0]; end.Listing != record.Complete {
			t.Errorf("%s: %+v, want complete", name, end)
		}
		if diff := cmp.Diff([]string{string(name) + ": 1 of 6 rows cannot be stored, as exclude says"}, r.ledger.Notes()); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", name, diff)
		}
	}
}

// TestBadRowsOfAWholeList: the rows are the documents.
func TestBadRowsOfAWholeList(t *testing.T) {
	looker := &fakeLooker{things: things(6)}
	raw(map[int]string{1: "null", 4: `{"id":"","name":"Broken"}`, 6: "6"})(looker)
	r := newRig(looker, kindOf(t, "roles"))
	items := r.both(t, kindOf(t, "roles"))
	if diff := cmp.Diff([]string{"2", "3", "5"}, ids(items, hasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
	want := []string{
		"bad_row #1: row 1 of the list is null, not a document",
		`bad_row #4: row 4 of the list has an empty id, titled "Broken"`,
		"bad_row #6: row 6 of the list is a number, not a document",
	}
	if diff := cmp.Diff(want, faultsOf(items)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	end := record.End{Kind: "roles", Listing: record.Incomplete, Listed: 3, Reason: "3 of 6 rows cannot be stored", Through: true}
	if diff := cmp.Diff([]record.End{end}, r.ledger.Ends()); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}

// TestBadRowsAmongDocuments: pages, id lists and folders of whole documents may
// hold rows that are none. What they leave is fetched, and nothing falls back.
func TestBadRowsAmongDocuments(t *testing.T) {
	for _, ask := range []record.Ask{
		{Kind: "dashboards", How: record.Page, State: record.Present, Want: want("1", "2", "3", "4")},
		{Kind: "dashboards", How: record.IDs, State: record.Present, Want: want("1", "2", "3", "4")},
		{Kind: "looks", How: record.Folder, State: record.Present, Folder: "0", Want: want("1", "2", "3", "4")},
	} {
		t.Run(ask.How.String(), func(t *testing.T) {
			looker := &fakeLooker{things: things(4), among: []string{"null", "{}", "17", `{"id":""}`}}
			r := newRig(looker, kindOf(t, ask.Kind))
			items := r.fetch(t, ask)
			if diff := cmp.Diff(numbers(1, 4), ids(items, hasBody)); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			if notes := r.ledger.Notes(); notes != nil {
				t.Errorf("notes = %q", notes)
			}
		})
	}
}

// TestDocumentThatAListHoldsTwice is about what lists hold twice: the same row counts
// once, and of two different ones a single fetch tells which is right.
func TestDocumentThatAListHoldsTwice(t *testing.T) {
	same, other := thing{id: "2", folder: "0", filler: 1}.body(), strings.Replace(thing{id: "2", folder: "0", filler: 1}.body(), `"title":"`, `"title":"other `, 1)
	whole := record.Ask{Kind: "roles", How: record.Whole, State: record.Present}
	page := record.Ask{Kind: "dashboards", How: record.Page, State: record.Present, Want: want("1", "2", "3", "4")}
	byIDs := record.Ask{Kind: "dashboards", How: record.IDs, State: record.Present, Want: want("1", "2", "3", "4")}
	folder := record.Ask{Kind: "looks", How: record.Folder, State: record.Present, Folder: "0", Want: want("1", "2", "3", "4")}
	twice := []string{"roles: the list holds a document twice, it counts once: 2"}
	tests := []struct {
		name    string
		ask     record.Ask
		row     string
		singles int // calls for document 2 alone
		notes   []string
	}{
		{name: "whole list, the same", ask: whole, row: same, notes: twice},
		{name: "whole list, another", ask: whole, row: other, singles: 1, notes: twice},
		{name: "page, the same", ask: page, row: same},
		{name: "page, another", ask: page, row: other, singles: 1},
		{name: "id list, the same", ask: byIDs, row: same},
		{name: "id list, another", ask: byIDs, row: other, singles: 1},
		{name: "folder, the same", ask: folder, row: same},
		{name: "folder, another", ask: folder, row: other, singles: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &fakeLooker{things: things(4), among: []string{tt.row}}
			for i := range looker.things {
				looker.things[i].filler = 1
			}
			looker.things[3].filler = 9 // the one that rows are compared by
			r := newRig(looker, kindOf(t, tt.ask.Kind))
			items := r.fetch(t, tt.ask)
			if diff := cmp.Diff(numbers(1, 4), ids(items, hasBody)); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			for _, item := range items {
				if item.ID == "2" && string(item.Body) != same {
					t.Errorf("document 2 is %s", item.Body)
				}
			}
			singles := slices.DeleteFunc(looker.calls, func(call string) bool { return !strings.HasSuffix(call, "/2") })
			if len(singles) != tt.singles {
				t.Errorf("%d calls for document 2, want %d", len(singles), tt.singles)
			}
			if diff := cmp.Diff(tt.notes, r.ledger.Notes()); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			r.ledger.Ended(tt.ask.Kind, record.Complete, "")
			if end := r.ledger.Ends()[0]; end.Listing != record.Complete {
				t.Errorf("%+v, want complete", end)
			}
		})
	}
}

// TestListsThatAreNotWhatTheServerSays: where everything came, and came twice the
// same, a kind is complete, and a note says what the server says.
func TestListsThatAreNotWhatTheServerSays(t *testing.T) {
	says := func(total int) func(int, int) int { return func(int, int) int { return total } }
	double := func(f *fakeLooker) { f.things = slices.Concat(f.things[:5], f.things[2:3], f.things[5:]) }
	shifted := "the list shifted while it was read: "
	tests := []struct {
		name   string
		things int
		set    func(*fakeLooker)
		listed int
		reason string // why it is incomplete, "" where it is complete
		note   string
		calls  int
		plans  []string // nil: it does not matter
	}{
		{
			name: "a total that is too high", things: 25, set: func(f *fakeLooker) { f.total = says(40) }, listed: 25, calls: 5,
			note: "the server says that the list has 40 rows, 25 came, twice the same",
		},
		{
			name: "a total that is too high, of a single row", things: 1, set: func(f *fakeLooker) { f.total = says(3) }, listed: 1, calls: 4,
			note: "the server says that the list has 3 rows, 1 came, twice the same",
		},
		{
			name: "a total that is too low", things: 25, set: func(f *fakeLooker) { f.total = says(13) }, listed: 25, calls: 5,
			note: "the server says that the list has 13 rows, 25 came, twice the same",
		},
		{
			name: "a total that is too low, and that of the first page", things: 25, set: func(f *fakeLooker) { f.total = says(10) }, listed: 25, calls: 5,
			note: "the server says that the list has 10 rows, 25 came, twice the same",
		},
		{
			name: "a total of the rows that came", things: 25, set: func(f *fakeLooker) { f.total = func(_, rows int) int { return rows } }, listed: 25, calls: 5,
			note: "the server says that the list has 10 rows, 25 came, twice the same",
		},
		{
			name: "a total of none", things: 7, set: func(f *fakeLooker) { f.total = says(0) }, listed: 7, calls: 3,
			note: "the server says that the list has 0 rows, 7 came, twice the same",
		},
		{
			name: "a total beyond all numbers", things: 25, set: func(f *fakeLooker) { f.total = says(1 << 61) }, listed: 25, calls: 5,
			note: "the server says that the list has 2305843009213693952 rows, 25 came, twice the same",
		},
		{
			name: "a total that is too high, and pages that are short", things: 25,
			set: func(f *fakeLooker) { f.total, f.cap = says(40), 6 }, listed: 25, calls: 11,
			note: "the server says that the list has 40 rows, 25 came, twice the same",
		},
		{
			name: "a limit that means nothing", things: 25, set: func(f *fakeLooker) { f.noLimit = true }, listed: 25, calls: 1,
			note:  "the server ignores limit: 25 rows came where 10 were asked for",
			plans: []string{"ids", "ids", "ids", "ids", "ids", "ids", "ids"},
		},
		{
			name: "a limit that means nothing, without totals", things: 25, set: func(f *fakeLooker) { f.noLimit, f.noTotals = true, true }, listed: 25, calls: 2,
			note: "the server ignores limit: 25 rows came where 10 were asked for",
		},
		{
			name: "neither limit nor offset", things: 25, set: func(f *fakeLooker) { f.noLimit, f.noOffset, f.noTotals = true, true, true }, listed: 25, calls: 2,
			note: "the server ignores offset: it answers the same page again",
		},
		{
			name: "an offset that means nothing", things: 25, set: func(f *fakeLooker) { f.noOffset = true }, listed: 25, calls: 3,
			note: "the server ignores offset: it answers the same page again",
		},
		{
			name: "an offset that means nothing, without totals", things: 25, set: func(f *fakeLooker) { f.noOffset, f.noTotals = true, true }, listed: 25, calls: 4,
			note: "the server ignores offset: it answers the same page again",
		},
		{
			name: "an offset that means nothing, and a short list", things: 7, set: func(f *fakeLooker) { f.noOffset, f.noTotals = true, true }, listed: 7, calls: 2,
			note: "the server ignores offset: it answers the same page again",
		},
		{
			name: "an offset that means nothing, and pages that are short", things: 25, set: func(f *fakeLooker) { f.noOffset, f.cap = true, 6 }, listed: 6, calls: 6,
			reason: shifted + "6 rows came of 25, and the server ignores offset: it answers the same page again",
		},
		{
			name: "a document twice", things: 8, set: double, listed: 8, calls: 2,
			note: "the list holds a document twice, it counts once: 3",
		},
		{
			name: "a document twice, on different pages", things: 18, listed: 18, calls: 5,
			set: func(f *fakeLooker) {
				f.things = slices.Concat(f.things[:16], f.things[2:3], f.things[16:])
				f.cap = 10
			},
			note: "the list holds a document twice, it counts once: 3",
		},
		{
			name: "a page that is repeated once", things: 25, listed: 25, calls: 3,
			set: func(f *fakeLooker) {
				f.before = func(n int, _ stages.Call) error {
					f.noOffset = n == 2
					return nil
				}
			},
			note: "the server ignores offset: it answers the same page again",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind := paged.With(func(k *catalogue.Spec) { k.Listing.Trash = false })
			looker := &fakeLooker{things: things(tt.things)}
			tt.set(looker)
			r := newRig(looker, kind)
			var listed, plans []string
			for _, ask := range r.list(t, kind) {
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
			if diff := cmp.Diff([]record.End{want}, r.ledger.Ends()); diff != "" {
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
			if diff := cmp.Diff(notes, r.ledger.Notes()); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			if len(looker.calls) != tt.calls {
				t.Errorf("%d calls, want %d: %q", len(looker.calls), tt.calls, short(looker.calls))
			}
			if tt.plans != nil {
				if diff := cmp.Diff(tt.plans, plans); diff != "" {
					t.Errorf("asks (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// TestWholeListOfAnotherLength: a total that does not agree with a list in one answer
// costs one call, which reports whether there is more.
func TestWholeListOfAnotherLength(t *testing.T) {
	says := func(total int) func(int, int) int { return func(int, int) int { return total } }
	tests := []struct {
		name   string
		set    func(*fakeLooker)
		bodies int
		calls  int // of the list
		end    record.End
		note   string
	}{
		{
			name: "too high", set: func(f *fakeLooker) { f.total = says(9) }, bodies: 6, calls: 2, end: record.End{Listing: record.Complete, Listed: 6},
			note: "the server says that the list has 9 rows, 6 came, and nothing stands behind them",
		},
		{
			name: "too low", set: func(f *fakeLooker) { f.total = says(2) }, bodies: 6, calls: 2, end: record.End{Listing: record.Complete, Listed: 6},
			note: "the server says that the list has 2 rows, 6 came, and nothing stands behind them",
		},
		{
			name: "too high, with pages", set: func(f *fakeLooker) { f.total, f.most = says(9), 6 }, bodies: 6, calls: 2,
			end:  record.End{Listing: record.Complete, Listed: 6},
			note: "the server says that the list has 9 rows, 6 came, and nothing stands behind them",
		},
		{
			name: "right, and the list is cut", set: func(f *fakeLooker) { f.total, f.most = says(6), 4 }, bodies: 4, calls: 6,
			end: record.End{Listing: record.Incomplete, Listed: 4, Reason: "the list is not as long as the server says: 4 rows came of 6"},
		},
		{
			name: "right", set: func(f *fakeLooker) { f.total = says(6) }, bodies: 6, calls: 1, end: record.End{Listing: record.Complete, Listed: 6},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &fakeLooker{things: things(6)}
			tt.set(looker)
			r := newRig(looker, kindOf(t, "roles"))
			items := r.fetch(t, record.Ask{Kind: "roles", How: record.Whole, State: record.Present})
			if got := ids(items, hasBody); len(got) != tt.bodies {
				t.Errorf("bodies: %v, want %d", got, tt.bodies)
			}
			tt.end.Kind = "roles"
			if diff := cmp.Diff([]record.End{tt.end}, r.ledger.Ends()); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
			var notes []string
			if tt.note != "" {
				notes = []string{"roles: " + tt.note}
			}
			if diff := cmp.Diff(notes, r.ledger.Notes()); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
			lists := slices.DeleteFunc(looker.calls, func(call string) bool {
				return !strings.Contains(call, "/roles?") && !strings.HasSuffix(call, "/roles")
			})
			if len(lists) != tt.calls {
				t.Errorf("%d calls for the list, want %d: %q", len(lists), tt.calls, lists)
			}
		})
	}
}

// TestPagesAreNotJoinedByBadRows: one null is like another. A document is deleted
// between two pages, and the null behind the end of the first one takes its place.
func TestPagesAreNotJoinedByBadRows(t *testing.T) {
	kind := paged.With(func(k *catalogue.Spec) { k.Listing.Trash = false })
	looker := &fakeLooker{things: things(25), noTotals: true}
	raw(map[int]string{10: "null", 11: "null"})(looker)
	looker.before = func(n int, _ stages.Call) error {
		if n == 2 {
			looker.things = slices.Delete(looker.things, 2, 3)
		}
		return nil
	}
	r := newRig(looker, kind)
	r.list(t, kind)
	if end := r.ledger.Ends()[0]; end.Reason != "2 of 24 rows cannot be stored" || end.Listed != 22 {
		t.Errorf("%+v, want both bad rows of 24", end)
	}
}
