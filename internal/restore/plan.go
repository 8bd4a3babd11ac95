package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// PlanOptions is what planning needs.
type PlanOptions struct {
	Reader   vault.Reader
	Instance string
	Request  Request
	Caller   record.Caller
	Tool     string
	Secrets  Secrets // what no backup holds; of a plan only which they are
	// Client tells what no run fetches, and which Looker answers where no look has seen a document
	// that tells.
	Client Getter
	// Look makes a run that looks at a scope of the instance, and returns its number.
	Look func(ctx context.Context, scope record.Scope) (int64, error)
	Now  func() time.Time
	// Settle is how long the server may still be at work on what a restore had sent when it was cut
	// off: to undo that, a plan waits so long before it looks.
	Settle time.Duration
	Pause  func(ctx context.Context, d time.Duration) error // waits; nil waits by the clock
	// Settling, when not nil, is told for how long the plan waits for that.
	Settling func(d time.Duration)
}

// Getter reads from the instance.
type Getter interface {
	Get(ctx context.Context, r looker.Request) (*looker.Response, error)
}

// ErrPartialView says that the API key does not see everything, so that no plan can
// tell what is missing.
var ErrPartialView = errors.New("the API key is not an administrator's: what it does not see may be there all the same")

// ErrCallerUnknown says that Looker does not tell whose the API key is, so that no plan can take for
// missing what is not shown to it.
var ErrCallerUnknown = errors.New("Looker does not say whether the API key is an administrator's: what it does not show may be there all the same")

// unproven is why nothing that a key is not shown is known to be missing, nil where it is known.
func unproven(caller record.Caller) error {
	switch {
	case caller.KnownAdmin():
		return nil
	case caller.SeesLess():
		return ErrPartialView
	}
	return ErrCallerUnknown
}

// maxLooks bounds how often a plan looks at more of the instance, since what it sees
// can make it ask for more: a missing folder, then the folder above it.
const maxLooks = 6

// Plan looks at an instance and works out what has to be done to it. It writes nothing
// to Looker, and returns an [AnotherError] where that is not the one that was backed up. The plan
// is not stored yet: it has neither a number nor a digest.
func Plan(ctx context.Context, o PlanOptions) (record.Restore, error) {
	if err := unproven(o.Caller); err != nil && !o.Request.PartialView {
		return record.Restore{}, err
	}
	p, err := newPlanner(ctx, o)
	if err != nil {
		return record.Restore{}, err
	}
	if err := p.letSettle(ctx); err != nil {
		return record.Restore{}, err
	}
	var wishes []wish
	if err = p.reading(ctx, func() (err error) {
		wishes, err = p.selected(ctx)
		return err
	}); err != nil {
		return record.Restore{}, err
	}
	d, err := p.lookAndDraft(ctx, wishes)
	if err != nil {
		return record.Restore{}, err
	}
	if err := p.identify(ctx); err != nil {
		return record.Restore{}, err
	}
	for _, id := range p.present.damaged {
		p.note("restore %d is damaged in the vault, or another version of this program made it: what it has made, and is not in the map of ids either, may be taken for missing; lookervault verify says more", id)
	}
	for _, line := range p.notes {
		d.note("%s", line)
	}
	switch {
	case len(wishes) > 0:
	case p.request.Undo != 0:
		d.note("restore %d has changed nothing, so there is nothing to take back", p.request.Undo)
	default:
		d.note("of all documents that the backup holds none is selected")
	}
	return p.restore(ctx, d)
}

// planner makes one plan.
type planner struct {
	PlanOptions
	reader   vault.Reader
	instance string
	request  *Request
	past     *past
	pasts    map[int64]*past // earlier moments, by run
	present  *present
	keys     vault.Keys // of the runs in the vault
	look     int64      // the newest look, 0 before the first one
	bodyOf   func(vault.Entry) ([]byte, error)
	// comparisons are by version on the instance and wanted version.
	comparisons map[[2]int64]*comparison
	// undoing are the documents whose restore is undone: one that another one lies in may come
	// back with it.
	undoing    map[record.Ref]wish
	undonePast *past    // what was known when the restore looked that is undone, where that was asked
	undoneBy   *applier // what carries out the restore that is undone, where that was asked; it makes no calls
	// holders are the documents of the backup that parts lie in, by where these lie and id.
	holders     map[string]map[string]record.Ref
	partsAtMost map[record.Kind]int // of one document in the backup
	words       map[string][]string // what the instance knows, by route; nil where it could not be read
	served      map[record.Ref]bool // whether the instance has what no look asks for, as far as it was asked
	// notes are about what the plan does not take in.
	notes []string
}

// note adds a line for people to the plan.
func (p *planner) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

func newPlanner(ctx context.Context, o PlanOptions) (*planner, error) {
	if o.Pause == nil {
		o.Pause = pause
	}
	p := &planner{
		PlanOptions: o, reader: o.Reader, instance: o.Instance, request: &o.Request, pasts: make(map[int64]*past), words: make(map[string][]string), partsAtMost: make(map[record.Kind]int),
		comparisons: make(map[[2]int64]*comparison), undoing: make(map[record.Ref]wish), holders: make(map[string]map[string]record.Ref), served: make(map[record.Ref]bool),
	}
	starts, err := o.Reader.RunStarts(ctx, o.Instance)
	if err != nil && !errors.Is(err, vault.ErrCorrupt) && !errors.Is(err, vault.ErrNotFound) {
		return nil, err
	}
	p.keys = vault.KeysOf(starts)
	run := o.Request.Run
	if o.Request.Changed != nil {
		run = o.Request.Changed.From
	}
	if p.past, err = newPast(ctx, o.Reader, o.Instance, run); err != nil {
		return nil, err
	}
	before, err := o.Reader.RunAt(ctx, o.Instance, vault.Latest(0))
	if err != nil {
		return nil, err
	}
	p.present, err = newPresent(ctx, o.Reader, o.Instance, before.ID, o.Caller.KnownAdmin())
	if err == nil && o.Request.Undo != 0 {
		// What the look saw has the ids of the instance, each of which means itself.
		clear(p.present.mapped)
		clear(p.present.copies)
		p.present.reset()
	}
	if err == nil {
		p.request.Hosts, err = p.hosts(ctx)
	}
	return p, err
}

// reading calls fn while the bodies of documents can be read, all from one state of the
// vault.
func (p *planner) reading(ctx context.Context, fn func() error) error {
	return p.reader.Bodies(ctx, func(body func(vault.Entry) ([]byte, error)) error {
		p.bodyOf = body
		defer func() { p.bodyOf = nil }()
		return fn()
	})
}

// body is the body of a version. It is the caller's until the next one is read.
func (p *planner) body(_ context.Context, e vault.Entry) ([]byte, error) {
	body, err := p.bodyOf(e)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", e.Ref, err)
	}
	return body, nil
}

// lookAndDraft looks at what is wanted, drafts the plan, and looks at what the draft
// rests on, until it rests on nothing that was not looked at.
func (p *planner) lookAndDraft(ctx context.Context, wishes []wish) (*draft, error) {
	wanted := lookup{refs: make(map[record.Ref]bool)}
	if p.request.Into != "" {
		wanted.lists = map[record.Kind]bool{catalogue.Folders: true}
	}
	for _, w := range wishes {
		if writable(w.Kind) {
			wanted.refs[p.present.target(w.Ref)] = true
		}
	}
	for range maxLooks {
		if !wanted.empty() {
			if err := p.lookAt(ctx, wanted); err != nil {
				return nil, err
			}
		}
		if err := p.findInto(ctx); err != nil {
			return nil, err
		}
		d := newDraft(p)
		if err := p.reading(ctx, func() error { return d.draw(ctx, wishes) }); err != nil {
			return nil, err
		}
		if wanted = (lookup{d.relied, d.searches, d.lists}); wanted.empty() {
			return d, nil
		}
	}
	return nil, fmt.Errorf("after %d looks at the instance the plan still rests on what nobody has seen; plan fewer documents at once", maxLooks)
}

func (p *planner) lookAt(ctx context.Context, wanted lookup) error {
	scope := scopeOf(wanted, p.present.whole)
	run, err := p.Look(ctx, scope)
	if err != nil {
		return fmt.Errorf("look at the instance: %w", err)
	}
	p.look = run
	if err := p.present.looked(ctx, run, scope); err != nil {
		return err
	}
	return p.compareAddress(ctx)
}

// restore is the plan as it is stored.
func (p *planner) restore(ctx context.Context, d *draft) (record.Restore, error) {
	request, err := json.Marshal(p.request)
	if err != nil {
		return record.Restore{}, err
	}
	r := record.Restore{
		Purpose: record.RestorePurpose, Source: p.instance, Target: p.instance, Look: p.look, Request: request,
		WritePolicy: catalogue.WritePolicy, State: record.RestorePlanned, CallerID: p.Caller.ID, ToolVersion: p.Tool,
		PlannedAt: p.Now(), Notes: d.notes, Actions: d.actions(),
	}
	if err := d.addSharedCalls(ctx, r.Actions); err != nil {
		return record.Restore{}, err
	}
	if p.past.exact {
		r.AsOf = p.past.run
	}
	if p.request.Undo != 0 {
		r.Purpose, r.Of = record.UndoPurpose, p.request.Undo
	}
	return r, p.countLinks(ctx, &r)
}
