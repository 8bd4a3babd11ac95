package looker

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"
)

const (
	// trustedLength is up to where an announced length is allocated at once.
	trustedLength = 16 << 20
	// maxErrorBody is what is read of a body that only explains a failure.
	maxErrorBody = 16 << 10
	// maxKept bounds the scratch buffers that are kept for the next body.
	maxKept = 1 << 20
)

// errTooLarge is turned into a TooLargeError by the caller, who knows the request.
var errTooLarge = errors.New("body above the limit")

// bodies reads bodies into slices of their size.
type bodies struct {
	scratch sync.Pool // *bytes.Buffer
}

// read returns the whole body in a slice of its own. hint is its expected size
// where the server does not say; more than limit bytes are errTooLarge.
func (b *bodies) read(resp *http.Response, hint, limit int64) ([]byte, error) {
	n := resp.ContentLength
	switch {
	case n > limit:
		return nil, errTooLarge
	case n == 0:
		return nil, nil
	case n > 0 && n <= trustedLength:
		body := make([]byte, n)
		_, err := io.ReadFull(resp.Body, body)
		return body, err
	}
	buf, _ := b.scratch.Get().(*bytes.Buffer)
	if buf == nil {
		buf = new(bytes.Buffer)
	}
	// One byte above the hint lets a body of that size end without growing.
	buf.Grow(int(min(max(hint, 4<<10)+bytes.MinRead, limit+1, trustedLength)))
	_, err := buf.ReadFrom(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(buf.Len()) > limit {
		err = errTooLarge
	}
	if err != nil {
		b.keep(buf)
		return nil, err
	}
	if buf.Cap() > maxKept && buf.Cap()-buf.Len() <= buf.Len()/4 {
		return buf.Bytes(), nil // a copy would hold a large body twice
	}
	body := bytes.Clone(buf.Bytes())
	b.keep(buf)
	return body, nil
}

func (b *bodies) keep(buf *bytes.Buffer) {
	if buf.Cap() <= maxKept {
		buf.Reset()
		b.scratch.Put(buf)
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

// look tells whether body may be JSON by its first and last byte. It does not
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
