package main

import (
	"encoding/pem"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// clientSecret is the secret of the simulated Looker of a script.
const clientSecret = "Very-Secret-0815"

type remoteKey struct{}

// remote is the Looker of a script.
type remote struct {
	mu      sync.Mutex
	sim     *lookersim.Server // a script may begin another one; only it writes here
	came    int               // requests
	another chan struct{}     // closed when one comes
	dies    int               // came when it dies; 0 for never
	tokens  map[string]bool
}

func theRemote(ts *testscript.TestScript) *remote {
	s := ts.Value(remoteKey{}).(*remote)
	if s.sim == nil {
		ts.Fatalf("there is no sim yet")
	}
	return s
}

// ServeHTTP serves the simulated Looker, counts and remembers tokens.
func (s *remote) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		s.tokens[token] = true
	}
	s.came++
	close(s.another)
	s.another = make(chan struct{})
	dead := s.dies > 0 && s.came > s.dies
	sim := s.sim
	s.mu.Unlock()
	if dead {
		panic(http.ErrAbortHandler) // cuts the connection
	}
	sim.ServeHTTP(w, r)
}

func (s *remote) secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(slices.Collect(maps.Keys(s.tokens)), clientSecret)
}

// simFlags are the flags of the command sim in a script.
func simFlags(o *lookersim.Options, tls *bool, name *string) *flag.FlagSet {
	f := flag.NewFlagSet("sim", flag.ContinueOnError)
	f.IntVar(&o.Sizes.Dashboards, "dashboards", 12, "")
	f.Int64Var(&o.Seed, "seed", 1, "of the content")
	f.IntVar(&o.Sizes.Looks, "looks", 10, "")
	f.IntVar(&o.Sizes.Folders, "folders", 8, "")
	f.IntVar(&o.Sizes.Users, "users", 7, "")
	f.Float64Var(&o.TrashShare, "trash", 0, "")
	f.StringVar(&o.Corpus, "corpus", "", "")
	f.DurationVar(&o.TokenTTL, "token-ttl", 0, "")
	f.BoolVar(&o.Restricted, "restricted", false, "")
	f.BoolVar(tls, "tls", false, "with a certificate that nobody knows; its authority is in ca.pem")
	f.StringVar(name, "name", "", "of the instance in the vault")
	f.Func("rule", "", func(text string) error {
		rule, err := lookersim.ParseRule(text)
		o.Rules = append(o.Rules, rule)
		return err
	})
	return f
}

func sim(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 0, "sim [FLAG...]")
	s := ts.Value(remoteKey{}).(*remote)
	o := lookersim.Options{
		SmallTiles: true, ClientSecret: clientSecret,
		Sizes: lookersim.Sizes{Boards: 3, Groups: 3, ModelSets: 2, ScheduledPlans: 5, MergedTiles: 2, MergeQueries: 2, Themes: 2},
	}
	var tls bool
	var name string
	ts.Check(simFlags(&o, &tls, &name).Parse(args))
	made, err := lookersim.New(o)
	ts.Check(err)
	s.mu.Lock()
	s.sim, s.came, s.another, s.tokens = made, 0, make(chan struct{}), make(map[string]bool)
	s.mu.Unlock()
	var web *httptest.Server
	if tls {
		web = httptest.NewUnstartedServer(s)
		web.Config.ErrorLog = hclog.NewNullLogger().StandardLogger(nil)
		web.StartTLS()
		authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
		ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), authority, 0o600))
	} else {
		web = httptest.NewServer(s)
	}
	point(ts, web, made.Close)
	ts.Setenv("LOOKERVAULT_LOOKER__NAME", name)
}

// point makes a server the Looker that the environment names.
func point(ts *testscript.TestScript, web *httptest.Server, also func() error) {
	ts.Defer(func() {
		_ = also() // ends what hangs
		web.CloseClientConnections()
		web.Close()
	})
	ts.Setenv("LOOKERSDK_BASE_URL", web.URL)
	ts.Setenv("ADDRESS", web.Listener.Addr().String())
	ts.Setenv("LOOKERSDK_CLIENT_ID", lookersim.DefaultClientID)
	ts.Setenv("LOOKERSDK_CLIENT_SECRET", clientSecret)
}

func web(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "web html|json|escapes|login")
	answers := map[string]http.HandlerFunc{
		"html": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, "<!doctype html><html><head><title>Welcome to nginx!</title></head><body><h1>Welcome!</h1></body></html>")
		},
		"json": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"timestamp":"2026-01-01","status":404,"error":"Not Found","path":"/api/4.0/login"}`)
		},
		"escapes": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"\u001b]0;owned\u0007\u009b2Jred\r\nlookervault: all is well","documentation_url":"https://cloud.google.com/looker/docs"}`)
		},
		"login": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example.com/sso?next="+r.URL.Path, http.StatusFound)
		},
	}
	if answers[args[0]] == nil {
		ts.Fatalf("no server %q", args[0])
	}
	point(ts, httptest.NewServer(answers[args[0]]), func() error { return nil })
}

func rules(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 0, "rules [RULE...]")
	var all []lookersim.Rule
	for _, text := range args {
		rule, err := lookersim.ParseRule(text)
		ts.Check(err)
		all = append(all, rule)
	}
	ts.Check(theRemote(ts).sim.SetRules(all...))
}

func mutate(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "mutate CHANGE...")
	for _, text := range args {
		change, err := lookersim.ParseChange(text)
		ts.Check(err)
		_, err = theRemote(ts).sim.Mutate(change)
		ts.Check(err)
	}
}

func put(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 3, "put KIND ID FILE")
	change := lookersim.Change{Op: lookersim.OpPut, Kind: args[0], ID: args[1], Value: ts.ReadFile(args[2])}
	_, err := theRemote(ts).sim.Mutate(change)
	ts.Check(err)
}

// patience is how long a script waits for what must come.
const patience = 30 * time.Second

func await(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "await N")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	s, late := theRemote(ts), time.After(patience)
	for {
		s.mu.Lock()
		got, another := s.came, s.another
		s.mu.Unlock()
		if got >= want {
			return
		}
		select {
		case <-another:
		case <-late:
			ts.Fatalf("%d requests came, want %d", got, want)
		}
	}
}

func dies(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "dies N|never")
	n, err := strconv.Atoi(args[0])
	if args[0] == "never" {
		n, err = 0, nil
	}
	ts.Check(err)
	s := theRemote(ts)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dies = n
}

func forget(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 0, "forget")
	s := theRemote(ts)
	s.sim.ResetCounts()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came = 0
}

func asked(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 2, "asked WHAT N")
	counts := theRemote(ts).sim.Counts()
	what, last := strings.Join(args[:len(args)-1], " "), args[len(args)-1]
	want, err := strconv.Atoi(last)
	ts.Check(err)
	got := counts.Routes[what]
	switch what {
	case "calls":
		got = counts.Calls
	case "logins":
		got = counts.Logins
	}
	if got != want {
		ts.Fatalf("%s: asked %d times, want %d; all: %v", what, got, want, counts.Routes)
	}
}

func ini(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "ini FILE")
	text := fmt.Sprintf("[Company]\nbase_url=%s\nclient_id=%s\nclient_secret=%s\n",
		ts.Getenv("LOOKERSDK_BASE_URL"), ts.Getenv("LOOKERSDK_CLIENT_ID"), ts.Getenv("LOOKERSDK_CLIENT_SECRET"))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
