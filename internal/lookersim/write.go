package lookersim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// edit is one write on its way through its handler, which holds the world's
// lock and changes nothing before everything about the request is checked.
type edit struct {
	*call
	w    *world
	sent []byte // the request's body, an object or an array; "{}" when it has none
	now  int64
}

// writeFunc carries out one write. It returns the document to answer with, nil
// for 204, or why the server refuses.
type writeFunc func(e *edit) ([]byte, *refusal)

// refusal is a write that is not carried out.
type refusal struct {
	status  int
	message string // of the status when empty
	errors  []fieldError
}

// fieldError is what is wrong with one member of a request.
type fieldError struct{ field, code, message string }

func invalid(field, code, message string) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, message: "Validation Failed", errors: []fieldError{{field, code, message}}}
}

func missing(field string) *refusal {
	return invalid(field, "missing_field", field+" is required")
}

func unknown(field, id string) *refusal {
	return invalid(field, "invalid", "There is nothing with the id "+id)
}

// taken refuses a name that something else has; status is 409 for keys that
// are unique in the whole instance, and 422 for those that are not.
func taken(status int, field, message string) *refusal {
	return &refusal{status: status, message: "Validation Failed", errors: []fieldError{{field, "already_exists", message}}}
}

var absent = &refusal{status: http.StatusNotFound, message: "Not found"}

// forbidden refuses a change of something that every instance has.
func forbidden(status int, message string) *refusal {
	return &refusal{status: status, message: message}
}

// refused is the error body of a refusal, as Looker's ValidationError has it.
func (c *call) refused(r *refusal) answer {
	a := c.fail(r.status, cmp.Or(r.message, statusText(r.status)))
	if len(r.errors) == 0 {
		return a
	}
	body := a.bytes()
	list := []byte{'['}
	for _, f := range r.errors {
		o := begin(comma(list))
		o.str("field", f.field)
		o.str("code", f.code)
		o.str("message", f.message)
		o.str("documentation_url", rawValue(lookup(body, "documentation_url")).text)
		list = o.end()
	}
	body = set(body, "errors", append(list, ']'))
	return answer{status: r.status, body: plain(body)}
}

// maxWrite bounds the body of a request.
const maxWrite = 64 << 20

// takeBody reads the body of a write once, before rules and handlers see the call.
func (c *call) takeBody() {
	if c.route == nil || c.route.write == nil || c.request.Body == nil {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.request.Body, maxWrite))
	c.body, c.cut = body, err != nil
}

// carryOut makes the write that a call asks for, and keeps it in the state file
// where there is one.
func (c *call) carryOut() answer {
	if c.restricted() {
		return c.fail(http.StatusForbidden, statusText(http.StatusForbidden))
	}
	var a answer
	err := c.state.while(c.Server, func() (stateLine, bool) {
		a = c.perform()
		line := stateLine{Method: c.request.Method, Path: c.path(), Body: bytes.TrimSpace(c.body)}
		return line, a.status < http.StatusBadRequest
	})
	if err != nil {
		return c.fail(http.StatusInternalServerError, err.Error())
	}
	return a
}

// path is the path of the request below the API's prefix, with its query.
func (c *call) path() string {
	path := c.request.URL.EscapedPath()[len(apiPrefix):]
	if c.request.URL.RawQuery != "" {
		path += "?" + c.request.URL.RawQuery
	}
	return path
}

// perform makes the write.
func (c *call) perform() answer {
	sent, err := c.json()
	if err != nil {
		c.decided(http.StatusBadRequest)
		return c.badRequest(err)
	}
	w := c.world
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &edit{call: c, w: w, sent: sent, now: w.moment()}
	given := w.partIDs
	doc, no := c.route.write(e)
	if no != nil {
		w.partIDs = given // what is refused leaves no trace
		c.decided(no.status)
		return c.refused(no)
	}
	w.written()
	a := answer{status: http.StatusNoContent}
	if doc != nil {
		a = c.object(doc)
	}
	c.decided(a.status)
	return a
}

// json is the request's body, "{}" for none.
func (c *call) json() ([]byte, error) {
	if c.cut {
		return nil, errors.New("the body ends early")
	}
	body := []byte(strings.TrimSpace(string(c.body)))
	if len(body) == 0 {
		return []byte("{}"), nil
	}
	if !json.Valid(body) {
		return nil, errors.New("the body is not JSON")
	}
	if body[0] != '{' && body[0] != '[' {
		return nil, errors.New("the body is neither an object nor an array")
	}
	return body, nil
}

// has reports whether the request says anything about a member, null included.
func (e *edit) has(name string) bool { return lookup(e.sent, name) != nil }

// text is a member of the request as a text: an id may come as a number. It is
// empty for null and for what the request does not say.
func (e *edit) text(name string) string { return rawValue(lookup(e.sent, name)).text }

// flag is a member of the request that is true or false.
func (e *edit) flag(name string) bool { return e.text(name) == "true" }

// row finds an item that a path or a request names, in the trash or not.
func (e *edit) row(kind, id string) (found, bool) {
	t := e.w.tables[kind]
	r, i, ok := t.find(id)
	return found{t: t, index: i, row: r}, ok
}

// target finds the item of the path.
func (e *edit) target(kind string) (found, *refusal) {
	f, ok := e.row(kind, e.id())
	if !ok {
		return found{}, absent
	}
	return f, nil
}

// editing is a write of the item of a kind that the path names.
func editing(kind string, write func(e *edit, f found) ([]byte, *refusal)) writeFunc {
	return func(e *edit) ([]byte, *refusal) {
		f, no := e.target(kind)
		if no != nil {
			return nil, no
		}
		return write(e, f)
	}
}

// refers checks that a member of the request, when it has a value, names an
// item that is there.
func (e *edit) refers(member, kind string) *refusal {
	id := e.text(member)
	if id == "" {
		return nil
	}
	if f, ok := e.row(kind, id); !ok || f.row.state != present {
		return unknown(member, id)
	}
	return nil
}

// Do carries out a request below /api/4.0 as an administrator's own hands would:
// past login, limits and faults, uncounted, and not among Writes. The body is
// JSON, nil for none. A path that nothing answers gives 404.
func (s *Server) Do(method, path string, body []byte) (status int, answer []byte) {
	c, err := s.inner(method, path, body)
	if err != nil {
		return http.StatusBadRequest, nil
	}
	if err := s.state.catchUp(s); err != nil {
		return http.StatusInternalServerError, []byte(err.Error())
	}
	a := c.noRoute()
	switch {
	case c.route == nil:
	case c.route.write != nil:
		a = c.carryOut()
	default:
		return s.Peek(path)
	}
	return a.status, s.spelled(a).bytes()
}

// inner is a call that the server makes itself.
func (s *Server) inner(method, path string, body []byte) (*call, error) {
	target, err := url.Parse("http://sim" + apiPrefix + path)
	if err != nil {
		return nil, err
	}
	c := s.newCall(nil, &http.Request{Method: method, URL: target, Host: target.Host, Header: http.Header{}})
	c.quiet, c.body = true, body
	return c, nil
}
