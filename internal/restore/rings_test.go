package restore_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Filters whose names and titles were exchanged, passed on, or taken by one that was added get theirs
// back: Looker takes no two of one name, so each waits until its own is free.
func TestFiltersGetTheirNamesBack(t *testing.T) {
	t.Parallel()
	type named struct{ filter, name string } // the first, the second, ...; "" for a new one
	for name, edits := range map[string][]named{
		"exchanged":          {{"1", "tmp"}, {"2", "A"}, {"1", "B"}},
		"passed on":          {{"3", "D"}, {"2", "C"}, {"1", "B"}},
		"passed on backward": {{"1", "D"}, {"2", "A"}, {"3", "B"}},
		"a ring of three":    {{"1", "tmp"}, {"2", "A"}, {"3", "B"}, {"1", "C"}},
		"by a new one":       {{"1", "D"}, {"", "A"}},
		"by a lost one's":    {{"1", "-"}, {"2", "A"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			dashboard := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Of a test","folder_id":"1"}`)}
			body := func(name string) string {
				return fmt.Sprintf(`{"dashboard_id":%q,"name":%q,"title":"The %s","type":"string_filter"}`, dashboard.ID, name, name)
			}
			ids := make(map[string]string)
			for i, name := range []string{"A", "B", "C"} {
				ids[fmt.Sprint(i+1)] = r.add("/dashboard_filters", body(name))
			}
			run := r.backup()
			was := filterNames(t, r, dashboard.ID)
			for _, e := range edits {
				switch {
				case e.filter == "":
					r.add("/dashboard_filters", body(e.name))
				case e.name == "-":
					r.do("DELETE", "/dashboard_filters/"+ids[e.filter], "")
				default:
					r.do("PATCH", "/dashboard_filters/"+ids[e.filter], fmt.Sprintf(`{"name":%q,"title":"The %s"}`, e.name, e.name))
				}
			}
			request := restore.Request{Items: []record.Ref{dashboard}, Run: run}
			done := r.apply(r.plan(request))
			complete(t, done)
			if diff := cmp.Diff(was, filterNames(t, r, dashboard.ID)); diff != "" {
				t.Errorf("(-was +is):\n%s", diff)
			}
			if a := done.Actions[0]; a.Calls > a.PlannedCalls {
				t.Errorf("%d calls, planned %d", a.Calls, a.PlannedCalls)
			}
			complete(t, r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true})))
			complete(t, r.apply(r.plan(request)))
			if diff := cmp.Diff(was, filterNames(t, r, dashboard.ID)); diff != "" {
				t.Errorf("after an undo (-was +is):\n%s", diff)
			}
		})
	}
}

// filterNames are the names and titles of the filters of a dashboard.
func filterNames(t *testing.T, r *rig, dashboard string) (names []string) {
	t.Helper()
	for _, row := range mustRows(t, canon.Member(r.sim.Document("dashboards", dashboard), "dashboard_filters")) {
		names = append(names, canon.Text(canon.Member(row, "row"))+" "+canon.Text(canon.Member(row, "name"))+" "+canon.Text(canon.Member(row, "title")))
	}
	slices.Sort(names)
	return names
}

// A restore that is cut off while a filter has a name for a moment goes on, and no filter keeps that.
func TestARingOfNamesThatIsCutOff(t *testing.T) {
	t.Parallel()
	for _, cut := range []int{1, 2, 3, 4} {
		r, _ := newBackedUpRig(t)
		dashboard := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Of a test","folder_id":"1"}`)}
		var filters []string
		for _, name := range []string{"A", "B"} {
			filters = append(filters, r.add("/dashboard_filters", fmt.Sprintf(`{"dashboard_id":%q,"name":%q,"title":%q,"type":"string_filter"}`, dashboard.ID, name, name)))
		}
		run := r.backup()
		was := filterNames(t, r, dashboard.ID)
		for _, e := range [][2]string{{filters[0], "tmp"}, {filters[1], "A"}, {filters[0], "B"}} {
			r.do("PATCH", "/dashboard_filters/"+e[0], fmt.Sprintf(`{"name":%q,"title":%q}`, e[1], e[1]))
		}
		plan := r.plan(restore.Request{Items: []record.Ref{dashboard}, Run: run})
		if _, err := r.applyCutOff(plan, cut); err == nil {
			t.Fatalf("the restore was not cut off at write %d", cut)
		}
		complete(t, r.apply(plan))
		if diff := cmp.Diff(was, filterNames(t, r, dashboard.ID)); diff != "" {
			t.Errorf("cut off at write %d (-was +is):\n%s", cut, diff)
		}
	}
}

// Documents whose names were passed on get theirs back in turn. What cannot get its name, since another
// one has that, is impossible, which the plan says before anything is written.
func TestDocumentsGetTheirNamesBack(t *testing.T) {
	t.Parallel()
	for _, kind := range []record.Kind{"dashboards", "folders", "groups", "permission_sets"} {
		for name, test := range map[string]struct {
			edits      [][2]string // which of the two, and its name from then on; "" for a new one
			impossible int
		}{
			"passed on":           {edits: [][2]string{{"1", "Old"}, {"2", "A"}}},
			"passed on backward":  {edits: [][2]string{{"2", "Old"}, {"1", "B"}}},
			"exchanged":           {edits: [][2]string{{"1", "tmp"}, {"2", "A"}, {"1", "B"}}},
			"a ring of three":     {edits: [][2]string{{"1", "tmp"}, {"2", "A"}, {"3", "B"}, {"1", "C"}}},
			"another way round":   {edits: [][2]string{{"1", "tmp"}, {"3", "A"}, {"2", "C"}, {"1", "B"}}},
			"taken by a new one":  {edits: [][2]string{{"1", "Old"}, {"", "A"}}, impossible: 1},
			"taken by the other":  {edits: [][2]string{{"1", "-"}, {"2", "A"}}},
			"of one that is gone": {edits: [][2]string{{"2", "-"}, {"1", "B"}}},
			"of one in the trash": {edits: [][2]string{{"1", "trash"}, {"2", "A"}}},
		} {
			if strings.Contains(name, "trash") && catalogue.Lookup(kind).Write.Trash.IsZero() {
				continue
			}
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				r, _ := newBackedUpRig(t)
				ids := map[string]string{"1": r.makeNamed(kind, "A"), "2": r.makeNamed(kind, "B"), "3": r.makeNamed(kind, "C")}
				run := r.backup()
				member := catalogue.Lookup(kind).Fields.Name
				for _, e := range test.edits {
					switch {
					case e[0] == "":
						r.makeNamed(kind, e[1])
						continue
					case e[1] == "trash":
						r.do("PATCH", "/"+string(kind)+"/"+ids[e[0]], `{"deleted":true}`)
						continue
					case e[1] == "-":
						r.do("DELETE", "/"+string(kind)+"/"+ids[e[0]], "")
						continue
					}
					r.do("PATCH", "/"+string(kind)+"/"+ids[e[0]], fmt.Sprintf(`{%q:%q}`, member, e[1]))
				}
				plan := r.plan(restore.Request{Items: []record.Ref{{Kind: kind, ID: ids["1"]}, {Kind: kind, ID: ids["2"]}, {Kind: kind, ID: ids["3"]}}, Run: run})
				r.sim.ForgetWrites()
				done := r.apply(plan)
				if n := deeds(plan)[record.DeedImpossible]; n != test.impossible {
					t.Errorf("%d are impossible, want %d", n, test.impossible)
				}
				if test.impossible > 0 {
					if writes := r.sim.Writes(); len(writes) > 0 {
						t.Errorf("%d writes", len(writes))
					}
					return
				}
				complete(t, done)
				names := func(done record.Restore) (names []string) {
					for _, id := range []string{ids["1"], ids["2"], ids["3"]} {
						names = append(names, canon.Text(canon.Member(r.sim.Document(string(kind), targetOf(done, record.Ref{Kind: kind, ID: id})), member)))
					}
					return names
				}
				if got := names(done); !slices.Equal(got, []string{"A", "B", "C"}) {
					t.Errorf("they are called %q", got)
				}
				undone := r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
				complete(t, undone)
				complete(t, r.apply(r.plan(restore.Request{Undo: undone.ID, ExactMembers: true})))
				if got := names(done); test.impossible == 0 && !slices.ContainsFunc(test.edits, func(e [2]string) bool { return e[1] == "-" }) && !slices.Equal(got, []string{"A", "B", "C"}) {
					t.Errorf("after an undo of the undo they are called %q", got)
				}
			})
		}
	}
}

// A name for a moment is read for and written: an exchange of names costs two calls more than handing them on.
func TestAnExchangeOfNamesCostsTwoCallsMore(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	items := []record.Ref{{Kind: "groups", ID: r.makeNamed("groups", "A")}, {Kind: "groups", ID: r.makeNamed("groups", "B")}}
	run := r.backup()
	price := func() (calls int) {
		for _, a := range r.plan(restore.Request{Items: items, Run: run}).Actions {
			calls += a.PlannedCalls
		}
		return calls
	}
	for i, name := range []string{"tmp", "A", "B"} {
		r.do("PATCH", "/groups/"+items[i%2].ID, fmt.Sprintf(`{"name":%q}`, name))
	}
	exchange := price()
	r.do("PATCH", "/groups/"+items[0].ID, `{"name":"Free"}`)
	if onward := price(); exchange != onward+2 {
		t.Errorf("an exchange takes %d calls, handing on %d", exchange, onward)
	}
}

// A restore that is cut off while a document has a name for a moment goes on, or is taken back: no document
// keeps that name.
func TestARingOfDocumentsThatIsCutOff(t *testing.T) {
	t.Parallel()
	for _, undo := range []bool{false, true} {
		for cut := 1; cut <= 5; cut++ {
			r, _ := newBackedUpRig(t)
			r.workers = 1
			var items []record.Ref
			for _, name := range []string{"A", "B", "C"} {
				items = append(items, record.Ref{Kind: "groups", ID: r.makeNamed("groups", name)})
			}
			names := func() (names string) {
				for _, ref := range items {
					names += canon.Text(canon.Member(r.sim.Document("groups", ref.ID), "name")) + " "
				}
				return names
			}
			run := r.backup()
			for _, e := range [][2]string{{items[0].ID, "tmp"}, {items[1].ID, "A"}, {items[2].ID, "B"}, {items[0].ID, "C"}} {
				r.do("PATCH", "/groups/"+e[0], fmt.Sprintf(`{"name":%q}`, e[1]))
			}
			plan := r.plan(restore.Request{Items: items, Run: run})
			if _, err := r.applyCutOff(plan, cut); err == nil {
				t.Fatalf("the restore was not cut off at write %d", cut)
			}
			want := "A B C "
			if undo {
				want = "C A B "
				complete(t, r.apply(r.plan(restore.Request{Undo: plan.ID, ExactMembers: true})))
			} else {
				complete(t, r.apply(plan))
			}
			if got := names(); got != want {
				t.Errorf("cut off at write %d, undone: %t: they are called %s, want %s", cut, undo, got, want)
			}
		}
	}
}

// A document of a ring that somebody has changed since the plan stays as it is, and nothing loses its name
// for it without a word.
func TestARingOfNamesThatDrifts(t *testing.T) {
	t.Parallel()
	for _, drifted := range []int{0, 1, 2} {
		r, _ := newBackedUpRig(t)
		var items []record.Ref
		for _, name := range []string{"A", "B", "C"} {
			items = append(items, record.Ref{Kind: "groups", ID: r.makeNamed("groups", name)})
		}
		run := r.backup()
		for _, e := range [][2]string{{items[0].ID, "tmp"}, {items[1].ID, "A"}, {items[2].ID, "B"}, {items[0].ID, "C"}} {
			r.do("PATCH", "/groups/"+e[0], fmt.Sprintf(`{"name":%q}`, e[1]))
		}
		plan := r.plan(restore.Request{Items: items, Run: run})
		r.do("PATCH", "/groups/"+items[drifted].ID, `{"name":"Of others"}`)
		done := r.apply(plan)
		if done.State != record.RestorePartial {
			t.Errorf("the restore is %s", done.State)
		}
		if got := canon.Text(canon.Member(r.sim.Document("groups", items[drifted].ID), "name")); got != "Of others" {
			t.Errorf("what somebody has changed is called %q", got)
		}
		for i, ref := range items {
			name := canon.Text(canon.Member(r.sim.Document("groups", ref.ID), "name"))
			if strings.Contains(name, "lookervault") && !strings.Contains(strings.Join(done.Notes, "\n"), ref.String()) {
				t.Errorf("%d has drifted: %d is called %q, and no note says so: %q", drifted, i, name, done.Notes)
			}
		}
		r.apply(r.plan(restore.Request{Undo: done.ID, ExactMembers: true}))
		for i, want := range []string{"C", "A", "B"} {
			if got := canon.Text(canon.Member(r.sim.Document("groups", items[i].ID), "name")); i != drifted && got != want {
				t.Errorf("%d has drifted: %d is called %q after the undo, want %q", drifted, i, got, want)
			}
		}
	}
}

// makeNamed makes a document of a kind by hand.
func (r *rig) makeNamed(kind record.Kind, name string) string {
	r.t.Helper()
	rest := map[record.Kind]string{"dashboards": `,"folder_id":"1"`, "folders": `,"parent_id":"1"`, "permission_sets": `,"permissions":["access_data"]`}[kind]
	return r.make(string(kind), "%s", fmt.Sprintf(`{%q:%q%s}`, catalogue.Lookup(kind).Fields.Name, name, rest))
}
