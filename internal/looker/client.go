package looker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/internal/secret"
)

const (
	apiPath       = "/api/4.0"
	pathLogin     = "/login"
	pathLogout    = "/logout"
	pathVersions  = "/versions"
	routeLogin    = "POST " + pathLogin
	routeLogout   = "DELETE " + pathLogout
	routeVersions = "GET " + pathVersions

	defaultTimeout     = 120 * time.Second // the official SDKs' default
	defaultMaxBody     = 64 << 20
	defaultConnections = 16
	defaultAttempts    = 5
	defaultMaxWait     = 60 * time.Second
	// logoutTimeout bounds the farewell: nobody should wait for it.
	logoutTimeout = 3 * time.Second
)

// Config is what a [Client] needs to know. Printing it shows no secret.
type Config struct {
	BaseURL      string // as people paste it, see NormalizeBaseURL
	ClientID     string
	ClientSecret string `json:"-"`

	VerifySSL   bool          // false: any certificate is taken, which is for test servers
	CAFile      string        // PEM file of authorities to trust besides the system's; "" = none
	Timeout     time.Duration // of one request including its body; 0 = 120 s
	MaxBody     int64         // bytes of a body, unpacked; 0 = 64 MiB
	Connections int           // requests in the air at once, whatever they ask: calls, logins, probes; 0 = 16
	Version     string        // of the program, for User-Agent and x-looker-appid

	// Transport takes the place of the network, for a server in this process: nothing
	// that is said here of hosts, certificates and proxies is then of any use. nil =
	// the network.
	Transport http.RoundTripper `json:"-"`

	Limits Limits
	Retry  Retry
	Log    hclog.Logger // nil = none
	// Secrets are kept out of every error and log line. The client adds its own: the
	// key and each token. nil = those only.
	Secrets *secret.Set `json:"-"`
	// Observe is told of each call to the API after it ended, also of failed ones,
	// by many goroutines at once. nil = nobody.
	Observe func(Call)
}

// Limits bound how fast and how often the API is called. 0 is no limit.
type Limits struct {
	PerSecond float64 // kept 3 % below, so that a server that allows just this refuses nothing
	PerMinute float64 // never more in any 60 seconds
	Adaptive  bool    // begin low, rise while all is answered, fall when refused; PerSecond is the ceiling. false: refusals only pause
	MaxCalls  int64   // to the API, repeats included
}

// Retry bounds repeats.
type Retry struct {
	Attempts int           // in all, the first included; 0 = 5
	MaxWait  time.Duration // longest single wait, Retry-After included, and patience with a silent server; 0 = 60 s
}

// String shows the base URL only.
func (cfg Config) String() string { return "looker.Config{" + redactURL(cfg.BaseURL) + "}" }

// GoString is String.
func (cfg Config) GoString() string { return cfg.String() }

func redactURL(s string) string {
	if base, err := NormalizeBaseURL(s); err == nil {
		return base
	}
	return "***"
}

// Request is one GET.
type Request struct {
	Route    string        // "GET /dashboards/{dashboard_id}", as in the catalogue: given back in errors, calls and logs
	Class    string        // "query" or "administrative": the quota it takes from
	Path     string        // below /api/4.0, ids escaped: "/dashboards/17"
	Query    url.Values    // not changed
	Timeout  time.Duration // of one attempt; 0 = Config.Timeout
	Attempts int           // in all; 0 = Config.Retry.Attempts
	SizeHint int64         // bytes expected, for a server that does not announce them; 0 = unknown
	Twice    bool          // a 404 counts only when it comes again: a node that lags does not know what others list
	Refused  bool          // a 403 counts only when it comes again: an administrator's key is refused nothing without a reason
	Emptied  bool          // a list without rows and without a total, or an object without members, counts only when it comes again, after a list that is known to have rows had some
	MaxBody  int64         // bytes of this body, for one that had better be asked for in parts; 0 = Config.MaxBody, which it cannot raise

	// Check, when not nil, says what is wrong with the body of a good answer: a class
	// and an error, which is nil when nothing is. What it refuses is asked for again,
	// and ends as an *UnfitError.
	Check func(body []byte) (FaultClass, error)
}

// Response is a good answer.
type Response struct {
	Body     []byte // exact bytes, unpacked; the caller's own, begins and ends as JSON does, is not validated
	Total    int    // X-Total-Count, where HasTotal
	HasTotal bool
	Status   int           // 2xx
	Attempts int           // calls made for it
	Took     time.Duration // of the last one
	// Late says of a write that an earlier attempt of it was given up, and that the server may still be
	// at work on that: it may carry it out after this one.
	Late bool
}

// Client is one connection to one Looker. All methods may be called from any
// number of goroutines.
type Client struct {
	cfg      Config
	base     *url.URL
	header   http.Header // of requests without a token; read only
	rt       http.RoundTripper
	rand     func() float64 // in [0,1), from any goroutine
	log      hclog.Logger
	bodies   bodies
	gate     *gate
	limiter  *limiter
	breaker  *breaker
	auth     *auth
	evidence evidence
	rows     rows
	budget   budget
	stats    counters
	served   atomic.Bool     // GET /versions was answered well
	life     context.Context // ends with the reason why no call can be made any more
	end      context.CancelCauseFunc
}

// New checks cfg and builds a client. It makes no connection.
func New(cfg Config) (*Client, error) {
	base, err := parseBaseURL(cfg.BaseURL)
	if err := errors.Join(err, cfg.check(), checkProxies()); err != nil {
		return nil, err
	}
	cfg.fill()
	if cfg.Transport != nil {
		return newClient(cfg, base, cfg.Transport, rand.Float64), nil
	}
	rt, err := newTransport(cfg, base)
	if err != nil {
		return nil, err
	}
	if !cfg.VerifySSL && base.Scheme == "https" {
		cfg.Log.Warn("certificates are not verified: anybody in between can read the key", "host", base.Host)
	}
	return newClient(cfg, base, rt, rand.Float64), nil
}

func newClient(cfg Config, base *url.URL, rt http.RoundTripper, rand func() float64) *Client {
	c := &Client{cfg: cfg, base: base, rt: rt, rand: rand, log: cfg.Log}
	c.header = http.Header{
		"Accept":         {"application/json"},
		"User-Agent":     {"lookervault/" + cfg.Version},
		"X-Looker-Appid": {"LookerVault " + cfg.Version},
	}
	c.life, c.end = context.WithCancelCause(context.Background())
	c.budget.all.limited, c.budget.all.most = cfg.Limits.MaxCalls > 0, cfg.Limits.MaxCalls
	c.gate = newGate(cfg.Connections)
	c.limiter = newLimiter(cfg.Limits, cfg.Connections, cfg.Retry.MaxWait, rand, cfg.Log)
	c.auth = &auth{login: c.login, life: c.life, host: c.host()}
	c.breaker = &breaker{
		host: c.host(), patience: cfg.Retry.MaxWait, life: c.life, log: cfg.Log,
		probe: c.probe,
		wait:  func(n int) time.Duration { return min(c.backoff(n)+backoffBase, probePause) },
		trip:  func(err *DownError) { c.end(err) },
	}
	return c
}

func (cfg Config) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if cfg.ClientID == "" {
		bad("looker.client_id is empty")
	}
	if cfg.ClientSecret == "" {
		bad("looker.client_secret is empty")
	}
	if cfg.Timeout < 0 {
		bad("looker.timeout %s is negative", cfg.Timeout)
	}
	if cfg.MaxBody < 0 {
		bad("looker.max_body %d is negative", cfg.MaxBody)
	}
	if cfg.Connections < 0 {
		bad("%d connections are too few", cfg.Connections)
	}
	for name, v := range map[string]float64{"per_second": cfg.Limits.PerSecond, "per_minute": cfg.Limits.PerMinute} {
		if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
			bad("rate_limit.%s %v is no rate", name, v)
		}
	}
	if cfg.Limits.MaxCalls < 0 {
		bad("rate_limit.max_calls %d is negative", cfg.Limits.MaxCalls)
	}
	if cfg.Retry.Attempts < 0 {
		bad("retry.attempts %d is negative", cfg.Retry.Attempts)
	}
	if cfg.Retry.MaxWait < 0 {
		bad("retry.max_wait %s is negative", cfg.Retry.MaxWait)
	}
	return errors.Join(errs...)
}

func (cfg *Config) fill() {
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	cfg.MaxBody = cmp.Or(cfg.MaxBody, defaultMaxBody)
	cfg.Connections = cmp.Or(cfg.Connections, defaultConnections)
	cfg.Retry.Attempts = cmp.Or(cfg.Retry.Attempts, defaultAttempts)
	cfg.Retry.MaxWait = cmp.Or(cfg.Retry.MaxWait, defaultMaxWait)
	if cfg.Version = strings.TrimSpace(cfg.Version); cfg.Version == "" {
		cfg.Version = "dev"
	}
	if cfg.Log == nil {
		cfg.Log = hclog.NewNullLogger()
	}
	if cfg.Secrets == nil {
		cfg.Secrets = secret.NewSet()
	}
	cfg.Secrets.Add(cfg.ClientSecret)
}

// BaseURL is the normalised base URL.
func (c *Client) BaseURL() string { return c.base.String() }

// host is scheme, host and port, for errors.
func (c *Client) host() string { return c.base.Scheme + "://" + c.base.Host }

// bind ties ctx to the client's own life, so that one context tells both ends.
func (c *Client) bind(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.life, func() { cancel(context.Cause(c.life)) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// Close logs out, as well as a short time allows, and drops the connections.
// Calls under way and later ones end with ErrClosed. It may be called again.
func (c *Client) Close() {
	alive := c.life.Err() == nil
	c.end(ErrClosed)
	session := c.auth.current.Swap(nil)
	if alive && session != nil {
		ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
		defer cancel()
		t := Tried{Method: http.MethodDelete, Route: routeLogout, Attempts: 1}
		if _, err := c.exchange(ctx, exchange{tried: t, path: pathLogout, header: session.header, timeout: logoutTimeout}); err != nil {
			c.log.Debug("no logout", "error", err)
		}
	}
	c.limiter.close()
	if t, ok := c.rt.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}
