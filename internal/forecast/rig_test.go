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
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/sinks"
)

// small is an instance with several pages of everything that is paged.
var small = lookersim.Sizes{
	Dashboards: 60, Looks: 45, Folders: 25, Boards: 4, Users: 25, Groups: 14, Roles: 6,
	PermissionSets: 5, ModelSets: 4, LookmlModels: 5, ScheduledPlans: 12, MergedTiles: 5, MergeQueries: 4, SourceQueries: 9,
	Alerts: 13, LookmlDashboards: 4, UserAttributes: 5, Themes: 3, ColorCollections: 3, Connections: 2, Projects: 2,
	Datagroups: 3, IntegrationHubs: 2, Integrations: 4, Agents: 12, HomepageSections: 2, LegacyFeatures: 2, APIClients: 1,
	ExploresPerModel: 2,
}

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
	if options.Sizes == (lookersim.Sizes{}) {
		options.Sizes = small
	}
	options.SmallTiles = true
	options.Tiles = [2]int{1, 4}
	sim, err := lookersim.New(options)
	if err != nil {
		t.Fatal(err)
	}
	url, err := sim.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sim.Close() })
	r := &rig{t: t, sim: sim, url: url, config: config.Default(2), path: filepath.Join(t.TempDir(), "vault.db"), now: time.Now}
	r.config.RateLimit.PerSecond, r.config.RateLimit.Adaptive = 0, false // nobody feels a way up to a rate
	r.config.Stages.List.PageSize = 10
	r.config.Retry.Attempts = 2
	r.config.Retry.MaxWait = config.Duration(50 * time.Millisecond)
	return r
}

// client makes a client of the simulated Looker that is logged in.
func (r *rig) client(meter *extract.Meter) *looker.Client {
	r.t.Helper()
	client, err := looker.New(looker.Config{
		BaseURL: r.url, ClientID: lookersim.DefaultClientID, ClientSecret: lookersim.DefaultClientSecret, VerifySSL: true,
		Connections: 16, Version: "test", Observe: meter.Count,
		Limits: looker.Limits{MaxCalls: int64(r.config.RateLimit.MaxCalls)},
		Retry:  looker.Retry{Attempts: r.config.Retry.Attempts, MaxWait: r.config.Retry.MaxWait.Std()},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := client.Login(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	return client
}

// start is the start of an ordinary run of some kinds, of all when none is named.
func start(kinds ...record.Kind) record.Start {
	if len(kinds) == 0 {
		for _, k := range catalogue.All() {
			kinds = append(kinds, k.Name)
		}
	}
	admin := true
	return record.Start{
		Instance: "test", Origin: "api", Scope: record.Scope{Kinds: kinds}, Caller: record.Caller{ID: "1", Admin: &admin}, Tool: "test", At: time.Now(),
	}
}

// defaults are the kinds of a run that names none.
func defaults() []record.Kind {
	var kinds []record.Kind
	for _, k := range catalogue.Default() {
		kinds = append(kinds, k.Name)
	}
	return kinds
}

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
	reader, err := sqlite.OpenReader(r.t.Context(), r.path)
	if err != nil {
		r.t.Fatal(err)
	}
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
func (r *rig) stats() vault.Stats {
	r.t.Helper()
	reader, err := sqlite.OpenReader(r.t.Context(), r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer reader.Close()
	stats, err := reader.Stats(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return stats
}

func mutate(t *testing.T, r *rig, changes ...lookersim.Change) {
	t.Helper()
	if _, err := r.sim.Mutate(changes...); err != nil {
		t.Fatal(err)
	}
}

func countsOf(t *testing.T, result extract.Result, kind record.Kind) record.Counts {
	t.Helper()
	for _, k := range result.Run.Kinds {
		if k.Kind == kind {
			return k
		}
	}
	t.Fatalf("no counts of %s", kind)
	return record.Counts{}
}
