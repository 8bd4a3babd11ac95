package canon

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/record"
)

// append appends a value that holds no other in its canonical spelling.
func (r *Reader) append(raw []byte, escaped bool) {
	switch {
	case r.values && (raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9'):
		r.out = appendNumber(r.out, raw)
		return
	case !escaped:
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
func (r *Reader) plain(raw []byte, escaped bool) []byte {
	if escaped {
		text, err := jsontext.AppendUnquote(r.unquote[:0], raw)
		r.unquote = text[:0]
		if err == nil {
			return text
		}
	}
	return raw[1 : len(raw)-1]
}

func (r *Reader) pickColumns(n *node, raw []byte) {
	if n.pick == none && n.keep == "" && n.nests == "" && len(n.points)+len(n.agrees) == 0 || raw[0] == '{' || raw[0] == '[' {
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
		if n.rank <= r.rank {
			r.doc.Name, r.rank = text, n.rank
		}
	case updated:
		r.doc.Updated = text
	case folder:
		r.doc.Folder = text
	case owner:
		r.doc.Owner = text
	case alias:
		r.doc.Alias = text
	case trashed:
		r.doc.Trashed = text == "true"
	}
	if n.keep != "" {
		if r.kept == nil {
			r.kept = make(map[string]string)
		}
		r.kept[n.keep] = text
	}
	if n.nests != "" {
		r.nested = append(r.nested, record.Ref{Kind: n.nests, ID: text})
	}
	for _, s := range n.agrees {
		r.agreed = append(r.agreed, agreedID{s, text})
	}
	for _, p := range n.points {
		r.found = append(r.found, found{p, text})
	}
}

// follow turns what was found into references.
func (r *Reader) follow() {
	for _, f := range r.found {
		if unless := r.kept[f.relation.Unless]; unless != "" && unless != "false" {
			continue
		}
		ref := record.Ref{Kind: f.relation.Kind, ID: f.id}
		if f.relation.Join != "" {
			ref.ID = r.kept[f.relation.Join] + "::" + f.id
		}
		if slices.Contains(r.nested, ref) {
			continue
		}
		ref.ID = record.FollowableID(ref.ID)
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
