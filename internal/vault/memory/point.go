package memory

import (
	"context"
	"iter"
	"slices"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Entries yields documents in the order of kind and id, without reading bodies.
func (r *Reader) Entries(ctx context.Context, query vault.Query) iter.Seq2[vault.Entry, error] {
	return func(yield func(vault.Entry, error) bool) {
		found, err := r.find(ctx, query)
		if err != nil {
			yield(vault.Entry{}, err)
			return
		}
		for _, s := range found {
			if !yield(s.Entry, nil) {
				return
			}
		}
	}
}

// Documents yields documents with their bodies, in the order of kind and id.
func (r *Reader) Documents(ctx context.Context, query vault.Query) iter.Seq2[vault.Document, error] {
	return func(yield func(vault.Document, error) bool) {
		found, err := r.find(ctx, query)
		if err != nil {
			yield(vault.Document{}, err)
			return
		}
		for _, s := range found {
			body, err := decodeRecord(&s.record)
			if !yield(vault.Document{Entry: s.Entry, Body: slices.Clone(body)}, err) || err != nil {
				return
			}
		}
	}
}

// find finds the documents that a query asks for.
func (r *Reader) find(ctx context.Context, query vault.Query) (found []stored, err error) {
	instance, run, err := r.horizon(ctx, query.Instance, query.At)
	if err != nil {
		return nil, err
	}
	r.each(instance, query.Kind, func(key instanceRef, d *document) {
		s, held := r.at(key, d, run)
		if held && (s.State != record.Gone || query.Deleted) && (s.State != record.Present || !query.Deleted) {
			found = append(found, s)
		}
	})
	sortIDs(found, query)
	return found, nil
}

// stored is an entry with the record that holds its body.
type stored struct {
	vault.Entry
	record record.Record
}

// sortIDs puts what is held in the order that a query wants.
func sortIDs(found []stored, query vault.Query) {
	if query.Sort == nil {
		return
	}
	for len(found) > 0 {
		n := 1
		for n < len(found) && found[n].Kind == found[0].Kind {
			n++
		}
		var ids []string
		byID := map[string]stored{}
		for _, s := range found[:n] {
			ids = append(ids, s.ID)
			byID[s.ID] = s
		}
		query.Sort(ids)
		for i, id := range ids {
			found[i] = byID[id]
		}
		found = found[n:]
	}
}

// Document returns one document as it was known at a point.
func (r *Reader) Document(ctx context.Context, instance string, ref record.Ref, at vault.Point) (vault.Document, error) {
	name, run, err := r.horizon(ctx, instance, at)
	if err != nil {
		return vault.Document{}, err
	}
	absent := &vault.AbsentError{Ref: ref, Run: run}
	var found *stored
	r.each(name, ref.Kind, func(key instanceRef, d *document) {
		if key.ID != ref.ID {
			return
		}
		absent.Seen = d.versions[0].first
		absent.Pruned = d.seen != 0 && d.seen <= run
		if s, held := r.at(key, d, run); held {
			found = &s
		}
	})
	switch {
	case found == nil:
		return vault.Document{}, absent
	case run != 0 && found.State == record.Gone:
		return vault.Document{}, &vault.AbsentError{Ref: ref, Run: run, Gone: found.GoneRun, LastSeen: found.LastRun}
	}
	body, err := decodeRecord(&found.record)
	return vault.Document{Entry: found.Entry, Body: slices.Clone(body)}, err
}

// horizon finds the instance and the run of a point; run 0 is now.
func (r *Reader) horizon(ctx context.Context, instance string, at vault.Point) (name string, run int64, err error) {
	if at.IsNow() {
		found, err := r.Resolve(ctx, instance)
		return found.Name, 0, err
	}
	found, err := r.RunAt(ctx, instance, at)
	return found.Instance, found.ID, err
}

// at is a document as it was known by a run. It reports false where nobody had seen it.
func (r *Reader) at(key instanceRef, d *document, run int64) (stored, bool) {
	if run == 0 {
		e := d.entry(key, d.newest())
		e.State = d.state
		return stored{e, d.newest().record}, true
	}
	for _, v := range slices.Backward(d.versions) {
		if v.first > run {
			continue
		}
		e := d.entry(key, v)
		switch {
		case e.GoneRun > run:
			e.GoneRun = 0
		case e.GoneRun != 0:
			e.State = record.Gone
		}
		if e.LastRun > run {
			e.LastRun = r.lastSeen(key, v.record.State, e.FirstRun, run)
		}
		return stored{e, v.record}, true
	}
	return stored{}, false
}

// lastSeen is the last run, from first on and up to another one, that is known to have
// seen a version that was there all the time: one that looked at the whole kind and
// settled the document.
func (r *Reader) lastSeen(key instanceRef, state record.State, first, until int64) int64 {
	for id := until; id > first; id-- {
		run := r.of.runs[id-1]
		c := run.kinds[key.Kind]
		if run.Instance != key.instance || c == nil || c.Listing != record.Complete || !run.Scope.Unscoped() {
			continue
		}
		if !run.observed[key.Ref] || c.TrashRested && state == record.Trashed {
			continue
		}
		return id
	}
	return first
}
