package restore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// A query never changes, and may name what gets another id: the colours of a collection that is made
// anew. Then it is followed by another query, which names that; and what names the one names the
// other from then on.

// queryNames are the kinds of what queries name, but for queries.
var queryNames = sync.OnceValue(func() map[record.Kind]bool {
	kinds := make(map[record.Kind]bool)
	for _, spec := range catalogue.All() {
		if !spec.Immutable {
			continue
		}
		for r := range spec.Write.AllRefs() {
			kinds[r.Kind] = kinds[r.Kind] || !immutable(r.Kind)
		}
	}
	return kinds
})

// enterInner enters what the things are called that lie in a document without routes of their own,
// as it is now: the palettes of a colour collection.
func (t *task) enterInner(now []byte) error {
	pairs, err := canon.InnerPairs(t.spec.Write, t.wanted, now)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if known, _ := t.applier.resolve(p.Ref.Kind, p.Ref.ID); known != p.Target {
			t.enter(p.Ref, p.Target, record.MapCreated)
		}
	}
	return nil
}

// rereadInner enters what the things in a document are called that was changed: Looker may have given them
// other ids.
func (t *task) rereadInner(ctx context.Context) error {
	if !writesInner(t.spec, t.action.Changes) {
		return nil
	}
	now, err := t.reread(ctx)
	if err != nil {
		return err
	}
	return t.enterInner(now)
}

// makeFollowing makes the queries that follow those which a document names, or a part of one, and
// that name what has another id by now. Those of the parts of a document are made with these.
func (t *task) makeFollowing(ctx context.Context, w *catalogue.Write, body []byte) error {
	if !t.anyRenamed() {
		return nil
	}
	nested, err := canon.NestedIn(w, body)
	if err != nil {
		return err
	}
	bodies := make(map[record.Ref][]byte, len(nested))
	for _, n := range nested {
		bodies[n.Ref] = n.Body
	}
	named, err := canon.References(w, body)
	if err != nil {
		return err
	}
	for _, ref := range named {
		if !immutable(ref.Kind) || ref.Part != "" || t.isFollowed(ref.Ref) {
			continue
		}
		if err := t.makeFollower(ctx, ref.Ref, bodies[ref.Ref]); err != nil {
			return err
		}
	}
	return nil
}

// anyRenamed reports whether anything has another id by now that queries may name.
func (t *task) anyRenamed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ref, id := range t.ids {
		if queryNames()[ref.Kind] && id != ref.ID {
			return true
		}
	}
	return false
}

func (t *task) isFollowed(ref record.Ref) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.followed[ref]
}

// makeFollower makes the query that follows one, whose body is nil where only the vault, or the
// instance, has it. Queries that stay as they are, and those that are nowhere, have none.
func (t *task) makeFollower(ctx context.Context, ref record.Ref, body []byte) (err error) {
	spec := catalogue.Lookup(ref.Kind)
	if body == nil {
		if body, err = t.queryBody(ctx, spec, ref); err != nil || body == nil {
			return err
		}
	}
	if canon.HasRedacted(spec.Write, body) { // the instance has all of it
		if body, err = t.queryOnInstance(ctx, spec, ref); err != nil || body == nil {
			return err
		}
	}
	if err := t.makeFollowing(ctx, spec.Write, body); err != nil {
		return err
	}
	was, _, err := canon.Creation(spec.Write, body, canon.Itself)
	if err != nil {
		return err
	}
	is, _, err := canon.Creation(spec.Write, body, t.resolveInQuery)
	if err != nil || bytes.Equal(was, is) {
		return err
	}
	sum := sha256.Sum256(is)
	follower := record.Ref{Kind: ref.Kind, ID: ledPrefix + hex.EncodeToString(sum[:16])}
	if err := t.once(ctx, follower, func() error {
		id, err := t.postQuery(ctx, spec, ref, is)
		if err == nil {
			t.applier.learn(follower.Kind, follower.ID, id)
		}
		return err
	}); err != nil {
		return err
	}
	id, _ := t.applier.resolve(follower.Kind, follower.ID)
	t.enter(ref, id, record.MapCreated)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.followed[ref] = true
	return nil
}

// resolveInQuery is a [canon.Resolver] of what queries name. Queries that none follows are called what
// they were called.
func (t *task) resolveInQuery(kind record.Kind, id string) (string, bool) {
	if immutable(kind) && !t.isFollowed(record.Ref{Kind: kind, ID: id}) {
		return id, true
	}
	return t.resolve(kind, id)
}

// queryBody is the body of a query that no document nests: from the vault, else from the instance,
// nil where neither has it.
func (t *task) queryBody(ctx context.Context, spec *catalogue.Spec, ref record.Ref) ([]byte, error) {
	d, err := t.Reader.Document(ctx, t.plan.Source, ref, vault.Point{})
	if err == nil || !errors.Is(err, vault.ErrNotFound) {
		return d.Body, err
	}
	return t.queryOnInstance(ctx, spec, ref)
}

// queryOnInstance is the body of a query as the instance has it, nil where it has none.
func (t *task) queryOnInstance(ctx context.Context, spec *catalogue.Spec, ref record.Ref) ([]byte, error) {
	body, err := t.getOne(ctx, spec, ref.ID)
	if looker.Class(err) == looker.FaultMissing {
		return nil, nil
	}
	return body, err
}
