package extract

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/find"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
)

// Job is one run to be made. Nothing in it is changed.
type Job struct {
	Config  config.Config
	Kinds   []*catalogue.Spec
	Exclude []record.Ref
	Start   record.Start // Policies, Fingerprint and Calls are filled in
	Client  *looker.Client
	Sink    vault.Writer // begun and finished by the run, closed by the caller
	Log     hclog.Logger
	Now     func() time.Time

	// Refresh is how old what is known of documents may grow, by kind. Nil: everything is
	// asked for in this run.
	Refresh map[record.Kind]time.Duration
	// Limits are those of the planner; the zero value: the usual ones.
	Limits plan.Limits
	// Told are answers that were got a moment ago, by path: a call for just that, without a query,
	// takes the answer and is not made. Each serves one call.
	Told map[string]*looker.Response
	// Meter hands the calls of the client to the sink. The client's Observe must
	// feed the same meter.
	Meter *Meter
	// Notices are kept with the run: what an administrator should know of it, one
	// line each.
	Notices []string
	// Stop ends the intake when it is done; what was fetched is committed. Nil:
	// never.
	Stop context.Context
	// Begun, when not nil, is told once how the run began, before the first call,
	// with a view of it that may be read from then on.
	Begun func(record.Begun, *View)
	// Failed, when not nil, is told of every fault once it is durable, by one goroutine
	// at a time that is none of the pipeline's: it may block for ever, and the run goes
	// on. Of the record only Ref and Fault are set.
	Failed func(record.Record)
	// Measured, when not nil, is asked once before the run is sealed what to keep
	// with it. The error is the one that the run ended with.
	Measured func(*View, error) *record.Session
}

// Result is how a run ended.
type Result struct {
	Begun  record.Begun
	Run    record.Run // as it was sealed; the zero value when the sink could not
	API    looker.Stats
	Took   time.Duration // of this process's share of the run
	Peak   budget.Load   // the most that was in flight
	Left   budget.Load   // in flight when the run was over: nothing, however it ended
	Waited time.Duration // that fetch workers waited for the in-flight limits
	// Unobserved is how many faults Job.Failed was not told of, because it did not keep
	// up.
	Unobserved int64
}

// Run makes one run: it begins or resumes it in the sink, sends every kind down
// the stages and seals it. The error says why a run was cut short; a run that
// went to its end, however incomplete, has none: its outcome tells.
//
// Cancelling ctx kills the run, ending job.Stop ends it gently.
func Run(ctx context.Context, job Job) (Result, error) {
	began := job.Now()
	f := &flow{job: job, api: api{client: job.Client, timeout: job.Config.Looker.Timeout.Std(), attempts: job.Config.Retry.Attempts, answers: &answers{}, told: newTold(job.Told)}}
	if err := f.prepare(ctx); err != nil {
		return Result{}, err
	}
	if job.Begun != nil {
		job.Begun(f.begun, f.view)
	}
	f.logBegun()
	err := f.run(ctx)
	result := Result{Begun: f.begun, Took: job.Now().Sub(began)}
	// The seal is made even when everything else was cancelled.
	sealing := context.WithoutCancel(ctx)
	finish := f.finish(sealing, err)
	if err == nil {
		err = f.unlisted(sealing, &finish)
	}
	if job.Measured != nil {
		finish.Session = job.Measured(f.view, err)
	}
	sealed, sealErr := job.Sink.Finish(sealing, finish)
	result.Run, result.API, result.Waited = sealed, job.Client.Stats(), f.budget.Waited()
	result.Left, result.Peak = f.budget.Used()
	if sealErr != nil && err == nil {
		err = fmt.Errorf("seal the run: %w", sealErr)
	}
	f.logEnd(sealed, result.Took)
	result.Unobserved = f.view.endObserver()
	return result, err
}

// flow is a run under way.
type flow struct {
	job          Job
	api          api
	begun        record.Begun
	kinds        []*catalogue.Spec
	secrets      stages.Secrets
	policies     map[record.Kind]int
	dictionaries *codec.Dictionaries
	within       scope.Within
	folders      map[string]bool // that there are, of a run of some folders
	ledger       *stages.Ledger
	refresh      *refresh.Rules // nil: everything is asked for
	overviews    stages.Overviews
	budget       *budget.Budget
	view         *View
	waves        *job.Waves
	lookedFor    []record.Kind // what their lists did not hold was looked for
	slowed       bool          // it was said that the in-flight limits hold the run up
}

// prepare begins or resumes the run and gets ready what all waves share.
func (f *flow) prepare(ctx context.Context) (err error) {
	start, c := f.job.Start, f.job.Config
	if c.Stages.Redact.Enabled {
		if f.secrets, err = stages.NewSecrets(c.Stages.Redact.Paths); err != nil {
			return err
		}
	}
	// A folder that is not there is found before there is a run.
	if !start.Resume {
		if err = f.locate(ctx, start.Scope); err != nil {
			return err
		}
	}
	if start.Policies, err = policies(c); err != nil {
		return err
	}
	f.policies, start.Policy = start.Policies, catalogue.Policies(start.Policies)
	start.Fingerprint, start.Calls = fingerprinter(f.secrets), f.job.Meter.Drain
	start.TermRules, start.Terms = find.TermRules, canon.Terms()
	start.Lessons = f.lessons
	start.AbsenceUnproven = !start.Caller.KnownAdmin()
	if f.begun, err = f.job.Sink.Begin(ctx, start); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("begin the run: %w", err)
	}
	f.dictionaries = codec.NewDictionaries(f.begun.Dictionaries)
	f.kinds = f.job.Kinds
	if f.begun.Resumed {
		f.kinds = scoped(f.begun.Scope, f.job.Kinds)
	}
	f.ledger = stages.NewLedger(catalogue.Kinds(f.kinds))
	f.ledger.Recall(f.begun.Lessons, f.begun.Doubted, f.begun.Untold)
	if f.begun.Scope.Unscoped() && start.Caller.KnownAdmin() {
		f.ledger.NamedByCaller(start.Caller.Names)
	}
	f.refresh = f.rules()
	f.budget = budget.New(budget.Load{Bytes: int64(c.Limits.InFlightBytes), Items: int64(c.Limits.InFlightItems)})
	f.view = newView(f)
	f.waves = job.NewWaves(job.WavesOptions{
		Stop: f.job.Stop, Grace: c.Shutdown.Grace.Std(),
		Begins: func(run *pipeline.Run) { f.logStages("stage begins", run) },
		Ended:  func(run *pipeline.Run) { f.logStages("stage ended", run) },
	})
	return nil
}

// rules say what this run need not ask for again: nothing of a run that is to be full, or
// looks at some documents or folders only.
func (f *flow) rules() *refresh.Rules {
	if f.job.Refresh == nil || f.begun.Full || !f.begun.Scope.Unscoped() {
		return nil
	}
	// A run that is resumed goes on now, however long ago it began.
	now := f.begun.Started
	if f.begun.Resumed {
		now = f.job.Now()
	}
	rules := &refresh.Rules{Now: now, Gap: refresh.Between(f.begun.Before, f.begun.Started), Ages: f.job.Refresh, Listed: f.begun.Listed, Unavailable: f.begun.Unavailable}
	if !f.begun.Resumed { // else what is stored is not what was before the run
		rules.TrashListed = f.begun.TrashListed
	}
	if f.job.Config.TrustDates == config.DatesLearned {
		rules.Dates = f.begun.Dates
	}
	return rules
}

// proven tells of which kinds rows need not be compared in this run: nil where calls need
// not be saved, and each run compares.
func (f *flow) proven() func(record.Kind) bool {
	if !f.job.Config.Looker.Quota.Counted() {
		return nil
	}
	rules := plan.Rules{Refresh: f.refresh, Limits: f.job.Limits}
	return func(kind record.Kind) bool { return rules.ProofRests(kind, f.begun.Proven[kind]) }
}

// lessons is what the run has learnt since the sink asked last. The sink asks for the
// first time before there is a ledger.
func (f *flow) lessons() []record.Learnt {
	if f.ledger == nil {
		return nil
	}
	f.ledger.DoubtEmpty(f.surelyEmpty)
	return f.ledger.Lessons()
}

// surelyEmpty reports whether a list that came without rows at a time had none.
func (f *flow) surelyEmpty(at time.Time) bool {
	return f.job.Client.RowsAfter(at) && !f.job.Client.Hollow(at)
}

// run sends the kinds down the stages in waves: first what is listed, then what
// documents point to that are committed by then.
func (f *flow) run(ctx context.Context) error {
	if f.begun.Resumed {
		if err := f.recall(ctx); err != nil {
			return err
		}
	}
	for n, kinds := range f.inWaves() {
		if f.waves.Stopped() {
			return job.ErrInterrupted
		}
		began, waited := f.job.Now(), f.budget.Waited()
		err := f.wave(ctx, kinds, f.listOptions())
		if err == nil {
			err = f.emptyBefore(ctx, kinds)
		}
		if err == nil {
			err = f.unclear(ctx, kinds)
		}
		if err == nil {
			err = f.doubted(ctx)
		}
		if err == nil {
			err = f.missing(ctx, kinds)
		}
		if err == nil {
			err = f.doubted(ctx) // what was missing may have come in rows, too
		}
		if err == nil {
			f.lookedFor = append(f.lookedFor, catalogue.Kinds(kinds)...)
		}
		took := f.job.Now().Sub(began)
		f.logWave(n, kinds, took)
		f.heldUp(took, f.budget.Waited()-waited)
		if err != nil {
			return err
		}
	}
	if f.waves.Stopped() || len(f.begun.Scope.Refs) > 0 {
		return nil
	}
	list := f.listOptions()
	if err := f.checkScope(ctx, &list); err != nil {
		return err
	}
	return list.CheckTails(ctx)
}

// emptyBefore fetches alone, of a wave that is committed, what came empty in an earlier part of the
// run when nothing showed that it was.
func (f *flow) emptyBefore(ctx context.Context, wave []*catalogue.Spec) error {
	some := slices.DeleteFunc(slices.Clone(wave), func(k *catalogue.Spec) bool { return !f.ledger.CameEmptyBefore(k.Name) })
	if len(some) == 0 {
		return nil
	}
	list := f.listOptions()
	list.EmptyBefore = true
	return f.wave(ctx, some, list)
}

// unclear fetches alone, of what is committed, what two rows contradict each other about, or a row
// and a document of a later wave.
func (f *flow) unclear(ctx context.Context, wave []*catalogue.Spec) error {
	list := f.listOptions()
	err := list.CheckNamed(ctx, wave)
	some := slices.DeleteFunc(slices.Clone(f.kinds), func(k *catalogue.Spec) bool { return !f.ledger.HasUnclear(k.Name) })
	if err != nil || len(some) == 0 {
		return err
	}
	list.Unclear = true
	return f.wave(ctx, some, list)
}

// doubted fetches alone what is committed of rows that turned out to be poorer than documents
// only then.
func (f *flow) doubted(ctx context.Context) error {
	some := slices.DeleteFunc(slices.Clone(f.kinds), func(k *catalogue.Spec) bool { return !f.ledger.Doubted(k.Name) })
	if len(some) == 0 {
		return nil
	}
	list := f.listOptions()
	list.Doubted = true
	err := f.wave(ctx, some, list)
	if err == nil {
		for _, kind := range some {
			f.ledger.Assured(kind.Name)
		}
	}
	return err
}

// missing looks again for documents that complete listings did not hold: for those that the
// vault holds, before Finish takes them for gone, and for those that stored documents name.
// Most runs have none, and make no call for it. Where the trash of a kind rests, its list held
// all documents that were not there. In a run of some folders nothing becomes gone, but a list
// that leaves out what is there is not complete.
func (f *flow) missing(ctx context.Context, wave []*catalogue.Spec) error {
	if len(f.begun.Scope.Refs) > 0 || f.job.Start.Caller.SeesLess() {
		return nil // nothing becomes gone
	}
	list := f.listOptions()
	list.Missing, list.Mentioned = true, make(map[record.Kind][]string)
	var some []*catalogue.Spec
	for _, end := range f.ledger.Ends() {
		i := slices.IndexFunc(f.kinds, func(k *catalogue.Spec) bool { return k.Name == end.Kind })
		if i < 0 || end.Listing != record.Complete || end.TrashRested || !plan.CanBeAskedFor(f.kinds[i]) {
			continue
		}
		var named, held []string
		var err error
		if f.within == nil || f.kinds[i].Place != catalogue.IsFolder { // else see checkScope
			if named, err = list.Unlisted(ctx, end.Kind); err != nil {
				return err
			}
		}
		if slices.ContainsFunc(wave, func(k *catalogue.Spec) bool { return k.Name == end.Kind }) {
			if held, err = f.job.Sink.Unsettled(ctx, end.Kind, "", 1); err != nil {
				return fmt.Errorf("find %s that were not listed: %w", end.Kind, err)
			}
		}
		if len(named)+len(held) > 0 {
			list.Mentioned[end.Kind] = named
			some = append(some, f.kinds[i])
		}
	}
	if len(some) == 0 {
		return nil
	}
	return f.wave(ctx, some, list)
}

// wave makes a wave of some kinds.
func (f *flow) wave(ctx context.Context, kinds []*catalogue.Spec, list stages.ListOptions) error {
	return f.waves.Run(ctx, func(run *pipeline.Run) { f.sentence(run, kinds, list) })
}

// scoped returns the rows of the kinds of a scope, those of the job where it has
// them; kinds that this version does not know any more are left out.
func scoped(scope record.Scope, job []*catalogue.Spec) []*catalogue.Spec {
	kinds := slices.DeleteFunc(catalogue.All(), func(k *catalogue.Spec) bool { return !slices.Contains(scope.Kinds, k.Name) })
	for i := range kinds {
		for _, k := range job {
			if k.Name == kinds[i].Name {
				kinds[i] = k
			}
		}
	}
	return kinds
}

// fingerprinter computes fingerprints of stored bodies under the rules of this
// run. It is called by the sink's one writer.
func fingerprinter(secrets stages.Secrets) func(record.Kind, []byte) (record.Digest, error) {
	reader := canon.NewReader()
	return func(kind record.Kind, body []byte) (record.Digest, error) {
		row, ok := catalogue.Find(kind)
		if !ok {
			return record.Digest{}, fmt.Errorf("unknown kind %s", kind)
		}
		body, _ = secrets[kind].Redact(body)
		doc, err := reader.Read(canon.Compile(row), body)
		return doc.Fingerprint, err
	}
}
