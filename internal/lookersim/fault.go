package lookersim

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// fault answers a call as a rule wants it.
func (s *Server) fault(c *call, r Rule) {
	s.counts.fault()
	var done answer
	if r.Applied && !spoils(r.Do) {
		done = s.answer(c)
	}
	if r.Do != FaultDrip && !c.wait(r.Delay) {
		return
	}
	switch r.Do {
	case FaultStatus:
		a := r.Body.of(c, r.Status)
		if text, ok := r.retryAfter(s.opts.Now()); ok {
			a = a.with("Retry-After", text)
		}
		c.send(a)
	case FaultReset:
		c.reset()
	case FaultHang:
		c.hang()
	case FaultHTML:
		c.send(page(http.StatusOK, "Please sign in", "This page is served by a proxy in front of Looker."))
	case FaultEmpty:
		c.send(answer{status: http.StatusOK, body: plain(nil)})
	case FaultRedirect:
		c.send(page(http.StatusFound, "Moved", "Log in first.").with("Location", "/login"))
	case FaultVanish:
		s.vanish(c)
		c.send(c.notFound())
	case FaultDie:
		s.die()
		c.reset()
	case FaultDelay:
		if !r.Applied {
			done = s.answer(c)
		}
		c.send(done)
	case FaultLate:
		s.late.keep(c, r.Later)
		c.reset()
	case FaultShort:
		c.short = true
		c.send(s.answer(c))
	case FaultAgain:
		c.again = true
		c.send(s.answer(c))
	default:
		s.spoil(c, r)
	}
}

// spoils reports whether a fault is made of the right answer, so that the
// request is carried out anyway.
func spoils(do Fault) bool {
	switch do {
	case FaultStatus, FaultReset, FaultHang, FaultHTML, FaultEmpty, FaultRedirect, FaultVanish, FaultDie, FaultDelay:
		return false
	}
	return true
}

// spoil answers with something made of the right answer.
func (s *Server) spoil(c *call, r Rule) {
	a := s.answer(c)
	body := a.bytes()
	switch r.Do {
	case FaultSwap:
		c.send(s.swapped(c, a))
		return
	case FaultStray:
		if len(body) > 0 && body[0] == '[' {
			a = c.astray()
		}
		c.send(a)
		return
	case FaultNone:
		if len(body) > 0 && body[0] == '[' {
			a = answer{status: a.status, body: plain([]byte("[]"))}
		}
		c.send(a)
		return
	case FaultOversize:
		c.send(oversized(a, body, r.Bytes))
		return
	case FaultJSON:
		a.body = plain(body[:len(body)/2])
		c.send(a)
		return
	case FaultGzip:
		a.body = plain(body)
		c.plain = true
		c.send(a.with("Content-Encoding", "gzip"))
		return
	}
	if other := instead(r.Do, body); other != "" {
		a.body = plain([]byte(other))
		c.send(a)
		return
	}
	c.head(a)
	switch r.Do {
	case FaultTruncate:
		c.raw(a.status, len(body), body[:len(body)/2])
	case FaultLength:
		c.raw(a.status, len(body)-max(len(body)/10, 1), body)
	case FaultDrip:
		c.drip(a.status, body, r)
	}
}

// astray is what another list answers to the same parameters.
func (c *call) astray() answer {
	if c.route != nil && c.route.kind == "users" {
		return search("groups", groupParams, whole).handle(c)
	}
	return search("users", userParams, whole).handle(c)
}

// instead is what a fault sends in place of a body, "" when it sends some of it.
func instead(do Fault, body []byte) string {
	array := len(body) > 0 && body[0] == '['
	const nothing = `{"message":"An error has occurred.","documentation_url":"https://cloud.google.com/looker/docs/"}`
	switch {
	case do == FaultWrap:
		return "[" + string(body) + "]"
	case do == FaultNull:
		return "null"
	case do == FaultValue && array:
		return "{}"
	case do == FaultValue:
		return "[]"
	case do == FaultOther && array:
		return "[" + nothing + "]"
	case do == FaultOther:
		return nothing
	}
	return ""
}

func plain(body []byte) func(*out) { return func(o *out) { o.buf = append(o.buf, body...) } }

// page is a small page of HTML.
func page(status int, title, text string) answer {
	return answer{status: status, content: "text/html; charset=utf-8", body: func(o *out) {
		o.buf = fmt.Appendf(o.buf, "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><p>%s</p></body></html>\n", title, text)
	}}
}

// oversized pads a body with a member that nobody asked for, or, for a list,
// with white space before its end.
func oversized(a answer, body []byte, size int64) answer {
	end := bytes.LastIndexAny(body, "}]")
	if end < 0 || a.status != http.StatusOK {
		return a
	}
	a.body = func(o *out) {
		o.buf = append(o.buf, body[:end]...)
		fill, close := byte(' '), ""
		if body[end] == '}' {
			fill, close = 'x', `"`
			o.buf = append(o.buf, `,"padding":"`...)
		}
		for missing := size - int64(len(body)); missing > 0; missing -= spillAt {
			o.buf = append(o.buf, bytes.Repeat([]byte{fill}, int(min(missing, spillAt)))...)
			o.flush()
		}
		o.buf = append(o.buf, close...)
		o.buf = append(o.buf, body[end:]...)
	}
	return a
}

// hijack takes the connection away from net/http.
func (c *call) hijack() (net.Conn, *bufio.ReadWriter, bool) {
	h, ok := c.w.(http.Hijacker)
	if !ok {
		return nil, nil, false
	}
	conn, rw, err := h.Hijack()
	return conn, rw, err == nil
}

// reset closes the connection so that the client sees a reset.
func (c *call) reset() {
	conn, _, ok := c.hijack()
	if !ok {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}

// hang keeps the client waiting until it or the server goes away.
func (c *call) hang() {
	select {
	case <-c.request.Context().Done():
	case <-c.over:
	}
	panic(http.ErrAbortHandler)
}

// raw writes an answer past net/http, which would not let the length lie, and
// closes the connection.
func (c *call) raw(status, length int, body []byte) {
	conn, rw, ok := c.hijack()
	if !ok {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	h := c.w.Header().Clone()
	h.Set("Content-Length", strconv.Itoa(length))
	fmt.Fprintf(rw, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	h.Write(rw)
	rw.WriteString("\r\n")
	n, _ := rw.Write(body)
	rw.Flush() // an error means that the client has gone
	c.sent += int64(n)
}

func (c *call) drip(status int, body []byte, r Rule) {
	size, pause := int(r.Bytes), cmp.Or(r.Delay, 100*time.Millisecond)
	if size <= 0 {
		size = 64
	}
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	flusher := http.NewResponseController(c.w)
	for len(body) > 0 {
		n := min(size, len(body))
		c.write(body[:n])
		body = body[n:]
		if flusher.Flush() != nil || !c.wait(pause) {
			panic(http.ErrAbortHandler)
		}
	}
}
