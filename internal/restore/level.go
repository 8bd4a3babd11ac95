package restore

import (
	"cmp"
	"slices"
	"sync"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// creationRank is where a kind stands in the order in which kinds can be made.
func creationRank(kind record.Kind) int { return ranks()[kind] }

var ranks = sync.OnceValue(func() map[record.Kind]int {
	ranks := make(map[record.Kind]int)
	for i, kind := range catalogue.CreationOrder() {
		ranks[kind] = i
	}
	return ranks
})

// noteOthers notes how many documents the plan has nothing to do with, beside those that it is about.
func (d *draft) noteOthers(nodes, others int) {
	more := " more"
	if nodes == 0 {
		more = ""
	}
	switch {
	case others == 0:
	case d.request.Lost && d.request.LostSpan == nil && others == 1: // whether it has changed nobody has asked
		d.note("one%s was not lost", more)
	case d.request.Lost && d.request.LostSpan == nil:
		d.note("%d%s were not lost", others, more)
	case others == 1:
		d.note("one%s is as it is wanted", more)
	default:
		d.note("%d%s are as they are wanted", others, more)
	}
}

// actions are the actions of a draft in the order in which they can be done: none
// before those that it needs, deletions last and what lies in something before that. What waits for a
// deletion comes after it.
func (d *draft) actions() []record.Action {
	nodes, others := d.replacedNodes(), 0
	for _, n := range d.nodes {
		if n.writes() || n.action.Deed == record.DeedImpossible || n.named || n.leftOut || d.recognized(n) || (n.action.Deed == record.DeedSkip || n.differs) && !n.needed && !n.attached {
			nodes = append(nodes, n)
			continue
		}
		others++
	}
	d.noteOthers(len(nodes), others)
	deepestLevel, made := 0, 0
	for _, n := range nodes {
		deepestLevel, made = max(deepestLevel, n.depth(nil)), max(made, n.made)
	}
	for _, n := range nodes {
		if n.action.Deed == record.DeedDelete {
			// What is deleted is deleted in the opposite order of its making.
			n.level = deepestLevel + 1 + made - n.made
		}
	}
	afterDeletions(nodes)
	slices.SortFunc(nodes, func(a, b *node) int { return cmp.Or(a.level-b.level, compareRefs(a.Ref, b.Ref)) })
	flatten(nodes)
	seqs := make(map[*node]int)
	for i, n := range nodes {
		seqs[n] = i + 1
	}
	actions := make([]record.Action, len(nodes))
	for i, n := range nodes {
		a := n.action
		a.Reason = n.reason()
		a.Seq, a.Level = i+1, n.level
		for _, need := range n.needs {
			if seq := seqs[need]; seq != 0 && !slices.Contains(a.Needs, seq) {
				a.Needs = append(a.Needs, seq)
			}
		}
		slices.Sort(a.Needs)
		actions[i] = a
	}
	return actions
}

// recognized reports whether a document of the instance is taken for one of the backup
// that nobody has taken it for before: who applies the plan has to know.
func (d *draft) recognized(n *node) bool {
	target := n.action.Target
	stays := n.action.Deed == record.DeedReuse || n.action.Deed == record.DeedSkip && n.taken != nil
	return stays && target != "" && target != n.ID && d.present.mapped[n.Ref] != target
}

// depth works out the level of an action: one more than the highest of those that it
// needs. A circle, which the catalogue does not have, ends where it began.
func (n *node) depth(above []*node) int {
	if n.level != 0 || slices.Contains(above, n) {
		return n.level
	}
	level := 1
	for _, need := range n.needs {
		if need.writes() {
			level = max(level, need.depth(append(above, n))+1)
		}
	}
	n.level = level
	return level
}

// afterDeletions moves what needs that something is deleted, whose name it gets, behind that.
func afterDeletions(nodes []*node) {
	for range nodes { // as often as one can need another one
		moved := false
		for _, n := range nodes {
			for _, need := range n.needs {
				if need.writes() && need.level >= n.level && n.writes() && n.action.Deed != record.DeedDelete {
					n.level, moved = need.level+1, true
				}
			}
		}
		if !moved {
			return
		}
	}
}

// flatten numbers the levels without gaps, from 1 on, of nodes in their order.
func flatten(nodes []*node) {
	before, level := 0, 0
	for _, n := range nodes {
		if n.level != before {
			before = n.level
			level++
		}
		n.level = level
	}
}
