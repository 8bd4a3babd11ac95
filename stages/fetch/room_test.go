package fetch_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// weigher counts the bytes that are read at the same time: of each answer what
// its call allows.
type weigher struct {
	stages.Looker

	mu        sync.Mutex
	air, peak int64
	wasted    int // calls whose answer was cut
}

// Get lets the answers of all callers that are there be in the air together.
func (w *weigher) Get(ctx context.Context, call stages.Call) (stages.Answer, error) {
	limit := call.Most
	call.Most = 0
	answer, err := w.Looker.Get(ctx, call)
	size := int64(len(answer.Body))
	read := size
	if limit > 0 {
		read = min(size, limit)
	}
	w.mu.Lock()
	w.air += read
	w.peak = max(w.peak, w.air)
	w.mu.Unlock()
	<-time.After(time.Second) // until nobody can ask any more
	w.mu.Lock()
	defer w.mu.Unlock()
	w.air -= read
	if err == nil && read < size {
		w.wasted++
		cut := stagestest.Failed("too_large", 0)
		return stages.Answer{}, cut
	}
	return answer, err
}

func heavy(n, bytes int) []stagestest.Thing {
	all := stagestest.Things(n)
	for i := range all {
		all[i].Filler = bytes
	}
	return all
}

// TestAnswersInTheAirStayWithinTheirRoom feeds a kind whose documents are a
// several times what they are guessed to be.
func TestAnswersInTheAirStayWithinTheirRoom(t *testing.T) {
	const limit = 4 << 20
	tests := []struct {
		name  string
		how   record.How
		each  int // documents an ask
		docs  []stagestest.Thing
		waste int // answers that may be cut
	}{
		{"pages", record.Page, 8, heavy(48, 512<<10), 20},
		{"id lists", record.IDs, 8, heavy(48, 512<<10), 20},
		{"single documents", record.Single, 1, heavy(48, 512<<10), 16},
		{"one giant among dwarfs", record.Page, 20, slices.Concat(heavy(30, 10), stagestest.Things(31)[30:], []stagestest.Thing{{ID: "32", Filler: 3 << 20}}, stagestest.Things(60)[32:]), 20},
		{"dwarfs", record.Page, 20, stagestest.Things(60), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dashboards := stagestest.KindOf(t, "dashboards")
				r := stagestest.NewRig(&stagestest.Looker{Things: tt.docs}, dashboards)
				w := &weigher{Looker: r.Looker}
				r.Server = w
				r.Limits, r.Frees = budget.New(budget.Load{Bytes: limit, Items: 1000}), true
				var asks []record.Ask
				for at := 0; at < len(tt.docs); at += tt.each {
					var ids []string
					for _, d := range tt.docs[at:min(at+tt.each, len(tt.docs))] {
						ids = append(ids, d.ID)
					}
					asks = append(asks, record.Ask{Kind: "dashboards", How: tt.how, State: record.Present, Offset: at, Want: stagestest.Want(ids...)})
				}
				items := r.FetchBy(t, 16, asks...)
				if diff := cmp.Diff(stagestest.Numbers(1, len(tt.docs)), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
					t.Errorf("bodies (-want +got):\n%s", diff)
				}
				t.Logf("%d MiB at once, %d answers cut, %d calls", w.peak>>20, w.wasted, len(r.Looker.Calls))
				// Twice the limit, and what every worker may always have.
				if most := int64(2*limit + limit/2); w.peak > most {
					t.Errorf("%d bytes were in the air at once, want at most %d", w.peak, most)
				}
				if w.wasted > tt.waste {
					t.Errorf("%d answers were cut, want at most %d", w.wasted, tt.waste)
				}
				if now, _ := r.Limits.Used(); now != (budget.Load{}) {
					t.Errorf("in flight at the end: %+v", now)
				}
			})
		})
	}
}

func TestAsksAreCutToTheLimit(t *testing.T) {
	looker := &stagestest.Looker{Things: heavy(40, 100<<10)}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards")) // guessed at 120 KiB each
	r.Limits, r.Frees = budget.New(budget.Load{Bytes: 4 << 20, Items: 1000}), true
	all := stagestest.Numbers(1, 40)
	r.Fetch(t, record.Ask{Kind: "dashboards", How: record.Page, State: record.Present, Want: stagestest.Want(all...)})
	for _, call := range looker.Calls {
		if _, limit, ok := strings.Cut(call, "limit="); ok {
			limit, _, _ = strings.Cut(limit, "&")
			if n, _ := strconv.Atoi(limit); n > 10 {
				t.Errorf("%s: want at most a quarter of the limit in one answer", call)
			}
		}
	}
}

func TestIDListsStayShort(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(600)}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	items := r.Fetch(t, record.Ask{Kind: "dashboards", How: record.IDs, State: record.Present, Want: stagestest.Want(stagestest.Numbers(1, 600)...)})
	if len(items) != 600 {
		t.Errorf("%d items, want 600", len(items))
	}
	for _, call := range looker.Calls {
		if len(call) > 2000 {
			t.Errorf("an address of %d bytes", len(call))
		}
	}
}

// TestOneBadDocumentDoesNotMakeAllPagesSmall counts calls: only the page with
// the bad document is asked for in parts.
func TestOneBadDocumentDoesNotMakeAllPagesSmall(t *testing.T) {
	for _, class := range []string{"server", "too_large", "truncated", "timeout"} {
		t.Run(class, func(t *testing.T) {
			looker := &stagestest.Looker{Things: stagestest.Things(200)}
			looker.Before = func(_ int, call stages.Call) error {
				offset, _ := strconv.Atoi(call.Query.Get("offset"))
				limit, _ := strconv.Atoi(call.Query.Get("limit"))
				page := call.Query.Has("offset") && offset <= 4 && 4 < offset+limit
				if page || call.Path == "/dashboards/5" || call.Query.Get("id") == "5" {
					return stagestest.Failed(class, 0)
				}
				return nil
			}
			r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
			r.Frees = true
			var asks []record.Ask
			for at := 0; at < 200; at += 20 {
				asks = append(asks, stagestest.PageAsk(at, stagestest.Numbers(at+1, at+20)...))
			}
			items := r.Fetch(t, asks...)
			if got := stagestest.IDs(items, stagestest.HasBody); len(got) != 199 {
				t.Errorf("%d bodies, want all but one", len(got))
			}
			// 10 pages, the path to the bad document and its other halves, one proof.
			// After one that was too large or too slow, larger pages come back by and by.
			most := map[string]int{"too_large": 40, "timeout": 90}[class]
			if most == 0 {
				most = 30
			}
			if len(looker.Calls) > most {
				t.Errorf("%d calls, want at most %d: %v", len(looker.Calls), most, stagestest.Short(looker.Calls))
			}
		})
	}
}

func TestRouteThatNeverWorksIsGivenUp(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(100)}
	looker.Before = func(_ int, call stages.Call) error {
		if call.Path == "/dashboards/search" {
			return stagestest.Failed("server", 500)
		}
		return nil
	}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "dashboards"))
	var asks []record.Ask
	for at := 0; at < 100; at += 20 {
		asks = append(asks, stagestest.PageAsk(at, stagestest.Numbers(at+1, at+20)...))
	}
	items := r.Fetch(t, asks...)
	if diff := cmp.Diff(stagestest.Numbers(1, 100), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
	if calls := len(looker.Calls); calls > 100+2*17 {
		t.Errorf("%d calls for 100 documents on a server that answers single ones only", calls)
	}
	note := "dashboards: asking for many at once (GET /dashboards/search) does not work, fetching one by one"
	if diff := cmp.Diff([]string{note}, slices.Compact(r.Ledger.Notes())); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestFolderThatIsGoneShutsNothing(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(15)}
	looker.Before = func(_ int, call stages.Call) error {
		if call.Path == "/folders/0/looks" {
			return stagestest.Failed(record.FaultMissing, 404)
		}
		return nil
	}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "looks"))
	ask := func(folder int) record.Ask {
		return record.Ask{Kind: "looks", How: record.Folder, State: record.Present, Folder: fmt.Sprint(folder), Want: stagestest.Want(stagestest.Numbers(5*folder+1, 5*folder+5)...)}
	}
	items := r.Fetch(t, ask(0), ask(1), ask(2))
	if diff := cmp.Diff(stagestest.Numbers(1, 15), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
	if n := len(looker.Calls); n != 1+5+2+1 { // the folder that is gone, its looks, two folders, the proof
		t.Errorf("calls = %v", stagestest.Short(looker.Calls))
	}
	if notes := r.Ledger.Notes(); notes != nil {
		t.Errorf("notes = %q", notes)
	}
}

func TestWholeListHoldsADocumentTwice(t *testing.T) {
	looker := &stagestest.Looker{Things: slices.Concat(stagestest.Things(3), stagestest.Things(2))}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "roles"))
	items := r.Fetch(t, record.Ask{Kind: "roles", How: record.Whole, State: record.Present})
	if diff := cmp.Diff(stagestest.Numbers(1, 3), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
	want := record.End{Kind: "roles", Listing: record.Complete, Listed: 3}
	if diff := cmp.Diff([]record.End{want}, r.Ledger.Ends()); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}

func TestWholeListThatIsNoListIsAskedForAgain(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(3), Spoil: 1}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "roles"))
	items := r.Fetch(t, record.Ask{Kind: "roles", How: record.Whole, State: record.Present})
	if diff := cmp.Diff(stagestest.Numbers(1, 3), stagestest.IDs(items, stagestest.HasBody)); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// TestAListOfUnknownSizeHasAllRoom: a list that was cut off, and of which nobody knows how large it is, is
// asked for again with all the room that there is, and without a limit.
func TestAListOfUnknownSizeHasAllRoom(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(3)}
	r := stagestest.NewRig(looker, stagestest.KindOf(t, "roles"))
	looker.Before = func(n int, call stages.Call) error {
		used, _ := r.Limits.Used()
		switch {
		case n == 1 && call.Most > 0:
			return stagestest.Failed("too_large", 0)
		case n == 1 || n == 2 && (call.Most != 0 || used.Bytes != r.Limits.Limit().Bytes):
			t.Errorf("call %d, of at most %d bytes, has room for %d", n, call.Most, used.Bytes)
		}
		return nil
	}
	items := r.Fetch(t, record.Ask{Kind: "roles", How: record.Whole, State: record.Present})
	if diff := cmp.Diff(stagestest.Numbers(1, 3), stagestest.IDs(items, stagestest.HasBody)); diff != "" || len(looker.Calls) < 2 {
		t.Errorf("%v; bodies (-want +got):\n%s", looker.Calls, diff)
	}
}
