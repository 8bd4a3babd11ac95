package lookersim

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// draft is a document that a write is changing.
type draft struct{ body []byte }

// set returns doc with a member of its top level changed or added.
func set(doc []byte, name string, value []byte) []byte {
	next, err := splice(doc, name, value)
	if err != nil {
		panic("lookersim: " + name + ": " + err.Error()) // documents are objects, names have no dots
	}
	return next
}

func (d *draft) raw(name string, value []byte) { d.body = set(d.body, name, value) }

func (d *draft) str(name, s string) { d.raw(name, appendString(nil, s)) }

// opt is str, with null for an empty text.
func (d *draft) opt(name, s string) {
	if s == "" {
		d.null(name)
		return
	}
	d.str(name, s)
}

func (d *draft) yes(name string, v bool) {
	d.raw(name, strconv.AppendBool(nil, v))
}

func (d *draft) num(name string, n int64) { d.raw(name, appendInt(nil, n)) }

func (d *draft) null(names ...string) {
	for _, name := range names {
		d.raw(name, []byte("null"))
	}
}

// zero sets counts to 0.
func (d *draft) zero(names ...string) {
	for _, name := range names {
		d.num(name, 0)
	}
}

func (d *draft) time(name string, ms int64) { d.raw(name, timeOrNull(nil, ms)) }

// text is a member as a text, empty for null.
func (d *draft) text(name string) string { return rawValue(lookup(d.body, name)).text }

// defaults sets the members of a JSON object.
func (d *draft) defaults(object string) {
	for m := range members([]byte(object)) {
		d.raw(string(m.key), []byte(object[m.value:m.end]))
	}
}

// take sets those members of a request that fields names. A member with a tree
// of its own is an object that the request changes member by member; others
// are replaced whole.
func (d *draft) take(sent []byte, fields fieldTree) {
	for m := range members(sent) {
		name := string(m.key)
		inner, ok := fields[name]
		if !ok {
			continue
		}
		value := sent[m.value:m.end]
		old := lookup(d.body, name)
		if inner == nil || value[0] != '{' || isNull(old) {
			d.raw(name, accepted(name, value))
			continue
		}
		nested := draft{bytes.Clone(old)}
		nested.take(value, inner)
		d.raw(name, nested.body)
	}
}

// accepted is a value of a request as the server spells it from then on: without
// white space, characters of HTML escaped, numbers as they came. Ids are texts.
func accepted(name string, value []byte) []byte {
	if (name == "id" || strings.HasSuffix(name, "_id")) && (value[0] == '-' || value[0] >= '0' && value[0] <= '9') {
		return appendString(nil, value)
	}
	var short, safe bytes.Buffer
	if json.Compact(&short, value) != nil {
		return []byte("null")
	}
	json.HTMLEscape(&safe, short.Bytes())
	return safe.Bytes()
}

// touch moves the times and names that tell of a change by the caller.
func (d *draft) touch(e *edit) {
	d.time("updated_at", e.now)
	if lookup(d.body, "last_updater_id") != nil {
		d.raw("last_updater_id", quoted(nil, callerID))
	}
	if lookup(d.body, "last_updater_name") != nil {
		d.str("last_updater_name", e.w.userName(callerID))
	}
}

// discard moves the draft into the trash or out of it, unless it is there.
func (d *draft) discard(e *edit, away bool) {
	if (d.text("deleted") == "true") == away {
		return
	}
	d.yes("deleted", away)
	if away {
		d.time("deleted_at", e.now)
		d.raw("deleter_id", quoted(nil, callerID))
	} else {
		d.null("deleted_at", "deleter_id")
	}
}
