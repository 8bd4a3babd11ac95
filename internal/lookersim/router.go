package lookersim

import (
	"net/url"
	"strings"
)

// route is one line of the table of routes.
type route struct {
	pattern string // "GET /dashboards/{id}", below the API's prefix unless root
	kind    string // whose documents it gives, empty for none
	handle  func(c *call) answer
	write   writeFunc // in handle's place where the route changes something
	root    bool      // lies beside the API, at the host's root
	open    bool      // needs no token
	free    bool      // not limited, and no API call in the licence's sense
	// noFields says that the fields parameter is not known here.
	noFields bool
	query    bool // counted as a query call, not as an administrative one
}

// node is a step of a path.
type node struct {
	static  map[string]*node
	param   *node
	methods map[string]*route
}

func newRouter(table []route) *node {
	top := &node{}
	for _, r := range table {
		method, path, _ := strings.Cut(r.pattern, " ")
		if !r.root {
			path = apiPrefix + path
		}
		n := top
		for segment := range strings.SplitSeq(path[1:], "/") {
			n = n.step(segment)
		}
		if n.methods == nil {
			n.methods = map[string]*route{}
		}
		n.methods[method] = &r
	}
	return top
}

func (n *node) step(segment string) *node {
	if strings.HasPrefix(segment, "{") {
		if n.param == nil {
			n.param = &node{}
		}
		return n.param
	}
	if n.static == nil {
		n.static = map[string]*node{}
	}
	next := n.static[segment]
	if next == nil {
		next = &node{}
		n.static[segment] = next
	}
	return next
}

// find returns the route of an escaped path and its parameters, unescaped. A
// static segment wins over a parameter. wrong means that the path exists but
// for other methods.
func (n *node) find(method, path string) (found *route, args []string, wrong bool) {
	path = strings.TrimPrefix(path, "/")
	end, args := n.walk(path, nil)
	if end == nil {
		return nil, nil, false
	}
	r := end.methods[method]
	return r, args, r == nil
}

func (n *node) walk(path string, args []string) (*node, []string) {
	segment, rest, more := strings.Cut(path, "/")
	plain, err := url.PathUnescape(segment)
	if err != nil || plain == "" {
		return nil, nil
	}
	for _, try := range []*node{n.static[plain], n.param} {
		if try == nil {
			continue
		}
		found := args
		if try == n.param {
			found = append(args[:len(args):len(args)], plain)
		}
		if !more {
			if try.methods != nil {
				return try, found
			}
			continue
		}
		if end, all := try.walk(rest, found); end != nil {
			return end, all
		}
	}
	return nil, nil
}

// Routes lists everything that a server answers, as rules and counts spell it.
func Routes() []string {
	var list []string
	for _, r := range routes() {
		list = append(list, r.pattern)
	}
	return list
}
