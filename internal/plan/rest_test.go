package plan_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
)

const month = 30 * 24 * time.Hour

var (
	tonight = time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	lately  = tonight.Add(-time.Minute)
)

// resting are the rules of a run of tonight under which what is known of a kind may grow a month
// old, and dates of dashboards are trusted.
func resting(kind record.Kind) *refresh.Rules {
	return &refresh.Rules{
		Now: tonight, Gap: 24 * time.Hour, Ages: map[record.Kind]time.Duration{kind: month},
		Listed: map[record.Kind]time.Time{kind: lately},
		Dates:  map[record.Kind]record.DateHistory{"dashboards": {Dates: record.Dates{Moved: refresh.ChangesToTrust}}},
	}
}

// TestRestsWhole: a kind with a list need not be listed, unless something hangs on each of its lists.
func TestRestsWhole(t *testing.T) {
	for _, test := range []struct {
		name          string
		kind          record.Kind
		full, doubted bool
		ago           time.Duration // since it was listed
		rests         bool
	}{
		{name: "listed lately", kind: "boards", rests: true},
		{name: "listed long ago", kind: "boards", ago: month},
		{name: "a full run", kind: "boards", full: true},
		{name: "stamps are doubted", kind: "boards", doubted: true},
		{name: "its list is the overview of others", kind: "groups"},
		{name: "others lie in it", kind: "folders"},
		{name: "nothing lists it", kind: "role_users"},
		{name: "a route each", kind: "settings"},
	} {
		rules := plan.Rules{Full: test.full, Refresh: resting(test.kind)}
		rules.Refresh.Listed[test.kind] = lately.Add(-test.ago)
		if got := rules.RestsWhole(kindOf(t, test.kind), test.doubted); got != test.rests {
			t.Errorf("%s: rests %t", test.name, got)
		}
	}
}

// TestMayRest: there is a reason where no age of a kind may be set.
func TestMayRest(t *testing.T) {
	for kind, want := range map[record.Kind]bool{"boards": true, "role_users": true, "merge_queries": false, "groups": false, "folders": false} {
		if reason := plan.MayRest(kindOf(t, kind)); (reason == "") != want {
			t.Errorf("%s may rest: want %t, %q", kind, want, reason)
		}
	}
}

// TestPlanDefersByDate: what has not moved is not asked for, unless something else has changed or
// is wrong with it.
func TestPlanDefersByDate(t *testing.T) {
	date := record.DateOf("2026-03-01T00:00:00Z")
	for _, test := range []struct {
		name   string
		known  func(*record.Known)
		full   bool
		kind   record.Kind // with an age
		defers bool
	}{
		{name: "unmoved", defers: true},
		{name: "a trash may rest", kind: refresh.Trash, defers: true},
		{name: "moved", known: func(k *record.Known) { k.Stamp = record.Digest{9} }},
		{name: "in another folder", known: func(k *record.Known) { k.Folder = "B" }},
		{name: "it was in the trash", known: func(k *record.Known) { k.State = record.Trashed }},
		{name: "troubled", known: func(k *record.Known) { k.Troubled = true }},
		{name: "without a body", known: func(k *record.Known) { k.Hash = record.Digest{} }},
		{name: "a full run", full: true},
	} {
		known := record.Known{State: record.Present, Hash: record.Digest{1}, Stamp: date, Folder: "A", Observed: lately}
		if test.known != nil {
			test.known(&known)
		}
		rules := plan.Rules{PageSize: 10, Full: test.full, Refresh: resting(test.kind)}
		planned := rules.Plan(plan.Page{
			Kind: kindOf(t, "dashboards"), State: record.Present, Known: map[string]record.Known{"5": known},
			Rows: []record.Listed{{ID: "5", State: record.Present, Folder: "A", Date: date}},
		})
		var want []plan.Deferral
		if test.defers {
			want = []plan.Deferral{{ID: "5", Seen: lately, ByDate: true}}
		}
		if diff := cmp.Diff(want, planned.Deferred); diff != "" || len(want)+len(planned.Asks) != 1 {
			t.Errorf("%s: asks %v, deferred (-want +got)\n%s", test.name, lines(planned.Asks), diff)
		}
	}
}

// TestNotServed: what the server did not have lately, and no run has stored, is not asked for.
func TestNotServed(t *testing.T) {
	for _, test := range []struct {
		name  string
		known map[string]record.Known
		full  bool
		rests bool
	}{
		{name: "never stored", rests: true},
		{name: "stored once", known: map[string]record.Known{"5": {State: record.Gone}}},
		{name: "a full run", full: true},
	} {
		rules := plan.Rules{PageSize: 10, Full: test.full, Refresh: resting("settings")}
		planned := rules.Plan(plan.Page{
			Kind: kindOf(t, "settings"), State: record.Present, Rows: rows("5"), Known: test.known, NotServed: map[string]time.Time{"5": lately},
		})
		want := plan.Planned{Listed: 1, NotServed: []plan.Deferral{{ID: "5", Seen: lately}}}
		if !test.rests {
			want = plan.Planned{Listed: 1}
		}
		if diff := cmp.Diff(want, planned, cmpopts.IgnoreFields(plan.Planned{}, "Asks")); diff != "" || len(want.NotServed)+len(planned.Asks) != 1 {
			t.Errorf("%s: asks %v (-want +got)\n%s", test.name, lines(planned.Asks), diff)
		}
	}
}

// TestNotServedFor: as long as what is served may rest; where nobody said how long that is, a run
// that saves calls asks once in a month.
func TestNotServedFor(t *testing.T) {
	for _, test := range []struct {
		name    string
		kind    record.Kind
		said    time.Duration // how old a document of the kind may grow
		counted bool
		want    time.Duration
	}{
		{name: "as long as the others", kind: "settings", said: time.Hour, counted: true, want: time.Hour},
		{name: "no age", kind: "settings"},
		{name: "no age, calls are counted", kind: "settings", counted: true, want: plan.Limits{}.Usual().ProvenFor},
		{name: "a kind with a list", kind: "boards", said: time.Hour, counted: true},
	} {
		rules := plan.Rules{Counted: test.counted, Refresh: &refresh.Rules{Ages: make(map[record.Kind]time.Duration)}}
		if test.said > 0 {
			rules.Refresh.Ages[test.kind] = test.said
		}
		if got := rules.NotServedFor(kindOf(t, test.kind)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestTurnsOfFolders: documents that one call for their folder brings are asked for in the same
// run, all others have a turn each.
func TestTurnsOfFolders(t *testing.T) {
	for _, test := range []struct {
		name   string
		kind   record.Kind
		folder string
		one    bool // turn for all
	}{
		{"one call brings a folder", "content_metadata", "A", true},
		{"in no folder", "content_metadata", "", false},
		{"no call brings a folder", "boards", "A", false},
	} {
		resting := 0
		for _, row := range numbered(50) {
			row.Folder = test.folder
			if plan.Rests(&refresh.Rules{Now: tonight}, kindOf(t, test.kind), row, month, tonight.Add(-month/2)) {
				resting++
			}
		}
		if one := resting == 0 || resting == 50; one != test.one {
			t.Errorf("%s: %d of 50 rest", test.name, resting)
		}
	}
}

// TestAges: what was said of a kind counts; where nothing was, the access rules of personal folders
// may grow a month old.
func TestAges(t *testing.T) {
	stored := map[string]string{
		"content_metadata/1": `{"folder_id":"10"}`, "folders/10": `{"is_personal":true}`,
		"content_metadata/2": `{"folder_id":"20"}`, "folders/20": `{"is_personal_descendant":true}`,
		"content_metadata/3": `{"folder_id":"30"}`, "folders/30": `{"is_personal":false}`,
		"content_metadata/4": `{"dashboard_id":"10"}`,
		"content_metadata/5": `{"folder_id":"50"}`,
	}
	unread := errors.New("unread")
	body := func(ref record.Ref) ([]byte, error) {
		if ref.ID == "" {
			t.Errorf("asked for %s without an id", ref.Kind)
		}
		if ref.ID == "7" {
			return nil, unread
		}
		return []byte(stored[ref.String()]), nil
	}
	days := func(of map[string]int) map[string]time.Duration {
		ages := make(map[string]time.Duration)
		for id, n := range of {
			ages[id] = time.Duration(n) * 24 * time.Hour
		}
		return ages
	}
	for _, test := range []struct {
		name  string
		kind  record.Kind
		rules *refresh.Rules
		want  map[string]time.Duration
	}{
		{"nothing was said", "content_access", &refresh.Rules{}, days(map[string]int{"1": 30, "2": 30, "3": 0, "4": 0, "5": 0, "6": 0})},
		{"of a kind without quiet ones", "role_users", &refresh.Rules{}, days(map[string]int{"1": 0, "2": 0, "3": 0, "4": 0, "5": 0, "6": 0})},
		{"never", "content_access", &refresh.Rules{Ages: map[record.Kind]time.Duration{"content_access": 0}}, days(map[string]int{"1": 0, "2": 0, "3": 0, "4": 0, "5": 0, "6": 0})},
		{"a route each", "settings", resting("settings"), days(map[string]int{"1": 30, "2": 30, "3": 30, "4": 30, "5": 30, "6": 30})},
		{"a kind with a list", "boards", resting("boards"), nil},
		{"nothing rests", "content_access", nil, nil},
	} {
		rules := plan.Rules{Refresh: test.rules}
		got, err := rules.Ages(kindOf(t, test.kind), []string{"1", "2", "3", "4", "5", "6"}, body)
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", test.name, err, diff)
		}
	}
	rules := plan.Rules{Refresh: &refresh.Rules{}}
	if _, err := rules.Ages(kindOf(t, "content_access"), []string{"7"}, body); !errors.Is(err, unread) {
		t.Errorf("a document that cannot be read: %v", err)
	}
}
