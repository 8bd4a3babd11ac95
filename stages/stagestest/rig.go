package stagestest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/fetch"
)

// Rig is a run of list and fetch on a fake server.
type Rig struct {
	Looker    *Looker
	Server    stages.Looker // what fetch talks to; nil: Looker
	Store     *Store
	Ledger    *stages.Ledger
	Limits    *budget.Budget
	Size      int          // see [plan.Rules] of these: PageSize
	Turn      int          // Turn
	Full      bool         // Full
	Out       []record.Ref // Exclude
	PageBytes int64        // PageBytes
	Missing   bool         // see [stages.ListOptions]
	Stranger  bool         // the key is not an administrator's
	Proven    bool         // an earlier run compared rows of every kind
	Proves    bool         // what a complete listing does not hold is gone
	Log       hclog.Logger // of fetch; nil: none
	Frees     bool         // room is given back, as the stages below fetch do in the end
}

// NewRig makes a run of these kinds on a server, with 96 MiB of room for what is in flight.
func NewRig(looker *Looker, kinds ...*catalogue.Spec) *Rig {
	return &Rig{
		Looker: looker, Store: &Store{}, Size: 4,
		Ledger: stages.NewLedger(catalogue.Kinds(kinds)), Limits: budget.New(budget.Load{Bytes: 96 << 20, Items: 1000}),
	}
}

// ListOptions is what List and Both run list with.
func (r *Rig) ListOptions() stages.ListOptions {
	return stages.ListOptions{
		Asking: r.Asking(r.Looker, true), Workers: 2, Buffer: 4, Missing: r.Missing, Log: hclog.NewNullLogger(),
	}
}

// Asking is what list and fetch share, for a server and the key of an administrator or another one.
func (r *Rig) Asking(server stages.Looker, admin bool) stages.Asking {
	var proven func(record.Kind) bool
	if r.Proven {
		proven = func(record.Kind) bool { return true }
	}
	return stages.Asking{
		Proven:  proven,
		Now:     func() time.Time { return time.Unix(1767225600, 0).UTC() },
		Planner: plan.Rules{PageSize: r.Size, PageBytes: r.PageBytes, Turn: r.Turn, Full: r.Full, Exclude: r.Out},
		Admin:   admin, ProvesAbsence: r.Proves, Looker: server, Store: r.Store, Ledger: r.Ledger,
	}
}

// List runs list alone and returns its asks.
func (r *Rig) List(t *testing.T, kinds ...*catalogue.Spec) []record.Ask {
	t.Helper()
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	options := r.ListOptions()
	options.Workers = 1
	asks := Collect(run, pipeline.Then(run, stages.List(options), pipeline.From(run, kinds)))
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	return *asks
}

// Fetch sends asks through fetch and returns the items.
func (r *Rig) Fetch(t *testing.T, asks ...record.Ask) []record.Item {
	t.Helper()
	return r.FetchBy(t, 1, asks...)
}

// FetchBy is Fetch with so many workers.
func (r *Rig) FetchBy(t *testing.T, workers int, asks ...record.Ask) []record.Item {
	t.Helper()
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	for _, ask := range asks {
		r.Ledger.Asked(ask.Kind, max(1, len(ask.Want)))
	}
	items := pipeline.Then(run, fetch.Stage(r.FetchOptions(workers)), pipeline.From(run, asks))
	if r.Frees {
		items = pipeline.Then(run, freeing(), items)
	}
	all := Collect(run, items)
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	return *all
}

// Reserve gives the items that have a body their room in limits.
func Reserve(limits *budget.Budget, items ...record.Item) []record.Item {
	for i := range items {
		if size := int64(len(items[i].Body)); size > 0 {
			items[i].Lease = limits.Hold(budget.Load{Bytes: size, Items: 1})
		}
	}
	return items
}

// freeing is a stage that gives back the room of what it is given.
func freeing() pipeline.Stage[record.Item, record.Item] {
	return pipeline.Stage[record.Item, record.Item]{
		Name: "free", Workers: 1,
		New: pipeline.Shared(func(_ context.Context, item record.Item, emit pipeline.Emit[record.Item]) error {
			item.Drop()
			return emit(item)
		}),
	}
}

// FetchOptions is what Fetch and Both run fetch with.
func (r *Rig) FetchOptions(workers int) fetch.Options {
	var server stages.Looker = r.Looker
	if r.Server != nil {
		server = r.Server
	}
	log := r.Log
	if log == nil {
		log = hclog.NewNullLogger()
	}
	return fetch.Options{
		Asking: r.Asking(server, !r.Stranger), Workers: workers, Buffer: 8, Budget: r.Limits, Log: log,
	}
}

// Both runs list and fetch and returns the items.
func (r *Rig) Both(t *testing.T, kinds ...*catalogue.Spec) []record.Item {
	t.Helper()
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	asks := pipeline.Then(run, stages.List(r.ListOptions()), pipeline.From(run, kinds))
	items := Collect(run, pipeline.Then(run, fetch.Stage(r.FetchOptions(3)), asks))
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	return *items
}

// Collect ends a run in a slice, which is complete when the run is.
func Collect[T any](run *pipeline.Run, in <-chan T) *[]T {
	var all []T
	pipeline.Into(run, pipeline.Stage[T, struct{}]{
		Name: "collect", Workers: 1,
		New: pipeline.Shared(func(_ context.Context, v T, _ pipeline.Emit[struct{}]) error {
			all = append(all, v)
			return nil
		}),
	}, in)
	return &all
}

// KindOf finds a row of the real catalogue.
func KindOf(t *testing.T, name record.Kind) *catalogue.Spec {
	t.Helper()
	kind, ok := catalogue.Find(name)
	if !ok {
		t.Fatalf("no kind %s", name)
	}
	return kind
}

// IDs returns the sorted ids of items that fulfil a condition.
func IDs(items []record.Item, is func(record.Item) bool) []string {
	var found []string
	for _, item := range items {
		if is(item) {
			found = append(found, item.ID)
		}
	}
	slices.SortFunc(found, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	return found
}

// HasBody reports whether an item brought a document.
func HasBody(i record.Item) bool { return i.Body != nil }

// Numbers returns the ids from a to b.
func Numbers(a, b int) []string {
	var all []string
	for i := a; i <= b; i++ {
		all = append(all, strconv.Itoa(i))
	}
	return all
}

// Want makes listed rows of ids.
func Want(ids ...string) []record.Listed {
	rows := make([]record.Listed, len(ids))
	for i, id := range ids {
		rows[i] = record.Listed{ID: id, State: record.Present}
	}
	return rows
}

// PageAsk is a page of dashboards, from offset on, that must bring these.
func PageAsk(offset int, ids ...string) record.Ask {
	return record.Ask{Kind: "dashboards", How: record.Page, State: record.Present, Offset: offset, Want: Want(ids...)}
}

// Short cuts calls to what tests compare.
func Short(calls []string) []string {
	var all []string
	for _, c := range calls {
		c = strings.TrimPrefix(c, "GET ")
		c = strings.ReplaceAll(c, "&sorts=id", "")
		c = strings.ReplaceAll(c, "%2C", ",")
		all = append(all, c)
	}
	return all
}

// FaultsOf returns the faults of rows as "bad_row #3: message".
func FaultsOf(items []record.Item) (faults []string) {
	for _, item := range items {
		if item.Fault != nil {
			faults = append(faults, fmt.Sprintf("%s %s: %s", item.Fault.Class, item.ID, item.Fault.Message))
		}
	}
	slices.Sort(faults)
	return faults
}

// IDsOf returns the ids of listed rows.
func IDsOf(rows []record.Listed) (ids []string) {
	for _, row := range rows {
		ids = append(ids, row.ID)
	}
	return ids
}
