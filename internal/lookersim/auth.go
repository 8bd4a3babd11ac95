package lookersim

import (
	"crypto/subtle"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tokens are the API sessions that the server knows.
type tokens struct {
	mu     sync.Mutex
	ttl    time.Duration
	random rng
	until  map[string]time.Time
}

func (t *tokens) init(opts Options) {
	t.ttl = opts.TokenTTL
	t.random = seeded(uint64(opts.Seed), hashOf("token"))
	t.until = map[string]time.Time{}
}

// mint makes a token; sessions that ended are forgotten on the way.
func (t *tokens) mint(now time.Time) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for token, until := range t.until {
		if !now.Before(until) {
			delete(t.until, token)
		}
	}
	token := string(t.random.slug(nil, 40))
	t.until[token] = now.Add(t.ttl)
	return token
}

func (t *tokens) valid(token string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	until, ok := t.until[token]
	return ok && now.Before(until)
}

func (t *tokens) forget(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if token == "" {
		clear(t.until)
		return
	}
	delete(t.until, token)
}

// ForgetTokens ends every session, as a restart of Looker does: the next
// request with any token minted so far answers 401.
func (s *Server) ForgetTokens() { s.tokens.forget("") }

// bearer returns the token of a request. Looker takes both spellings of the
// scheme, "token" and "Bearer".
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "token") && !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// maxLogin bounds the body of a login.
const maxLogin = 64 << 10

// login answers POST /login: key and secret in a form body, nowhere else.
func login(c *call) answer {
	if c.query.Has("client_id") || c.query.Has("client_secret") {
		return c.fail(http.StatusBadRequest, "client_id and client_secret belong into the body, never into the URL")
	}
	r := c.request
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return c.fail(http.StatusBadRequest, "the body must be application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(c.w, r.Body, maxLogin)
	if err := r.ParseForm(); err != nil {
		return c.fail(http.StatusBadRequest, "the body is not a form")
	}
	if !same(r.PostForm.Get("client_id"), c.opts.ClientID) || !same(r.PostForm.Get("client_secret"), c.opts.ClientSecret) {
		return c.notFound()
	}
	token := c.tokens.mint(c.opts.Now())
	c.counts.login()
	return answer{status: http.StatusOK, body: func(o *out) {
		o.buf = append(o.buf, `{"access_token":"`...)
		o.buf = append(o.buf, token...)
		o.buf = append(o.buf, `","token_type":"Bearer"`...)
		o.buf = append(o.buf, c.opts.Quirks.ExpiresIn.member(int64(c.opts.TokenTTL/time.Second))...)
		o.buf = append(o.buf, `,"refresh_token":null}`...)
	}}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func logout(c *call) answer {
	c.tokens.forget(bearer(c.request))
	return answer{status: http.StatusNoContent}
}
