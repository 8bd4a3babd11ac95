package extract_test

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/sinks"
)

// rig is a simulated Looker and what a run against it needs.
type rig struct {
	t       *testing.T
	sim     *lookersim.Server
	url     string
	config  config.Config
	path    string // of the vault
	open    func(context.Context) (sinks.Sink, error)
	stop    context.Context
	kill    context.Context // of the run; nil: the test's
	log     hclog.Logger
	exclude []record.Ref
	// wrap may change the sink of the next run.
	wrap func(sinks.Sink) sinks.Sink
	// row may change the catalogue's row of a kind.
	row func(*catalogue.Spec)
	// timeout is of one request.
	timeout time.Duration
	// connected is told of the client that a run uses.
	connected func(*looker.Client)
	// refresh is how old observations may grow; nil: each run asks for everything.
	refresh map[record.Kind]time.Duration
	// limits are the planner's: pages bring page_size documents, however small they are.
	limits plan.Limits
	// now is the wall clock, and nights counts those that were simulated.
	now    func() time.Time
	nights int
	// release is what the server says that it is, in runs that name none.
	release string
	// measured is told of the view of a run that is over.
	measured func(*extract.View)
}

func newRig(t *testing.T, options lookersim.Options) *rig {
	t.Helper()
	sim, url := simtest.Serve(t, options, simtest.Small())
	r := &rig{
		t: t, sim: sim, url: url, config: simtest.Config(), path: filepath.Join(t.TempDir(), "vault.db"), log: hclog.NewNullLogger(),
		timeout: patient, now: time.Now,
	}
	r.config.Stages.List.PageSize, r.limits = 10, plan.Limits{Document: 1}
	r.config.Stages.Batch.Every = config.Duration(time.Hour) // batches are counted, and on a busy machine age would close some
	r.open = func(ctx context.Context) (sinks.Sink, error) {
		r.beginVault()
		return sinks.OpenSQLite(ctx, r.path, sqlite.Options{Now: r.now})
	}
	return r
}

// emptyVault is the file of a vault that holds nothing. Making its tables takes a twentieth of the
// processor time of these tests, so they make them once; package sqlite tests how a vault is made.
var emptyVault = sync.OnceValues(func() (_ []byte, err error) {
	folder, err := os.MkdirTemp("", "extract")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "vault.db")
	// A file that was there stays when nothing is stored in it.
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return nil, err
	}
	file, err := sqlite.OpenFile(context.Background(), path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// beginVault puts an empty vault where there is none.
func (r *rig) beginVault() {
	r.t.Helper()
	if _, err := os.Stat(r.path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	empty, err := emptyVault()
	if err == nil {
		err = os.WriteFile(r.path, empty, 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// client makes a client of the simulated Looker that is logged in.
func (r *rig) client(meter *extract.Meter) *looker.Client {
	r.t.Helper()
	return simtest.Login(r.t, r.url, looker.Config{
		MaxBody: int64(r.config.Looker.MaxBody), Timeout: r.timeout, Log: r.log, Observe: meter.Count,
		Limits: looker.Limits{
			PerSecond: float64(r.config.RateLimit.PerSecond), Adaptive: r.config.RateLimit.Adaptive, MaxCalls: int64(r.config.RateLimit.MaxCalls),
		},
		Retry: looker.Retry{Attempts: r.config.Retry.Attempts, MaxWait: r.config.Retry.MaxWait.Std()},
	})
}

func start(kinds ...record.Kind) record.Start { return simtest.Start(kinds...) }

func defaults() []record.Kind { return simtest.Defaults() }

// try makes a run and returns how it ended.
func (r *rig) try(s record.Start) (extract.Result, error) {
	r.t.Helper()
	sink, err := r.open(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() {
		if err := sink.Close(); err != nil {
			r.t.Error(err)
		}
	}()
	if r.wrap != nil {
		sink = r.wrap(sink)
	}
	meter := &extract.Meter{}
	client := r.client(meter)
	defer client.Close()
	s.BaseURL, s.At, s.Looker = client.BaseURL(), r.now(), cmp.Or(s.Looker, r.release)
	kinds := slices.DeleteFunc(catalogue.All(), func(k *catalogue.Spec) bool { return !slices.Contains(s.Scope.Kinds, k.Name) })
	for i := range kinds {
		if r.row != nil {
			kinds[i] = kinds[i].With(r.row)
		}
	}
	if r.connected != nil {
		r.connected(client)
	}
	job := extract.Job{
		Config: r.config, Kinds: kinds, Exclude: r.exclude, Start: s, Client: client, Sink: sink, Log: r.log, Now: r.now, Meter: meter, Stop: r.stop, Refresh: r.refresh, Limits: r.limits,
	}
	if r.measured != nil {
		job.Measured = func(view *extract.View, _ error) *record.Session {
			r.measured(view)
			return nil
		}
	}
	ctx := r.t.Context()
	if r.kill != nil {
		ctx = r.kill
	}
	result, err := extract.Run(ctx, job)
	if result.Left != (budget.Load{}) {
		r.t.Errorf("in flight when the run is over (%v): %+v", err, result.Left)
	}
	return result, err
}

// run makes a run that must go to its end with that outcome.
func (r *rig) run(want record.Outcome, s record.Start) extract.Result {
	r.t.Helper()
	result, err := r.try(s)
	if err != nil {
		r.t.Fatalf("run: %v", err)
	}
	if result.Run.Outcome != want {
		r.t.Fatalf("outcome %s, want %s: %+v %q", result.Run.Outcome, want, result.Run.Kinds, result.Run.Notes)
	}
	return result
}

// served is everything that the simulated Looker holds, of some kinds where any
// are named, by ref.
func (r *rig) served(kinds ...record.Kind) map[record.Ref]lookersim.Item {
	all := make(map[record.Ref]lookersim.Item)
	for _, k := range catalogue.All() {
		if kinds != nil && !slices.Contains(kinds, k.Name) {
			continue
		}
		for item := range r.sim.Items(string(k.Name)) {
			all[record.Ref{Kind: k.Name, ID: item.ID}] = item
		}
		for _, route := range k.Listing.Fixed {
			if status, body := r.sim.Peek(route.Path); status == http.StatusOK {
				id := strings.TrimPrefix(route.Path, "/")
				all[record.Ref{Kind: k.Name, ID: id}] = lookersim.Item{ID: id, State: "present", Body: body}
			}
		}
	}
	return all
}

// bodyOf is the document that a backup must hold of an item: what its single
// route answers, or, where that answers more, the row of its list.
func (r *rig) bodyOf(kind record.Kind, item lookersim.Item) []byte {
	row, _ := catalogue.Find(kind)
	switch {
	case kind == "folders":
		return item.Row
	case row.Detail.Query != nil:
		route, path := row.Single(item.ID)
		query := route.Values()
		if route.Param != "" {
			query.Set(route.Param, item.ID)
		}
		_, body := r.sim.Peek(path + "?" + query.Encode())
		return body
	}
	return item.Body
}

// stored is everything that the vault holds and that is not gone.
func (r *rig) stored() map[record.Ref]vault.Document {
	r.t.Helper()
	reader := simtest.Reader(r.t, r.path)
	defer reader.Close()
	all := make(map[record.Ref]vault.Document)
	for document, err := range reader.Documents(r.t.Context(), vault.Query{}) {
		if err != nil {
			r.t.Fatal(err)
		}
		all[document.Ref] = document
	}
	findings, err := reader.Verify(r.t.Context())
	if err != nil || len(findings) > 0 {
		r.t.Fatalf("verify: %v %v", findings, err)
	}
	return all
}

// stats is how much the vault holds.
func (r *rig) stats() vault.Stats { return simtest.Stats(r.t, r.path) }

// faults is what no run has resolved.
func (r *rig) faults() []vault.Fault {
	r.t.Helper()
	reader := simtest.Reader(r.t, r.path)
	defer reader.Close()
	faults, err := reader.OpenFaults(r.t.Context(), "test")
	if err != nil {
		r.t.Fatal(err)
	}
	return faults
}
