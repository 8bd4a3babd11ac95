package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// withQueries writes something that names queries. They stay on an instance for ever, so
// that their old ids are right; on one that does not have them any more they are made
// again, from the backup, and what names them is written once more.
func (t *task) withQueries(ctx context.Context, w *catalogue.Write, body []byte, write func() error) error {
	if err := t.makeLed(ctx, w, body); err != nil {
		return err
	}
	if err := t.makeFollowing(ctx, w, body); err != nil {
		return err
	}
	if t.queriesGone.Load() {
		// Whether it needs one that no backup has either, the server says.
		if _, err := t.remakeAll(ctx, w, body); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
	}
	err := write()
	if !t.lacksQueries(w, err) {
		return err
	}
	t.queriesGone.Store(true) // those of others are probably gone as well
	made, remakeErr := t.remakeAll(ctx, w, body)
	if remakeErr != nil || !made {
		return errors.Join(err, remakeErr)
	}
	return write()
}

// lacksQueries reports whether an error may say that a query which is named is not there.
func (t *task) lacksQueries(w *catalogue.Write, err error) bool {
	refused, ok := errors.AsType[*looker.StatusError](err)
	if !ok || refused.Status != 422 && refused.Status != 404 {
		return false
	}
	return slices.ContainsFunc(refused.Errors, func(e looker.FieldError) bool {
		return slices.ContainsFunc(w.Refs, func(r catalogue.Reference) bool { return r.Path == e.Field && immutable(r.Kind) })
	})
}

func immutable(kind record.Kind) bool {
	spec, ok := catalogue.Find(kind)
	return ok && spec.Immutable
}

// remakeAll makes the queries again that a document or part names, but for those that
// were made already.
func (t *task) remakeAll(ctx context.Context, w *catalogue.Write, body []byte) (made bool, err error) {
	nested, err := canon.NestedIn(w, body)
	if err != nil {
		return false, err
	}
	named, err := canon.References(w, body)
	if err != nil {
		return false, err
	}
	for _, ref := range named {
		if !immutable(ref.Kind) || t.remade(ref.Ref) {
			continue
		}
		var text []byte
		if i := slices.IndexFunc(nested, func(n canon.NestedDocument) bool { return n.Ref == ref.Ref }); i >= 0 {
			text = nested[i].Body
		}
		if err := t.remakeOnce(ctx, ref.Ref, text); err != nil {
			return made, err
		}
		made = true
	}
	return made, nil
}

// remade reports whether something stands for a query of the backup that has another id.
func (t *task) remade(ref record.Ref) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	id, ok := t.ids[ref]
	return ok && id != ref.ID
}

// remakeOnce is remake, unless another worker is at it: then it waits for that one, and makes
// only what that could not.
func (t *task) remakeOnce(ctx context.Context, ref record.Ref, body []byte) error {
	return t.once(ctx, ref, func() error { return t.remake(ctx, ref, body) })
}

// once lets one worker at a time make what stands for a query, and none where something does.
func (t *task) once(ctx context.Context, ref record.Ref, makeIt func() error) error {
	for {
		t.mu.Lock()
		other := t.remaking[ref]
		if other == nil {
			t.remaking[ref] = make(chan struct{})
		}
		t.mu.Unlock()
		if other == nil {
			break
		}
		select {
		case <-other:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if t.remade(ref) {
			return nil
		}
	}
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		close(t.remaking[ref])
		delete(t.remaking, ref)
	}()
	if t.remade(ref) {
		return nil
	}
	return makeIt()
}

// remake makes a query, or a merged result with its queries. The server gives the same
// id to the same query, so it does no harm to do so twice.
func (t *task) remake(ctx context.Context, ref record.Ref, body []byte) error {
	spec, _ := catalogue.Find(ref.Kind)
	if body == nil {
		d, err := t.Reader.Document(ctx, t.plan.Source, ref, vault.Point{})
		if err != nil {
			return fmt.Errorf("%s is not on the instance any more, and in no backup: %w", ref, err)
		}
		body = d.Body
	}
	if canon.HasRedacted(spec.Write, body) {
		return redactedQuery(ref)
	}
	if _, err := t.remakeAll(ctx, spec.Write, body); err != nil {
		return err
	}
	sent, missing, err := canon.Creation(spec.Write, body, t.resolve)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return &canon.UnmappedError{Refs: missing}
	}
	id, err := t.postQuery(ctx, spec, ref, sent)
	if err != nil {
		return err
	}
	if strings.HasPrefix(ref.ID, ledPrefix) { // the backup has no such query
		t.applier.learn(ref.Kind, ref.ID, id)
		return nil
	}
	t.enter(ref, id, record.MapCreated)
	return nil
}

// redactedQuery says that a query is not made of which a backup lacks something: it would be another one.
func redactedQuery(ref record.Ref) error {
	const lacks = "stages.redact.paths keeps some of it out of the backup"
	if strings.HasPrefix(ref.ID, ledPrefix) {
		return fmt.Errorf("the texts of a query that it shows lead elsewhere by now, and %s: --links keep leaves it as it is", lacks)
	}
	return fmt.Errorf("%s is not on the instance any more, and %s: make it by hand", ref, lacks)
}

// postQuery makes a query and returns its id.
func (t *task) postQuery(ctx context.Context, spec *catalogue.Spec, ref record.Ref, sent []byte) (string, error) {
	answer, err := t.send(ctx, spec.Write.Create, spec.Write.Create.Path, sent)
	if err != nil {
		return "", fmt.Errorf("%s: %w", ref, err)
	}
	id := canon.Text(canon.Member(answer, spec.Fields.ID))
	if id == "" {
		return "", fmt.Errorf("%s was made again, and Looker does not say under which id", ref)
	}
	return id, nil
}
