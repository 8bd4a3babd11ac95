package lookersim

import (
	"slices"
	"sync"
	"sync/atomic"
)

// relations are who is in which group and who has which role, where writes
// changed it. Renderers read them without a lock: the values are []int32, and
// never changed in place.
type relations struct {
	related     atomic.Bool // a write changed any of them
	userGroups  sync.Map    // the groups of a user
	userRoles   sync.Map    // the roles that a user has itself
	groupsAbove sync.Map    // the groups that a group is in
	rolesGiven  sync.Map    // the roles of a group itself
	counts      atomic.Pointer[map[int32]int32]
}

// relation is one of the four.
type relation struct {
	changed *sync.Map
	drawn   func(num int32) []int32
}

func (w *world) relation(of *sync.Map) relation {
	drawn := map[*sync.Map]func(int32) []int32{
		&w.userGroups: w.drawnGroups, &w.userRoles: w.drawnRoles, &w.groupsAbove: w.drawnParents, &w.rolesGiven: w.drawnGroupRoles,
	}
	return relation{of, drawn[of]}
}

// nowRelated is what a write made of a list of a relation, or what the seed drew.
func (o *relations) nowRelated(changed *sync.Map, num int32, drawn func(num int32) []int32) []int32 {
	if !o.related.Load() {
		return drawn(num)
	}
	return relation{changed, drawn}.members(num)
}

func (r relation) members(num int32) []int32 {
	if list, ok := r.changed.Load(num); ok {
		return list.([]int32)
	}
	return r.drawn(num)
}

// relate sets one list of a relation.
func (w *world) relate(r relation, num int32, list []int32) {
	list = slices.Clone(list)
	slices.Sort(list)
	r.changed.Store(num, slices.Compact(list))
	w.related.Store(true)
	w.wrote.Store(true)
	w.changes++
}

// with is the list with a number, or without it.
func withNumber(list []int32, num int32, in bool) []int32 {
	list = slices.DeleteFunc(slices.Clone(list), func(n int32) bool { return n == num })
	if in {
		list = append(list, num)
	}
	return list
}

// unrelate takes a group or a role that is gone away from everybody.
func (w *world) unrelate(r relation, kind string, num int32) {
	for f := range w.tables[kind].present() {
		if list := r.members(f.row.num); slices.Contains(list, num) {
			w.relate(r, f.row.num, withNumber(list, num, false))
		}
	}
}

// countAgain works out how many users each group has.
func (w *world) countAgain() {
	counts := map[int32]int32{}
	for f := range w.tables["users"].present() {
		for _, g := range w.groupsOf(f.row.num) {
			counts[g]++
		}
	}
	w.counts.Store(&counts)
}

func (w *world) memberCount(group int32) int32 {
	if counts := w.counts.Load(); counts != nil {
		return (*counts)[group]
	}
	return w.memberCounts[group]
}
