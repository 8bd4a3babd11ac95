package lookersim

import (
	"bytes"
	"net/http"
	"strconv"
)

// in spells a body in the dialect.
func (d Dialect) in(body []byte) []byte {
	if d.EmptyForNull {
		body = emptied(body)
	}
	if d.NumericIDs {
		body = numbered(body)
	}
	return body
}

// spelled is an answer in the server's dialect.
func (s *Server) spelled(a answer) answer {
	d := s.opts.Dialect
	if !d.EmptyForNull && !d.NumericIDs || a.status != http.StatusOK || a.body == nil || a.content != "" {
		return a
	}
	body := d.in(a.bytes())
	a.body = func(o *out) { o.buf = append(o.buf, body...) }
	return a
}

// emptyMembers are those that real servers were seen to answer "" for.
var emptyMembers = []string{"logged_in_at", "password_reset_url", "tunnel_id", "last_reap_at", "lookml_link_id", "external_id", "label"}

func emptied(body []byte) []byte {
	for _, name := range emptyMembers {
		body = bytes.ReplaceAll(body, []byte(`"`+name+`":null`), []byte(`"`+name+`":""`))
	}
	return body
}

// numbered writes the values of members that are ids, alone or in arrays, as
// numbers, where they are strings of digits. No quote that stands in a text comes
// without a backslash, so that nothing inside of one is taken for a member.
func numbered(body []byte) []byte {
	next := make([]byte, 0, len(body))
	for {
		i := bytes.Index(body, []byte(`":`))
		if i < 0 {
			return append(next, body...)
		}
		name := body[bytes.LastIndexByte(body[:i], '"')+1 : i]
		next = append(next, body[:i+2]...)
		body = body[i+2:]
		switch {
		case bytes.HasSuffix(name, []byte("_ids")) && body[0] == '[':
			list := body[:bytes.IndexByte(body, ']')+1]
			body = body[len(list):]
			for i, id := range bytes.Split(list[1:len(list)-1], []byte(",")) {
				next = append(next, "[,"[min(i, 1)])
				next = append(next, numberOf(id)...)
			}
			next = append(next, ']')
		case (string(name) == "id" || bytes.HasSuffix(name, []byte("_id"))) && body[0] == '"':
			id := body[:bytes.IndexByte(body[1:], '"')+2]
			next = append(next, numberOf(id)...)
			body = body[len(id):]
		}
	}
}

// numberOf takes the quotes off a string of digits that spells a number.
func numberOf(id []byte) []byte {
	if len(id) < 3 || id[0] != '"' {
		return id
	}
	text := string(id[1 : len(id)-1])
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return id
	}
	return []byte(text)
}

// oldSource says which source queries are named by number although ids are slugs:
// by merge queries that were made before.
func oldSource(n int64) bool { return n%2 == 0 }

// queryHole is where the id of a query stands in templates.
func (w *world) queryHole() hole {
	if w.opts.Dialect.QuerySlugs {
		return holeSlug
	}
	return holeQuery
}

// queryName is the id of a query as documents name it.
func (w *world) queryName(id int64) string {
	if !w.opts.Dialect.QuerySlugs {
		return strconv.FormatInt(id, 10)
	}
	return w.querySlug(id)
}

func (w *world) querySlug(id int64) string {
	var slug [7]byte
	w.slugs.spell(slug[:], id)
	return string(slug[:])
}

// sourceName is the id of a source query as merge queries name it.
func (w *world) sourceName(n int64) string {
	if id := queryID(querySource, n); oldSource(n) {
		return strconv.FormatInt(id, 10)
	}
	return w.queryName(queryID(querySource, n))
}
