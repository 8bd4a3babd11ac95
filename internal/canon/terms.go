package canon

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/find"
)

// Terms returns a function for what a body can be found by: terms, each with a line break
// behind it. It is for one goroutine.
func Terms() func(body []byte) ([]byte, error) {
	c := &collector{all: find.NewTerms(), roles: find.Roles()}
	return c.collect
}

// collector collects the terms of a document: those that its members name, in the same
// places where [find.Searcher.In] looks.
type collector struct {
	scanner
	all    *find.Terms
	roles  map[string]find.Role // of members, by their names at any depth
	member place                // that is read
	object partial              // the innermost one that is open
	names  []token              // explores that the open objects name, the innermost one's last
	closed token                // the id of the object that was closed last
	buffer []byte
	model  []byte
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

func (c *collector) collect(body []byte) ([]byte, error) {
	c.scanner = scanner{text: body}
	defer func() { c.scanner.text = nil }()
	c.all.Reset()
	c.member, c.object, c.closed, c.names = place{}, partial{}, token{}, c.names[:0]
	if err := c.value(); err != nil {
		return nil, err
	}
	if err := c.end(); err != nil {
		return nil, err
	}
	return c.all.Text(), nil
}

// value steps over a value and collects its terms.
func (c *collector) value() error {
	switch c.peek() {
	case '{':
		return c.members()
	case '[':
		return c.elements()
	}
	raw, escaped, err := c.scanner.scalar()
	if err == nil {
		c.scalar(token{raw, escaped})
	}
	return err
}

func (c *collector) elements() error {
	if err := c.open(); err != nil {
		return err
	}
	for first := true; ; first = false {
		if more, err := c.more(first, ']'); err != nil || !more {
			return err
		}
		if err := c.value(); err != nil {
			return err
		}
	}
}

func (c *collector) members() error {
	if err := c.open(); err != nil {
		return err
	}
	outer := c.object
	c.object = partial{names: len(c.names)}
	for first := true; ; first = false {
		more, err := c.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			c.together()
			c.names = c.names[:c.object.names]
			c.closed, c.object = c.object.id, outer
			return nil
		}
		raw, escaped, err := c.name()
		if err != nil {
			return err
		}
		around := c.enter(c.plain(token{raw, escaped}))
		if err := c.value(); err != nil {
			return err
		}
		c.leave(around)
	}
}

// enter begins the value of a member. The result is for leave.
func (c *collector) enter(name []byte) (around place) {
	around = c.member
	c.member.role = c.roles[string(name)]
	if c.member.role&find.Echo != 0 {
		c.member.echoes++
	}
	if c.member.echoes == 0 {
		c.all.Fields(name)
	}
	c.closed = token{}
	return around
}

// leave ends the value of a member.
func (c *collector) leave(around place) {
	if c.member.role&find.NamesModel != 0 && c.closed.raw != nil {
		c.object.model = c.closed
	}
	c.closed, c.member = token{}, around
}

// together takes what the members of the object that ends name together.
func (c *collector) together() {
	if c.object.model.raw == nil || c.member.echoes > 0 {
		return
	}
	c.model = append(c.model[:0], c.plain(c.object.model)...)
	c.all.Model(c.model)
	for _, name := range c.names[c.object.names:] {
		c.all.Explore(c.model, c.plain(name))
	}
}

// scalar takes a value that holds no other.
func (c *collector) scalar(t token) {
	isText := t.raw[0] == '"'
	if c.member.echoes > 0 || !isText && c.member.role&(find.NamesUser|find.NamesLook) == 0 {
		return
	}
	text := t.raw
	if isText {
		text = c.plain(t)
		c.keepToken(t)
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

// keepToken keeps what only tells something together with other members.
func (c *collector) keepToken(t token) {
	switch {
	case c.member.role&find.NamesItself != 0:
		c.object.id = t
	case c.member.role&find.NamesModel != 0:
		c.object.model = t
	case c.member.role&find.NamesExplore != 0:
		c.names = append(c.names, t)
	}
}

// plain is a string without quotes and escapes, good until the next call.
func (c *collector) plain(t token) []byte {
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
