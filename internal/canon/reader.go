package canon

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// Document is what a reader learns from a body.
type Document struct {
	ID, Name, Updated, Folder, Owner string
	Trashed                          bool
	Refs                             []record.Ref // in the order in which they appear, each once
	Fingerprint                      record.Digest
}

// ErrInvalid is wrapped by every error about a body that is not one JSON value.
var ErrInvalid = errors.New("not valid JSON")

// lenient accepts what Looker may send and a stored body must keep: members
// given twice and bytes that are not UTF-8.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// keep is the size above which a buffer is given back after a large document.
const keep = 1 << 20

// Reader reads documents one after the other. It is for one goroutine; its
// buffers are used again, nothing that it returns points into them.
type Reader struct {
	dec     *jsontext.Decoder
	in      bytes.Buffer
	out     []byte // the canonical form
	scratch []byte
	parts   []part // of the objects and sets that are open, innermost last
	unquote []byte
	rules   *Rules
	doc     Document
	found   []found           // what pointers point to, to be judged at the end
	kept    map[string]string // members of the document that pointers depend on
}

// found is a value at the end of a pointer.
type found struct {
	pointer catalogue.Pointer
	id      string
}

// part is one member of an object or one element of a set, in out.
type part struct {
	start, name, end int    // out[start:name] is the quoted name
	key              uint64 // the name's first bytes, which decide most comparisons
}

// NewReader returns a reader.
func NewReader() *Reader {
	return &Reader{dec: jsontext.NewDecoder(new(bytes.Buffer), lenient...)}
}

// Read validates a body, picks its columns and computes its fingerprint. The
// body is not changed and not kept.
func (r *Reader) Read(rules *Rules, body []byte) (Document, error) {
	r.in = *bytes.NewBuffer(body) // which the decoder reads in place
	r.dec.Reset(&r.in, lenient...)
	r.rules, r.doc, r.out, r.parts, r.found = rules, Document{}, r.out[:0], r.parts[:0], r.found[:0]
	clear(r.kept)
	if err := r.value(rules.root, false); err != nil {
		return Document{}, invalid(err)
	}
	if err := end(r.dec); err != nil {
		return Document{}, err
	}
	r.doc.Fingerprint = sha256.Sum256(r.out)
	r.follow()
	if cap(r.out) > keep {
		r.out, r.scratch = nil, nil
	}
	return r.doc, nil
}

func (r *Reader) value(n *node, opaque bool) error {
	switch r.dec.PeekKind() {
	case '{':
		return r.object(n, opaque)
	case '[':
		return r.array(n, opaque)
	default:
		raw, err := r.dec.ReadValue()
		if err != nil {
			return err
		}
		r.pick(n, raw)
		r.scalar(raw)
		return nil
	}
}

func (r *Reader) object(n *node, opaque bool) error {
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	base := len(r.parts)
	start := len(r.out)
	r.out = append(r.out, '{')
	for r.dec.PeekKind() != '}' {
		raw, err := r.dec.ReadValue()
		if err != nil {
			return err
		}
		member := r.plain(raw)
		to := r.rules.step(n, member)
		if to.volatile && !opaque {
			// A date is a column although its moving is no change.
			value, err := r.dec.ReadValue()
			if err != nil {
				return err
			}
			r.pick(to.node, value)
			continue
		}
		p := part{start: len(r.out)}
		r.scalar(raw)
		p.name = len(r.out)
		p.key = prefix(r.out[p.start:p.name])
		r.out = append(r.out, ':')
		if err := r.value(to.node, opaque || to.opaque); err != nil {
			return err
		}
		r.out = append(r.out, ',')
		p.end = len(r.out)
		r.parts = append(r.parts, p)
	}
	r.sort(base, start+1)
	r.out = append(r.out, '}')
	_, err := r.dec.ReadToken()
	return err
}

func (r *Reader) array(n *node, opaque bool) error {
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	base := len(r.parts)
	start := len(r.out)
	r.out = append(r.out, '[')
	for r.dec.PeekKind() != ']' {
		p := part{start: len(r.out)}
		if err := r.value(n, opaque); err != nil {
			return err
		}
		p.name = len(r.out)
		r.out = append(r.out, ',')
		p.end = len(r.out)
		p.key = prefix(r.out[p.start:p.name])
		if n.unordered {
			r.parts = append(r.parts, p)
		}
	}
	r.sort(base, start+1)
	r.out = append(r.out, ']')
	_, err := r.dec.ReadToken()
	return err
}

// sort puts the parts from base on, which lie one after the other in out from
// start on, into the order of their names, and closes them.
func (r *Reader) sort(base, start int) {
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

// scalar appends a value that holds no other in its canonical spelling.
func (r *Reader) scalar(raw []byte) {
	if raw[0] != '"' || bytes.IndexByte(raw, '\\') < 0 {
		r.out = append(r.out, raw...)
		return
	}
	text, err := jsontext.AppendUnquote(r.unquote[:0], raw)
	r.unquote = text[:0]
	if err != nil {
		// Half a surrogate pair: no other spelling means the same.
		r.out = append(r.out, raw...)
		return
	}
	if quoted, err := jsontext.AppendQuote(r.out, text); err == nil {
		r.out = quoted
		return
	}
	r.out = append(r.out, raw...)
}

// plain returns the text of a quoted name, good until the next call.
func (r *Reader) plain(raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	text, err := jsontext.AppendUnquote(r.unquote[:0], raw)
	r.unquote = text[:0]
	if err != nil {
		return raw[1 : len(raw)-1]
	}
	return text
}

func (r *Reader) pick(n *node, raw []byte) {
	if n.pick == none && n.keep == "" && len(n.points) == 0 || raw[0] == '{' || raw[0] == '[' {
		return
	}
	text := Text(raw)
	if text == "" {
		return
	}
	switch n.pick {
	case id:
		r.doc.ID = text
	case name:
		r.doc.Name = text
	case updated:
		r.doc.Updated = text
	case folder:
		r.doc.Folder = text
	case owner:
		r.doc.Owner = text
	case trashed:
		r.doc.Trashed = text == "true"
	}
	if n.keep != "" {
		if r.kept == nil {
			r.kept = make(map[string]string)
		}
		r.kept[n.keep] = text
	}
	for _, p := range n.points {
		r.found = append(r.found, found{p, text})
	}
}

// follow turns what was found into references.
func (r *Reader) follow() {
	for _, f := range r.found {
		if unless := r.kept[f.pointer.Unless]; unless != "" && unless != "false" {
			continue
		}
		ref := record.Ref{Kind: f.pointer.Kind, ID: f.id}
		if f.pointer.Join != "" {
			ref.ID = r.kept[f.pointer.Join] + "::" + f.id
		}
		if !slices.Contains(r.doc.Refs, ref) {
			r.doc.Refs = append(r.doc.Refs, ref)
		}
	}
}

// Text is a scalar as text: a string without quotes and escapes, a number as it
// is spelled, "" for null. Ids are strings in API 4.0 but older servers send
// numbers.
func Text(raw []byte) string {
	switch {
	case len(raw) == 0, string(raw) == "null":
		return ""
	case raw[0] != '"':
		return string(raw)
	case bytes.IndexByte(raw, '\\') < 0:
		return string(raw[1 : len(raw)-1])
	}
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return string(bytes.ToValidUTF8(text, []byte("\uFFFD")))
	}
	return string(text)
}

// end returns an error when anything follows the value that was read.
func end(dec *jsontext.Decoder) error {
	_, err := dec.ReadToken()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return fmt.Errorf("%w: something follows the value at byte %d", ErrInvalid, dec.InputOffset())
	default:
		return invalid(err)
	}
}

func invalid(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends in the middle", ErrInvalid)
	}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		// The library's text may quote the body; a position is enough.
		return fmt.Errorf("%w: wrong at byte %d", ErrInvalid, syntax.ByteOffset)
	}
	return fmt.Errorf("%w: %w", ErrInvalid, err)
}
