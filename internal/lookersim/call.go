package lookersim

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// apiPrefix is the path of the only API version that the server speaks.
const apiPrefix = "/api/4.0"

// call is one request on its way through the server.
type call struct {
	*Server
	w       http.ResponseWriter
	request *http.Request
	route   *route
	wrong   bool // the path exists, the method does not
	args    []string
	query   url.Values
	began   time.Time
	plain   bool       // never compressed
	short   bool       // half a page is enough
	inside  bool       // one of those of which there may be so many at once
	flying  bool       // counted as in the air, until its answer begins
	again   bool       // the page before the one that was asked for
	quiet   bool       // asked by the server itself: not counted, and without quirks
	body    []byte     // of a write
	cut     bool       // the body did not come whole
	twin    bool       // a write that arrives for the second time
	logged  *WriteSeen // what the log says of a write

	status int   // what was answered, 0 when the connection was cut instead
	sent   int64 // bytes of body
}

func (s *Server) newCall(w http.ResponseWriter, r *http.Request) *call {
	c := &call{Server: s, w: w, request: r, began: s.opts.Now()}
	c.route, c.args, c.wrong = s.router.find(r.Method, r.URL.EscapedPath())
	c.query = r.URL.Query()
	return c
}

// id is the last parameter of the path, unescaped; empty when it has none.
func (c *call) id() string {
	if len(c.args) == 0 {
		return ""
	}
	return c.args[len(c.args)-1]
}

// restricted says that the caller lacks the Admin role.
func (c *call) restricted() bool { return c.opts.Restricted && !c.quiet }

func (c *call) quirks() Quirks {
	if c.quiet {
		return Quirks{}
	}
	return c.opts.Quirks
}

// template is the route as the table spells it, such as "GET /dashboards/{id}".
func (c *call) template() string {
	if c.route == nil {
		return "unknown"
	}
	return c.route.pattern
}

// wait sleeps; false means that the client or the server went away.
func (c *call) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.request.Context().Done():
	case <-c.over:
	}
	return false
}

// docPath is the path as error bodies name it: without the API's prefix.
func (c *call) docPath() string {
	if c.route != nil {
		_, path, _ := strings.Cut(c.route.pattern, " ")
		return path
	}
	return strings.TrimPrefix(c.request.URL.Path, apiPrefix)
}

func (c *call) noRoute() answer {
	if c.wrong {
		return c.fail(http.StatusMethodNotAllowed, "Method not allowed")
	}
	return c.fail(http.StatusNotFound, "Not found")
}
