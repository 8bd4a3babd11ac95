package restore

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
)

// patch sends what differs between what is there and what is wanted, of a document or
// of a part of one; nothing where nothing does. Trash is the value of the member that
// says whether it is in the trash, nil where that stays.
func (t *task) patch(ctx context.Context, w *catalogue.Write, owner, id string, now, wanted, trash []byte) error {
	if w.Update.IsZero() {
		return nil
	}
	if w.Update.Array {
		return t.replace(ctx, w, id, now, wanted)
	}
	return t.withQueries(ctx, w, wanted, func() error {
		body, _, err := canon.Patch(w, now, wanted, t.resolve)
		if err != nil {
			return err
		}
		var changed bool
		if body, changed, err = t.withoutLate(w, body); err != nil {
			return err
		}
		if body, err = t.withKept(w, body, now); err != nil {
			return err
		}
		if trash != nil {
			if body, err = canon.With(body, catalogue.Member{Name: w.Trash.Name, Value: string(trash)}); err != nil {
				return err
			}
			changed = true
		}
		if !changed && !t.givesSecret(w) {
			return nil
		}
		route, body, err := t.partly(w, now, wanted, body)
		if err != nil {
			return err
		}
		if body, err = t.withSecrets(w, body); err != nil {
			return err
		}
		_, err = t.send(ctx, route, fill(route, owner, id), body)
		return err
	})
}

// partly sends only what differs where a route takes that alone: what else a document has may be
// what the other route refuses, as the tile of an alert that is in the trash.
func (t *task) partly(w *catalogue.Write, now, wanted, body []byte) (catalogue.Send, []byte, error) {
	if w.Partly.IsZero() {
		return w.Update, body, nil
	}
	changes, err := canon.Changes(w, now, wanted, t.resolve)
	if err != nil {
		return w.Update, body, err
	}
	var names []string
	for _, c := range changes {
		if !slices.Contains(w.Partly.Fields, c.Path) {
			return w.Update, body, nil
		}
		names = append(names, c.Path)
	}
	body, err = canon.Pick(body, names)
	return w.Partly.Send, body, err
}

// withoutLate leaves out the members of a patch that name parts, until all of those are
// there and all others are gone: Looker refuses an order that is not that of what there is.
func (t *task) withoutLate(w *catalogue.Write, body []byte) ([]byte, bool, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, false, err
	}
	var names []string
	for name := range members {
		if t.partsThere || !slices.Contains(w.Late, name) {
			names = append(names, name)
		}
	}
	if len(names) == len(members) {
		return body, len(names) > 0, nil
	}
	slices.Sort(names)
	body, err := canon.Pick(body, names)
	return body, len(names) > 0, err
}

// valuesHidden is why values of an attribute are not written.
const valuesHidden = "its values are hidden: no backup has them, and writing the others would clear them"

// hidesValues reports whether a document holds values that Looker tells nobody.
func hidesValues(body []byte) bool {
	return slices.Contains(canon.Named(body, &catalogue.Relation{Path: "value_is_hidden"}), "true")
}

// replace sends a document that is written as a whole array, where anything differs.
func (t *task) replace(ctx context.Context, w *catalogue.Write, id string, now, wanted []byte) error {
	changes, err := canon.Changes(w, now, wanted, t.resolve)
	if err != nil || len(changes) == 0 {
		return err
	}
	if hidesValues(now) {
		return errors.New(valuesHidden)
	}
	body, missing, err := canon.Creation(w, wanted, t.resolve)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return &canon.UnmappedError{Refs: missing}
	}
	_, err = t.send(ctx, w.Update, fill(w.Update, "", id), body)
	return err
}
