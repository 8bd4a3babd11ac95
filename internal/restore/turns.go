package restore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Looker takes no two filters of one name in a dashboard. One gets its name when the filter that has
// it has got another one. Where each waits for another one, one gets a name for a moment that nobody
// has.

// ownKeys are the members of which no two parts of a list may have the same.
func ownKeys(w *catalogue.Write) (members []string) {
	for _, key := range w.Keys {
		if key.Unique {
			members = append(members, key.Members...)
		}
	}
	return members
}

// inTurn orders the pairs of a list in which no two parts may have the same keys: those that are there
// each after the one whose keys it gets, then those that are to be made.
func (t *task) inTurn(ctx context.Context, part *catalogue.Part, owner string, wanted, is []canon.PartRow, pairs []canon.PartPair) ([]canon.PartPair, error) {
	keys := ownKeys(part.Write)
	if len(keys) == 0 {
		return pairs, nil
	}
	var waiting, ordered, made []canon.PartPair
	for _, p := range pairs {
		switch {
		case p.Wanted >= 0 && p.Current >= 0:
			waiting = append(waiting, p)
		case p.Wanted >= 0:
			made = append(made, p)
		}
	}
	waits := func(p canon.PartPair) bool {
		return slices.ContainsFunc(waiting, func(other canon.PartPair) bool {
			return other != p && sharesKey(keys, wanted[p.Wanted].Body, is[other.Current].Body)
		})
	}
	for len(waiting) > 0 {
		i := slices.IndexFunc(waiting, func(p canon.PartPair) bool { return !waits(p) })
		if i < 0 {
			row := &is[waiting[0].Current]
			body, err := t.setAside(ctx, part, owner, *row, keys)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", partName(part, *row), err)
			}
			row.Body = body
			continue
		}
		ordered = append(ordered, waiting[i])
		waiting = slices.Delete(waiting, i, i+1)
	}
	return append(ordered, made...), nil
}

// sharesKey reports whether two parts have the same value of a key.
func sharesKey(keys []string, a, b []byte) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		value := canon.Text(canon.Member(a, key))
		return value != "" && value == canon.Text(canon.Member(b, key))
	})
}

// setAside gives a part keys that no other one has, until its own are free. It returns the part as it
// is then.
func (t *task) setAside(ctx context.Context, part *catalogue.Part, owner string, row canon.PartRow, keys []string) ([]byte, error) {
	id := partTarget(row)
	aside := make(map[string]string)
	var set []catalogue.Member
	for _, key := range keys {
		aside[key] = asideName(canon.Text(canon.Member(row.Body, key)), t.plan.ID, id)
		set = append(set, catalogue.Member{Name: key, Value: quote(aside[key])})
	}
	sent, err := json.Marshal(aside)
	if err != nil {
		return nil, err
	}
	if _, err := t.send(ctx, part.Write.Update, fill(part.Write.Update, owner, id), sent); err != nil {
		return nil, err
	}
	return canon.With(row.Body, set...)
}

// asideMark is by what the keys are known that a restore gives to documents and parts for a moment.
func asideMark(plan int64) string { return fmt.Sprintf(" (lookervault %d, ", plan) }

// asideCalls is how many calls it takes at most to set parts aside that wait for each other's keys.
func asideCalls(spec *catalogue.Spec, changes []record.Change) (calls int) {
	for _, list := range partLists(spec.Write.Parts) {
		most := 0
		for _, key := range ownKeys(list.part.Write) {
			left := make(map[string]bool)
			var keyed []record.Change
			for _, c := range changes {
				if part := innermostPart(spec.Write.Parts, c.Path); part != "" && c.Path == part+"."+key {
					keyed = append(keyed, c)
					left[string(c.Before)] = true
				}
			}
			taken := slices.DeleteFunc(keyed, func(c record.Change) bool { return !left[string(c.After)] })
			most = max(most, len(taken)/2)
		}
		calls += most
	}
	return calls
}
