package looker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// NothingDue is Write.Made of a POST whose good answer names nothing.
const NothingDue = "-"

// Write is one call that changes something.
type Write struct {
	Route    string        // "POST /dashboard_elements", as in the catalogue: given back in errors, calls and logs
	Class    string        // "query" or "administrative": the quota it takes from
	Method   string        // POST, PUT, PATCH or DELETE
	Path     string        // below /api/4.0, ids escaped
	Query    url.Values    // not changed
	Body     []byte        // JSON, sent as it is; nil for none. Not changed, and read until Send returns
	Timeout  time.Duration // of one attempt; 0 = Config.Timeout
	SizeHint int64         // bytes of the answer expected, for a server that does not announce them; 0 = unknown

	// Repeat means that carrying the call out twice does no more than once: PUT, PATCH,
	// DELETE, and a POST that replaces, or answers with what is there already. Other
	// calls are never made again after they may have been carried out.
	Repeat bool
	// Made is the member of a good answer that names what was made: an answer without
	// it is none. "" is "id" for a POST that must not be repeated, and nothing else;
	// [NothingDue] is nothing.
	Made string
}

// Send makes one call that changes something. It waits, logs in and counts like
// [Client.Get].
//
// A refusal with 429, and a failure before anything was sent, is repeated for every
// method, as is a 401, once, with a new token: nothing happened. What else Get repeats
// is repeated where Write.Repeat allows it. A DELETE that may have worked and is then
// answered with 404 is done: the response has the status 404 and no body. Response.Late
// says that an attempt which was given up may still be carried out, and so does the text of an error.
//
// Where Write.Repeat is false, a failure after which the call may have been carried
// out ends as a *DoubtError: a timeout, a lost connection, a cut or unparsable answer,
// a page, a 5xx, a 404 that is not Looker's own, an answer without what it should
// name. Any other error says that nothing was made. Else errors are those of Get; a
// *StatusError has Looker's reasons member by member.
//
// A good answer to a DELETE, PUT or PATCH, or to a POST that makes nothing, may have
// no body.
func (c *Client) Send(ctx context.Context, w Write) (*Response, error) {
	t, err := c.newWrite(w)
	if err != nil {
		return nil, err
	}
	ctx, stop := c.bind(ctx)
	defer stop()
	worked, late := false, false // an earlier attempt may have been carried out, or may still be
	for {
		resp, err := c.attempt(ctx, t)
		if err == nil {
			resp.Late = late
			return resp, nil
		}
		if t.mayHaveWorked(err) {
			doubt := t.doubtful(err)
			if !w.Repeat {
				return nil, doubt
			}
			worked, late = true, late || doubt.Late
		}
		if err := c.judge(ctx, t, err); err != nil {
			if worked && w.Method == http.MethodDelete && Class(err) == FaultMissing {
				return &Response{Status: http.StatusNotFound, Attempts: t.spent}, nil
			}
			if late {
				err = fmt.Errorf("%w; an attempt that was given up may still be carried out", err)
			}
			return nil, err
		}
	}
}

func (c *Client) newWrite(w Write) (*try, error) {
	switch w.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return nil, fmt.Errorf("send %q %q: not a method that changes something", w.Method, w.Path)
	}
	if w.Made == "" && w.Method == http.MethodPost && !w.Repeat {
		w.Made = "id"
	}
	if w.Made == NothingDue {
		w.Made = ""
	}
	t, err := c.newTry(Request{
		Route: w.Route, Class: w.Class, Path: w.Path, Query: w.Query, Timeout: w.Timeout, SizeHint: w.SizeHint,
		Check: w.check,
	})
	if err != nil {
		return nil, err
	}
	t.tried.Method, t.write = w.Method, &w
	return t, nil
}

var errUnparsable = errors.New("the answer is not whole json")

// check says what is wrong with the body of a good answer.
func (w *Write) check(body []byte) (FaultClass, error) {
	if w.Made == "" {
		if len(bytes.TrimSpace(body)) > 0 && !json.Valid(body) {
			return FaultInvalidJSON, errUnparsable
		}
		return "", nil
	}
	if !json.Valid(body) {
		return FaultInvalidJSON, errUnparsable
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil || !names(members[w.Made]) {
		return FaultInvalidJSON, fmt.Errorf("the answer has no %s", w.Made)
	}
	return "", nil
}

// names reports whether a member is a text or a number that can name something.
func names(member json.RawMessage) bool {
	var id any
	if len(member) == 0 || json.Unmarshal(member, &id) != nil {
		return false
	}
	switch id := id.(type) {
	case string:
		return id != ""
	case float64:
		return true
	default:
		return false
	}
}

// withJSON is a session's header for a write.
func withJSON(session http.Header, w *Write) http.Header {
	if w.Body == nil {
		return session
	}
	header := session.Clone()
	header.Set("Content-Type", "application/json")
	return header
}
