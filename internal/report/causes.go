package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
)

// causes groups faults by what went wrong, the most frequent first.
func causes(faults []vault.Fault) []cause {
	type key struct {
		class  string
		status int
	}
	groups := make(map[key]*cause)
	counts := make(map[key]int64)
	solved := make(map[key]int64)
	refs := make(map[key][]string)
	faults = slices.Clone(faults)
	slices.SortStableFunc(faults, func(a, b vault.Fault) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), table.Compare(a.ID, b.ID))
	})
	var order []key
	for _, f := range faults {
		k := key{f.Class, f.Status}
		if groups[k] == nil {
			what := f.Class
			if f.Status > 0 {
				what = fmt.Sprintf("%s, HTTP %d", f.Class, f.Status)
			}
			groups[k] = &cause{What: what, Example: f.Message}
			order = append(order, k)
		}
		counts[k]++
		if f.Resolved != 0 {
			solved[k]++
		}
		name := f.Ref.String()
		if f.ID == "" {
			name = "the list of " + string(f.Kind)
		}
		refs[k] = append(refs[k], name)
	}
	slices.SortStableFunc(order, func(a, b key) int { return cmp.Compare(counts[b], counts[a]) })
	var list []cause
	for _, k := range order {
		c := groups[k]
		c.Count, c.Refs = count(counts[k]), fold(refs[k])
		if solved[k] > 0 {
			c.Solved = count(solved[k]) + " resolved since"
		}
		c.Share = pieces(float64(len(faults)), piece{float64(counts[k]), "failed", ""})
		list = append(list, *c)
	}
	return list
}
