package lookersim

import (
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// answer is what a handler decided to say. Bodies are written when the answer
// is sent, piece by piece, so that a page of large documents never lies in
// memory whole.
type answer struct {
	status  int
	header  [][2]string
	content string // Content-Type, JSON when empty
	body    func(o *out)
}

const jsonType = "application/json"

func (a answer) with(name, value string) answer {
	a.header = append(a.header, [2]string{name, value})
	return a
}

// fail is an error body as Looker writes it.
func (c *call) fail(status int, message string) answer {
	return answer{status: status, body: func(o *out) {
		o.buf = append(o.buf, `{"message":`...)
		o.buf = appendString(o.buf, message)
		o.buf = append(o.buf, `,"documentation_url":`...)
		link := "https://docs.cloud.google.com/looker/docs/r/err/4.0/" + strconv.Itoa(status) + "/" +
			strings.ToLower(c.request.Method) + braces.Replace(c.docPath())
		o.buf = appendString(o.buf, link)
		o.buf = append(o.buf, '}')
	}}
}

// braces makes a path template fit for a URL.
var braces = strings.NewReplacer("{", ":", "}", "")

func (c *call) notFound() answer { return c.fail(http.StatusNotFound, "Not found") }

// out collects a body. Writers append to buf and call flush between rows.
type out struct {
	buf   []byte
	spill func([]byte) // where full buffers go; nil keeps everything in buf
}

// spillAt is when a buffer is sent on: bodies below it get a Content-Length,
// longer ones are chunked.
const spillAt = 256 << 10

func (o *out) flush() {
	if o.spill != nil && len(o.buf) >= spillAt {
		o.spill(o.buf)
		o.buf = o.buf[:0]
	}
}

// buffers are shared by all servers of a process: they hold no content.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

// maxKept keeps one large body from staying in memory for ever.
const maxKept = 1 << 20

func borrow() *[]byte { return buffers.Get().(*[]byte) }

func giveBack(p *[]byte, b []byte) {
	if cap(b) <= maxKept {
		*p = b[:0]
		buffers.Put(p)
	}
}

// send writes the answer.
func (c *call) send(a answer) {
	c.head(a)
	if a.body == nil {
		c.w.WriteHeader(a.status)
		return
	}
	if c.opts.Gzip && !c.plain && strings.Contains(c.request.Header.Get("Accept-Encoding"), "gzip") {
		c.sendGzip(a)
		return
	}
	p := borrow()
	o := out{buf: *p, spill: c.write}
	a.body(&o)
	if c.sent == 0 {
		c.w.Header().Set("Content-Length", strconv.Itoa(len(o.buf)))
		c.w.WriteHeader(a.status)
	}
	c.write(o.buf)
	giveBack(p, o.buf)
}

// head sets the headers of an answer without sending them.
func (c *call) head(a answer) {
	c.counts.land(c)
	c.status = a.status
	h := c.w.Header()
	for _, pair := range a.header {
		h.Set(pair[0], pair[1])
	}
	if a.body != nil {
		h.Set("Content-Type", jsonType)
		if a.content != "" {
			h.Set("Content-Type", a.content)
		}
	}
}

// write sends a piece of the body. An error means that the client went away,
// which needs no handling: the rest is dropped as well.
func (c *call) write(p []byte) {
	n, _ := c.w.Write(p)
	c.sent += int64(n)
}

func (c *call) sendGzip(a answer) {
	c.w.Header().Set("Content-Encoding", "gzip")
	c.w.Header().Set("Vary", "Accept-Encoding")
	c.w.WriteHeader(a.status)
	z, _ := gzip.NewWriterLevel(c.w, gzip.BestSpeed) // the level is valid
	p := borrow()
	o := out{buf: *p, spill: func(b []byte) { c.sent += int64(len(b)); z.Write(b) }}
	a.body(&o)
	o.spill(o.buf)
	z.Close()
	giveBack(p, o.buf)
}

// bytes renders the body of an answer whole.
func (a answer) bytes() []byte {
	if a.body == nil {
		return nil
	}
	var o out
	a.body(&o)
	return o.buf
}
