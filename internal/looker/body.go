package looker

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
)

const (
	// trustedLength is up to where an announced or expected length is allocated at
	// once.
	trustedLength = 16 << 20
	// maxErrorBody is what is read of a body that only explains a failure.
	maxErrorBody = 16 << 10
	// firstRead is what is read of a body that is expected to be longer before it is
	// given all the room that it is expected to need: what is known of a kind at the
	// beginning of a run can be many times too much.
	firstRead = 1 << 20
	// minKept is from where memory that was given back is kept for another body.
	minKept = 64 << 10
	// spare is the part that is added to such memory: the next page is seldom of
	// exactly the same size.
	spare = 8
)

// errTooLarge is turned into a TooLargeError by the caller, who knows the request.
var errTooLarge = errors.New("body above the limit")

// bodies reads bodies, into memory that was given back where there is some.
type bodies struct {
	kept sync.Pool // *[]byte
}

// read returns the whole body. hint is its expected size where the server does
// not say; more than limit bytes are errTooLarge.
func (b *bodies) read(resp *http.Response, hint, limit int64) ([]byte, error) {
	n := resp.ContentLength
	switch {
	case n > limit:
		return nil, errTooLarge
	case n == 0:
		return nil, nil
	case n > 0 && n <= trustedLength:
		body := b.take(int(n))[:n]
		_, err := io.ReadFull(resp.Body, body)
		return body, err
	}
	// Some bytes above the hint let a body of that size end without growing. A small
	// body is read into memory that is kept, and copied.
	body, err := b.readAll(resp.Body, int(min(max(hint, minKept)+bytes.MinRead, limit+1, trustedLength)), limit)
	if err != nil {
		b.give(body)
		return nil, err
	}
	if len(body) < minKept || cap(body) > 2*len(body) {
		exact := append(b.take(len(body)), body...)
		b.give(body)
		return exact, nil
	}
	return body, nil
}

// readAll reads up to the end, which is expected within n bytes. Behind the first byte
// above the limit it asks for no other one.
func (b *bodies) readAll(r io.Reader, n int, limit int64) ([]byte, error) {
	r = io.LimitReader(r, limit+1)
	body := b.take(min(n, firstRead))
	for {
		if len(body) == cap(body) {
			more := append(b.take(min(max(grown(cap(body)), n), int(limit)+1)), body...)
			b.give(body)
			body = more
		}
		got, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+got]
		switch {
		case int64(len(body)) > limit:
			return body, errTooLarge
		case err == io.EOF:
			return body, nil
		case err != nil:
			return body, err
		}
	}
}

// grown is the room for a body that turned out not to fit into size bytes. A large
// one is most likely only a little larger.
func grown(size int) int {
	if size < firstRead {
		return 2 * size
	}
	return size + size/4
}

// take returns no bytes, and room for n. What was kept and is far too large goes:
// it would be held as long as the little that is in it.
func (b *bodies) take(n int) []byte {
	if n < minKept {
		return make([]byte, 0, n)
	}
	if kept, _ := b.kept.Get().(*[]byte); kept != nil && cap(*kept) >= n && cap(*kept) <= n+n/2 {
		return (*kept)[:0]
	}
	return make([]byte, 0, n+n/spare)
}

// give keeps memory for another body. Nobody may touch it any more.
func (b *bodies) give(body []byte) {
	if cap(body) >= minKept {
		b.kept.Put(&body)
	}
}

// readStart reads enough of a body to explain a failure. The rest is left, so a
// longer body costs its connection.
func readStart(resp *http.Response) []byte {
	start, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	return start
}

// shape is what a body looks like from both its ends.
type shape int

const (
	shapeJSON  shape = iota
	shapeCut         // begins as JSON and ends too early
	shapeOther       // no JSON
)

// look reports whether body may be JSON by its first and last byte. It does not
// validate: that is done where the body is parsed anyway.
func look(body []byte) shape {
	body = bytes.Trim(body, " \t\r\n")
	if len(body) == 0 {
		return shapeOther
	}
	last := body[len(body)-1]
	switch body[0] {
	case '{':
		return cutUnless(last == '}' && len(body) > 1)
	case '[':
		return cutUnless(last == ']' && len(body) > 1)
	case '"':
		return cutUnless(last == '"' && len(body) > 1)
	case 't', 'f', 'n':
		switch string(body) {
		case "true", "false", "null":
			return shapeJSON
		}
		return shapeOther
	}
	if body[0] == '-' || '0' <= body[0] && body[0] <= '9' {
		return shapeJSON
	}
	return shapeOther
}

func cutUnless(whole bool) shape {
	if whole {
		return shapeJSON
	}
	return shapeCut
}
