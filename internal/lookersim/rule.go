package lookersim

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is what a rule does to an answer.
type Fault string

// The faults. Those that spoil a body let the real answer be made first, so
// that what is sent is the beginning of the truth.
const (
	FaultStatus   Fault = "status"   // Rule.Status with Looker's error body
	FaultReset    Fault = "reset"    // the connection is reset before a byte is sent
	FaultHang     Fault = "hang"     // nothing is sent until the client gives up
	FaultTruncate Fault = "truncate" // Content-Length is right, the connection closes half way
	FaultDrip     Fault = "drip"     // the body comes in pieces of Rule.Bytes (64), Rule.Delay (100 ms) apart
	FaultLength   Fault = "length"   // Content-Length is too small by a tenth
	FaultGzip     Fault = "gzip"     // Content-Encoding: gzip over bytes that are no gzip
	FaultJSON     Fault = "json"     // the first half of the body, sent as if it were all
	FaultHTML     Fault = "html"     // a page of HTML with status 200
	FaultRedirect Fault = "redirect" // 302 to a login page
	FaultSwap     Fault = "swap"     // another item's body; lists stay as they are
	FaultVanish   Fault = "vanish"   // the item is deleted for good, then answered with 404
	FaultDie      Fault = "die"      // the server never answers anything again
	FaultDelay    Fault = "delay"    // the right answer, Rule.Delay later
	FaultOversize Fault = "oversize" // the right answer, padded to at least Rule.Bytes
	FaultNull     Fault = "null"     // null with status 200
	FaultValue    Fault = "value"    // another kind of JSON value: an empty array for an object, an empty object for an array
	FaultOther    Fault = "other"    // an object of no kind at all with status 200, or an array of one
	FaultWrap     Fault = "wrap"     // the right answer as the one element of an array
	FaultShort    Fault = "short"    // half the rows of a page, though more follow; documents stay as they are
	FaultEmpty    Fault = "empty"    // nothing with status 200
	FaultNone     Fault = "none"     // a list without a row and without a total; documents stay as they are
	FaultLate     Fault = "late"     // the connection is reset, and the request arrives later: a write is then carried out after all
	FaultAgain    Fault = "again"    // the page before the one that was asked for; documents stay as they are
	FaultStray    Fault = "stray"    // for a list that of another kind, of users or groups, with its total; documents stay as they are
)

var faults = []Fault{FaultStatus, FaultReset, FaultHang, FaultTruncate, FaultDrip, FaultLength, FaultGzip, FaultJSON, FaultHTML,
	FaultRedirect, FaultSwap, FaultVanish, FaultDie, FaultDelay, FaultOversize, FaultShort, FaultAgain, FaultNull, FaultValue, FaultOther, FaultWrap, FaultEmpty, FaultNone, FaultStray, FaultLate}

// Rule makes some requests go wrong. Its first fields say which ones; all that
// are set must fit. The zero fields of a rule match everything: a rule without a
// route, an id and a kind is an outage, in which logins and GET /versions fail too.
type Rule struct {
	Route string // the template, "GET /dashboards/{id}"; a final * matches any ending
	ID    string // the last parameter of the path
	Kind  string // the kind that the route gives
	Query string // a parameter of the query and its value, "deleted=true"

	After       int           // the first matching requests are spared
	Nth         int           // only the n-th matching request, from 1; After is then ignored
	Times       int           // fires at most this often; 0 means for ever
	Each        int           // fires at most this often for one path, as a node does that lags behind; 0 means for ever
	For         time.Duration // fires for this long after the first time; 0 means for ever
	Probability float64       // fires in this share of cases, drawn from the seed; 0 means always

	Do         Fault
	Status     int           // of FaultStatus
	Body       ErrorBody     // of FaultStatus
	RetryAfter RetryForm     // of FaultStatus: whether and how to name Wait
	Wait       time.Duration // of FaultStatus
	// Applied has the request carried out before the fault, so that a write is done
	// and its answer lost. Faults that spoil a body always do so.
	Applied bool
	// Later is after how many further calls a request of FaultLate arrives; 0 means
	// when Arrive is called.
	Later int

	Delay time.Duration // waited before any fault; between the pieces of FaultDrip
	Bytes int64         // of FaultDrip and FaultOversize
}

// ParseRule reads the text form of a rule: key=value words, in any order.
//
//	route=GET /dashboards/{id} id=17 status=500 times=3
//	kind=looks p=0.02 do=reset
//	route=GET /dashboards/search nth=4 status=429 retry-after=date:2s
//	route=GET /dashboards/search query=deleted=true do=none
//	after=100 for=3s status=404 body=page
//	kind=role_users each=1 status=404
//	route=POST /dashboards nth=2 do=reset applied=true
//	route=POST /boards do=late later=3
//
// Keys: route, id, kind, query, after, nth, times, each, for, p; then do=FAULT or
// status=CODE, with body=page, short or sinatra; retry-after=2s or
// retry-after=date:2s; applied=true; later=3; delay=200ms; bytes=10MB. A delay alone
// is the fault "delay".
func ParseRule(text string) (Rule, error) {
	words, err := pairs(text, "")
	if err != nil {
		return Rule{}, fmt.Errorf("rule %q: %w", text, err)
	}
	var r Rule
	for _, p := range words {
		if err := r.set(p.key, p.value); err != nil {
			return Rule{}, fmt.Errorf("rule %q: %s: %w", text, p.key, err)
		}
	}
	if r.Do == "" && r.Delay > 0 {
		r.Do = FaultDelay
	}
	if err := r.check(); err != nil {
		return Rule{}, fmt.Errorf("rule %q: %w", text, err)
	}
	return r, nil
}

func (r *Rule) set(key, value string) (err error) {
	if r.Do != "" && (key == "do" || key == "status") {
		return fmt.Errorf("a rule does one thing")
	}
	switch key {
	case "route":
		r.Route = value
	case "id":
		r.ID = value
	case "kind":
		r.Kind = value
	case "query":
		r.Query = value
	case "after":
		r.After, err = parseCount(value)
	case "nth":
		r.Nth, err = parseCount(value)
	case "times":
		r.Times, err = parseCount(value)
	case "each":
		r.Each, err = parseCount(value)
	case "for":
		r.For, err = parsePause(value)
	case "p":
		r.Probability, err = strconv.ParseFloat(value, 64)
	case "do":
		r.Do = Fault(value)
	case "status":
		r.Do = FaultStatus
		r.Status, err = parseCount(value)
	case "body":
		r.Body = ErrorBody(value)
	case "retry-after":
		r.RetryAfter = RetrySeconds
		if rest, ok := strings.CutPrefix(value, "date:"); ok {
			r.RetryAfter, value = RetryDate, rest
		}
		r.Wait, err = parsePause(value)
	case "applied":
		r.Applied, err = strconv.ParseBool(value)
	case "later":
		r.Later, err = parseCount(value)
	case "delay":
		r.Delay, err = parsePause(value)
	case "bytes":
		r.Bytes, err = parseSize(value)
	default:
		err = fmt.Errorf("no such key; want route, id, kind, query, after, nth, times, each, for, p, do, status, body, retry-after, applied, later, delay or bytes")
	}
	return err
}

func (r Rule) check() error {
	switch {
	case r.Do == "":
		return fmt.Errorf("says nothing to do; want status=CODE, delay=PAUSE or do=FAULT")
	case !slices.Contains(faults, r.Do):
		return fmt.Errorf("no fault %q; want one of %v", r.Do, faults)
	case r.Do == FaultStatus && (r.Status < 200 || r.Status > 599):
		return fmt.Errorf("status %d is not from 200 to 599", r.Status)
	case !r.Body.known() || r.Body != "" && r.Do != FaultStatus:
		return fmt.Errorf("body %q: want status=CODE with page, short or sinatra", string(r.Body))
	case r.Later != 0 && r.Do != FaultLate, r.Applied && r.Do == FaultLate:
		return fmt.Errorf("later goes with do=late, and applied does not")
	case r.Query != "" && !strings.Contains(r.Query, "="):
		return fmt.Errorf("query %q is no parameter with its value", r.Query)
	case !(r.Probability >= 0 && r.Probability <= 1):
		return fmt.Errorf("probability %g is not from 0 to 1", r.Probability)
	case r.Route != "" && !strings.HasSuffix(r.Route, "*") && !knownRoute(r.Route):
		return fmt.Errorf("no route %q", r.Route)
	case r.Kind != "" && !knownKind(r.Kind):
		return fmt.Errorf("no kind %q", r.Kind)
	}
	return nil
}

// knownKind reports whether a route gives documents of the kind.
func knownKind(kind string) bool {
	return slices.ContainsFunc(routes(), func(r route) bool { return r.kind == kind })
}

func knownRoute(pattern string) bool {
	return slices.ContainsFunc(routes(), func(r route) bool { return r.pattern == pattern })
}

// String is the text form that ParseRule reads.
func (r Rule) String() string {
	var words []string
	add := func(when bool, key, value string) {
		if when {
			words = append(words, key+"="+value)
		}
	}
	add(r.Route != "", "route", r.Route)
	add(r.ID != "", "id", r.ID)
	add(r.Kind != "", "kind", r.Kind)
	add(r.Query != "", "query", r.Query)
	add(r.After != 0, "after", strconv.Itoa(r.After))
	add(r.Nth != 0, "nth", strconv.Itoa(r.Nth))
	add(r.Times != 0, "times", strconv.Itoa(r.Times))
	add(r.Each != 0, "each", strconv.Itoa(r.Each))
	add(r.For != 0, "for", r.For.String())
	add(r.Probability != 0, "p", strconv.FormatFloat(r.Probability, 'g', -1, 64))
	add(r.Do == FaultStatus, "status", strconv.Itoa(r.Status))
	add(r.Body != "", "body", string(r.Body))
	add(r.Do != FaultStatus, "do", string(r.Do))
	add(r.RetryAfter == RetrySeconds, "retry-after", r.Wait.String())
	add(r.RetryAfter == RetryDate, "retry-after", "date:"+r.Wait.String())
	add(r.Applied, "applied", "true")
	add(r.Later != 0, "later", strconv.Itoa(r.Later))
	add(r.Delay != 0, "delay", r.Delay.String())
	add(r.Bytes != 0, "bytes", strconv.FormatInt(r.Bytes, 10))
	return strings.Join(words, " ")
}

func (r Rule) matches(c *call) bool {
	if r.Route != "" {
		if prefix, ok := strings.CutSuffix(r.Route, "*"); ok {
			if !strings.HasPrefix(c.template(), prefix) {
				return false
			}
		} else if c.template() != r.Route {
			return false
		}
	}
	if name, value, _ := strings.Cut(r.Query, "="); name != "" && c.request.URL.Query().Get(name) != value {
		return false
	}
	return (r.ID == "" || r.ID == c.id()) && (r.Kind == "" || c.route != nil && c.route.kind == r.Kind)
}

// ruleSet is the rules of a server and how often they matched and fired.
type ruleSet struct {
	mu     sync.Mutex
	active []activeRule
}

type activeRule struct {
	Rule
	random      rng
	seen, fired int
	began       time.Time      // when it fired first
	paths       map[string]int // how often it fired for each path, where that is bounded
}

// SetRules puts rules in place of all that were there; none means no faults.
// It fails, changing nothing, when one of them makes no sense.
func (s *Server) SetRules(rules ...Rule) error {
	return s.rules.replace(s.opts.Seed, rules, false)
}

// AddRules puts rules behind those that are there.
func (s *Server) AddRules(rules ...Rule) error {
	return s.rules.replace(s.opts.Seed, rules, true)
}

// Rules returns the rules in place, in the order in which they are tried.
func (s *Server) Rules() []Rule {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	var list []Rule
	for _, r := range s.rules.active {
		list = append(list, r.Rule)
	}
	return list
}

func (s *ruleSet) replace(seed int64, rules []Rule, keep bool) error {
	for _, r := range rules {
		if err := r.check(); err != nil {
			return fmt.Errorf("rule %q: %w", r, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !keep {
		s.active = nil
	}
	for _, r := range rules {
		s.active = append(s.active, activeRule{Rule: r, random: seeded(uint64(seed), uint64(len(s.active)), hashOf("rule"))})
	}
	return nil
}

// fire returns the first rule that fires for the call.
func (s *ruleSet) fire(c *call) (Rule, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.active {
		r := &s.active[i]
		if r.matches(c) && r.due(c.request.URL.Path, c.began) {
			return r.Rule, true
		}
	}
	return Rule{}, false
}

// due counts a matching request and says whether the rule fires for it.
func (r *activeRule) due(path string, now time.Time) bool {
	r.seen++
	switch {
	case r.Times > 0 && r.fired >= r.Times,
		r.Each > 0 && r.paths[path] >= r.Each,
		r.For > 0 && r.fired > 0 && now.Sub(r.began) >= r.For,
		r.Nth > 0 && r.seen != r.Nth,
		r.Nth == 0 && r.seen <= r.After,
		r.Probability > 0 && r.random.float() >= r.Probability:
		return false
	}
	if r.fired == 0 {
		r.began = now
	}
	r.fired++
	if r.Each > 0 {
		if r.paths == nil {
			r.paths = make(map[string]int)
		}
		r.paths[path]++
	}
	return true
}

// retryAfter spells the rule's Retry-After header.
func (r Rule) retryAfter(now time.Time) (string, bool) {
	if r.RetryAfter == RetrySeconds && r.Wait < time.Second {
		return strconv.FormatInt(int64(r.Wait/time.Second), 10), true
	}
	return r.RetryAfter.header(r.Wait, now)
}

// statusText is the message of an error body for a status.
func statusText(status int) string {
	switch status {
	case http.StatusNotFound:
		return "Not found"
	case http.StatusUnauthorized:
		return "Requires authentication."
	}
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "Error " + strconv.Itoa(status)
}
