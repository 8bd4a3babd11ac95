package vaulttest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// reading is one case of the suite, about what is read back.
type reading struct {
	name string
	run  func(*testing.T, Engine)
}

func readings() []reading {
	return []reading{
		{"intervals", intervals},
		{"points in time", pointsInTime},
		{"what is not there", notThere},
		{"bodies", bodies},
		{"replaced", replaced},
		{"lists", lists},
		{"between two runs", between},
		{"events", events},
		{"digests", digests},
		{"a trash that was not listed", restedTrash},
		{"what a run did not see", notSeen},
		{"what a run took for dangling", notSeenButNamed},
		{"what a run took for dangling until nothing named it", notSeenNorNamed},
		{"faults", faultsReadBack},
		{"runs and instances", runsReadBack},
		{"what names a document", namesReadBack},
		{"after a prune", prunedReadBack},
		{"a prune that must not be", prunedTooMuch},
	}
}

// hour is when the n-th run of a history began.
func hour(n int64) time.Time { return Dawn.Add(time.Duration(n) * time.Hour) }

// history writes six runs over dashboards:
//
//	1  is one in runs 1 and 2, and another from run 3 on
//	2  is the same in every run; run 4 puts it into the trash, run 5 takes it out
//	3  is gone since run 3
//	4  is gone in run 3, back as it was in run 4, gone in run 5 and another in run 6
//	5  comes with run 5, and has the bytes of the first 1
func (e Engine) history(t *testing.T) {
	t.Helper()
	for run := range int64(6) {
		run++
		s := e.Open.begin(t, kinds(dashboards), func(s *record.Start) { s.At = hour(run) })
		s.commit(snapshotOf(run)...)
		s.finish(record.Finish{At: hour(run).Add(time.Minute), Kinds: []record.End{Ended(dashboards, int64(len(snapshotOf(run))))}})
	}
}

// snapshotOf is what run n of the history sees.
func snapshotOf(n int64) (all []record.Record) {
	one := Doc(dashboards, "1", "One")
	five := one
	five.ID = "5"
	if n >= 3 {
		one = Doc(dashboards, "1", "One, better")
	}
	two := Doc(dashboards, "2", "Two")
	if n == 4 {
		two = Doc(dashboards, "2", "Two", StateOnly)
	}
	all = append(all, one, two)
	if n < 3 {
		all = append(all, Doc(dashboards, "3", "Three"))
	}
	switch n {
	case 1, 2, 4:
		all = append(all, Doc(dashboards, "4", "Four"))
	case 6:
		all = append(all, Doc(dashboards, "4", "Four, another"))
	}
	if n >= 5 {
		all = append(all, five)
	}
	return all
}

// seen is what snapshotOf holds, as lines: state, id and body.
func seen(n int64) (lines []string) {
	for _, rec := range snapshotOf(n) {
		lines = append(lines, fmt.Sprintf("%s %s %s", rec.State, rec.ID, rec.Body))
	}
	slices.Sort(lines)
	return lines
}

func ref(id string) record.Ref { return record.Ref{Kind: dashboards, ID: id} }

// collect reads a sequence to its end.
func collect[T any](t *testing.T, answers iter.Seq2[T, error]) (all []T) {
	t.Helper()
	for answer, err := range answers {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, answer)
	}
	return all
}

// documentsAt are the documents of a point that are not gone, as lines.
func documentsAt(t *testing.T, r vault.Answers, at vault.Point) (lines []string) {
	t.Helper()
	for _, d := range collect(t, r.Documents(t.Context(), vault.Query{Instance: "acme", At: at})) {
		lines = append(lines, fmt.Sprintf("%s %s %s", d.State, d.ID, d.Body))
	}
	slices.Sort(lines)
	return lines
}

// versionsOf are the versions of a document, as lines: first and last run, the run that
// found it gone, state and name.
func versionsOf(t *testing.T, r vault.Answers, id string) (lines []string) {
	t.Helper()
	versions, err := r.Versions(t.Context(), "acme", ref(id))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		lines = append(lines, fmt.Sprintf("%d-%d %d %s %s", v.FirstRun, v.LastRun, v.GoneRun, v.State, v.Name))
	}
	return lines
}

func equal[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func intervals(t *testing.T, e Engine) {
	e.history(t)
	r := e.Read(t)
	for id, want := range map[string][]string{
		"1": {"1-2 0 present One", "3-6 0 present One, better"},
		"2": {"1-3 0 present Two", "4-4 0 trashed Two", "5-6 0 present Two"},
		"3": {"1-2 3 present Three"},
		"4": {"1-2 3 present Four", "4-4 5 present Four", "6-6 0 present Four, another"},
		"5": {"5-6 0 present One"},
	} {
		equal(t, "versions of "+id, want, versionsOf(t, r, id))
	}
}

func pointsInTime(t *testing.T, e Engine) {
	e.history(t)
	r := e.Read(t)
	for run := range int64(6) {
		run++
		equal(t, fmt.Sprint("as of run ", run), seen(run), documentsAt(t, r, vault.AtRun(run)))
		at := vault.AtTime(hour(run).Add(2 * time.Minute))
		equal(t, fmt.Sprint("when run ", run, " had ended"), seen(run), documentsAt(t, r, at))
	}
	equal(t, "one before the newest", seen(5), documentsAt(t, r, vault.Point{Newest: true, Back: 1}))
	d, err := r.Document(t.Context(), "acme", ref("2"), vault.AtRun(4))
	if err != nil || d.State != record.Trashed || d.LastRun != 4 {
		t.Errorf("dashboard 2 as of run 4: got %s, last seen by %d, %v", d.State, d.LastRun, err)
	}
	d, err = r.Document(t.Context(), "acme", ref("1"), vault.AtRun(2))
	if err != nil || d.FirstRun != 1 || d.LastRun != 2 {
		t.Errorf("dashboard 1 as of run 2: got runs %d to %d, %v", d.FirstRun, d.LastRun, err)
	}
}

func notThere(t *testing.T, e Engine) {
	e.history(t)
	r := e.Read(t)
	for _, tt := range []struct {
		id   string
		at   vault.Point
		want vault.AbsentError
	}{
		{"5", vault.AtRun(4), vault.AbsentError{Run: 4, Seen: 5}},
		{"3", vault.AtRun(5), vault.AbsentError{Run: 5, Gone: 3, LastSeen: 2}},
		{"4", vault.AtRun(5), vault.AbsentError{Run: 5, Gone: 5, LastSeen: 4}},
		{"9", vault.AtRun(5), vault.AbsentError{Run: 5}},
		{"9", vault.Point{}, vault.AbsentError{}},
	} {
		_, err := r.Document(t.Context(), "acme", ref(tt.id), tt.at)
		var absent *vault.AbsentError
		if !errors.As(err, &absent) || !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("%s at %s: got %v, want that it is absent", tt.id, tt.at, err)
			continue
		}
		got := *absent
		got.Path = ""
		tt.want.Ref = ref(tt.id)
		equal(t, fmt.Sprint(tt.id, " at ", tt.at), tt.want, got)
	}
	d, err := r.Document(t.Context(), "acme", ref("3"), vault.Point{})
	if err != nil || d.State != record.Gone || d.GoneRun != 3 || string(d.Body) != string(Doc(dashboards, "3", "Three").Body) {
		t.Errorf("the newest version of what is gone: got %s since %d, %q, %v", d.State, d.GoneRun, d.Body, err)
	}
	for _, at := range []vault.Point{vault.AtRun(7), vault.AtTime(hour(1)), {Newest: true, Back: 6}} {
		if _, err := r.RunAt(t.Context(), "acme", at); !errors.Is(err, vault.ErrNotFound) {
			t.Errorf("run at %s: got %v, want ErrNotFound", at, err)
		}
	}
	if _, err := r.Versions(t.Context(), "acme", ref("9")); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("versions of what never was: got %v", err)
	}
}

// bodies are the bytes that came, also those that a second document has, and those that
// are the same to everybody but not the same bytes.
func bodies(t *testing.T, e Engine) {
	odd := Doc(dashboards, "odd", "Odd")
	odd.Body = []byte("{\"id\" : \"odd\",\n\t\"title\":\"Odd \\u00e4 \xc3\xa4\", \"n\": 1.50e3 }")
	odd.Size, odd.Hash = int64(len(odd.Body)), sha256.Sum256(odd.Body)
	large := Doc(dashboards, "large", strings.Repeat("long and longer ", 100_000))
	s := e.Open.begin(t, kinds(dashboards))
	s.commit(odd, large, Doc(dashboards, "1", "One"))
	s.complete(Ended(dashboards, 3))
	s = e.Open.begin(t, kinds(dashboards))
	s.commit(Same(dashboards, "odd"), Same(dashboards, "large"), Doc(dashboards, "1", "One", Views(5)))
	s.complete(Ended(dashboards, 3))
	r := e.Read(t)
	for id, want := range map[string]string{
		"odd": string(odd.Body), "large": string(large.Body), "1": string(Doc(dashboards, "1", "One").Body),
	} {
		d, err := r.Document(t.Context(), "acme", ref(id), vault.Point{})
		if err != nil || string(d.Body) != want || d.Size != int64(len(want)) {
			t.Errorf("%s: got %d bytes of %d, %v", id, len(d.Body), len(want), err)
		}
	}
}

func lists(t *testing.T, e Engine) {
	e.history(t)
	s := e.Open.begin(t, kinds(looks))
	s.commit(Doc(looks, "10", "Ten"), Doc(looks, "9", "Nine", Trash))
	s.complete(Ended(looks, 2))
	r := e.Read(t)
	list := func(q vault.Query) (lines []string) {
		q.Instance = "acme"
		for _, entry := range collect(t, r.Entries(t.Context(), q)) {
			lines = append(lines, fmt.Sprint(entry.State, " ", entry.Ref))
		}
		return lines
	}
	equal(t, "everything", []string{
		"present dashboards/1", "present dashboards/2", "present dashboards/4", "present dashboards/5", "present looks/10", "trashed looks/9",
	}, list(vault.Query{}))
	equal(t, "a kind", []string{"present looks/10", "trashed looks/9"}, list(vault.Query{Kind: looks}))
	equal(t, "deleted", []string{"gone dashboards/3", "trashed looks/9"}, list(vault.Query{Deleted: true}))
	equal(t, "deleted by run 4", []string{"trashed dashboards/2", "gone dashboards/3"}, list(vault.Query{At: vault.AtRun(4), Deleted: true}))
	// A run of other kinds knows of them what was known before it.
	equal(t, "as of a scoped run", []string{"present dashboards/1", "present dashboards/2", "present dashboards/4", "present dashboards/5"},
		list(vault.Query{Kind: dashboards, At: vault.AtRun(7)}))
}

// passage says in a line what a span saw become of a document.
func passage(p vault.Passage) string {
	side := func(e *vault.Entry) string {
		if e == nil {
			return "nothing"
		}
		return fmt.Sprintf("%s %s", e.State, e.Name)
	}
	return fmt.Sprintf("%d %s: %s -> %s", p.Run, p.Ref.ID, side(p.Before), side(p.After))
}

func passages(t *testing.T, answers iter.Seq2[vault.Passage, error]) (lines []string) {
	t.Helper()
	for _, p := range collect(t, answers) {
		lines = append(lines, passage(p))
	}
	return lines
}

func between(t *testing.T, e Engine) {
	e.history(t)
	r := e.Read(t)
	for _, tt := range []struct {
		after, until int64
		want         []string
	}{
		{1, 2, nil},
		{2, 3, []string{"0 1: present One -> present One, better", "0 3: present Three -> nothing", "0 4: present Four -> nothing"}},
		{3, 4, []string{"0 2: present Two -> trashed Two", "0 4: nothing -> present Four"}},
		// 4 came and went; 2 went to the trash and came out of it, which is another version of it.
		{3, 5, []string{"0 2: present Two -> present Two", "0 5: nothing -> present One"}},
		{4, 5, []string{"0 2: trashed Two -> present Two", "0 4: present Four -> nothing", "0 5: nothing -> present One"}},
	} {
		got := passages(t, r.Between(t.Context(), vault.Span{Instance: "acme", After: tt.after, Until: tt.until}))
		equal(t, fmt.Sprintf("between runs %d and %d", tt.after, tt.until), tt.want, got)
	}
}

func events(t *testing.T, e Engine) {
	e.history(t)
	r := e.Read(t)
	got := passages(t, r.Events(t.Context(), vault.Span{Instance: "acme", After: 2, Until: 4}))
	equal(t, "runs 3 and 4", []string{
		"4 2: present Two -> trashed Two", "4 4: nothing -> present Four",
		"3 1: present One -> present One, better", "3 3: present Three -> nothing", "3 4: present Four -> nothing",
	}, got)
	got = passages(t, r.Events(t.Context(), vault.Span{Instance: "acme", Kind: dashboards, ID: "4"}))
	equal(t, "dashboard 4", []string{
		"6 4: nothing -> present Four, another", "5 4: present Four -> nothing", "4 4: nothing -> present Four",
		"3 4: present Four -> nothing", "1 4: nothing -> present Four",
	}, got)
}
