package restore

import (
	"encoding/json"
	"slices"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// staysAsItIs reports whether a change is that of a set which holds everybody who is wanted,
// or of whom nothing is on the instance, and nobody besides whom the restore would take out: who was added since stays unless the
// request wants exactly the backup's members, and the user of the API key stays in any case.
func staysAsItIs(w *catalogue.Write, c record.Change, exact bool, caller string) bool {
	i := slices.IndexFunc(w.Sets, func(s catalogue.Set) bool { return s.At == c.Path })
	if i < 0 {
		return false
	}
	is, wanted := members(c.Before), members(c.After)
	if slices.ContainsFunc(wanted, func(id string) bool { return !slices.Contains(is, id) && !canon.Unresolved(id) }) {
		return false
	}
	return !slices.ContainsFunc(is, func(id string) bool {
		stays := !exact || w.Sets[i].Kind == catalogue.Users && id == caller
		return !stays && !slices.Contains(wanted, id)
	})
}

func members(set json.RawMessage) (ids []string) {
	if json.Unmarshal(set, &ids) != nil {
		return nil // it is empty, or no set of ids
	}
	return ids
}

// withoutMembers leaves out the changes of sets that stay as they are.
func (d *draft) withoutMembers(n *node) {
	n.action.Changes = slices.DeleteFunc(n.action.Changes, func(c record.Change) bool {
		return staysAsItIs(n.spec.Write, c, d.request.ExactMembers, d.Caller.ID)
	})
}
