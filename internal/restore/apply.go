package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/pipeline"
)

// Looker is what applying asks of the API client.
type Looker interface {
	Getter
	Send(ctx context.Context, w looker.Write) (*looker.Response, error)
}

// Journal keeps what applying did, durably. Any number of goroutines may call Begin,
// Advance, Settle and Steps at the same time.
type Journal interface {
	Plan() record.Restore
	Calls() []record.Calls
	Begin(ctx context.Context, seq int) error
	Steps(ctx context.Context, seq int) ([]record.Step, error)
	Advance(ctx context.Context, done []record.Step, next *record.Step) error
	Settle(ctx context.Context, done []record.Step, actions []record.Action, maps []record.Mapping) error
	Finish(ctx context.Context, state record.RestoreState, verdict int64, notes []string) (record.Restore, error)
}

// ApplyOptions is what applying a plan needs.
type ApplyOptions struct {
	Journal Journal
	Reader  vault.Reader
	Client  Looker
	Caller  record.Caller
	Secrets Secrets // what no backup holds
	Workers int     // actions at the same time
	Inner   int     // updates of one document's parts at the same time, see [catalogue.Part.Apart]; 0 = 1
	// Settle is how long the server may still be at work on a write whose answer was
	// lost, before a look that does not find it proves that it was not carried out.
	Settle time.Duration
	// Stop ends the intake when it is done; the calls in the air are finished. Nil: never.
	Stop  context.Context
	Grace time.Duration
	// Look makes a run that looks at a scope of the instance, and returns its number.
	Look func(ctx context.Context, scope record.Scope) (int64, error)
	// First, when not nil, is what [Identify] has just read.
	First *FirstRead
	// Observe, when not nil, is told of every action whose outcome is durable, by one
	// goroutine at a time.
	Observe func(record.Action)
	// Doubted, when not nil, is told of every write whose answer was lost, and whether it
	// was found to have been carried out. Any goroutine calls it.
	Doubted func(ref record.Ref, route string, found bool)
	Now     func() time.Time
	Pause   func(ctx context.Context, d time.Duration) error // waits; nil waits by the clock
	// Settling, when not nil, is told for how long nothing is done, since the server may still be at
	// work on what was under way when a restore was cut off.
	Settling func(d time.Duration)
}

// Apply carries out the actions of a plan that are not done yet, reads back what they
// wrote, wakes what was awake, and seals the restore. The error is about the whole
// restore; what went wrong with one action is in its row.
//
// Cancelling ctx kills it, ending Stop ends it gently. In either case applying again
// goes on where it ended.
func Apply(ctx context.Context, o ApplyOptions) (record.Restore, error) {
	a, err := newApplier(ctx, o)
	if err != nil {
		return unsealed(o.Journal), err
	}
	for _, step := range []func(context.Context) error{a.letSettle, a.enterRecognized, a.levels, a.leadAnew, a.untilLateArrived, a.lateTwins, a.readBack, a.wake, a.lateTwins, a.invite, a.tellDoubts, a.tellLinks} {
		if err == nil {
			err = step(ctx)
		}
	}
	return a.finish(ctx, err)
}

// applier is a restore under way.
type applier struct {
	ApplyOptions
	plan    record.Restore
	request Request
	waves   *job.Waves
	verdict int64 // the run that read back, 0 before it
	twinned bool  // a second one was deleted since the latest look for them began
	notes   []string

	givenUp  lateUpdates
	unmailed int // people who were to get mail, and did not for all that is known

	// queriesGone says that the instance does not have a query any more that the backup
	// names.
	queriesGone atomic.Bool

	observing sync.Mutex

	mu     sync.Mutex
	ids    map[record.Ref]string // of documents and parts of the backup: what they are called on the instance
	copies map[record.Ref]string // what the copies of documents are called
	// What follows does not change.
	dropped map[record.Ref]bool   // documents that are nowhere
	stood   map[record.Ref]string // what earlier restores have made for others
	anew    map[record.Ref]bool   // what this one makes anew
	since   since                 // what was made on the instance after the plan
	// remaking are queries that a worker makes anew, each with what is closed when it is over.
	remaking map[record.Ref]chan struct{}
	// followed are queries that others follow, which name what has another id by now.
	followed map[record.Ref]bool
	// shared are parts that documents name and this restore has seen to. Who makes one holds sharing.
	sharing sync.Mutex
	shared  map[record.Ref]bool
}

func newApplier(ctx context.Context, o ApplyOptions) (*applier, error) {
	a := &applier{
		ApplyOptions: o, plan: o.Journal.Plan(), ids: make(map[record.Ref]string), copies: make(map[record.Ref]string), dropped: make(map[record.Ref]bool),
		remaking: make(map[record.Ref]chan struct{}), followed: make(map[record.Ref]bool), shared: make(map[record.Ref]bool),
	}
	var err error
	if a.request, err = RequestOf(a.plan); err != nil {
		return nil, err
	}
	for _, ref := range a.request.Dropped {
		a.dropped[ref] = true
	}
	if a.Pause == nil {
		a.Pause = pause
	}
	a.waves = job.NewWaves(job.WavesOptions{Stop: o.Stop, Grace: o.Grace})
	mappings, err := o.Reader.Mappings(ctx, a.plan.Source, a.plan.Target)
	if err != nil {
		return nil, err
	}
	a.noteAddresses(mappings)
	if err := a.noteHomes(ctx); err != nil {
		return nil, err
	}
	a.since = newSince(a.plan, mappings)
	if a.request.Undo == 0 { // what is undone goes back to what a look saw, in the ids of the instance
		a.ids = targetsOf(mappings)
	}
	for part, target := range a.request.parts() {
		if !slices.ContainsFunc(mappings, func(m record.Mapping) bool { return m.Ref == part && m.Restore == a.plan.ID }) {
			a.ids[part] = target
		}
	}
	for from, to := range a.request.Assigned {
		a.ids[record.Ref{Kind: catalogue.Users, ID: from}] = to
	}
	for from, to := range a.request.Places {
		a.ids[record.Ref{Kind: catalogue.Folders, ID: from}] = to
	}
	for _, m := range mappings { // of an earlier attempt: a place that came with its user
		if _, ok := a.request.Places[m.ID]; ok && m.Kind == catalogue.Folders && m.Restore == a.plan.ID && m.State == record.MapLive {
			a.ids[m.Ref] = m.TargetID
		}
	}
	for _, action := range a.plan.Actions {
		switch {
		case action.Target == "", action.Deed == record.DeedDelete: // what is deleted stands for nothing
		case a.request.beside(action.Ref):
			a.learnCopy(action.Ref, action.Target)
		default:
			a.ids[action.Ref] = action.Target
		}
	}
	return a, nil
}

// enterRecognized adds to the map of ids which documents of the instance, and which parts, the plan
// took for those of the backup: they are so from now on, whatever they are called.
func (a *applier) enterRecognized(ctx context.Context) error {
	var maps []record.Mapping
	enter := func(ref record.Ref, target string) {
		maps = append(maps, record.Mapping{
			Source: a.plan.Source, Target: a.plan.Target, Ref: ref, TargetID: target, How: record.MapMatched,
			Restore: a.plan.ID, At: a.Now(), State: record.MapLive,
		})
	}
	for _, action := range a.plan.Actions {
		switch action.Deed {
		case record.DeedReuse, record.DeedSkip, record.DeedUpdate, record.DeedMove, record.DeedUndelete:
			if action.Target != "" && action.Target != action.ID && !a.request.beside(action.Ref) {
				enter(action.Ref, action.Target)
			}
		}
	}
	for part, target := range a.request.parts() {
		if a.ids[part] == target {
			enter(part, target)
		}
	}
	if len(maps) == 0 || a.request.Undo != 0 {
		return nil
	}
	return a.Journal.Settle(ctx, nil, nil, maps)
}

// draft gets an action ready: the body that is wanted, and what is known of earlier
// attempts. An action that needs one which was not done is blocked.
func (a *applier) draft(ctx context.Context, action record.Action, read func(int64) (vault.Document, error), emit pipeline.Emit[*task]) error {
	if need := a.undone(action); need != nil {
		action.State, action.Message = record.ActionBlocked, fmt.Sprintf("it needs %s, which is %s", need.Ref, need.State)
		return emit(a.task(action, nil))
	}
	t, err := a.taskOf(ctx, action, read)
	if err != nil {
		return err
	}
	return emit(t)
}

// task is an action that is to be carried out.
func (a *applier) task(action record.Action, spec *catalogue.Spec) *task {
	t := &task{applier: a, action: action, spec: spec, resumed: action.State == record.ActionRunning}
	if a.request.beside(action.Ref) {
		t.own = make(map[record.Ref]string)
	}
	return t
}

// undone is the first action that another one needs and that was not done, nil for
// none.
func (a *applier) undone(action record.Action) *record.Action {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, seq := range action.Needs {
		switch need := a.plan.Actions[seq-1]; need.State {
		case record.ActionDone, record.ActionSame, record.ActionSkipped:
		default:
			return &need
		}
	}
	return nil
}

// act carries out an action. Only what is wrong with the whole restore is an error.
func (a *applier) act(ctx context.Context, t *task, emit pipeline.Emit[*task]) error {
	if t.action.State == record.ActionBlocked {
		return emit(t)
	}
	if a.waves.Stopped() {
		return nil // it stays as it is, and applying again goes on with it
	}
	err := t.perform(ctx)
	if err != nil && aboutRestore(err) {
		if errors.Is(err, errStopped) {
			err = nil // applying again goes on with what is half done
		}
		// What was learnt until then is in the journal, or is looked for again.
		if t.wrote && !t.sent && !t.resumed {
			return vault.Join(err, a.notBegun(ctx, t))
		}
		if len(t.done) > 0 {
			err = vault.Join(err, a.Journal.Advance(context.WithoutCancel(ctx), t.done, nil))
		}
		return err
	}
	t.conclude(err)
	return emit(t)
}

// notBegun takes back the note that an action is under way, of which nothing has left the client.
func (a *applier) notBegun(ctx context.Context, t *task) error {
	t.action.State = record.ActionPlanned
	return a.Journal.Settle(context.WithoutCancel(ctx), t.done, []record.Action{t.action}, nil)
}

// aboutRestore reports whether an error ends the restore rather than one action.
func aboutRestore(err error) bool {
	if _, ok := errors.AsType[*vault.Error](err); ok {
		return true
	}
	switch looker.Class(err) {
	case looker.FaultCancelled, looker.FaultDown:
		return true
	}
	for _, sentinel := range []error{looker.ErrBudget, looker.ErrDown, looker.ErrLogin, looker.ErrClosed, context.Canceled, errJournal, errStopped} {
		if errors.Is(err, sentinel) {
			return true
		}
	}
	return false
}

// errStopped ends an action between two of its calls.
var errStopped = fmt.Errorf("stop between two calls: %w", job.ErrInterrupted)

// errJournal says that what was done could not be noted down.
var errJournal = errors.New("note down what the restore does")

// settle makes the outcome of an action durable.
func (a *applier) settle(ctx context.Context, t *task, _ pipeline.Emit[struct{}]) error {
	t.action.At = a.Now()
	if err := a.Journal.Settle(ctx, t.done, append(t.ownedActions(), t.action), t.maps); err != nil {
		return err
	}
	a.store(t.action)
	if a.Observe != nil {
		a.observing.Lock()
		defer a.observing.Unlock()
		a.Observe(t.action)
	}
	return nil
}

// store keeps the outcome of an action for those that need it.
func (a *applier) store(action record.Action) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plan.Actions[action.Seq-1] = action
}

// learn notes what a document or part of the backup is called on the instance.
func (a *applier) learn(kind record.Kind, id, target string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ids[record.Ref{Kind: kind, ID: id}] = target
}

// resolve is a [canon.Resolver]: what a document or part of the backup is called on the
// instance, which is as before where nobody knows better.
func (a *applier) resolve(kind record.Kind, id string) (string, bool) {
	ref := a.request.representative(record.Ref{Kind: kind, ID: id})
	if a.dropped[ref] {
		return "", false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	target, ok := a.ids[ref]
	if !ok {
		return ref.ID, true
	}
	// What stood for it may have been made anew in its turn, by this restore.
	for range a.plan.Actions {
		next, ok := a.ids[record.Ref{Kind: kind, ID: target}]
		if !ok || next == target {
			break
		}
		target = next
	}
	return target, true
}

// finish seals the restore.
func (a *applier) finish(ctx context.Context, err error) (record.Restore, error) {
	state := record.RestoreComplete
	if a.unmailed > 0 {
		state = record.RestorePartial
	}
	for _, action := range a.plan.Actions {
		switch action.State {
		case record.ActionDone, record.ActionSame, record.ActionSkipped:
			if a.request.Leaves(action) || action.Checked == record.CheckedDifferent || action.Checked == record.CheckedMissing {
				state = record.RestorePartial
			}
		default:
			state = record.RestorePartial
		}
	}
	switch {
	case errors.Is(err, job.ErrInterrupted), errors.Is(err, context.Canceled), errors.Is(err, looker.ErrBudget), errors.Is(err, looker.ErrDown):
		state = record.RestoreInterrupted
	case err != nil:
		state = record.RestoreFailed
	}
	sealed, sealErr := a.Journal.Finish(context.WithoutCancel(ctx), state, a.verdict, a.notes)
	if sealErr != nil {
		sealed = unsealed(a.Journal)
		if err == nil {
			err = fmt.Errorf("seal the restore: %w", sealErr)
		}
	}
	return sealed, err
}
