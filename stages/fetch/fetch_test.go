package fetch_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

func TestFetchAccountsForEveryDocument(t *testing.T) {
	dashboards := stagestest.KindOf(t, "dashboards")
	tests := []struct {
		name   string
		set    func(*stagestest.Looker)
		ask    record.Ask
		bodies []string
		gone   []string
		faults []string
		calls  []string
	}{
		{
			name: "a page, proven once by a single fetch", ask: stagestest.PageAsk(0, "1", "2", "3"),
			bodies: stagestest.Numbers(1, 3),
			calls:  []string{"/dashboards/search?limit=3&offset=0", "/dashboards/1"},
		},
		{
			name: "what a page leaves is asked for by id", ask: stagestest.PageAsk(4, "4", "5", "6"), // the page holds 5, 6, 7
			bodies: stagestest.Numbers(4, 6),
			calls:  []string{"/dashboards/search?limit=3&offset=4", "/dashboards/5", "/dashboards/search?id=4&limit=2"},
		},
		{
			name: "a server that ignores ids is asked one by one", ask: stagestest.PageAsk(4, "4", "5", "6"),
			set:    func(f *stagestest.Looker) { f.NoIDs = true },
			bodies: stagestest.Numbers(4, 6),
			calls:  []string{"/dashboards/search?limit=3&offset=4", "/dashboards/5", "/dashboards/search?id=4&limit=2", "/dashboards/4"},
		},
		{
			name: "poorer rows are not taken for documents", ask: stagestest.PageAsk(0, "1", "2"),
			set:    func(f *stagestest.Looker) { f.Poor = true },
			bodies: stagestest.Numbers(1, 2),
			calls:  []string{"/dashboards/search?limit=2&offset=0", "/dashboards/1", "/dashboards/1", "/dashboards/2"},
		},
		{
			name: "a page that takes too long is halved, and remembered", ask: stagestest.PageAsk(0, "1", "2", "3"),
			set: func(f *stagestest.Looker) {
				f.Before = func(_ int, call stages.Call) error {
					if call.Query.Get("limit") == "3" {
						return stagestest.Failed("timeout", 0)
					}
					return nil
				}
			},
			bodies: stagestest.Numbers(1, 3),
			calls:  []string{"/dashboards/search?limit=3&offset=0", "/dashboards/search?limit=2&offset=0", "/dashboards/1", "/dashboards/search?limit=1&offset=2"},
		},
		{
			name: "one bad document costs itself only", ask: stagestest.PageAsk(0, "1", "2", "3", "4"),
			set: func(f *stagestest.Looker) {
				f.Before = func(_ int, call stages.Call) error {
					if call.Path == "/dashboards/3" || strings.Contains(call.Query.Get("id"), "3") {
						return stagestest.Failed("server", 500)
					}
					if offset := call.Query.Get("offset"); call.Query.Has("limit") && (offset == "0" && call.Query.Get("limit") > "2" || offset == "2") {
						return stagestest.Failed("server", 500)
					}
					return nil
				}
			},
			bodies: []string{"1", "2", "4"}, faults: []string{"3 server"},
			calls: []string{
				"/dashboards/search?limit=4&offset=0", "/dashboards/search?limit=2&offset=0", "/dashboards/1",
				"/dashboards/search?limit=2&offset=2", "/dashboards/search?limit=1&offset=2", "/dashboards/search?id=3&limit=2", "/dashboards/3",
				"/dashboards/search?limit=1&offset=3",
			},
		},
		{
			name: "listed, 404, and no longer listed: gone", ask: record.Ask{Kind: "dashboards", How: record.Single, State: record.Present, Want: stagestest.Want("99")},
			gone:  []string{"99"},
			calls: []string{"/dashboards/99", "/dashboards/search?id=99&limit=1&offset=0", "/dashboards/search?limit=2&offset=0", "/dashboards/search?deleted=true&id=99&limit=1&offset=0"},
		},
		{
			name: "listed, 404, and still listed: denied", ask: record.Ask{Kind: "dashboards", How: record.Single, State: record.Present, Want: stagestest.Want("2")},
			set: func(f *stagestest.Looker) {
				f.Before = func(_ int, call stages.Call) error {
					if call.Path == "/dashboards/2" {
						return stagestest.Failed(record.FaultMissing, 404)
					}
					return nil
				}
			},
			faults: []string{"2 denied"},
			calls:  []string{"/dashboards/2", "/dashboards/search?id=2&limit=1&offset=0"},
		},
		{
			name: "listed, 404, and the question itself fails: a fault, never gone", ask: record.Ask{Kind: "dashboards", How: record.Single, State: record.Present, Want: stagestest.Want("2")},
			set: func(f *stagestest.Looker) {
				f.Before = func(n int, _ stages.Call) error {
					return stagestest.Failed([]string{record.FaultMissing, "server"}[n-1], 0)
				}
			},
			faults: []string{"2 missing"},
			calls:  []string{"/dashboards/2", "/dashboards/search?id=2&limit=1&offset=0"},
		},
		{
			name: "refused", ask: record.Ask{Kind: "dashboards", How: record.Single, State: record.Present, Want: stagestest.Want("2")},
			set: func(f *stagestest.Looker) {
				f.Before = func(int, stages.Call) error { return stagestest.Failed(record.FaultDenied, 403) }
			},
			faults: []string{"2 denied"},
			calls:  []string{"/dashboards/2"},
		},
		{
			name: "a folder, and the rest alone", ask: record.Ask{Kind: "looks", How: record.Folder, State: record.Present, Folder: "0", Want: stagestest.Want("1", "2", "9")},
			bodies: []string{"1", "2", "9"},
			calls:  []string{"/folders/0/looks", "/looks/1", "/looks/9"},
		},
		{
			name: "stamps need no call", ask: record.Ask{Kind: "looks", How: record.Stored, State: record.Present, Want: stagestest.Want("1", "2")},
		},
		{
			name: "a list in one answer", ask: record.Ask{Kind: "roles", How: record.Whole, State: record.Present},
			bodies: stagestest.Numbers(1, 9),
			calls:  []string{"/roles", "/roles/1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			looker := &stagestest.Looker{Things: stagestest.Things(9)}
			if tt.set != nil {
				tt.set(looker)
			}
			r := stagestest.NewRig(looker, dashboards, stagestest.KindOf(t, "looks"), stagestest.KindOf(t, "roles"))
			items := r.Fetch(t, tt.ask)
			var faults []string
			for _, i := range items {
				if i.Fault != nil {
					faults = append(faults, i.ID+" "+i.Fault.Class)
				}
			}
			if diff := cmp.Diff(tt.bodies, stagestest.IDs(items, stagestest.HasBody)); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.gone, stagestest.IDs(items, func(i record.Item) bool { return i.State == record.Gone })); diff != "" {
				t.Errorf("gone (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.faults, faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.calls, stagestest.Short(looker.Calls)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			for _, p := range r.Ledger.Progress() {
				if p.Asked != p.Answered {
					t.Errorf("%s: %d documents asked for, %d answered", p.Kind, p.Asked, p.Answered)
				}
			}
		})
	}
}

func TestFetchKeepsExactBytes(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(3)}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	for _, item := range r.Fetch(t, stagestest.PageAsk(0, "1", "2", "3")) {
		i := slices.IndexFunc(looker.Things, func(d stagestest.Thing) bool { return d.ID == item.ID })
		if diff := cmp.Diff(looker.Things[i].Body(), string(item.Body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", item.Ref, diff)
		}
		if item.Route != "GET /dashboards/search" {
			t.Errorf("%s came by %q", item.Ref, item.Route)
		}
		if alone, err := canon.NewReader().Read(canon.Compile(stagestest.KindOf(t, "dashboards")), item.Body); err != nil || !cmp.Equal(item.Read, &alone) {
			t.Errorf("of %s was read %+v, alone %+v, %v", item.Ref, item.Read, alone, err)
		}
	}
}

// A row with the very bytes that are stored of its document is the same, and
// nothing else is.
func TestFetchKnowsWhatIsStored(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(5)}
	body := func(i int) string { return looker.Things[i].Body() }
	storedAs := func(ask *record.Ask, i int, body string) {
		ask.Want[i].Hash, ask.Want[i].Size, ask.Want[i].Stamp = sha256.Sum256([]byte(body)), int64(len(body)), record.Digest{9}
	}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	ask := stagestest.PageAsk(0, "1", "2", "3", "4", "5")
	storedAs(&ask, 0, body(0))
	storedAs(&ask, 1, strings.Replace(body(1), `"version":0`, `"version":7`, 1)) // as long
	storedAs(&ask, 2, body(0))                                                   // another document
	storedAs(&ask, 4, body(4))
	var same, bodies []string
	for _, item := range r.Fetch(t, ask) {
		switch {
		case !item.Same:
			bodies = append(bodies, item.ID)
		case item.Body != nil || item.Lease != nil || item.Size != int64(len(body(0))) || item.Stamp != record.Digest{9} ||
			item.State != record.Present || item.Route != "GET /dashboards/search" || item.At.IsZero():
			t.Errorf("the same bytes: %+v", item)
		default:
			same = append(same, item.ID)
		}
	}
	if diff := cmp.Diff([][]string{{"1", "5"}, {"2", "3", "4"}}, [][]string{same, bodies}); diff != "" {
		t.Errorf("the same, and bodies (-want +got):\n%s", diff)
	}
	if now, _ := r.Limits.Used(); now.Items != 3 {
		t.Errorf("%+v are in flight, want three documents", now)
	}
}

func TestFetchGivesBackAnAnswerInWhichAllIsStored(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(2)}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	ask := stagestest.PageAsk(0, "1", "2")
	for i := range ask.Want {
		body := looker.Things[i].Body()
		ask.Want[i].Hash, ask.Want[i].Size = sha256.Sum256([]byte(body)), int64(len(body))
	}
	r.Fetch(t, ask)
	now, most := r.Limits.Used()
	if now != (budget.Load{}) {
		t.Errorf("%+v are in flight when nothing is", now)
	}
	if want := ask.Want[0].Size + ask.Want[1].Size; most.Bytes > want+int64(len("[,]")) {
		t.Errorf("%d bytes were reserved, want %d: their sizes are known", most.Bytes, want)
	}
}

func TestFetchHoldsWhatIsInFlight(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(6)}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	items := r.Fetch(t, stagestest.PageAsk(0, "1", "2", "3"), record.Ask{Kind: "dashboards", How: record.Single, Want: stagestest.Want("4")},
		record.Ask{Kind: "dashboards", How: record.Single, Want: stagestest.Want("77")})
	slices.SortFunc(items, func(a, b record.Item) int { return strings.Compare(a.ID, b.ID) })
	page, single := int64(len("[,,]")), int64(len(looker.Things[3].Body()))
	for _, d := range looker.Things[:3] {
		page += int64(len(d.Body()))
	}
	for i, want := range []budget.Load{
		{Bytes: page + single, Items: 4}, {Bytes: page + single, Items: 3}, {Bytes: page + single, Items: 2},
		{Bytes: single, Items: 1}, {}, // the page's bytes go with its last row
	} {
		if now, _ := r.Limits.Used(); now != want {
			t.Errorf("when %d have left, %+v are in flight, want %+v", i, now, want)
		}
		if i == len(items)-1 {
			break
		}
		if (items[i].Lease == nil) != (items[i].Body == nil) {
			t.Fatalf("%s has a lease of %+v", items[i].Ref, items[i].Lease.Load())
		}
		items[i].Drop()
	}
}

func TestFetchSaysFallbacksOnce(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(9), Poor: true}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	r.Fetch(t, stagestest.PageAsk(0, "1", "2"), stagestest.PageAsk(2, "3", "4"), stagestest.PageAsk(4, "5", "6"))
	if notes := r.Ledger.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "dashboards: rows of the list are poorer") {
		t.Errorf("notes = %q, want one about poorer rows", notes)
	}
	if searches := strings.Count(strings.Join(looker.Calls, "\n"), "/search"); searches != 1 {
		t.Errorf("%d searches, want 1: the rest of the run goes one by one", searches)
	}
}

func TestFetchOfDocumentThatChangesMeanwhile(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(2)}
	looker.Before = func(_ int, call stages.Call) error {
		if call.Path == "/dashboards/1" {
			looker.Things[0].Version++
		}
		return nil
	}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	items := r.Fetch(t, stagestest.PageAsk(0, "1", "2"))
	if got := stagestest.IDs(items, stagestest.HasBody); len(got) != 2 {
		t.Fatalf("bodies: %v", got)
	}
	if notes := r.Ledger.Notes(); notes != nil {
		t.Errorf("notes = %q: a document that is being edited is no poor row", notes)
	}
	if diff := cmp.Diff([]string{"/dashboards/search?limit=2&offset=0", "/dashboards/1", "/dashboards/1", "/dashboards/2"}, stagestest.Short(looker.Calls)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestListAndFetchBringWhatTheServerHolds(t *testing.T) {
	servers := map[string]func(*stagestest.Looker){
		"plain":            func(*stagestest.Looker) {},
		"no totals":        func(f *stagestest.Looker) { f.NoTotals = true },
		"short pages":      func(f *stagestest.Looker) { f.Cap = 3 },
		"no id lists":      func(f *stagestest.Looker) { f.NoIDs = true },
		"poor rows":        func(f *stagestest.Looker) { f.Poor = true },
		"order shuffled":   func(f *stagestest.Looker) { f.Shuffle = true },
		"shuffled, no ids": func(f *stagestest.Looker) { f.Shuffle, f.NoIDs = true, true },
		"flaky large pages": func(f *stagestest.Looker) {
			f.Before = func(n int, call stages.Call) error {
				if call.Query.Get("limit") > "2" && call.Query.Get("fields") == "" {
					return stagestest.Failed("timeout", 0)
				}
				return nil
			}
		},
	}
	for name, set := range servers {
		for _, kind := range []record.Kind{"dashboards", "looks"} {
			t.Run(fmt.Sprint(name, " ", kind), func(t *testing.T) {
				looker := &stagestest.Looker{Things: stagestest.Things(37)}
				for i := range looker.Things {
					looker.Things[i].Trashed = i%7 == 3
				}
				set(looker)
				row := stagestest.KindOf(t, kind)
				r := stagestest.NewRig(looker, row)
				items := r.Both(t, row)
				if diff := cmp.Diff(stagestest.Numbers(1, 37), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
					t.Errorf("bodies (-want +got):\n%s", diff)
				}
				if end := r.Ledger.Ends()[0]; end.Listing != record.Complete || end.Listed != 37 {
					t.Errorf("end = %+v", end)
				}
			})
		}
	}
}
