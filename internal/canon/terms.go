package canon

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/find"
	"github.com/lookervault/lookervault/internal/record"
)

// collector collects the terms of a document while it is read: those that its members
// name, in the same places where [find.Query.In] looks. A nil one collects nothing; that the methods for each member
// do so in their first line lets the compiler put them where they are called.
type collector struct {
	all    *find.Terms
	member place   // that is read
	object partial // the innermost one that is open
	names  []token // explores that the open objects name, the innermost one's last
	// members and objects are those around, the innermost one's last.
	members []place
	objects []partial
	closed  token // the id of the object that was closed last
	buffer  []byte
	model   []byte
}

// Terms returns a function for what bodies of a kind can be found by: terms, each with a
// line break behind it. It is for one goroutine.
func Terms() func(kind record.Kind, body []byte) ([]byte, error) {
	reader := &Reader{terms: &collector{all: find.NewTerms()}}
	return func(kind record.Kind, body []byte) ([]byte, error) {
		row, known := catalogue.Find(kind)
		if !known {
			row = &catalogue.Spec{Name: kind}
		}
		if _, err := reader.Read(Compile(row), body); err != nil {
			return nil, err
		}
		return reader.terms.all.Text(), nil
	}
}

// place is what matters of the member whose value is read.
type place struct {
	role   find.Role
	echoes int // members around it that repeat other documents, itself included
}

// partial is what several members of an object name together.
type partial struct {
	id, model token
	names     int // where its explores begin
}

// token is a string as it stands in the document; the zero value is none.
type token struct {
	raw     []byte
	escaped bool
}

func (c *collector) reset() {
	if c == nil {
		return
	}
	c.all.Reset()
	c.member, c.object, c.closed, c.names = place{}, partial{}, token{}, c.names[:0]
	c.members, c.objects = c.members[:0], c.objects[:0]
}

// enter begins the value of a member.
func (c *collector) enter(name []byte, rules *Rules) {
	if c != nil {
		c.entered(name, rules)
	}
}

func (c *collector) entered(name []byte, rules *Rules) {
	role := find.Role(0)
	if known := rules.roles.find(name); known != nil {
		role = known.role
	}
	c.members = append(c.members, c.member)
	c.member.role = role
	if role&find.Echo != 0 {
		c.member.echoes++
	}
	if c.member.echoes == 0 {
		c.all.Fields(name)
	}
	c.closed = token{}
}

// leave ends the value of a member.
func (c *collector) leave() {
	if c != nil {
		c.left()
	}
}

func (c *collector) left() {
	if c.member.role&find.NamesModel != 0 && c.closed.raw != nil {
		c.object.model = c.closed
	}
	last := len(c.members) - 1
	c.closed, c.member, c.members = token{}, c.members[last], c.members[:last]
}

// open begins an object.
func (c *collector) open() {
	if c != nil {
		c.objects, c.object = append(c.objects, c.object), partial{names: len(c.names)}
	}
}

// close ends an object.
func (c *collector) close() {
	if c != nil {
		c.ended()
	}
}

func (c *collector) ended() {
	if o := c.object; o.model.raw != nil && c.member.echoes == 0 {
		c.model = append(c.model[:0], c.text(o.model)...)
		model := c.model
		c.all.Model(model)
		for _, name := range c.names[o.names:] {
			c.all.Explore(model, c.text(name))
		}
	}
	c.names = c.names[:c.object.names]
	last := len(c.objects) - 1
	c.closed, c.object, c.objects = c.object.id, c.objects[last], c.objects[:last]
}

// scalar takes a value that holds no other.
func (c *collector) scalar(raw []byte, escaped bool) {
	if c != nil {
		c.value(raw, escaped)
	}
}

func (c *collector) value(raw []byte, escaped bool) {
	isText := raw[0] == '"'
	if c.member.echoes > 0 || !isText && c.member.role&(find.NamesUser|find.NamesLook) == 0 {
		return
	}
	text := raw
	if isText {
		text = c.text(token{raw, escaped})
		c.name(token{raw, escaped})
		c.all.Fields(text)
		if c.member.role&find.Readable != 0 {
			c.all.Words(text)
		}
	}
	if c.member.role&find.NamesUser != 0 {
		c.all.User(text)
	}
	if c.member.role&find.NamesLook != 0 {
		c.all.Look(text)
	}
}

// name keeps what only tells something together with other members.
func (c *collector) name(t token) {
	switch {
	case c.member.role&find.NamesItself != 0:
		c.object.id = t
	case c.member.role&find.NamesModel != 0:
		c.object.model = t
	case c.member.role&find.NamesExplore != 0:
		c.names = append(c.names, t)
	}
}

// text is a string without quotes and escapes, good until the next call.
func (c *collector) text(t token) []byte {
	if !t.escaped {
		return t.raw[1 : len(t.raw)-1]
	}
	text, err := jsontext.AppendUnquote(c.buffer[:0], t.raw)
	if err != nil {
		return []byte(Text(t.raw))
	}
	c.buffer = text[:0]
	return text
}

// glance steps over a value of any sort that does not count, and collects its terms.
func (r *Reader) glance() error {
	if r.terms == nil {
		return r.skip()
	}
	closing := byte('}')
	switch r.peek() {
	case '{':
		r.terms.open()
		defer r.terms.close()
	case '[':
		closing = ']'
	default:
		raw, escaped, err := r.scalar()
		if err == nil {
			r.terms.scalar(raw, escaped)
		}
		return err
	}
	if err := r.open(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := r.more(first, closing)
		if err != nil || !more {
			return err
		}
		if closing == '}' {
			raw, escaped, err := r.name()
			if err != nil {
				return err
			}
			r.terms.enter(r.plain(raw, escaped), r.rules)
		}
		if err := r.glance(); err != nil {
			return err
		}
		if closing == '}' {
			r.terms.leave()
		}
	}
}
