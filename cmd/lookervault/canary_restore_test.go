package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// echoing is a simulated Looker that says back what it got and more, in place of every
// so-manieth answer but those to logins.
type echoing struct {
	sim   *lookersim.Server
	every atomic.Int64 // 0: never

	mu     sync.Mutex
	calls  map[string]int64 // of a command by method: every so many of each are said back, in whatever order they come
	turn   int64            // of the echoes
	tokens []string
	echoes map[string]int // by method
}

func (e *echoing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if token != "" && (len(e.tokens) == 0 || e.tokens[len(e.tokens)-1] != token) {
		e.tokens = append(e.tokens, token)
	}
	every := e.every.Load()
	count := e.calls[r.Method]
	e.calls[r.Method]++
	switch r.Method {
	case http.MethodGet:
		count++ // what a command begins with works, or nothing would be written
	case http.MethodPatch: // few are made where so much goes wrong
		every = min(every, 2)
	default:
		every = min(every, 3)
	}
	echo := token != "" && every > 0 && count%every == 0
	if echo {
		e.echoes[r.Method]++
		e.turn++
	}
	turn := e.turn
	e.mu.Unlock()
	w.Header().Set("Set-Cookie", "session="+token+"; Path=/"+canaryKey)
	w.Header().Set("WWW-Authenticate", "Bearer realm="+token)
	if echo {
		echoOf(w, r, turn, canaryKey, token)
		return
	}
	e.sim.ServeHTTP(w, r)
}

// TestCanariesOfRestores: a Looker that says back the key and the token while it is
// compared with a vault, looked at, written to and read back.
func TestCanariesOfRestores(t *testing.T) {
	sim, err := lookersim.New(lookersim.Options{
		Seed: 3, SmallTiles: true, ClientSecret: canaryKey,
		Sizes: lookersim.Sizes{Dashboards: 12, Looks: 6, Folders: 5, Users: 5, Boards: 2, ScheduledPlans: 6, Alerts: 4, Groups: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	e := &echoing{sim: sim, calls: make(map[string]int64), echoes: make(map[string]int)}
	server := httptest.NewServer(e)
	defer server.Close()
	t.Chdir(t.TempDir())
	environ := []string{
		"PATH=" + os.Getenv("PATH"), "LOOKERSDK_BASE_URL=" + server.URL, "LOOKERSDK_CLIENT_ID=" + lookersim.DefaultClientID, "LOOKERSDK_CLIENT_SECRET=" + canaryKey,
		"LOOKERVAULT_RETRY__ATTEMPTS=1", "LOOKERVAULT_RETRY__MAX_WAIT=100ms", "LOOKERVAULT_LOG__LEVEL=trace", "LOOKERVAULT_RATE_LIMIT__PER_SECOND=0",
		"LOOKERVAULT_RESTORE__SETTLE=10ms", "OTHER=" + canaryKey,
		"LOOKERVAULT_HOOKS__ON_PARTIAL=env; echo '" + canaryKey + "'; exit 3",
		"LOOKERVAULT_HOOKS__ON_FAILURE=env; echo '" + canaryKey + "'; exit 3",
		"LOOKERVAULT_HOOKS__ON_SUCCESS=env; echo '" + canaryKey + "'; exit 3",
	}
	shown := make(map[string]string)
	say := func(every int64, lines ...string) {
		e.every.Store(every)
		for _, line := range lines {
			e.mu.Lock()
			clear(e.calls)
			e.mu.Unlock()
			program(t, environ, shown, strings.Fields(line)...)
		}
	}
	say(0, "run")
	lose := func() {
		for i, id := range sim.IDs("dashboards") {
			switch i % 3 {
			case 0:
				sim.Do("DELETE", "/dashboards/"+id, nil)
			case 1:
				sim.Do("PATCH", "/dashboards/"+id, []byte(`{"title":"another"}`))
			}
		}
	}
	lose()
	for every := int64(7); every > 4; every -= 2 {
		say(every, "verify --remote --json", "diff --live", "diff --live --json", "check --restore", "check --restore --json")
	}
	for _, json := range []string{"", " --json", ""} {
		say(50, "restore plan --lost --conflict update"+json)
		say(0, "run", "restore plan --lost --conflict update"+json)
		plan := newestPlan(t, environ)
		say(6, fmt.Sprintf("restore apply %d --yes%s", plan, json), fmt.Sprintf("restore status %d%s", plan, json),
			fmt.Sprintf("restore retry %d --yes%s", plan, json), fmt.Sprintf("restore wake %d --yes%s", plan, json),
			fmt.Sprintf("restore undo %d --yes%s", plan, json), "run --json")
		lose()
	}
	say(0, "runs --json", "faults --json", "report -o r.html", "restore status --json")
	filesHere(t, shown)
	t.Logf("said back %v, %d tokens", e.echoes, len(e.tokens))
	for _, method := range []string{"GET", "POST", "PATCH"} {
		if e.echoes[method] == 0 {
			t.Errorf("no %s was answered by an echo", method)
		}
	}
	hides(t, shown, append(e.tokens, canaryKey)...)
}

// newestPlan is the number of the newest plan of a restore.
func newestPlan(t *testing.T, environ []string) int64 {
	t.Helper()
	shown := make(map[string]string)
	program(t, append(environ[:len(environ):len(environ)], "LOOKERVAULT_LOG__LEVEL=error"), shown, "restore", "status", "--json")
	var plans []struct{ Restore int64 }
	text := shown["restore status --json"]
	if err := json.Unmarshal([]byte(text), &plans); err != nil || len(plans) == 0 {
		t.Fatalf("no plans: %v: %s", err, text)
	}
	return plans[0].Restore
}
