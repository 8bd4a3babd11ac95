package canon

import (
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// Pick returns a document that holds the members at paths and no others, in the order
// in which body holds them. Names and values are its exact bytes: numbers and free JSON
// are never read and written anew. Arrays are walked; of a member that a body holds
// twice, the last one counts. The paths have the syntax of [catalogue.Write]. What is
// picked is the caller's own.
func Pick(body []byte, paths []string) ([]byte, error) {
	return newTree(paths).pick(body, false)
}

// tree are the members that are picked below one path.
type tree struct {
	whole bool // the value is taken as it is
	below map[string]*tree

	blank  bool     // what is empty means null here
	falses bool     // null means false here
	added  []string // names below that mean false when they are missing
}

func newTree(paths []string) *tree {
	t := &tree{}
	for _, path := range paths {
		t.makePath(path).whole = true
	}
	return t
}

// makePath returns the tree at a path, and makes it where there is none.
func (t *tree) makePath(path string) *tree {
	for name := range strings.SplitSeq(path, ".") {
		next, ok := t.below[name]
		if !ok {
			if t.below == nil {
				t.below = make(map[string]*tree)
			}
			next = &tree{}
			t.below[name] = next
		}
		t = next
	}
	return t
}

// pick returns what the tree takes of a body. plain takes out what means nothing: null,
// and what means the same; it is for comparing. What is to be sent holds no value that was
// redacted.
func (t *tree) pick(body []byte, plain bool) ([]byte, error) {
	p := picking{scanner: scanner{text: body}, out: make([]byte, 0, min(len(body), 4<<10)), plain: plain}
	if err := p.value(t); err != nil {
		return nil, err
	}
	if err := p.end(); err != nil {
		return nil, err
	}
	return p.out, nil
}

// picking is one walk over a body.
type picking struct {
	scanner
	out   []byte
	plain bool
}

// value appends what the tree takes of the value that is next.
func (p *picking) value(t *tree) error {
	switch c := p.peek(); {
	case t.whole || c != '{' && c != '[':
		raw, err := p.scanner.value()
		p.out = append(p.out, raw...)
		return err
	case c == '[':
		return p.array(t)
	}
	return p.object(t)
}

func (p *picking) array(t *tree) error {
	p.out = append(p.out, '[')
	start := len(p.out)
	err := p.walk(func() error {
		if len(p.out) > start {
			p.out = append(p.out, ',')
		}
		return p.value(t)
	})
	p.out = append(p.out, ']')
	return err
}

// picked is a member of the object that is written.
type picked struct {
	name       string
	start, end int // in out; the comma behind it is its own
}

func (p *picking) object(t *tree) error {
	var few [40]picked
	taken := few[:0]
	p.out = append(p.out, '{')
	err := p.walk(func() (err error) {
		taken, err = p.member(t, taken)
		return err
	})
	if err != nil {
		return err
	}
	if p.plain {
		for _, name := range t.added {
			if !slices.ContainsFunc(taken, func(m picked) bool { return m.name == name }) {
				p.out = append(append(append(p.out, '"'), name...), `":false,`...)
			}
		}
	}
	if last := len(p.out) - 1; p.out[last] == ',' {
		p.out = p.out[:last]
	}
	p.out = append(p.out, '}')
	return nil
}

// member appends the member that is next, if it is taken.
func (p *picking) member(t *tree, taken []picked) ([]picked, error) {
	raw, escaped, err := p.name()
	if err != nil {
		return nil, err
	}
	name := raw[1 : len(raw)-1]
	if escaped {
		name = []byte(Text(raw))
	}
	below, ok := t.below[string(name)]
	if !ok {
		return taken, p.skip()
	}
	if i := slices.IndexFunc(taken, func(m picked) bool { return m.name == string(name) }); i >= 0 {
		taken = p.withdraw(taken, i)
	}
	m := picked{name: string(name), start: len(p.out)}
	p.out = append(append(p.out, raw...), ':')
	value := len(p.out)
	if err := p.value(below); err != nil {
		return nil, err
	}
	is := below.means(p.out[value:], p.plain)
	if is == nil {
		p.out = p.out[:m.start]
		return taken, nil
	}
	p.out = append(p.out[:value], is...)
	p.out = append(p.out, ',')
	m.end = len(p.out)
	return append(taken, m), nil
}

// nothing reports whether a value is one of those that are as good as null.
func nothing(text string) bool { return text == `""` || text == "[]" || text == "{}" }

// pickRead returns what the tree takes of the members of a body, which have been read.
func (t *tree) pickRead(source members, plain bool) (members, error) {
	all := make(members, 0, len(source))
	for _, m := range source {
		below, ok := t.below[m.name]
		if !ok {
			continue
		}
		if !below.whole && container(m.value[0]) {
			var err error
			if m.value, err = below.pick(m.value, plain); err != nil {
				return nil, err
			}
		}
		if m.value = below.means(m.value, plain); m.value != nil {
			all = append(all, m)
		}
	}
	if plain {
		for _, name := range t.added {
			if all.index(name) < 0 {
				all = append(all, member{name: name, value: []byte("false")})
			}
		}
	}
	return all, nil
}

// means returns the value of a member as it is taken, nil where it is not.
func (t *tree) means(value []byte, plain bool) []byte {
	switch text := string(value); {
	case text == "null" && t.falses:
		return []byte("false")
	case text == Marker && !plain, plain && (text == "null" || t.blank && nothing(text)):
		return nil
	}
	return value
}

// withdraw takes a member out again: another one of its name follows.
func (p *picking) withdraw(taken []picked, i int) []picked {
	size := taken[i].end - taken[i].start
	p.out = slices.Delete(p.out, taken[i].start, taken[i].end)
	taken = slices.Delete(taken, i, i+1)
	for k := i; k < len(taken); k++ {
		taken[k].start -= size
		taken[k].end -= size
	}
	return taken
}

// fieldsOf makes the members of a write row ready.
func fieldsOf(w *catalogue.Write) *tree {
	t := newTree(w.Fields)
	for _, path := range w.Blank {
		t.makePath(path).blank = true
	}
	for _, path := range w.Falses {
		t.makePath(path).falses = true
		parent, name := t, path
		if i := strings.LastIndexByte(path, '.'); i >= 0 {
			parent, name = t.makePath(path[:i]), path[i+1:]
		}
		parent.added = append(parent.added, name)
	}
	return t
}
