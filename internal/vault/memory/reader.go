package memory

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A Reader reads what a Vault holds, also while a run writes to it. Every answer is of one
// state. It serves any number of goroutines.
type Reader struct{ of *Vault }

var _ vault.Answers = (*Reader)(nil)

// Reader returns a reader of the vault.
func (m *Vault) Reader() *Reader { return &Reader{m} }

// Instances lists the instances by name.
func (r *Reader) Instances(context.Context) ([]vault.Instance, error) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	return r.instances(), nil
}

func (r *Reader) instances() (list []vault.Instance) {
	for _, run := range r.of.runs {
		i := slices.IndexFunc(list, func(i vault.Instance) bool { return i.Name == run.Instance })
		if i < 0 {
			i = len(list)
			list = append(list, vault.Instance{ID: int64(i + 1), Name: run.Instance})
		}
		list[i].BaseURL = run.BaseURL
	}
	slices.SortFunc(list, func(a, b vault.Instance) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Resolve finds the instance of a name.
func (r *Reader) Resolve(_ context.Context, name string) (vault.Instance, error) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	return r.resolve(name)
}

func (r *Reader) resolve(name string) (vault.Instance, error) {
	list := r.instances()
	for _, i := range list {
		if i.Name == name || name == "" && len(list) == 1 {
			return i, nil
		}
	}
	if name == "" && len(list) > 1 {
		return vault.Instance{}, vault.ErrAmbiguous
	}
	return vault.Instance{}, fmt.Errorf("instance %q: %w", name, vault.ErrNotFound)
}

// Runs lists runs, the newest first.
func (r *Reader) Runs(_ context.Context, instance string) (list []record.Run, err error) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if instance != "" {
		if _, err := r.resolve(instance); err != nil {
			return nil, err
		}
	}
	for _, run := range slices.Backward(r.of.runs) {
		if instance == "" || run.Instance == instance {
			list = append(list, r.told(run))
		}
	}
	return list, nil
}

// told is a run as a reader sees it: one that nobody writes was interrupted.
func (r *Reader) told(stored *storedRun) record.Run {
	run := r.of.described(stored)
	if run.Outcome == record.RunRunning && r.of.run == nil {
		run.Outcome = record.RunInterrupted
	}
	return run
}

// Run returns one run; 0 is the newest.
func (r *Reader) Run(_ context.Context, id int64) (record.Run, error) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if id == 0 {
		id = int64(len(r.of.runs))
	}
	if id < 1 || id > int64(len(r.of.runs)) {
		return record.Run{}, fmt.Errorf("run %d: %w", id, vault.ErrNotFound)
	}
	return r.told(r.of.runs[id-1]), nil
}

// RunAt returns the run that a point means.
func (r *Reader) RunAt(ctx context.Context, instance string, p vault.Point) (record.Run, error) {
	if p.Until.IsZero() && !p.Newest {
		run, err := r.Run(ctx, p.Run)
		switch {
		case err != nil:
		case instance != "" && instance != run.Instance:
			err = fmt.Errorf("run %d of instance %q: %w, it is one of %q", run.ID, instance, vault.ErrNotFound, run.Instance)
		case run.Pruned:
			err = fmt.Errorf("run %d: %w", run.ID, vault.ErrPruned)
		}
		return run, err
	}
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return record.Run{}, err
	}
	runs, err := r.Runs(ctx, found.Name)
	if err != nil {
		return record.Run{}, err
	}
	back := p.Back
	for _, run := range runs {
		switch {
		case run.Pruned:
		case !p.Until.IsZero() && (run.Finished.IsZero() || run.Finished.After(p.Until.Truncate(time.Millisecond))):
		case p.Backups && run.Origin == record.OriginLook:
		case back > 0:
			back--
		default:
			return run, nil
		}
	}
	return record.Run{}, fmt.Errorf("run %s of %s: %w", p, found.Name, vault.ErrNotFound)
}

// Faults lists the faults of a run, or of all.
func (r *Reader) Faults(ctx context.Context, run int64) ([]vault.Fault, error) {
	if run != 0 {
		if _, err := r.Run(ctx, run); err != nil {
			return nil, err
		}
	}
	return r.faults(func(f vault.Fault) bool { return run == 0 || f.Run == run }), nil
}

// OpenFaults lists the unresolved faults of an instance.
func (r *Reader) OpenFaults(ctx context.Context, instance string) ([]vault.Fault, error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	return r.faults(func(f vault.Fault) bool { return f.Instance == found.Name && f.Resolved == 0 }), nil
}

func (r *Reader) faults(wanted func(vault.Fault) bool) (list []vault.Fault) {
	for _, f := range r.of.Faults() {
		told := vault.Fault{Ref: f.Ref, Fault: f.Fault, Instance: f.Instance, Run: f.Run, At: f.At, Resolved: f.Resolved}
		if wanted(told) {
			list = append(list, told)
		}
	}
	return list
}

// entry is a version as its document's history tells it.
func (d *document) entry(key instanceRef, v *version) vault.Entry {
	rec := &v.record
	e := vault.Entry{
		Ref: key.Ref, State: rec.State, Name: rec.Name, Folder: rec.Folder, Owner: rec.Owner, Updated: rec.Updated,
		Size: rec.Size, Hash: rec.Hash, FirstRun: v.first, LastRun: v.last, GoneRun: v.gone, FetchedAt: rec.At,
		Route: rec.Route, Redacted: slices.Clone(rec.Redacted), Version: v.number,
	}
	if v.last == 0 {
		e.LastRun = d.settled
	}
	return e
}

func (d *document) entries(key instanceRef) (list []vault.Entry) {
	for _, v := range d.versions {
		list = append(list, d.entry(key, v))
	}
	return list
}

// Versions returns all versions of a document, the oldest first.
func (r *Reader) Versions(ctx context.Context, instance string, ref record.Ref) ([]vault.Entry, error) {
	found, err := r.Resolve(ctx, instance)
	if err != nil {
		return nil, err
	}
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	key := instanceRef{found.Name, ref}
	if d := r.of.docs[key]; d != nil {
		return d.entries(key), nil
	}
	return nil, &vault.AbsentError{Ref: ref}
}

// Between yields the documents of which a span's end knew something else than its beginning.
func (r *Reader) Between(ctx context.Context, span vault.Span) iter.Seq2[vault.Passage, error] {
	return r.passages(ctx, span, func(_ []vault.Entry, after, until int64) []step { return []step{{from: after, to: until}} })
}

// Events yields what each run saw change, the newest run first.
func (r *Reader) Events(ctx context.Context, span vault.Span) iter.Seq2[vault.Passage, error] {
	return r.passages(ctx, span, func(versions []vault.Entry, after, until int64) (steps []step) {
		runs := map[int64]bool{}
		for _, v := range versions {
			runs[v.FirstRun], runs[v.GoneRun] = true, true
		}
		for run := range runs {
			if run > after && run <= until {
				steps = append(steps, step{from: run - 1, to: run, run: run})
			}
		}
		return steps
	})
}

// step is a way from one run to another; run is the one that it is about, 0 for several.
type step struct{ from, to, run int64 }

// passages yields how documents differ over the steps of a span, the newest step first.
func (r *Reader) passages(ctx context.Context, span vault.Span, steps func(versions []vault.Entry, after, until int64) []step) iter.Seq2[vault.Passage, error] {
	return func(yield func(vault.Passage, error) bool) {
		found, err := r.Resolve(ctx, span.Instance)
		if err != nil {
			yield(vault.Passage{}, err)
			return
		}
		until := span.Until
		if until == 0 {
			until = math.MaxInt64
		}
		byEnd := map[int64][]vault.Passage{}
		r.each(found.Name, span.Kind, func(key instanceRef, d *document) {
			if span.ID != "" && key.ID != span.ID {
				return
			}
			versions := d.entries(key)
			for _, s := range steps(versions, span.After, until) {
				p := vault.Passage{Ref: key.Ref, Run: s.run, Before: vault.HeldAt(versions, s.from), After: vault.HeldAt(versions, s.to)}
				if p.Before != p.After {
					byEnd[s.to] = append(byEnd[s.to], p)
				}
			}
		})
		for _, end := range slices.Backward(slices.Sorted(maps.Keys(byEnd))) {
			for _, p := range byEnd[end] {
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}

// each calls fn with the documents of an instance, in the order of kind and id.
func (r *Reader) each(instance string, kind record.Kind, fn func(instanceRef, *document)) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	for _, key := range r.of.keys() {
		if key.instance == instance && (kind == "" || key.Kind == kind) {
			fn(key, r.of.docs[key])
		}
	}
}
