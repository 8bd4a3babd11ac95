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

// staysAsItIs reports whether a change is that of a set which holds everybody who is wanted,
// or of whom nothing is on the instance, and nobody besides whom the restore would take out: who was added since stays unless the
// request wants exactly the backup's members, and the user of the API key stays in any case.
func (r *Request) staysAsItIs(w *catalogue.Write, c record.Change, caller string) bool {
	i := slices.IndexFunc(w.Sets, func(s catalogue.Set) bool { return s.At == c.Path })
	if i < 0 {
		return false
	}
	is, wanted := members(c.Before), members(c.After)
	if slices.ContainsFunc(wanted, func(id string) bool { return !slices.Contains(is, id) && !canon.Unresolved(id) }) {
		return false
	}
	return !slices.ContainsFunc(is, func(id string) bool {
		stays := !r.ExactMembers || r.isCallers(&w.Sets[i], id, caller)
		return !stays && !slices.Contains(wanted, id)
	})
}

// isCallers reports whether what is in a set is the user of the API key, or a group which that belongs to and
// which has a role or lies in another group: nobody takes the caller's own rights away, and a group gives
// those of the groups around it. The groups of another user, which are written from theirs, are not the caller's.
func (r *Request) isCallers(set *catalogue.Set, id, caller string) bool {
	return set.Kind == catalogue.Users && id == caller || set.Kind == catalogue.Groups && !set.Turned && slices.Contains(r.CallerGroups, id)
}

// callerBelongs is why something is not deleted that gives the user of the API key rights.
const callerBelongs = "the user of the API key belongs to it, and may have rights from it"

// noteCaller finds what the user of the API key belongs to, as far as anybody has seen that: groups, also
// through others, and roles.
func (d *draft) noteCaller(ctx context.Context) error {
	if !d.request.ExactMembers && d.request.Undo == 0 || d.Caller.ID == "" {
		return nil
	}
	now, _, exists, err := d.sees(ctx, record.Ref{Kind: catalogue.Users, ID: d.Caller.ID})
	if err != nil || !exists {
		return err
	}
	body, err := d.body(ctx, now)
	if err != nil {
		return err
	}
	users := catalogue.Lookup(catalogue.Users)
	d.callers = make(map[record.Ref]bool)
	for i := range users.Relations {
		r := &users.Relations[i]
		for _, id := range canon.Named(body, r) {
			d.callers[record.Ref{Kind: r.Kind, ID: id}] = true
		}
	}
	groups, err := groupsOf(users, body)
	if err != nil {
		return err
	}
	for _, r := range catalogue.Lookup(catalogue.Groups).Relations {
		if groups, err = d.groupsAround(ctx, catalogue.Lookup(r.Kind), groups); err != nil {
			return err
		}
	}
	for _, id := range groups {
		d.callers[record.Ref{Kind: catalogue.Groups, ID: id}] = true
	}
	slices.Sort(groups)
	d.request.CallerGroups = groups
	return nil
}

// groupsAround adds to some groups those in which they lie, as the documents of a kind say: also through others.
func (d *draft) groupsAround(ctx context.Context, spec *catalogue.Spec, groups []string) ([]string, error) {
	held, err := d.present.all(ctx, spec.Name)
	if err != nil {
		return nil, err
	}
	for range held { // as often as one can lie in another one
		for id, e := range held {
			if slices.Contains(groups, id) {
				continue
			}
			body, err := d.body(ctx, e)
			if err != nil {
				return nil, err
			}
			inner, err := groupsOf(spec, body)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", e.Ref, err)
			}
			if slices.ContainsFunc(inner, func(id string) bool { return slices.Contains(groups, id) }) {
				groups = append(groups, id)
			}
		}
	}
	return groups, nil
}

// groupsOf are the groups in the sets of a document.
func groupsOf(spec *catalogue.Spec, body []byte) (groups []string, err error) {
	for i := range spec.Write.Sets {
		ids, err := canon.SetIDs(&spec.Write.Sets[i], body)
		if err != nil {
			return nil, err
		}
		groups = append(groups, ids...)
	}
	return groups, nil
}

func members(set json.RawMessage) (ids []string) {
	if json.Unmarshal(set, &ids) != nil {
		return nil // it is empty, or no set of ids
	}
	return ids
}

// withoutMembers leaves out the changes of sets that stay as they are.
func (d *draft) withoutMembers(n *node) {
	for i := range n.spec.Write.Sets {
		set := &n.spec.Write.Sets[i]
		for _, c := range n.action.Changes {
			for _, id := range members(c.Before) {
				if c.Path == set.At && d.request.ExactMembers && d.request.isCallers(set, id, d.Caller.ID) && !slices.Contains(members(c.After), id) {
					d.note("%s keeps %s/%s, which the user of the API key is or belongs to", n.Ref, set.Kind, id)
				}
			}
		}
	}
	n.action.Changes = slices.DeleteFunc(n.action.Changes, func(c record.Change) bool {
		return d.request.staysAsItIs(n.spec.Write, c, d.Caller.ID)
	})
}
