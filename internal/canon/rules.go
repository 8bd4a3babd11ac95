package canon

import (
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// Rules are the rules of one kind, made ready for reading. They are read only:
// any number of readers may share them.
type Rules struct {
	root     *node
	anywhere names // volatile at any depth
	opaque   map[string]bool
}

// node is what is special about the members below one path.
type node struct {
	volatile  names
	children  map[string]*node
	globs     []globChild // children under names with a star
	unordered bool
	pick      column
	keep      string // name under which the value is kept for pointers
	points    []catalogue.Pointer
}

type globChild struct {
	glob
	node *node
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
)

// names is a set of member names, some with a star at one end.
type names struct {
	exact map[string]bool
	globs []glob
}

type glob struct{ prefix, suffix string }

func (g glob) match(name []byte) bool {
	return len(name) >= len(g.prefix)+len(g.suffix) &&
		string(name[:len(g.prefix)]) == g.prefix && string(name[len(name)-len(g.suffix):]) == g.suffix
}

func (n *names) add(name string) {
	if before, after, ok := strings.Cut(name, "*"); ok {
		n.globs = append(n.globs, glob{before, after})
		return
	}
	if n.exact == nil {
		n.exact = make(map[string]bool)
	}
	n.exact[name] = true
}

func (n *names) has(name []byte) bool {
	if n.exact[string(name)] {
		return true
	}
	for _, g := range n.globs {
		if g.match(name) {
			return true
		}
	}
	return false
}

// Compile makes the rules of a kind ready.
func Compile(kind catalogue.Kind) *Rules {
	rules := &Rules{root: &node{}, opaque: make(map[string]bool)}
	for _, o := range catalogue.Opaque {
		rules.opaque[o] = true
	}
	for _, list := range [][]string{catalogue.Everywhere, kind.Volatile} {
		for _, path := range list {
			if anywhere, ok := strings.CutPrefix(path, "**."); ok {
				rules.anywhere.add(anywhere)
				continue
			}
			parent, last := rules.at(path)
			parent.volatile.add(last)
		}
	}
	for _, path := range kind.Unordered {
		if path == "." {
			rules.root.unordered = true
			continue
		}
		rules.leaf(path).unordered = true
	}
	for _, p := range kind.Refs {
		leaf := rules.leaf(p.Path)
		leaf.points = append(leaf.points, p)
		for _, member := range []string{p.Unless, p.Join} {
			if member != "" {
				rules.leaf(member).keep = member
			}
		}
	}
	for _, f := range []struct {
		path string
		pick column
	}{
		{kind.Fields.ID, id}, {kind.Fields.Name, name}, {kind.Fields.Updated, updated},
		{kind.Fields.Folder, folder}, {kind.Fields.Owner, owner}, {kind.Fields.Trashed, trashed},
	} {
		if f.path != "" {
			rules.leaf(f.path).pick = f.pick
		}
	}
	return rules
}

// at returns the node above the last name of a path, and that name.
func (r *Rules) at(path string) (*node, string) {
	parts := strings.Split(path, ".")
	n := r.root
	for _, part := range parts[:len(parts)-1] {
		n = n.below(part)
	}
	return n, parts[len(parts)-1]
}

func (r *Rules) leaf(path string) *node {
	parent, last := r.at(path)
	return parent.below(last)
}

func (n *node) below(part string) *node {
	if before, after, ok := strings.Cut(part, "*"); ok {
		g := glob{before, after}
		for _, c := range n.globs {
			if c.glob == g {
				return c.node
			}
		}
		child := &node{}
		n.globs = append(n.globs, globChild{g, child})
		return child
	}
	if n.children == nil {
		n.children = make(map[string]*node)
	}
	child, ok := n.children[part]
	if !ok {
		child = &node{}
		n.children[part] = child
	}
	return child
}

// plain is the node of everything that nothing is special about.
var plain = &node{}

// child returns what is special about a member, and plain when nothing is.
func (n *node) child(name []byte) *node {
	if c, ok := n.children[string(name)]; ok {
		return c
	}
	for _, c := range n.globs {
		if c.match(name) {
			return c.node
		}
	}
	return plain
}
