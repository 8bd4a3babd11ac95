package forecast_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/sinks"
)

// rig is a simulated Looker, and a vault that runs against it fill.
type rig struct {
	t       *testing.T
	sim     *lookersim.Server
	url     string
	config  config.Config
	path    string // of the vault
	exclude []record.Ref
	refresh map[record.Kind]time.Duration // how old observations may grow; nil: each run asks for everything
	now     func() time.Time
	nights  int // that were simulated
	limits  plan.Limits
}

func newRig(t *testing.T, options lookersim.Options) *rig {
	t.Helper()
	sim, url := simtest.Serve(t, options, simtest.Small())
	r := &rig{t: t, sim: sim, url: url, config: simtest.Config(), path: filepath.Join(t.TempDir(), "vault.db"), now: time.Now}
	r.config.Stages.List.PageSize = 10
	return r
}

// client makes a client of the simulated Looker that is logged in.
func (r *rig) client(meter *extract.Meter) *looker.Client {
	r.t.Helper()
	return simtest.Login(r.t, r.url, looker.Config{
		Observe: meter.Count,
		Limits:  looker.Limits{MaxCalls: int64(r.config.RateLimit.MaxCalls)},
		Retry:   looker.Retry{Attempts: r.config.Retry.Attempts, MaxWait: r.config.Retry.MaxWait.Std()},
	})
}

func start(kinds ...record.Kind) record.Start { return simtest.Start(kinds...) }

func defaults() []record.Kind { return simtest.Defaults() }

func kindsOf(s record.Start) []*catalogue.Spec {
	return slices.DeleteFunc(catalogue.All(), func(k *catalogue.Spec) bool { return !slices.Contains(s.Scope.Kinds, k.Name) })
}

// made makes a run that must end with that outcome.
func (r *rig) made(want record.Outcome, s record.Start) extract.Result {
	r.t.Helper()
	sink, err := sinks.OpenSQLite(r.t.Context(), r.path, sqlite.Options{Now: r.now})
	if err != nil {
		r.t.Fatal(err)
	}
	defer sink.Close()
	meter := &extract.Meter{}
	client := r.client(meter)
	defer client.Close()
	s.BaseURL, s.At = client.BaseURL(), r.now()
	result, err := extract.Run(r.t.Context(), extract.Job{
		Config: r.config, Kinds: kindsOf(s), Exclude: r.exclude, Start: s, Client: client, Sink: sink, Log: hclog.NewNullLogger(), Now: r.now, Meter: meter,
		Refresh: r.refresh, Limits: r.limits,
	})
	if err != nil || result.Run.Outcome != want {
		r.t.Fatalf("run: %v, outcome %s, want %s: %+v", err, result.Run.Outcome, want, result.Run.Kinds)
	}
	return result
}

// reader opens the vault for reading.
func (r *rig) reader() vault.Reader {
	r.t.Helper()
	reader := simtest.Reader(r.t, r.path)
	r.t.Cleanup(func() { _ = reader.Close() })
	return reader
}

// foresee forecasts the run that begins with start.
func (r *rig) foresee(s record.Start) (forecast.Forecast, error) {
	r.t.Helper()
	client := r.client(&extract.Meter{})
	defer client.Close()
	ahead := forecast.Ahead{
		Config: r.config, Exclude: r.exclude, Scope: s.Scope, Full: s.Full, Caller: s.Caller, Client: client, Instance: s.Instance, Kinds: kindsOf(s),
		Refresh: r.refresh, Now: r.now(), Limits: r.limits,
	}
	reader, err := sqlite.OpenReader(r.t.Context(), r.path)
	if err == nil {
		defer reader.Close()
		ahead.Vault = reader
		if s.Resume {
			run, err := reader.Run(r.t.Context(), 0)
			if err != nil {
				r.t.Fatal(err)
			}
			ahead.Resume = run.ID
		}
	}
	return forecast.Foresee(r.t.Context(), ahead)
}

// stats is how much the vault holds.
func (r *rig) stats() vault.Stats { return simtest.Stats(r.t, r.path) }

func mutate(t *testing.T, r *rig, changes ...lookersim.Change) {
	t.Helper()
	simtest.Mutate(t, r.sim, changes...)
}

func countsOf(t *testing.T, result extract.Result, kind record.Kind) record.Counts {
	t.Helper()
	return simtest.CountsOf(t, result.Run, kind)
}
