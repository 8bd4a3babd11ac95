package canon

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// ErrInvalid is wrapped by every error about a body that is not one JSON value.
var ErrInvalid = errors.New("not valid JSON")

// noName is the rank of a document's name before one was found.
const noName = 1 << 10

// keep is the size above which a buffer is given back after a large document.
const keep = 1 << 20

// Reader reads documents one after the other. It is for one goroutine; its
// buffers are used again, nothing that it returns points into them.
type Reader struct {
	scanner
	out     []byte // the canonical form
	wanted  bool   // somebody asked for it
	values  bool   // numbers are spelled by their value
	scratch []byte
	parts   []part // of the objects and sets that are open, innermost last
	unquote []byte
	rules   *Rules
	doc     record.Document
	rank    int // of the name that doc has
	shape   Shape
	path    memberPath
	found   []found           // what relations name, to be judged at the end
	nested  []record.Ref      // documents that this one holds whole
	kept    map[string]string // members of the document that relations depend on
	agreed  []agreedID        // ids at the paths of agreements
}

// found is what a relation names.
type found struct {
	relation *catalogue.Relation
	id       string
}

// part is one member of an object or one element of a set, in out.
type part struct {
	start, name, end int    // out[start:name] is the quoted name
	key              uint64 // the name's first bytes, which decide most comparisons
}

// NewReader returns a reader.
func NewReader() *Reader { return &Reader{} }

// Read validates a body, picks its columns and computes its fingerprint. The
// body is not changed and not kept.
func (r *Reader) Read(rules *Rules, body []byte) (record.Document, error) {
	r.scanner = scanner{text: body}
	defer func() { r.text = nil }()
	doc, err := r.document(rules)
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return record.Document{}, err
	}
	return doc, nil
}

// Row is an element of an array.
type Row struct {
	Body []byte           // its exact bytes
	Doc  *record.Document // what was read from it; nil when it is known
}

// Rows is [Rows] and Read at once, for an array of documents some of which need no
// reading: at the beginning of each it calls known with the text from there on,
// which returns how many bytes of it are known to be a whole, valid object, and 0
// when it does not know.
func (r *Reader) Rows(rules *Rules, body []byte, known func(rest []byte) int) ([]Row, error) {
	r.scanner = scanner{text: body}
	defer func() { r.text = nil }()
	var docs []*record.Document
	bodies, err := r.elements(func() error {
		if n := known(body[r.at:]); n > 0 {
			r.at += min(n, len(body)-r.at)
			docs = append(docs, nil)
			return nil
		}
		doc, err := r.document(rules)
		docs = append(docs, &doc)
		return err
	})
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(bodies))
	for i, body := range bodies {
		rows[i] = Row{body, docs[i]}
	}
	return rows, nil
}

// document reads the value that is next.
func (r *Reader) document(rules *Rules) (record.Document, error) {
	r.rules, r.doc, r.out, r.parts, r.found = rules, record.Document{}, r.out[:0], r.parts[:0], r.found[:0]
	r.nested, r.shape, r.path, r.agreed = r.nested[:0], 0, memberPath{}, r.agreed[:0]
	clear(r.kept)
	r.rank = noName
	if err := r.read(rules.root, false); err != nil {
		return record.Document{}, err
	}
	r.doc.Fingerprint = sha256.Sum256(r.out)
	r.doc.Shape = uint64(r.shape)
	r.doc.Disagrees = r.disagrees()
	r.follow()
	if cap(r.out) > keep && !r.wanted {
		r.out, r.scratch = nil, nil
	}
	return r.doc, nil
}

// read reads a value and appends its canonical form.
func (r *Reader) read(n *node, opaque bool) error {
	switch r.peek() {
	case '{':
		return r.object(n, opaque)
	case '[':
		return r.array(n, opaque)
	}
	raw, escaped, err := r.scalar()
	if err != nil {
		return err
	}
	r.pickColumns(n, raw)
	r.append(raw, escaped)
	return nil
}

func (r *Reader) object(n *node, opaque bool) error {
	if err := r.open(); err != nil {
		return err
	}
	base := len(r.parts)
	start := len(r.out)
	r.out = append(r.out, '{')
	for first := true; ; first = false {
		if more, err := r.more(first, '}'); err != nil {
			return err
		} else if !more {
			break
		}
		if err := r.member(n, opaque); err != nil {
			return err
		}
	}
	if len(n.derived) > 0 && !opaque {
		r.dropDerived(n.derived, base)
	}
	if n == r.rules.root {
		for _, p := range r.parts[base:] {
			r.shape = r.shape.withMember(r.out[p.start:p.name], r.out[p.name+1:p.end])
		}
	}
	r.sortParts(base, start+1)
	r.out = append(r.out, '}')
	return nil
}

// dropDerived takes the members out of an object that follow from others of it, which are
// parts from base on.
func (r *Reader) dropDerived(all []derived, base int) {
	for _, d := range all {
		holds := func(p part) bool {
			if !bytes.Equal(r.out[p.start:p.name], d.when) {
				return false
			}
			switch string(r.out[p.name:p.end]) {
			case ":true,":
				return true
			case ":null,", ":false,", `:"",`:
				return false
			}
			return d.set
		}
		if !slices.ContainsFunc(r.parts[base:], holds) {
			continue
		}
		for i := len(r.parts) - 1; i >= base; i-- {
			if p := r.parts[i]; bytes.Equal(r.out[p.start:p.name], d.member) {
				r.cutPart(i)
			}
		}
	}
}

// cutPart takes one part out. Those behind it move up.
func (r *Reader) cutPart(i int) {
	p := r.parts[i]
	size := p.end - p.start
	r.out = slices.Delete(r.out, p.start, p.end)
	r.parts = slices.Delete(r.parts, i, i+1)
	for k := i; k < len(r.parts); k++ {
		r.parts[k].start -= size
		r.parts[k].name -= size
		r.parts[k].end -= size
	}
}

func (r *Reader) member(n *node, opaque bool) error {
	raw, escaped, err := r.name()
	if err != nil {
		return err
	}
	to := r.rules.step(n, r.plain(raw, escaped))
	if to.volatile && !opaque {
		// A date is a column although its moving is no change.
		value, err := r.value()
		if err != nil {
			return err
		}
		r.pickColumns(to.node, value)
		if n == r.rules.root {
			r.shape = r.shape.withMember(raw, value)
		}
		return nil
	}
	p := part{start: len(r.out)}
	r.append(raw, escaped)
	p.name = len(r.out)
	p.key = prefix(r.out[p.start:p.name])
	r.out = append(r.out, ':')
	here := r.path
	r.path = here.member(raw, p.key)
	err = r.read(to.node, opaque || to.opaque)
	r.path = here
	if err != nil {
		return err
	}
	r.out = append(r.out, ',')
	p.end = len(r.out)
	r.parts = append(r.parts, p)
	return nil
}

func (r *Reader) array(n *node, opaque bool) error {
	if err := r.open(); err != nil {
		return err
	}
	base := len(r.parts)
	start := len(r.out)
	r.out = append(r.out, '[')
	elements := 0
	for first := true; ; first = false {
		if more, err := r.more(first, ']'); err != nil {
			return err
		} else if !more {
			break
		}
		elements++
		p := part{start: len(r.out)}
		if err := r.read(n, opaque); err != nil {
			return err
		}
		if p.name = len(r.out); n.unordered {
			p.key = prefix(r.out[p.start:p.name])
			p.end = p.name + 1
			r.parts = append(r.parts, p)
		}
		r.out = append(r.out, ',')
	}
	if r.path.depth == 1 || elements >= LongArray && r.path.depth <= arrayDepth {
		r.noteLength(elements)
	}
	r.sortParts(base, start+1)
	r.out = append(r.out, ']')
	return nil
}

// sortParts puts the parts from base on, which lie one after the other in out from
// start on, into the order of their names, and closes them.
func (r *Reader) sortParts(base, start int) {
	parts := r.parts[base:]
	r.parts = r.parts[:base]
	less := func(a, b part) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		return bytes.Compare(r.out[a.start:a.name], r.out[b.start:b.name])
	}
	if slices.IsSortedFunc(parts, less) {
		return
	}
	// Members of the same name keep their order: which of them counts is up to
	// whoever reads the document.
	slices.SortFunc(parts, func(a, b part) int { return cmp.Or(less(a, b), cmp.Compare(a.start, b.start)) })
	r.scratch = r.scratch[:0]
	for _, p := range parts {
		r.scratch = append(r.scratch, r.out[p.start:p.end]...)
	}
	copy(r.out[start:], r.scratch)
}

// prefix is the first eight bytes behind the quote, in the order of bytes.
func prefix(name []byte) uint64 {
	if len(name) > 8 {
		return binary.BigEndian.Uint64(name[1:])
	}
	var key [8]byte
	copy(key[:], name[min(1, len(name)):])
	return binary.BigEndian.Uint64(key[:])
}
