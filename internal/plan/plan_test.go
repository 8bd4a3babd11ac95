package plan_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
)

func kindOf(t *testing.T, name record.Kind) *catalogue.Spec {
	t.Helper()
	kind, ok := catalogue.Find(name)
	if !ok {
		t.Fatalf("no kind %s", name)
	}
	return kind
}

// rows are listed documents, "1", "2 in A", and so on.
func rows(texts ...string) (rows []record.Listed) {
	for _, text := range texts {
		id, folder, _ := strings.Cut(text, " in ")
		rows = append(rows, record.Listed{ID: id, Folder: folder, State: record.Present})
	}
	return rows
}

// numbered are the documents 1 to n.
func numbered(n int) (rows []record.Listed) {
	for i := range n {
		rows = append(rows, record.Listed{ID: strconv.Itoa(i + 1), State: record.Present})
	}
	return rows
}

// lines are asks as short lines.
func lines(asks []record.Ask) (lines []string) {
	for _, ask := range asks {
		var want []string
		for _, row := range ask.Want {
			want = append(want, row.ID)
		}
		line := fmt.Sprintf("%s %s", ask.How, strings.Join(want, ","))
		if ask.How == record.Page {
			line += fmt.Sprintf(" @%d", ask.Offset)
		}
		lines = append(lines, line)
	}
	return lines
}

var stamp = record.Digest{1}

func TestPlanChoosesTheRoute(t *testing.T) {
	settled := record.Known{Settled: true}
	same := record.Known{State: record.Present, Stamp: stamp}
	for _, test := range []struct {
		name  string
		kind  record.Kind
		rows  []record.Listed
		known map[string]record.Known
		rules plan.Rules
		off   int // offset
		want  []string
	}{
		{name: "nothing", kind: "dashboards"},
		{name: "pages where everything on them is wanted", kind: "dashboards", rows: numbered(5), off: 20, want: []string{"page 1,2 @20", "page 3,4 @22", "page 5 @24"}},
		{name: "each document once", kind: "dashboards", rows: rows("1", "2", "1"), want: []string{"page 1,2 @0"}},
		{name: "id lists of rows that are no part of a list", kind: "dashboards", rows: numbered(3), off: plan.Nowhere, want: []string{"ids 1,2", "ids 3"}},
		{
			name: "id lists around what is settled", kind: "dashboards", rows: numbered(4),
			known: map[string]record.Known{"2": settled}, want: []string{"ids 1,3", "ids 4"},
		},
		{
			name: "id lists around what is left out", kind: "dashboards", rows: numbered(3),
			rules: plan.Rules{Exclude: []record.Ref{{Kind: "looks", ID: "1"}, {Kind: "dashboards", ID: "2"}}}, want: []string{"ids 1,3"},
		},
		{
			name: "folders that hold several", kind: "looks", rows: rows("1 in A", "2 in B", "3 in A", "4"),
			want: []string{"folder 1,3", "single 2", "single 4"},
		},
		{
			name: "one in four of a folder is enough", kind: "looks",
			rows: rows("1 in A", "2 in A", "3 in A", "4 in A", "5 in A", "6 in A", "7 in A", "8 in A"),
			known: map[string]record.Known{
				"3": sameAs(), "4": sameAs(), "5": sameAs(), "6": sameAs(), "7": sameAs(), "8": sameAs(),
			},
			want: []string{"folder 1,2", "stored 3,4", "stored 5,6", "stored 7,8"},
		},
		{
			name: "less is not", kind: "looks",
			rows: rows("1 in A", "2 in A", "3 in A", "4 in A", "5 in A", "6 in A", "7 in A", "8 in A", "9 in A"),
			known: map[string]record.Known{
				"3": sameAs(), "4": sameAs(), "5": sameAs(), "6": sameAs(), "7": sameAs(), "8": sameAs(), "9": sameAs(),
			},
			rules: plan.Rules{PageSize: 9},
			want:  []string{"single 1", "single 2", "stored 3,4,5,6,7,8,9"},
		},
		{
			name: "less is enough where calls are dear", kind: "looks",
			rows: rows("1 in A", "2 in A", "3 in A", "4 in A", "5 in A", "6 in A", "7 in A", "8 in A", "9 in A"),
			known: map[string]record.Known{
				"3": sameAs(), "4": sameAs(), "5": sameAs(), "6": sameAs(), "7": sameAs(), "8": sameAs(), "9": sameAs(),
			},
			rules: plan.Rules{Counted: true, PageSize: 9},
			want:  []string{"folder 1,2", "stored 3,4,5,6,7,8,9"},
		},
		{
			name: "unless the folder is larger than a page", kind: "looks",
			rows: rows("1 in A", "2 in A", "3 in A", "4 in A", "5 in A", "6 in A", "7 in A", "8 in A", "9 in A"),
			known: map[string]record.Known{
				"3": sameAs(), "4": sameAs(), "5": sameAs(), "6": sameAs(), "7": sameAs(), "8": sameAs(), "9": sameAs(),
			},
			rules: plan.Rules{Counted: true, PageSize: 8},
			want:  []string{"single 1", "single 2", "stored 3,4,5,6,7,8,9"},
		},
		{
			name: "a folder that this run has asked for is not asked for again", kind: "looks", rows: rows("1 in A", "2 in A", "3 in A"),
			known: map[string]record.Known{"3": settled}, want: []string{"single 1", "single 2"},
		},
		{
			name: "another ask comes first in each run", kind: "dashboards", rows: numbered(5),
			rules: plan.Rules{Turn: 4}, want: []string{"page 3,4 @2", "page 5 @4", "page 1,2 @0"},
		},
		{
			name: "an immutable document that is stored", kind: "merge_queries", rows: rows("a", "b"),
			known: map[string]record.Known{"a": {State: record.Present}}, want: []string{"single b", "stored a"},
		},
		{
			name: "one that was gone", kind: "merge_queries", rows: rows("a"),
			known: map[string]record.Known{"a": {State: record.Gone}}, want: []string{"single a"},
		},
		{
			name: "one whose row is another", kind: "looks", rows: stamped(rows("1", "2")),
			known: map[string]record.Known{"1": same, "2": {State: record.Present, Stamp: record.Digest{9}}}, want: []string{"single 2", "stored 1"},
		},
		{
			name: "everything in a full run", kind: "looks", rows: stamped(rows("1", "2")),
			known: map[string]record.Known{"1": same}, rules: plan.Rules{Full: true}, want: []string{"single 1", "single 2"},
		},
		{
			name: "one unchanged document all the same where an overview tells", kind: "group_groups", rows: stamped(rows("1", "2", "3")),
			known: map[string]record.Known{"1": same, "2": same}, rules: plan.Rules{Turn: 1}, want: []string{"single 2", "stored 1", "single 3"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for i := range test.rows {
				if known, ok := test.known[test.rows[i].ID]; ok && known.Stamp == stamp {
					test.rows[i].Stamp = stamp
				}
			}
			if test.rules.PageSize == 0 {
				test.rules.PageSize = 2
			}
			planned := test.rules.Plan(plan.Page{Kind: kindOf(t, test.kind), State: record.Present, Offset: test.off, Rows: test.rows, Known: test.known})
			if diff := cmp.Diff(test.want, lines(planned.Asks)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// sameAs is a document that is stored with the stamp of its row.
func sameAs() record.Known { return record.Known{State: record.Present, Stamp: stamp} }

func stamped(rows []record.Listed) []record.Listed {
	for i := range rows {
		rows[i].Stamp = stamp
	}
	return rows
}

// TestPlanSaysWhatIsKnown: fetch compares what comes with what is stored.
func TestPlanSaysWhatIsKnown(t *testing.T) {
	rules := plan.Rules{PageSize: 10}
	print, hash := record.Digest{2}, record.Digest{3}
	planned := rules.Plan(plan.Page{
		Kind: kindOf(t, "dashboards"), State: record.Present, Rows: numbered(4), Known: map[string]record.Known{
			"1": {State: record.Present, Hash: hash, Size: 7, Fingerprint: print},
			"2": {State: record.Trashed, Hash: hash, Size: 7, Fingerprint: print},
			"4": {State: record.Gone, Hash: hash, Size: 7, Fingerprint: print},
		},
	})
	want := []record.Listed{
		{ID: "1", State: record.Present, Held: true, Hash: hash, Size: 7, Fingerprint: print},
		{ID: "2", State: record.Present, Held: true, Fingerprint: print},
		{ID: "3", State: record.Present},
		{ID: "4", State: record.Present, Fingerprint: print},
	}
	if diff := cmp.Diff(want, planned.Asks[0].Want); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if planned.Listed != 4 {
		t.Errorf("%d are listed, want 4", planned.Listed)
	}
}

// TestPlanWithinFolders: what lies elsewhere is neither listed nor asked for.
func TestPlanWithinFolders(t *testing.T) {
	rules := plan.Rules{PageSize: 10, Within: func(_ record.Kind, _, folder string) bool { return folder == "A" }}
	planned := rules.Plan(plan.Page{Kind: kindOf(t, "dashboards"), State: record.Present, Rows: rows("1 in A", "2 in B", "3 in A")})
	if diff := cmp.Diff([]string{"ids 1,3"}, lines(planned.Asks)); diff != "" || planned.Listed != 2 {
		t.Errorf("%d are listed, want 2; (-want +got)\n%s", planned.Listed, diff)
	}
}

func TestPerPage(t *testing.T) {
	kind := kindOf(t, "dashboards").With(func(k *catalogue.Spec) { k.Size = 1000 })
	for _, test := range []struct {
		name  string
		bytes int64
		sizes []int64
		want  int
	}{
		{"of any size", 0, []int64{1}, 100},
		{"nothing is known of their size", 500_000, nil, 500},
		{"a size that is not known says nothing", 500_000, []int64{0, 2500, 0}, 200},
		{"large documents", 500_000, []int64{1 << 20}, 100},
		{"small documents", 8 << 20, []int64{1}, 1000},
	} {
		t.Run(test.name, func(t *testing.T) {
			rules := plan.Rules{PageSize: 100, PageBytes: test.bytes}
			if got := rules.PerPage(kind, seq(test.sizes)); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestPageBytes(t *testing.T) {
	limits := plan.Limits{Document: 1000, Thrift: 3}
	for _, test := range []struct {
		name     string
		inFlight int64
		counted  bool
		want     int64
	}{
		{"a page of documents", 1 << 20, false, 10_000},
		{"more where calls are counted", 1 << 20, true, 30_000},
		{"what may be in flight holds several", 80_000, true, 20_000},
	} {
		if got := limits.PageBytes(10, test.inFlight, test.counted); got != test.want {
			t.Errorf("%s: %d bytes, want %d", test.name, got, test.want)
		}
	}
}

func seq(sizes []int64) func(func(int64) bool) {
	return func(yield func(int64) bool) {
		for _, size := range sizes {
			if !yield(size) {
				return
			}
		}
	}
}

// TestPlanDefers: what is known of a document may grow old, unless something is wrong with it.
func TestPlanDefers(t *testing.T) {
	now := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	kind := kindOf(t, "role_users")
	young := record.Known{State: record.Present, Hash: record.Digest{1}, Observed: now.Add(-time.Minute)}
	change := func(known record.Known, change func(*record.Known)) record.Known {
		change(&known)
		return known
	}
	for _, test := range []struct {
		name    string
		known   record.Known
		full    bool
		doubted bool
		defers  bool
	}{
		{name: "young", known: young, defers: true},
		{name: "old", known: change(young, func(k *record.Known) { k.Observed = now.Add(-31 * 24 * time.Hour) })},
		{name: "troubled", known: change(young, func(k *record.Known) { k.Troubled = true })},
		{name: "in the trash", known: change(young, func(k *record.Known) { k.State = record.Trashed })},
		{name: "without a body", known: change(young, func(k *record.Known) { k.Hash = record.Digest{} })},
		{name: "a full run", known: young, full: true},
		{name: "stamps are doubted", known: young, doubted: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			rules := plan.Rules{PageSize: 10, Full: test.full, Refresh: &refresh.Rules{
				Now: now, Gap: 24 * time.Hour, Ages: map[record.Kind]time.Duration{kind.Name: 30 * 24 * time.Hour},
			}}
			ages, err := rules.Ages(kind, []string{"5"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			planned := rules.Plan(plan.Page{
				Kind: kind, State: record.Present, Rows: rows("5"), Known: map[string]record.Known{"5": test.known}, Ages: ages, Doubted: test.doubted,
			})
			if got := len(planned.Deferred) == 1 && len(planned.Asks) == 0; got != test.defers {
				t.Errorf("deferred: %t (%v)", got, lines(planned.Asks))
			}
		})
	}
}

// TestTrashRests: only that of a kind that has one, in a run that asks for no more than it must.
func TestTrashRests(t *testing.T) {
	now := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name          string
		kind          record.Kind
		full, doubted bool
		ago           time.Duration // since its trash was listed
		rests         bool
	}{
		{name: "looks", kind: "looks", rests: true},
		{name: "a full run", kind: "looks", full: true},
		{name: "stamps are doubted", kind: "looks", doubted: true},
		{name: "a kind without a trash", kind: "boards"},
		{name: "its trash was listed long ago", kind: "looks", ago: 31 * 24 * time.Hour},
	} {
		rules := plan.Rules{Full: test.full, Refresh: &refresh.Rules{
			Now: now, Gap: 24 * time.Hour, Ages: map[record.Kind]time.Duration{refresh.Trash: 30 * 24 * time.Hour},
			TrashListed: map[record.Kind]time.Time{test.kind: now.Add(-time.Minute - test.ago)},
		}}
		if got := rules.TrashRests(kindOf(t, test.kind), test.doubted); got != test.rests {
			t.Errorf("%s: rests %t", test.name, got)
		}
	}
}

// TestTrashIsReadWhenItIsListed: where a trash may rest, an unmoved date lets nothing in it rest
// longer still.
func TestTrashIsReadWhenItIsListed(t *testing.T) {
	now := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	date := record.DateOf("2026-03-01T00:00:00Z")
	for age, deferred := range map[time.Duration]int{0: 1, 7 * 24 * time.Hour: 0} {
		rules := plan.Rules{PageSize: 10, Refresh: &refresh.Rules{
			Now: now, Gap: 24 * time.Hour, Ages: map[record.Kind]time.Duration{refresh.Trash: age},
			Dates: map[record.Kind]record.DateHistory{"dashboards": {Dates: record.Dates{Moved: refresh.ChangesToTrust}}},
		}}
		planned := rules.Plan(plan.Page{
			Kind: kindOf(t, "dashboards"), State: record.Trashed, Rows: []record.Listed{{ID: "5", State: record.Trashed, Date: date}},
			Known: map[string]record.Known{"5": {State: record.Trashed, Hash: record.Digest{1}, Stamp: date, Observed: now.Add(-time.Minute)}},
		})
		if got := len(planned.Deferred); got != deferred {
			t.Errorf("age of the trash %s: %d deferred, want %d", age, got, deferred)
		}
	}
}

// TestFew: one call for whole documents brings all of a list, unless they
// are large, or one more for each eight that are stored may not fit.
func TestFew(t *testing.T) {
	rules := plan.Rules{PageSize: 100, PageBytes: 100 << 20}
	changed := kindOf(t, "lookml_dashboards").With
	sized := func(bytes int64) *catalogue.Spec {
		return changed(func(k *catalogue.Spec) { k.Size = bytes })
	}
	for _, tt := range []struct {
		name string
		kind *catalogue.Spec
		held int
		want int
	}{
		{"as large as they may be", sized(40 << 10), 0, 1000},
		{"too large", sized(40<<10 + 1), 0, 0},
		{"an eighth more fits", sized(1), 888, 1000},
		{"an eighth more is too many", sized(1), 889, 0},
		{"not in pages", kindOf(t, "boards"), 0, 0},
		{"their rows tell of changes", changed(func(k *catalogue.Spec) { k.Listing.Stamped = true }), 0, 0},
		{"they lie in folders", changed(func(k *catalogue.Spec) { k.Place = catalogue.InFolder }), 0, 0},
		{"their trash is in pages too", kindOf(t, "agents"), 0, 1000},
		{"their trash is not in pages", changed(func(k *catalogue.Spec) { k.Listing.Trash = true }), 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := rules.Few(tt.kind, tt.held, seq(nil)); got != tt.want {
				t.Errorf("%d rows, want %d", got, tt.want)
			}
		})
	}
}
