package canon

import (
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Rules are the rules of one kind, made ready for reading. They are read only:
// any number of readers may share them.
type Rules struct {
	root *node
	// anywhere is what holds for a name at any depth.
	anywhere steps
	// agreements are the places of the two members that each agreement of the kind is about.
	agreements [][2]uint64
}

// node is what is special about the members below one path.
type node struct {
	steps
	unordered bool
	pick      column
	rank      int    // of a name, among the members that may be one; 0 is the best
	keep      string // name under which the value is kept for relations
	derived   []derived
	points    []*catalogue.Relation
	nests     record.Kind     // the value names a document of that kind which is nested here
	agrees    []agreementSide // of the kind's agreements that the value belongs to
}

// agreementSide is one of the two paths of an agreement.
type agreementSide struct {
	agreement int
	other     bool
}

// derived is a member of an object that does not count where another one is true, or set.
// Both are quoted.
type derived struct {
	member, when []byte
	set          bool
}

// steps leads from an object to its members that something is special about.
type steps struct {
	exact map[string]*step
	globs []globStep // names with a star at one end
	// lengths rules most names out before the map is asked: those of exact's names,
	// modulo 64, by the last bits of their first byte.
	lengths [32]uint64
}

// step is what is special about a member.
type step struct {
	node     *node
	volatile bool
	opaque   bool
	through  bool // the path of a rule leads on through the member
	meant    bool // what holds for its name at any depth does not make it volatile
}

type globStep struct {
	prefix, suffix string
	*step
}

// column says which column of a document a member fills.
type column uint8

const (
	none column = iota
	id
	name
	updated
	folder
	owner
	trashed
	alias
)

// plain is the step to a member that nothing is special about.
var plain = &step{node: &node{}}

// compiled are the rules of the catalogue's rows, which are made once: a new policy
// needs them for every body that is stored.
var compiled = sync.OnceValue(func() map[*catalogue.Spec]*Rules {
	rules := make(map[*catalogue.Spec]*Rules)
	for _, kind := range catalogue.All() {
		rules[kind] = compile(kind)
	}
	return rules
})

// Compile returns the rules of a kind. It makes those of a row that is not of the
// catalogue anew each time.
func Compile(kind *catalogue.Spec) *Rules {
	if rules, ok := compiled()[kind]; ok {
		return rules
	}
	return compile(kind)
}

func compile(kind *catalogue.Spec) *Rules {
	rules := &Rules{root: &node{}}
	for _, name := range catalogue.Opaque {
		rules.anywhere.makeMember(name).opaque = true
	}
	for _, list := range [][]string{catalogue.Everywhere, kind.Volatile} {
		for _, path := range list {
			rules.makeStep(path).volatile = true
		}
	}
	for _, path := range kind.Meant {
		rules.makeStep(path).meant = true
	}
	for _, d := range kind.Derived {
		parent, member := rules.root, d.Path
		if i := strings.LastIndexByte(d.Path, '.'); i >= 0 {
			parent, member = rules.makeStep(d.Path[:i]).node, d.Path[i+1:]
		}
		parent.derived = append(parent.derived, derived{[]byte(`"` + member + `"`), []byte(`"` + d.When + `"`), d.Set})
	}
	for _, path := range kind.Unordered {
		if path == "." {
			rules.root.unordered = true
			continue
		}
		rules.makeStep(path).node.unordered = true
	}
	rules.follow(kind)
	for i, a := range kind.Agreements {
		rules.agreements = append(rules.agreements, [2]uint64{placeOf(a.One), placeOf(a.Other)})
		for k, path := range []string{a.One, a.Other} {
			leaf := rules.makeStep(path).node
			leaf.agrees = append(leaf.agrees, agreementSide{i, k == 1})
		}
	}
	for i, path := range kind.Fields.Names {
		n := rules.makeStep(path).node
		n.pick, n.rank = name, i+1
	}
	for _, f := range []struct {
		path string
		pick column
	}{
		{kind.Fields.ID, id}, {kind.Fields.Name, name}, {kind.Fields.Updated, updated},
		{kind.Fields.Folder, folder}, {kind.Fields.Owner, owner}, {kind.Fields.Trashed, trashed},
		{kind.Fields.Alias, alias},
	} {
		if f.path != "" {
			rules.makeStep(f.path).node.pick = f.pick
		}
	}
	return rules
}

// follow makes the relations ready whose references are kept with a document.
func (r *Rules) follow(kind *catalogue.Spec) {
	kept := make(map[record.Kind]bool)
	for i := range kind.Relations {
		relation := &kind.Relations[i]
		if !relation.Follow && !relation.Stored {
			continue
		}
		kept[relation.Kind] = true
		leaf := r.makeStep(relation.Path).node
		leaf.points = append(leaf.points, relation)
		for _, member := range []string{relation.Unless, relation.Join} {
			if member != "" {
				r.makeStep(member).node.keep = member
			}
		}
	}
	for _, relation := range kind.Relations {
		if relation.Nested && kept[relation.Kind] {
			r.makeStep(relation.Path).node.nests = relation.Kind
		}
	}
}

// makeStep returns the step to a path, and makes it when there is none.
func (r *Rules) makeStep(path string) *step {
	if name, ok := strings.CutPrefix(path, "**."); ok {
		return r.anywhere.makeMember(name)
	}
	n := r.root
	for {
		first, rest, more := strings.Cut(path, ".")
		s := n.makeMember(first)
		if !more {
			return s
		}
		s.through = true
		n, path = s.node, rest
	}
}

func (s *steps) makeMember(name string) *step {
	if prefix, suffix, ok := strings.Cut(name, "*"); ok {
		for _, g := range s.globs {
			if g.prefix == prefix && g.suffix == suffix {
				return g.step
			}
		}
		made := &step{node: &node{}}
		s.globs = append(s.globs, globStep{prefix, suffix, made})
		return made
	}
	if s.exact == nil {
		s.exact = make(map[string]*step)
	}
	made, ok := s.exact[name]
	if !ok {
		made = &step{node: &node{}}
		s.exact[name] = made
		if name != "" {
			s.lengths[name[0]%32] |= 1 << (len(name) % 64)
		}
	}
	return made
}

// find returns the step to a member, nil when nothing is special about it.
func (s *steps) find(name []byte) *step {
	if len(name) == 0 || s.lengths[name[0]%32]>>(len(name)%64)&1 != 0 {
		if found, ok := s.exact[string(name)]; ok {
			return found
		}
	}
	for _, g := range s.globs {
		if len(name) >= len(g.prefix)+len(g.suffix) &&
			string(name[:len(g.prefix)]) == g.prefix && string(name[len(name)-len(g.suffix):]) == g.suffix {
			return g.step
		}
	}
	return nil
}

// step returns what is special about a member of an object: by its path, by its
// name at any depth, or both.
func (r *Rules) step(n *node, name []byte) step {
	here, anywhere := n.find(name), r.anywhere.find(name)
	switch {
	case here == nil && anywhere == nil:
		return *plain
	case here == nil:
		return *anywhere
	case anywhere == nil:
		return *here
	}
	return step{node: here.node, volatile: here.volatile || anywhere.volatile && !here.meant, opaque: anywhere.opaque && !here.through}
}
