package extract_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/memory"
)

// wire connects a client with a simulated Looker in the same process, so that both
// live in simulated time.
type wire struct {
	sim *lookersim.Server
	// zeros has pages without rows say that their total is 0.
	zeros bool

	mu      sync.Mutex
	seen    map[string]int // requests by method and path
	arrived func(what string, n int)
}

// RoundTrip answers a request.
func (w *wire) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil { // the handler cut the connection
			err = errors.New("connection reset by peer")
		}
	}()
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	w.mu.Lock()
	what := req.Method + " " + strings.TrimPrefix(req.URL.Path, "/api/4.0")
	w.seen[what]++
	n, arrived := w.seen[what], w.arrived
	w.mu.Unlock()
	if arrived != nil {
		arrived(what, n)
	}
	served := req.Clone(req.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	recorded := httptest.NewRecorder()
	w.sim.ServeHTTP(recorded, served)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	resp = recorded.Result()
	body, err := io.ReadAll(resp.Body)
	if w.zeros && string(body) == "[]" && req.URL.Query().Has("limit") {
		resp.Header.Set("X-Total-Count", "0")
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, err
}

// simLatency is how long the server of a bubble takes to answer.
const simLatency = 50 * time.Millisecond

// bubble is a simulated Looker, a store and the runs against it, in simulated time.
type bubble struct {
	t       *testing.T
	wire    *wire
	memory  *memory.Vault
	sink    vault.Writer // of the next runs, nil for the store itself
	kinds   []record.Kind
	folders []string // of the scope
	// asksRoles has runs ask for the list of roles before they begin, as the program does to learn
	// whose key it has.
	asksRoles bool
	resumes   bool            // the next runs are resumed ones
	stop      context.Context // that of the next runs, nil for none
	timeout   time.Duration   // looker.timeout, 0 for its default
	log       hclog.Logger    // of the next runs, nil for none
	configure func(*config.Config)
}

func newBubble(t *testing.T, seed int64) *bubble {
	t.Helper()
	return newBubbleOf(t, seed, 800*time.Millisecond)
}

// newBubbleOf has logins last for ttl: an outage in which no login falls due looks different.
func newBubbleOf(t *testing.T, seed int64, ttl time.Duration) *bubble {
	t.Helper()
	sim, err := lookersim.New(lookersim.Options{
		Seed: seed, SmallTiles: true, Tiles: [2]int{1, 3}, TrashShare: -1, Latency: simLatency, TokenTTL: ttl,
		Sizes: lookersim.Sizes{Dashboards: 12, Folders: 6, Users: 6, Groups: 5, Roles: 6, MergedTiles: 6, MergeQueries: 5, SourceQueries: 8},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &bubble{
		t: t, wire: &wire{sim: sim}, memory: memory.New(),
		kinds: []record.Kind{"dashboards", "folders", "users", "groups", "roles", "group_groups", "role_users", "role_groups", "content_metadata", "merge_queries", "queries"},
	}
}

// run makes a run; cannot connect is the error of a login that failed.
func (b *bubble) run(arrived func(what string, n int)) (result extract.Result, err error) {
	b.t.Helper()
	b.wire.mu.Lock()
	b.wire.seen, b.wire.arrived = make(map[string]int), arrived
	b.wire.mu.Unlock()
	meter := &extract.Meter{}
	client, err := looker.New(looker.Config{
		BaseURL: "https://looker.example.com", ClientID: lookersim.DefaultClientID, ClientSecret: lookersim.DefaultClientSecret,
		VerifySSL: true, Timeout: 5 * time.Second, Version: "test", Observe: meter.Count, Transport: b.wire,
		Retry: looker.Retry{Attempts: 5, MaxWait: time.Minute},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	if err := client.Login(b.t.Context()); err != nil {
		return result, fmt.Errorf("%w: %w", errCannotConnect, err)
	}
	if _, err := client.Versions(b.t.Context()); err != nil {
		b.t.Logf("versions: %v", err)
	}
	if b.asksRoles {
		askRoles(b.t, client)
	}
	c := config.Default(2)
	c.Stages.Fetch.Workers, c.Stages.List.Workers = 2, 1
	c.Looker.Timeout = cmp.Or(config.Duration(b.timeout), c.Looker.Timeout)
	if b.configure != nil {
		b.configure(&c)
	}
	s := start(b.kinds...)
	s.Scope.Folders, s.Resume = b.folders, b.resumes
	s.BaseURL = client.BaseURL()
	kinds := slices.DeleteFunc(catalogue.All(), func(k *catalogue.Spec) bool { return !slices.Contains(b.kinds, k.Name) })
	defer b.memory.Close()
	sink := b.sink
	if sink == nil {
		sink = b.memory
	}
	log := b.log
	if log == nil {
		log = hclog.NewNullLogger()
	}
	return extract.Run(b.t.Context(), extract.Job{
		Config: c, Kinds: kinds, Start: s, Client: client, Sink: sink, Log: log, Now: time.Now, Meter: meter, Stop: b.stop,
	})
}

var errCannotConnect = errors.New("cannot connect")

// differences compares the store with the server: what is missing, and what is gone
// or stored though the server does not have it.
func (b *bubble) differences() (missing, wrong []string) {
	stored := make(map[record.Ref]record.State)
	for _, item := range b.memory.Items() {
		stored[item.Ref] = item.State
	}
	for _, kind := range b.kinds {
		for item := range b.wire.sim.Items(string(kind)) {
			ref := record.Ref{Kind: kind, ID: item.ID}
			switch stored[ref] {
			case "":
				if item.Needs == "" || kind != "content_metadata" {
					missing = append(missing, ref.String())
				}
			case record.Gone:
				wrong = append(wrong, ref.String()+" is gone")
			}
			delete(stored, ref)
		}
	}
	for ref := range stored {
		wrong = append(wrong, ref.String()+" is stored")
	}
	return missing, wrong
}

// TestOutageMatrix: whatever a Looker that is down answers, whenever that begins: a
// short outage is ridden out, a long one ends the run, and nothing becomes gone, or
// is missing without a word.
func TestOutageMatrix(t *testing.T) {
	shows := map[string]string{
		"404 page": "status=404 body=page", "short 404": "status=404 body=sinatra", "503": "status=503", "reset": "do=reset", "empty 200": "do=empty",
		"null 200": "do=null",
	}
	moments := map[string]func(what string, n int) bool{
		"first call":    func(what string, _ int) bool { return what == "POST /login" },
		"wave 0":        func(what string, _ int) bool { return what == "GET /roles" },
		"wave 1":        func(what string, _ int) bool { return what == "GET /roles/3/users" },
		"token renewal": func(what string, n int) bool { return what == "POST /login" && n > 1 },
	}
	for show, rule := range shows {
		for moment, begins := range moments {
			for _, lasts := range []string{" for=3s", ""} {
				for _, later := range []bool{false, true} {
					name := fmt.Sprintf("%s/%s%s/later run %v", show, moment, strings.ReplaceAll(lasts, "=", " "), later)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) { outOf(t, rule+lasts, begins, moment, lasts == "", later) })
					})
				}
			}
		}
	}
}

func outOf(t *testing.T, text string, begins func(string, int) bool, moment string, forGood, later bool) {
	first, ttl := moment == "first call", time.Hour
	if moment == "token renewal" {
		ttl = 800 * time.Millisecond
	}
	b := newBubbleOf(t, 3, ttl)
	rule, err := lookersim.ParseRule(text)
	if err != nil {
		t.Fatal(err)
	}
	if later {
		if result, err := b.run(nil); err != nil || result.Run.Outcome != record.RunComplete {
			t.Fatalf("first run: %v %+v", err, result.Run)
		}
	}
	out := sync.OnceFunc(func() {
		if err := b.wire.sim.SetRules(rule); err != nil {
			t.Error(err)
		}
	})
	fell := false
	result, err := b.run(func(what string, n int) {
		if begins(what, n) {
			fell = true
			out()
		}
	})
	if !fell {
		t.Fatal("there was no outage")
	}
	missing, wrong := b.differences()
	if len(wrong) > 0 {
		t.Errorf("wrong: %v", wrong)
	}
	if later && len(missing) > 0 {
		t.Errorf("missing in a later run: %v", missing)
	}
	switch {
	case first && errors.Is(err, errCannotConnect):
		// Nothing was begun. A page in answer to a first login may as well mean a wrong
		// key or address, so it is not waited for.
		if !forGood && (rule.Status == http.StatusServiceUnavailable || rule.Do == lookersim.FaultReset) {
			t.Errorf("ended with %v, want it ridden out", err)
		}
		return
	case forGood:
		if !errors.Is(err, looker.ErrDown) || result.Run.Outcome != record.RunPartial {
			t.Errorf("ended %s with %v, want the server down", result.Run.Outcome, err)
		}
	case err != nil || result.Run.Outcome != record.RunComplete:
		t.Errorf("ended %s with %v, want it ridden out: %+v", result.Run.Outcome, err, b.memory.Faults())
	case len(missing) > 0:
		t.Errorf("complete, and missing: %v", missing)
	}
	nothingMissingSilently(t, result.Run.Kinds, missing)
}

// nothingMissingSilently fails where what is missing is of kinds that are complete.
func nothingMissingSilently(t *testing.T, kinds []record.Counts, missing []string) {
	t.Helper()
	listing := make(map[record.Kind]record.Counts)
	for _, k := range kinds {
		listing[k.Kind] = k
	}
	var said func(kind record.Kind) bool
	said = func(kind record.Kind) bool {
		k := listing[kind]
		// What hangs on an owner that is said not to be whole is said with it.
		return k.Listing != record.Complete || k.Failed > 0 || slices.ContainsFunc(catalogue.LeadingTo(kind), said)
	}
	for _, text := range missing {
		kind, _, _ := strings.Cut(text, "/")
		if !said(record.Kind(kind)) {
			t.Errorf("%s is missing without a word", text)
		}
	}
}
