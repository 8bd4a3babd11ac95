package stages_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// thing is a document of the fake server.
type thing struct {
	id, folder string
	trashed    bool
	version    int
	filler     int    // bytes more
	raw        string // what stands in lists in its place
	text       string // the document itself, "" for one that is made up of the rest
}

func (d thing) body() string {
	if d.text != "" {
		return d.text
	}
	// Folders, roles and schedules are among the kinds that it stands for.
	return fmt.Sprintf(`{"id":%q,"show_title":true,"public_slug":null,"is_personal":false,"permission_set":null,"run_once":false,"title":"thing %s","folder_id":%q,"deleted":%v,"version":%d,"query":{"id":"q%s"}%s}`,
		d.id, d.id, d.folder, d.trashed, d.version, d.id, d.fill())
}

func (d thing) fill() string {
	if d.filler == 0 {
		return ""
	}
	return `,"filler":"` + strings.Repeat("x", d.filler) + `"`
}

// row is what searches show of a document.
func (d thing) row(fields string) string {
	if d.raw != "" {
		return d.raw
	}
	if fields == "" {
		return d.body()
	}
	return fmt.Sprintf(`{"id":%q,"show_title":true,"public_slug":null,"folder_id":%q,"version":%d}`, d.id, d.folder, d.version)
}

// paged is a kind that is listed by ids and fetched by pages and id lists.
var paged = &catalogue.Spec{
	Name: "dashboards",
	Listing: catalogue.Listing{
		Route: catalogue.Route{Path: "/dashboards/search"}, Page: 10, Rows: []string{"id"}, IDs: "id", Trash: true,
	},
	Many: []catalogue.Many{
		{How: record.Page, Route: catalogue.Route{Path: "/dashboards/search"}, Trash: true},
		{How: record.IDs, IDs: "id", Route: catalogue.Route{Path: "/dashboards/search"}, Trash: true},
	},
	Detail: catalogue.Route{Path: "/dashboards/{dashboard_id}"},
	Fields: catalogue.Fields{ID: "id", Name: "title", Folder: "folder_id", Trashed: "deleted"},
	Size:   100,
}

// fakeLooker serves things on the routes of the real catalogue's dashboards,
// looks and folders. Its hooks stand for servers that do not play along.
type fakeLooker struct {
	mu     sync.Mutex
	things []thing
	calls  []string // "GET /path?query" without fields

	noTotals, noIDs, poor bool
	cap                   int                                 // rows a page holds at most
	before                func(n int, call stages.Call) error // n counts calls from 1
	shuffle               bool
	spoil                 int                     // the call whose answer is no JSON
	total                 func(all, rows int) int // what is said of a list of so many, of which so many rows come; nil: all
	noLimit, noOffset     bool                    // they mean nothing
	most                  int                     // rows that a list in one answer holds; 0: all, whatever offset says
	hold                  func(call stages.Call)  // called without the lock before a call is answered
	among                 []string                // rows that stand before the documents of lists of whole documents
}

func (f *fakeLooker) Get(ctx context.Context, call stages.Call) (stages.Answer, error) {
	answer, err := f.get(ctx, call)
	for range 2 {
		if err != nil || call.Check == nil || call.Check(answer.Body) == nil {
			break
		}
		answer, err = f.get(ctx, call)
	}
	if err == nil && call.Check != nil {
		if unfit := call.Check(answer.Body); unfit != nil {
			return stages.Answer{}, unfit
		}
	}
	if size := int64(len(answer.Body)); err == nil && call.Most > 0 && size > call.Most {
		tooLarge := failed("too_large", 0)
		tooLarge.Size = size
		return stages.Answer{}, tooLarge
	}
	// Whoever reads what was given back must be found out.
	answer.Free = sync.OnceFunc(func() {
		for i := range answer.Body {
			answer.Body[i] = '#'
		}
	})
	return answer, err
}

func (f *fakeLooker) get(ctx context.Context, call stages.Call) (stages.Answer, error) {
	if f.hold != nil {
		f.hold(call)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return stages.Answer{}, ctx.Err()
	}
	query := make(url.Values)
	for k, v := range call.Query {
		if k != "fields" {
			query[k] = v
		}
	}
	f.calls = append(f.calls, strings.TrimSuffix("GET "+call.Path+"?"+query.Encode(), "?"))
	if f.before != nil {
		if err := f.before(len(f.calls), call); err != nil {
			return stages.Answer{}, err
		}
	}
	switch {
	case len(f.calls) == f.spoil:
		return stages.Answer{Body: []byte(`[{"id":"1"},{"id":`)}, nil
	case strings.HasSuffix(call.Path, "/search"):
		return f.search(call.Query), nil
	case strings.HasPrefix(call.Path, "/folders/"):
		folder := strings.Split(call.Path, "/")[2]
		return f.list(func(d thing) bool { return d.folder == folder && !d.trashed }), nil
	case call.Path == "/folders", call.Path == "/roles":
		return f.whole(call.Query), nil
	}
	id := call.Path[strings.LastIndexByte(call.Path, '/')+1:]
	for _, d := range f.things {
		if d.id == id {
			return stages.Answer{Body: []byte(d.body())}, nil
		}
	}
	return stages.Answer{}, failed(record.FaultMissing, 404)
}

func (f *fakeLooker) list(match func(thing) bool) stages.Answer {
	var rows []string
	for _, d := range f.things {
		switch {
		case !match(d):
		case f.poor:
			rows = append(rows, d.row("id"))
		default:
			rows = append(rows, d.row(""))
		}
	}
	rows = append(slices.Clone(f.among), rows...)
	return stages.Answer{Body: []byte("[" + strings.Join(rows, ", ") + "]")}
}

// whole answers with a list that takes no pages, unless most cuts it.
func (f *fakeLooker) whole(query url.Values) stages.Answer {
	from, to := 0, len(f.things)
	if f.most > 0 {
		offset, _ := strconv.Atoi(query.Get("offset"))
		from = min(offset, to)
		to = min(from+f.most, to)
	}
	answer := f.list(func(d thing) bool { return slices.Contains(f.things[from:to], d) })
	if f.total != nil {
		answer.Total, answer.HasTotal = f.total(len(f.things), to-from), true
	}
	return answer
}

func (f *fakeLooker) search(query url.Values) stages.Answer {
	ids := strings.Split(query.Get("id"), ",")
	var match []thing
	for _, d := range f.things {
		if d.trashed != (query.Get("deleted") == "true") {
			continue
		}
		if query.Has("id") && !f.noIDs && !slices.Contains(ids, d.id) {
			continue
		}
		match = append(match, d)
	}
	if f.shuffle {
		slices.Reverse(match)
		match = append(match[len(f.calls)%max(1, len(match)):], match[:len(f.calls)%max(1, len(match))]...)
	}
	total := len(match)
	offset, _ := strconv.Atoi(query.Get("offset"))
	limit, _ := strconv.Atoi(query.Get("limit"))
	if f.noLimit {
		limit = total
	}
	if f.noOffset {
		offset = 0
	}
	if f.cap > 0 {
		limit = min(limit, f.cap)
	}
	match = match[min(offset, total):min(offset+limit, total)]
	rows := make([]string, len(match))
	for i, d := range match {
		rows[i] = d.row(query.Get("fields"))
		if f.poor {
			rows[i] = d.row("id")
		}
	}
	if query.Get("fields") == "" {
		rows = append(slices.Clone(f.among), rows...)
	}
	if f.total != nil {
		total = f.total(total, len(rows))
	}
	return stages.Answer{Body: []byte("[" + strings.Join(rows, ",") + "]"), Total: total, HasTotal: !f.noTotals}
}

func failed(class string, status int) *stages.Failed {
	return &stages.Failed{
		Fault: record.Fault{Class: class, Status: status, Attempts: 1, Message: class},
		Err:   errors.New(class),
	}
}

// things makes n documents with the ids 1 to n, in folders of five.
func things(n int) []thing {
	all := make([]thing, n)
	for i := range all {
		all[i] = thing{id: strconv.Itoa(i + 1), folder: strconv.Itoa(i / 5)}
	}
	return all
}

// store is a Store that knows what it is told to know.
type store struct {
	known     map[string]record.Known
	followed  []record.Listed // sorted by id
	parents   []record.Ref    // of whatever is asked for
	unsettled []string        // sorted
	naming    [][]byte
	bodies    map[record.Ref][]byte
	byAdmin   map[record.Ref][]byte
	called    map[string]string
	batches   []record.Batch
	kept      map[record.Ref]bool
	err       error
}

func (s *store) Known(_ context.Context, _ record.Kind, ids []string) (map[string]record.Known, error) {
	return s.known, s.err
}

func (s *store) Followed(_ context.Context, _ record.Kind, after string, limit int) ([]record.Listed, error) {
	i := slices.IndexFunc(s.followed, func(l record.Listed) bool { return l.ID > after })
	if i < 0 {
		return nil, s.err
	}
	return s.followed[i:min(len(s.followed), i+limit)], s.err
}

func (s *store) Parents(_ context.Context, _ record.Ref, limit int) ([]record.Ref, error) {
	return s.parents[:min(len(s.parents), limit)], s.err
}

func (s *store) Naming(context.Context, record.Ref, int) ([][]byte, error) { return s.naming, s.err }

func (s *store) Body(_ context.Context, ref record.Ref) ([]byte, error) { return s.bodies[ref], s.err }

func (s *store) SeenByAdmin(_ context.Context, ref record.Ref) ([]byte, error) {
	return s.byAdmin[ref], s.err
}

func (s *store) Called(context.Context, record.Kind, []string) (map[string]string, error) {
	return s.called, s.err
}

func (s *store) Unsettled(_ context.Context, _ record.Kind, after string, limit int) ([]string, error) {
	i := slices.IndexFunc(s.unsettled, func(id string) bool { return id > after })
	if i < 0 {
		return nil, s.err
	}
	return s.unsettled[i:min(len(s.unsettled), i+limit):len(s.unsettled)], s.err
}

func (s *store) Keep(_ context.Context, kind record.Kind, ids []string, deferred bool) (added int, err error) {
	if s.kept == nil {
		s.kept = make(map[record.Ref]bool)
	}
	for _, id := range ids {
		ref := record.Ref{Kind: kind, ID: id}
		if _, again := s.kept[ref]; !again {
			s.kept[ref] = deferred
			added++
		}
	}
	return added, s.err
}

func (s *store) Kept(_ context.Context, kind record.Kind, ids []string) (map[string]bool, error) {
	found := make(map[string]bool)
	for _, id := range ids {
		if deferred, ok := s.kept[record.Ref{Kind: kind, ID: id}]; ok {
			found[id] = deferred
		}
	}
	return found, s.err
}

func (s *store) Holds(context.Context, record.Kind) (bool, error) {
	return len(s.known)+len(s.unsettled) > 0, s.err
}

func (s *store) Count(_ context.Context, _ record.Kind, state record.State) (n int64, err error) {
	for _, known := range s.known {
		if known.State == state {
			n++
		}
	}
	return n, s.err
}

func (s *store) Commit(_ context.Context, batch record.Batch) error {
	s.batches = append(s.batches, slices.Clone(batch))
	return s.err
}

// rig is a run of list and fetch on a fake server.
type rig struct {
	looker    *fakeLooker
	server    stages.Looker // what fetch talks to; nil: looker
	store     *store
	ledger    *stages.Ledger
	limits    *budget.Budget
	size      int
	turn      int
	full      bool
	missing   bool
	out       []record.Ref
	pageBytes int64        // see [stages.ListOptions]
	stranger  bool         // the key is not an administrator's
	proves    bool         // what a complete listing does not hold is gone
	log       hclog.Logger // of fetch; nil: none
	frees     bool         // room is given back, as the stages below fetch do in the end
}

func newRig(looker *fakeLooker, kinds ...*catalogue.Spec) *rig {
	names := make([]record.Kind, len(kinds))
	for i, k := range kinds {
		names[i] = k.Name
	}
	return &rig{
		looker: looker, store: &store{}, size: 4,
		ledger: stages.NewLedger(names), limits: budget.New(budget.Load{Bytes: 96 << 20, Items: 1000}),
	}
}

func (r *rig) listOptions() stages.ListOptions {
	return stages.ListOptions{
		Asking: r.asking(r.looker, true), Workers: 2, Buffer: 4, Missing: r.missing, Log: hclog.NewNullLogger(),
	}
}

func (r *rig) asking(server stages.Looker, admin bool) stages.Asking {
	return stages.Asking{
		Planner: plan.Rules{PageSize: r.size, PageBytes: r.pageBytes, Turn: r.turn, Full: r.full, Exclude: r.out},
		Admin:   admin, ProvesAbsence: r.proves, Looker: server, Store: r.store, Ledger: r.ledger,
	}
}

// list runs list alone and returns its asks.
func (r *rig) list(t *testing.T, kinds ...*catalogue.Spec) []record.Ask {
	t.Helper()
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	options := r.listOptions()
	options.Workers = 1
	asks := collect(run, pipeline.Then(run, stages.List(options), pipeline.From(run, kinds)))
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	return *asks
}

// fetch sends asks through fetch and returns the items.
func (r *rig) fetch(t *testing.T, asks ...record.Ask) []record.Item {
	t.Helper()
	return r.fetchBy(t, 1, asks...)
}

// fetchBy is fetch with so many workers.
func (r *rig) fetchBy(t *testing.T, workers int, asks ...record.Ask) []record.Item {
	t.Helper()
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	for _, ask := range asks {
		r.ledger.Asked(ask.Kind, max(1, len(ask.Want)))
	}
	items := pipeline.Then(run, fetch.Stage(r.fetchOptions(workers)), pipeline.From(run, asks))
	if r.frees {
		items = pipeline.Then(run, freeing(), items)
	}
	all := collect(run, items)
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	return *all
}

// reserve gives the items that have a body their room in limits.
func reserve(limits *budget.Budget, items ...record.Item) []record.Item {
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

func (r *rig) fetchOptions(workers int) fetch.Options {
	var server stages.Looker = r.looker
	if r.server != nil {
		server = r.server
	}
	log := r.log
	if log == nil {
		log = hclog.NewNullLogger()
	}
	return fetch.Options{
		Asking: r.asking(server, !r.stranger), Workers: workers, Buffer: 8, Budget: r.limits, Log: log, Now: func() time.Time { return time.Unix(1767225600, 0).UTC() },
	}
}

// both runs list and fetch and returns the items.
func (r *rig) both(t *testing.T, kinds ...*catalogue.Spec) []record.Item {
	t.Helper()
	run := pipeline.NewRun(t.Context(), pipeline.Options{})
	asks := pipeline.Then(run, stages.List(r.listOptions()), pipeline.From(run, kinds))
	items := collect(run, pipeline.Then(run, fetch.Stage(r.fetchOptions(3)), asks))
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}
	return *items
}

// collect ends a run in a slice, which is complete when the run is.
func collect[T any](run *pipeline.Run, in <-chan T) *[]T {
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

// kindOf finds a row of the real catalogue.
func kindOf(t *testing.T, name record.Kind) *catalogue.Spec {
	t.Helper()
	kind, ok := catalogue.Find(name)
	if !ok {
		t.Fatalf("no kind %s", name)
	}
	return kind
}

// ids returns the sorted ids of items that fulfil a condition.
func ids(items []record.Item, is func(record.Item) bool) []string {
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

func hasBody(i record.Item) bool { return i.Body != nil }

// numbers returns the ids from a to b.
func numbers(a, b int) []string {
	var all []string
	for i := a; i <= b; i++ {
		all = append(all, strconv.Itoa(i))
	}
	return all
}
