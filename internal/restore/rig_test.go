package restore_test

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// small is an instance with some of everything.
var small = lookersim.Sizes{
	Dashboards: 12, Looks: 9, Folders: 12, Boards: 3, Users: 10, Groups: 6, Roles: 9,
	PermissionSets: 9, ModelSets: 4, LookmlModels: 3, ScheduledPlans: 8, MergedTiles: 2, MergeQueries: 2, SourceQueries: 4,
	Alerts: 6, LookmlDashboards: 1, UserAttributes: 18, Themes: 2, ColorCollections: 2, Connections: 2, Projects: 1,
	Datagroups: 1, IntegrationHubs: 1, Integrations: 2, Agents: 2, HomepageSections: 1, LegacyFeatures: 1, APIClients: 1,
	ExploresPerModel: 2,
}

// rig is a simulated Looker, a vault that backed it up, and what a restore needs.
type rig struct {
	t      *testing.T
	sim    *lookersim.Server
	client *looker.Client
	meter  *extract.Meter
	config config.Config
	path   string
	file   *sqlite.File
	caller record.Caller
	stop   context.Context
	doubts int
	// doubted, when not nil, is called when an answer was lost and was looked for.
	doubted func()
	// sending, when not nil, is told of every write before it is sent. It is called by the
	// goroutine that sends it.
	sending func(looker.Write)
	journal restore.Journal    // of the restore that is applied
	first   *restore.FirstRead // what was read before
	// cut is called after so many writes of a restore; 0 = never.
	cutAfter int
	cut      context.CancelFunc
	looking  func() // when not nil, is called before each look
	looked   int64  // calls of all looks
	blind    int    // the so manieth look ends the restore; 0 = none
	workers  int    // of a restore; 0 = 4
	inner    int    // updates of one document at the same time; 0 = 2
	secrets  restore.Secrets
	asks     restore.Getter // what a plan asks beside its looks, the client where nil
	// paused, when not nil, is called in place of waiting for the server to settle.
	paused   func()
	settling func(time.Duration) // is told that a restore waits; nil for nobody
	settle   time.Duration       // how long the server may be at work on a request that was given up; 0 = 20 ms
	// wrap, when not nil, wraps the client of a restore.
	wrap func(restore.Looker) restore.Looker
	mu   sync.Mutex
}

func newRig(t *testing.T, options lookersim.Options) *rig {
	t.Helper()
	r := newRigWithoutVault(t, options)
	r.open()
	return r
}

// firstBackup is a vault with a whole run over the instance of seed 1.
var firstBackup struct {
	once sync.Once
	file []byte
	run  int64
}

// newBackedUpRig returns a rig of seed 1 that was backed up, and the run. A backup of one instance
// is always the same but for times and the port, so the first rig makes it and the others copy it.
func newBackedUpRig(t *testing.T) (*rig, int64) {
	t.Helper()
	options := lookersim.Options{Seed: 1}
	firstBackup.once.Do(func() {
		r := newRig(t, options)
		run := r.backup()
		if err := r.file.Close(); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(r.path)
		if err != nil {
			t.Fatal(err)
		}
		firstBackup.file, firstBackup.run = file, run
	})
	if firstBackup.run == 0 {
		t.Fatal("the first backup failed, see the test that made it")
	}
	r := newRigWithoutVault(t, options)
	if err := os.WriteFile(r.path, firstBackup.file, 0o600); err != nil {
		t.Fatal(err)
	}
	r.open()
	return r, firstBackup.run
}

func newRigWithoutVault(t *testing.T, options lookersim.Options) *rig {
	t.Helper()
	sim, url := simtest.Serve(t, options, small)
	admin := true
	r := &rig{
		t: t, sim: sim, meter: &extract.Meter{}, config: simtest.Config(), path: filepath.Join(t.TempDir(), "vault.db"),
		caller: record.Caller{ID: "1", Admin: &admin},
	}
	r.client = simtest.Login(t, url, looker.Config{
		MaxBody: int64(r.config.Looker.MaxBody), Timeout: time.Minute, Connections: 8, Observe: r.meter.Count,
		Retry: looker.Retry{Attempts: 2, MaxWait: 50 * time.Millisecond},
	})
	simtest.Cleanup(t, r.client.Close)
	return r
}

func (r *rig) open() {
	r.t.Helper()
	file, err := sqlite.OpenFile(r.t.Context(), r.path, sqlite.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.file = file
	simtest.Cleanup(r.t, func() { _ = file.Close() })
}

// backup makes a whole run.
func (r *rig) backup() int64 {
	r.t.Helper()
	run, err := r.run(r.t.Context(), record.Scope{Kinds: simtest.Defaults(), All: true}, "api")
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

func (r *rig) look(ctx context.Context, scope record.Scope) (int64, error) {
	if r.blind > 0 {
		if r.blind--; r.blind == 0 {
			return 0, context.Canceled
		}
	}
	if r.looking != nil {
		r.looking()
	}
	before := r.client.Stats().Calls
	defer func() { r.looked += r.client.Stats().Calls - before }()
	return r.run(ctx, scope, record.OriginLook)
}

func (r *rig) run(ctx context.Context, scope record.Scope, origin string) (int64, error) {
	writer, err := r.file.Writer()
	if err != nil {
		return 0, err
	}
	defer func() {
		if err := writer.Close(); err != nil {
			r.t.Error(err)
		}
	}()
	kinds := slices.DeleteFunc(catalogue.All(), func(k *catalogue.Spec) bool { return !slices.Contains(scope.Kinds, k.Name) })
	result, err := extract.Run(ctx, extract.Job{
		Config: r.config, Kinds: kinds, Client: r.client, Sink: writer, Log: hclog.NewNullLogger(), Now: time.Now, Meter: r.meter,
		Start: record.Start{
			Instance: "test", Origin: origin, Scope: scope, BaseURL: r.client.BaseURL(), Caller: r.caller, Tool: "test", At: time.Now(),
		},
	})
	return result.Run.ID, err
}

// plan plans what a request asks for.
func (r *rig) plan(request restore.Request) record.Restore {
	r.t.Helper()
	plan, err := r.tryPlan(request)
	if err != nil {
		r.t.Fatalf("plan: %v", err)
	}
	return plan
}

func (r *rig) tryPlan(request restore.Request) (record.Restore, error) {
	r.t.Helper()
	if request.Trash == "" {
		request.Trash = restore.Undelete
	}
	options := restore.PlanOptions{
		Reader: r.file.Reader(), Instance: "test", Request: request, Caller: r.caller, Secrets: r.secrets, Tool: "test", Client: r.client, Look: r.look, Now: time.Now, Settle: cmp.Or(r.settle, 20*time.Millisecond), Pause: r.pause,
	}
	if r.asks != nil {
		options.Client = r.asks
	}
	plan, err := restore.Plan(r.t.Context(), options)
	if err != nil {
		return plan, err
	}
	return r.file.PutPlan(r.t.Context(), plan)
}

// apply applies a plan.
func (r *rig) apply(plan record.Restore) record.Restore {
	r.t.Helper()
	done, err := r.tryApply(r.t.Context(), plan)
	if err != nil {
		r.t.Fatalf("apply: %v", err)
	}
	return done
}

func (r *rig) tryApply(ctx context.Context, plan record.Restore) (record.Restore, error) {
	r.t.Helper()
	journal, err := r.file.Apply(ctx, plan.ID, r.meter.Drain)
	if err != nil {
		return record.Restore{}, err
	}
	return r.carryOut(ctx, journal)
}

// applyCutOff applies a plan whose context is cancelled at its n-th write.
func (r *rig) applyCutOff(plan record.Restore, n int) (record.Restore, error) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	r.cutAfter, r.cut = n, cancel
	defer func() { r.cutAfter = 0 }()
	return r.tryApply(ctx, plan)
}

func (r *rig) carryOut(ctx context.Context, journal restore.Journal) (record.Restore, error) {
	r.journal = journal
	var client restore.Looker = cutting{r.client, r}
	if r.wrap != nil {
		client = r.wrap(client)
	}
	return restore.Apply(ctx, restore.ApplyOptions{
		Journal: journal, Reader: r.file.Reader(), First: r.first, Client: client, Caller: r.caller, Workers: cmp.Or(r.workers, 4), Inner: cmp.Or(r.inner, 2), Secrets: r.secrets, Settle: cmp.Or(r.settle, 20*time.Millisecond), Pause: r.pause,
		Stop: r.stop, Grace: time.Second, Look: r.look, Now: time.Now, Settling: r.settling,
		Doubted: func(record.Ref, string, bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.doubts++
			if r.doubted != nil {
				r.doubted()
			}
		},
	})
}

// pause waits until the server is done with what was given up, which a slow machine takes longer for.
func (r *rig) pause(ctx context.Context, d time.Duration) error {
	if r.paused != nil {
		r.paused()
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(d):
		}
		if r.sim.InFlight() == 0 {
			return nil
		}
	}
}

// cutting is a client that cuts a restore off after some writes: before one of them is
// sent, or while its answer is on its way.
type cutting struct {
	*looker.Client
	rig *rig
}

func (c cutting) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	if c.rig.sending != nil {
		c.rig.sending(w)
	}
	c.rig.mu.Lock()
	n := c.rig.cutAfter
	if n > 0 {
		c.rig.cutAfter--
	}
	c.rig.mu.Unlock()
	switch n {
	case 1:
		c.rig.cut()
		return c.Client.Send(ctx, w)
	case 2: // it is carried out, and nobody hears of it
		response, err := c.Client.Send(context.WithoutCancel(ctx), w)
		c.rig.cut()
		if err == nil {
			return nil, context.Cause(ctx)
		}
		return response, err
	}
	return c.Client.Send(ctx, w)
}

// do carries out a request on the instance behind everybody's back.
func (r *rig) do(method, path, body string) {
	r.t.Helper()
	var text []byte
	if body != "" {
		text = []byte(body)
	}
	if status, answer := r.sim.Do(method, path, text); status >= 300 {
		r.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
}

// deeds counts the actions of a plan by deed.
func deeds(plan record.Restore) map[record.Deed]int {
	counts := make(map[record.Deed]int)
	for _, a := range plan.Actions {
		counts[a.Deed]++
	}
	return counts
}
