package stages_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

func TestListEnumerates(t *testing.T) {
	tests := []struct {
		name   string
		things int
		set    func(*stagestest.Looker)
		calls  []string // of the first pass
		end    record.End
		fault  string // class of the fault that an ask carries to the sink
	}{
		{
			name: "one page", things: 7,
			calls: []string{"limit=10&offset=0"},
			end:   record.End{Listing: record.Complete, Listed: 7},
		},
		{
			name: "nothing", things: 0,
			calls: []string{"limit=10&offset=0"},
			end:   record.End{Listing: record.Complete},
		},
		{
			name: "pages overlap by a row", things: 25,
			calls: []string{"limit=10&offset=0", "limit=10&offset=9", "limit=10&offset=18"},
			end:   record.End{Listing: record.Complete, Listed: 25},
		},
		{
			name: "without totals a full page is followed by the next", things: 10,
			set:   func(f *stagestest.Looker) { f.NoTotals = true },
			calls: []string{"limit=10&offset=0", "limit=10&offset=9"},
			end:   record.End{Listing: record.Complete, Listed: 10},
		},
		{
			name: "without totals an empty page behind a short one ends it, in any order", things: 9,
			set:   func(f *stagestest.Looker) { f.NoTotals, f.Shuffle = true, true },
			calls: []string{"limit=10&offset=0", "limit=10&offset=9"},
			end:   record.End{Listing: record.Complete, Listed: 9},
		},
		{
			name: "pages shorter than asked are no end", things: 8,
			set:   func(f *stagestest.Looker) { f.Cap, f.NoTotals = 3, true },
			calls: []string{"limit=10&offset=0", "limit=10&offset=3", "limit=10&offset=2", "limit=10&offset=4", "limit=10&offset=6", "limit=10&offset=7"},
			end:   record.End{Listing: record.Complete, Listed: 8},
		},
		{
			name: "a row deleted between pages is noticed, and the list read again in one answer", things: 15,
			set: func(f *stagestest.Looker) {
				f.Before = func(n int, _ stages.Call) error {
					if n == 2 {
						f.Things = slices.Delete(f.Things, 2, 3)
					}
					return nil
				}
			},
			calls: []string{"limit=10&offset=0", "limit=10&offset=9", "limit=56&offset=0"},
			end:   record.End{Listing: record.Complete, Listed: 14},
		},
		{
			name: "a row inserted between pages likewise", things: 15,
			set: func(f *stagestest.Looker) {
				f.Before = func(n int, _ stages.Call) error {
					if n == 2 {
						f.Things = slices.Insert(f.Things, 0, stagestest.Thing{ID: "0"})
					}
					return nil
				}
			},
			calls: []string{"limit=10&offset=0", "limit=10&offset=9", "limit=64&offset=0"},
			end:   record.End{Listing: record.Complete, Listed: 16},
		},
		{
			name: "an order that changes with every call", things: 15,
			set:   func(f *stagestest.Looker) { f.Shuffle = true },
			calls: []string{"limit=10&offset=0", "limit=10&offset=9", "limit=60&offset=0"},
			end:   record.End{Listing: record.Complete, Listed: 15},
		},
		{
			name: "a list that cannot be pinned down is incomplete", things: 15,
			set:   func(f *stagestest.Looker) { f.Shuffle, f.Cap = true, 10 },
			calls: []string{"limit=10&offset=0", "limit=10&offset=9", "limit=60&offset=0", "limit=60&offset=9", "limit=240&offset=0", "limit=240&offset=9"},
			end:   record.End{Listing: record.Incomplete, Listed: 15, Reason: "the list shifted while it was read"},
			fault: "shifted",
		},
		{
			name: "too much is asked for in smaller pages", things: 7,
			set: func(f *stagestest.Looker) {
				f.Before = func(_ int, call stages.Call) error {
					if call.Query.Get("limit") == "10" {
						return stagestest.Failed("timeout", 0)
					}
					return nil
				}
			},
			calls: []string{"limit=10&offset=0", "limit=5&offset=0", "limit=5&offset=4"},
			end:   record.End{Listing: record.Complete, Listed: 7},
		},
		{
			name: "pages that join up by accident are not a list without gaps", things: 15,
			set: func(f *stagestest.Looker) {
				f.Before = func(n int, _ stages.Call) error {
					if n == 2 { // 10 still ends the first page, and 3 stands where 11 stood
						f.Things = slices.Concat(f.Things[:10], f.Things[2:3], f.Things[11:])
					}
					if n == 3 {
						f.Things = stagestest.Things(15)
					}
					return nil
				}
			},
			calls: []string{"limit=10&offset=0", "limit=10&offset=9", "limit=60&offset=0"},
			end:   record.End{Listing: record.Complete, Listed: 15},
		},
		{
			name: "ids in the order of their text", things: 0,
			set: func(f *stagestest.Looker) {
				for _, id := range []string{"1", "10", "100", "11", "2", "20", "21", "3", "30", "a", "b", "c"} {
					f.Things = append(f.Things, stagestest.Thing{ID: id})
				}
			},
			calls: []string{"limit=10&offset=0", "limit=10&offset=9"},
			end:   record.End{Listing: record.Complete, Listed: 12},
		},
		{
			name: "a list in no order is complete when its pages join up and hold nothing twice", things: 15,
			set: func(f *stagestest.Looker) {
				f.Things = slices.Concat(f.Things[7:], f.Things[:7])
				f.Cap = 6
			},
			calls: []string{"limit=10&offset=0", "limit=10&offset=5", "limit=10&offset=10"},
			end:   record.End{Listing: record.Complete, Listed: 15},
		},
		{
			name: "pages of a single row prove nothing", things: 5,
			set: func(f *stagestest.Looker) { f.Cap, f.NoTotals = 1, true },
			calls: []string{
				"limit=10&offset=0", "limit=10&offset=1", "limit=10&offset=0",
				"limit=40&offset=0", "limit=40&offset=1", "limit=40&offset=0",
				"limit=160&offset=0", "limit=160&offset=1", "limit=160&offset=0",
			},
			end:   record.End{Listing: record.Incomplete, Listed: 1, Reason: "the list shifted while it was read: pages of a single row cannot be joined"},
			fault: "shifted",
		},
		{
			name: "pages of one row would overlap for ever, and are not asked for", things: 4,
			set: func(f *stagestest.Looker) {
				f.NoTotals = true
				f.Before = func(_ int, call stages.Call) error {
					if call.Query.Get("limit") != "1" {
						return stagestest.Failed("server", 500)
					}
					return nil
				}
			},
			calls: []string{"limit=10&offset=0", "limit=5&offset=0", "limit=2&offset=0"},
			end:   record.End{Listing: record.Incomplete, Reason: "server"},
			fault: "server",
		},
		{
			name: "half a page of JSON is asked for in smaller pages", things: 7,
			set:   func(f *stagestest.Looker) { f.Spoil = 1 },
			calls: []string{"limit=10&offset=0", "limit=5&offset=0", "limit=5&offset=4"},
			end:   record.End{Listing: record.Complete, Listed: 7},
		},
		{
			name: "refused", things: 7,
			set: func(f *stagestest.Looker) {
				f.Before = func(int, stages.Call) error { return stagestest.Failed(record.FaultDenied, 403) }
			},
			calls: []string{"limit=10&offset=0"},
			end:   record.End{Listing: record.Denied, Reason: "denied"},
			fault: record.FaultDenied,
		},
		{
			name: "failed on the way", things: 15,
			set: func(f *stagestest.Looker) {
				f.Before = func(n int, _ stages.Call) error {
					if n > 1 {
						return stagestest.Failed("unauthorized", 401)
					}
					return nil
				}
			},
			calls: []string{"limit=10&offset=0", "limit=10&offset=9"},
			end:   record.End{Listing: record.Incomplete, Listed: 10, Reason: "unauthorized"},
			fault: "unauthorized",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind := stagestest.Paged.With(func(k *catalogue.Spec) { k.Listing.Trash = false })
			looker := &stagestest.Looker{Things: stagestest.Things(tt.things)}
			if tt.set != nil {
				tt.set(looker)
			}
			r := stagestest.NewRig(looker, kind)
			asks := r.List(t, kind)
			var calls []string
			for _, call := range looker.Calls {
				calls = append(calls, strings.TrimSuffix(strings.TrimPrefix(call, "GET /dashboards/search?"), "&sorts=id"))
			}
			if diff := cmp.Diff(tt.calls, calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			tt.end.Kind = kind.Name
			end := r.Ledger.Ends()[0]
			if end.Listing == record.Open { // nobody answers the asks here
				end.Listing = record.Complete
			}
			if diff := cmp.Diff(tt.end, end); diff != "" {
				t.Errorf("end (-want +got):\n%s", diff)
			}
			var fault string
			for _, ask := range asks {
				if ask.Fault != nil {
					fault += ask.Fault.Class
				}
			}
			if fault != tt.fault {
				t.Errorf("asks carry the fault %q, want %q", fault, tt.fault)
			}
		})
	}
}

// TestLongListHoldsADocumentTwice: the list is longer than what is remembered
// of one that rises.
func TestLongListHoldsADocumentTwice(t *testing.T) {
	kind := stagestest.Paged.With(func(k *catalogue.Spec) { k.Listing.Trash, k.Listing.Page = false, 5000 })
	looker := &stagestest.Looker{Things: stagestest.Things(24_000)}
	whole := slices.Clone(looker.Things)
	looker.Before = func(n int, _ stages.Call) error {
		looker.Things = whole
		if n <= 5 {
			looker.Things = slices.Concat(whole[:22_000], whole[4:5], whole[22_001:])
		}
		return nil
	}
	r := stagestest.NewRig(looker, kind)
	r.Size = 5000
	r.List(t, kind)
	if n := len(looker.Calls); n != 6 {
		t.Errorf("%d calls, want 5 pages and the list again in one answer", n)
	}
	for _, p := range r.Ledger.Progress() {
		if p.Listing != record.Complete || p.Listed != 24_000 {
			t.Errorf("%+v, want all 24,000 listed", p)
		}
	}
}

// TestPageThatHoldsADocumentTwiceIsReadAgain: what such a page lists is asked for
// and answered once, so that the kind is complete once the list is.
func TestPageThatHoldsADocumentTwiceIsReadAgain(t *testing.T) {
	dashboards := stagestest.KindOf(t, "dashboards")
	looker := &stagestest.Looker{Things: stagestest.Things(6)}
	whole := slices.Clone(looker.Things)
	looker.Before = func(n int, _ stages.Call) error {
		looker.Things = whole
		if n == 1 {
			looker.Things = slices.Concat(whole[:3], whole[1:2], whole[3:])
		}
		return nil
	}
	r := stagestest.NewRig(looker, dashboards)
	items := r.Both(t, dashboards)
	if got := slices.Compact(stagestest.IDs(items, stagestest.HasBody)); !slices.Equal(got, stagestest.Numbers(1, 6)) {
		t.Errorf("bodies: %v", got)
	}
	want := record.End{Kind: "dashboards", Listing: record.Complete, Listed: 6}
	if diff := cmp.Diff([]record.End{want}, r.Ledger.Ends()); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}

// The next page of a list is on its way while nobody takes what the one before it
// brought: what fetches must not wait for it.
func TestListAsksAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looker := &stagestest.Looker{Things: stagestest.Things(30)}
		second := make(chan struct{})
		looker.Before = func(n int, _ stages.Call) error {
			if n == 2 {
				close(second)
			}
			return nil
		}
		r := stagestest.NewRig(looker, stagestest.Paged)
		r.Size = 1
		run := pipeline.NewRun(t.Context(), pipeline.Options{})
		options := r.ListOptions()
		options.Workers = 1
		patient := pipeline.Stage[record.Ask, record.Ask]{Name: "patient", Workers: 1, New: pipeline.Shared(
			func(_ context.Context, ask record.Ask, emit pipeline.Emit[record.Ask]) error {
				<-second // or else all of this is blocked, which fails the test
				return emit(ask)
			})}
		asks := stagestest.Collect(run, pipeline.Then(run, patient, pipeline.Then(run, stages.List(options), pipeline.From(run, []*catalogue.Spec{stagestest.Paged}))))
		if err := run.Wait(); err != nil || len(*asks) != 30 {
			t.Errorf("%d asks, %v", len(*asks), err)
		}
	})
}

// A list that panics ends the run like any other stage.
func TestListPanicsInTheRun(t *testing.T) {
	looker := &stagestest.Looker{Things: stagestest.Things(30)}
	looker.Before = func(n int, _ stages.Call) error {
		if n == 2 {
			panic("oh no")
		}
		return nil
	}
	r := stagestest.NewRig(looker, stagestest.Paged)
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	stagestest.Collect(run, pipeline.Then(run, stages.List(r.ListOptions()), pipeline.From(run, []*catalogue.Spec{stagestest.Paged})))
	if err := run.Wait(); err == nil || !strings.Contains(err.Error(), "oh no") {
		t.Errorf("Wait = %v, want the panic", err)
	}
}
