package lookersim

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// window is the part of a listing that a request asks for.
type window struct {
	offset, limit int
	paged         bool // a limit was sent: the answer carries paging headers
}

// windowOf reads limit and offset, or page and per_page, which the former beat.
func windowOf(q url.Values) (window, error) {
	var w window
	var err error
	number := func(name string) int {
		n, e := strconv.Atoi(q.Get(name))
		if e != nil || n < 0 {
			err = fmt.Errorf("%s is not a number from 0 on", name)
		}
		return n
	}
	switch {
	case q.Get("limit") != "":
		w.limit, w.paged = number("limit"), true
	case q.Get("per_page") != "":
		w.limit, w.paged = number("per_page"), true
		if q.Get("page") != "" {
			w.offset = max(number("page")-1, 0) * w.limit
		}
	}
	if q.Get("offset") != "" {
		w.offset = number("offset")
	}
	return w, err
}

// bounds returns where the window begins and ends within total rows.
func (w window) bounds(total, most int) (from, to int) {
	from, to = min(w.offset, total), total
	if w.paged {
		to = min(from+w.limit, total)
	}
	if most > 0 {
		to = min(from+most, to)
	}
	return from, to
}

// pageHeaders adds X-Total-Count and Link, as sdk-codegen docs/paging.md
// describes them. The next link is there when more rows are known to follow,
// or, without a known total, when the page came back full.
func (c *call) pageHeaders(a answer, w window, total, rows int) answer {
	if !w.paged {
		return a
	}
	known := !c.quirks().NoTotals
	var links []string
	add := func(rel string, offset int) {
		links = append(links, "<"+c.link(w.limit, offset)+`>; rel="`+rel+`"`)
	}
	add("first", 0)
	if known && w.limit > 0 {
		add("last", max(total-1, 0)/w.limit*w.limit)
	}
	if known && w.offset+rows < total && rows > 0 || !known && rows > 0 && rows == w.limit {
		add("next", w.offset+w.limit)
	}
	if w.offset > 0 {
		add("prev", max(w.offset-w.limit, 0))
	}
	if known {
		a = a.with("X-Total-Count", strconv.Itoa(c.quirks().Totals.told(total, rows)))
	}
	return a.with("Link", strings.Join(links, ","))
}

// link is the request's own URL at another offset. Other parameters keep their
// spelling, so that a comma in fields stays a comma.
func (c *call) link(limit, offset int) string {
	var keep []string
	for part := range strings.SplitSeq(c.request.URL.RawQuery, "&") {
		switch name, _, _ := strings.Cut(part, "="); name {
		case "", "limit", "offset", "page", "per_page":
		default:
			keep = append(keep, part)
		}
	}
	keep = append(keep, fmt.Sprintf("limit=%d&offset=%d", limit, offset))
	at := "http://" + c.request.Host
	if c.request.TLS != nil {
		at = "https://" + c.request.Host
	}
	if other := c.quirks().LinkHost; other != "" {
		at = other
	}
	return at + c.request.URL.EscapedPath() + "?" + strings.Join(keep, "&")
}

// badRequest is the answer to a parameter that makes no sense.
func (c *call) badRequest(err error) answer {
	return c.fail(http.StatusBadRequest, err.Error())
}
