package lookersim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a simulated Looker. It is an http.Handler, safe for any number of
// clients; Start serves it on a port of its own. All methods may be called
// from several goroutines at once.
type Server struct {
	opts    Options
	world   *world
	router  *node
	tokens  tokens
	limiter limiter
	rules   ruleSet
	scripts scripts
	writes  writeLog
	late    lateCalls
	state   *stateFile // nil: what is changed ends with the server
	counts  counter
	badRows atomic.Pointer[[]BadRow]
	dead    atomic.Bool   // a rule killed the server
	over    chan struct{} // closed by Close

	mu       sync.Mutex
	http     *http.Server
	listener net.Listener
	served   chan error
}

// New makes a server from opts. It fails when opts contradict themselves or
// the corpus cannot be read.
func New(opts Options) (*Server, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	w, err := newWorld(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, world: w, over: make(chan struct{})}
	s.router = newRouter(routes())
	s.tokens.init(opts)
	s.limiter.init(opts)
	s.counts.init()
	if err := s.SetRules(opts.Rules...); err != nil {
		return nil, err
	}
	if err := s.SetBadRows(opts.BadRows...); err != nil {
		return nil, err
	}
	s.state = newStateFile(opts)
	if err := s.state.catchUp(s); err != nil {
		return nil, err
	}
	return s, nil
}

// Start serves on addr, "127.0.0.1:0" when empty, until Close. It returns the
// base URL without a path, as a client is configured with it. A server starts
// once.
func (s *Server) Start(addr string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return "", errors.New("simulator started twice")
	}
	addr = cmp.Or(addr, "127.0.0.1:0")
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	s.listener = l
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	s.served = make(chan error, 1)
	go func() { s.served <- s.http.Serve(l) }()
	return s.baseURL(), nil
}

// URL is the base URL that Start returned, empty before Start.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.baseURL()
}

func (s *Server) baseURL() string {
	if s.listener == nil {
		return ""
	}
	return "http://" + s.listener.Addr().String()
}

// Serve is Start followed by a wait: it blocks until ctx ends or the server
// dies, then closes it. A rule that kills the server ends it with an error.
// ready, when not nil, is told the base URL once connections are accepted.
func (s *Server) Serve(ctx context.Context, addr string, ready func(url string)) error {
	url, err := s.Start(addr)
	if err != nil {
		return err
	}
	if ready != nil {
		ready(url)
	}
	select {
	case <-ctx.Done():
		return s.Close()
	case err := <-s.served:
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("simulator died: %w", err)
	}
}

// Close ends the server: connections are closed at once, hanging answers with
// them. Closing twice is harmless.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.over:
	default:
		close(s.over)
	}
	if s.http == nil {
		return nil
	}
	return s.http.Close()
}

// die makes every later connection and request fail.
func (s *Server) die() {
	s.dead.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		s.listener.Close()
	}
}

// ServeHTTP answers one request: the API below /api/4.0, the controls below
// /sim/, and the few pages that Looker serves beside its API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.control(w, r) {
		return
	}
	if s.dead.Load() {
		panic(http.ErrAbortHandler)
	}
	c := s.newCall(w, r)
	if err := s.state.catchUp(s); err != nil {
		c.send(c.fail(http.StatusInternalServerError, err.Error()))
		return
	}
	c.takeBody()
	s.writes.arrived(c)
	s.counts.begin()
	c.flying = true
	// Deferred, because a fault may end the handler with a panic.
	defer s.counts.end(c)
	if !s.limiter.admit(c) {
		c.send(s.limiter.crowded(c))
		return
	}
	if !c.wait(s.opts.Latency) {
		return
	}
	if rule, ok := s.rules.fire(c); ok {
		s.scripts.asked(s, c)
		s.late.answered(s, c)
		s.fault(c, rule)
		return
	}
	a := s.answer(c)
	// After the answer was decided and before any of it can be read: whoever
	// has read it meets the changed world.
	s.scripts.asked(s, c)
	s.late.answered(s, c)
	c.send(a)
}

// answer works out what a sound server would say.
func (s *Server) answer(c *call) answer {
	if c.route == nil {
		return c.noRoute()
	}
	if !c.route.free {
		if a, ok := s.limiter.refuse(c); ok {
			return a
		}
	}
	if !c.route.open && !s.tokens.valid(bearer(c.request), s.opts.Now()) {
		return c.fail(http.StatusUnauthorized, "Requires authentication.")
	}
	if c.route.noFields {
		c.query.Del("fields")
	}
	if c.route.write != nil {
		return s.spelled(c.carryOut())
	}
	return s.spelled(c.route.handle(c))
}
