package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/pipeline"
)

// A large dashboard has a hundred places and texts, each with a request of its own. Those of one
// list touch nothing but themselves, so that several of them are sent at the same time. What is
// made or deleted is not: a request that makes something is in the journal before it leaves.

// update is a request that changes a part of a document.
type update struct {
	name  string // of the part, for people
	write looker.Write
}

// newUpdate is a request that writes and may be repeated: it sends members of a document or part, or deletes it.
func newUpdate(route catalogue.Send, path string, body []byte) looker.Write {
	return looker.Write{
		Route: route.String(), Class: string(route.Activity), Method: route.Method, Path: path, Body: body,
		Repeat: true, Made: looker.NothingDue,
	}
}

// sendAll sends updates that do not touch each other, several at the same time. Those that have
// left are waited for when one fails.
func (t *task) sendAll(ctx context.Context, updates []update) error {
	if len(updates) == 0 {
		return nil
	}
	if t.waves.Stopped() {
		return errStopped
	}
	if err := t.begin(ctx); err != nil {
		return err
	}
	responses := make([]*looker.Response, len(updates))
	places := make([]int, len(updates))
	for i := range places {
		places[i] = i
	}
	errs := pipeline.Each(t.Inner, places, func(i int) (err error) {
		if t.waves.Stopped() {
			return errStopped
		}
		responses[i], err = t.sendUpdate(ctx, updates[i].write)
		return err
	})
	var first error
	for i, err := range errs {
		t.count(responses[i], err)
		t.sent = t.sent || !errors.Is(err, errStopped) && left(err)
		if err == nil {
			continue
		}
		// What is wrong with the whole restore counts more than what Looker says of one part.
		if first == nil || aboutRestore(err) && !aboutRestore(first) {
			first = fmt.Errorf("%s: %w", updates[i].name, err)
		}
	}
	return first
}

// updateOf is the update of a part that can be sent together with others, nil where nothing
// differs. It reports whether it can be: what names a query may have to be sent a second time.
func (t *task) updateOf(ctx context.Context, w *catalogue.Write, owner, id string, now, wanted []byte, resolve canon.Resolver) (body *looker.Write, together bool, err error) {
	if w.Update.Array || w.Update.IsZero() || t.queriesGone.Load() {
		return nil, false, nil
	}
	if err := t.makeLed(ctx, w, wanted); err != nil {
		return nil, false, err
	}
	if err := t.makeFollowing(ctx, w, wanted); err != nil {
		return nil, false, err
	}
	patch, _, err := canon.Patch(w, now, wanted, resolve)
	if err != nil {
		return nil, false, err
	}
	patch, changed, err := t.withoutLate(w, patch)
	if err != nil || !changed {
		return nil, err == nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(patch, &members); err != nil {
		return nil, false, err
	}
	if slices.ContainsFunc(w.Refs, func(r catalogue.Reference) bool { return immutable(r.Kind) && members[r.Path] != nil }) {
		return nil, false, nil
	}
	write := newUpdate(w.Update, fill(w.Update, owner, id), patch)
	return &write, true, nil
}
