package looker_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/lookervault/lookervault/internal/looker"
)

// echo says back all that it was sent, in ways that change from call to call.
func echo(n int, w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	said := fmt.Sprintf("%s %v %s", r.URL, r.Header, body)
	form, _ := url.ParseQuery(string(body))
	said += fmt.Sprintf(" %v", form)
	switch n % 6 {
	case 0:
		w.WriteHeader(http.StatusBadRequest)
		json.NewEncoder(w).Encode(map[string]string{"message": said}) // escapes &, as Looker does
	case 1:
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprintf(w, "<html><title>%s</title>", said)
	case 2:
		fmt.Fprintf(w, "<p>%s</p>", said)
	case 3:
		http.Redirect(w, r, "/login/"+r.Header.Get("Authorization"), http.StatusFound)
	case 4:
		w.Header().Set("Content-Type", said)
		fmt.Fprint(w, said)
	case 5:
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"message":"x","errors":[{"field":%q,"message":%q}]}`, said, said)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	var l logs
	var said strings.Builder
	for start := range 6 {
		for _, login := range []bool{true, false} { // which of the two is echoed
			n := start
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if isLogin := strings.HasSuffix(r.URL.Path, "/login"); isLogin && !login {
					io.WriteString(w, grant)
					return
				}
				echo(n, w, r)
				n++
			}))
			cfg := config(s.URL)
			cfg.Log = l.at(hclog.Trace)
			cfg.Retry = looker.Retry{Attempts: 3, MaxWait: time.Millisecond}
			c, err := looker.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Get(t.Context(), look1)
			fmt.Fprintf(&said, "%v %+v %#v\n", err, err, c.Stats())
			_, err = c.Versions(t.Context())
			fmt.Fprintf(&said, "%v\n", err)
			fmt.Fprintf(&said, "%v\n", c.Login(t.Context()))
			c.Close()
			s.Close()
		}
	}
	shown := said.String() + l.String()
	if !strings.Contains(shown, "***") {
		t.Errorf("nothing was scrubbed, so the test shows nothing:\n%s", shown)
	}
	for _, hidden := range []string{secret, url.QueryEscape(secret), token, url.QueryEscape(token)} {
		if i := strings.Index(shown, hidden); i >= 0 {
			t.Errorf("%q is shown: ...%s...", hidden, shown[max(0, i-200):min(len(shown), i+100)])
		}
	}
}

func TestDebugLogHasALineARequest(t *testing.T) {
	var l logs
	s := server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, `{"body":"of the look"}`) })
	c := client(t, s.URL, func(cfg *looker.Config) { cfg.Log = l.at(hclog.Debug) })
	if _, err := c.Get(t.Context(), look1); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(l.String()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2:\n%s", len(lines), l.String())
	}
	for i, want := range []string{`request: route="POST /login" path=/login status=200`, `request: route="GET /looks/{look_id}" path=/looks/1 status=200 bytes=22 attempt=1 took=`} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %q, want %q", lines[i], want)
		}
	}
	if strings.Contains(l.String(), "of the look") {
		t.Error("the body is logged")
	}
}
