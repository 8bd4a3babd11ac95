package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// A server that says the token back in every answer, and a hook that prints the key,
// get neither into anything that a run leaves behind.
func TestCanaries(t *testing.T) {
	const key, token = "canary-k3y/of&the+program", "canary-t0ken-of-the-session"
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.TrimPrefix(r.URL.Path, "/api/4.0"); path {
		case "/login":
			fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600}`, token)
		case "/versions":
			fmt.Fprintf(w, `{"looker_release_version":"26.0 %s"}`, token)
		case "/user":
			io.WriteString(w, `{"id":"1","role_ids":["2"]}`)
		case "/roles":
			io.WriteString(w, `[{"id":"2","name":"Admin","permission_set":{"all_access":true}}]`)
		default:
			said := token + " " + url.QueryEscape(key) + " " + base64.StdEncoding.EncodeToString([]byte("id:"+token))
			switch calls.Add(1) % 3 {
			case 0:
				w.WriteHeader(http.StatusUnprocessableEntity)
				fmt.Fprintf(w, "<title>%s</title>", said)
			case 1:
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprintf(w, `{"message":%q}`, said)
			default:
				http.Redirect(w, r, "/sso/"+token, http.StatusFound)
			}
		}
	}))
	defer server.Close()
	t.Chdir(t.TempDir())
	environ := []string{
		"PATH=" + os.Getenv("PATH"), "LOOKERSDK_BASE_URL=" + server.URL, "LOOKERSDK_CLIENT_ID=id", "LOOKERSDK_CLIENT_SECRET=" + key,
		"LOOKERVAULT_RETRY__ATTEMPTS=1", "LOOKERVAULT_LOG__LEVEL=trace", "OTHER_NAME=" + key,
		"LOOKERVAULT_HOOKS__ON_PARTIAL=env; echo 'canary-%6b3y/of&the+program'; exit 3",
	}
	var out, errs strings.Builder
	code := run([]string{"run", "looks", "boards", "themes", "folders", "dashboards", "--json", "--metrics-file", "m.prom"},
		strings.NewReader(""), &out, &errs, environ)
	if code != 4 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	for _, args := range [][]string{{"report", "-o", "r.html"}, {"faults", "--json"}, {"runs", "show", "1", "--json"}} {
		if code := run(args, strings.NewReader(""), &out, &errs, environ); code != 0 {
			t.Errorf("%v: exit code %d", args, code)
		}
	}
	shown := map[string]string{"standard output": out.String(), "standard error": errs.String()}
	for _, name := range []string{"looker.db", "m.prom", "r.html"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		shown[name] = string(data)
	}
	if !strings.Contains(out.String(), "***") || !strings.Contains(shown["looker.db"], "***") {
		t.Error("nothing was scrubbed, so this shows nothing")
	}
	quoted, _ := json.Marshal(key)
	for place, text := range shown {
		for _, hidden := range []string{key, token, url.QueryEscape(key), strings.Trim(string(quoted), `"`),
			base64.StdEncoding.EncodeToString([]byte("id:" + token))[4:20], "canary-%6b3y"} {
			if i := strings.Index(text, hidden); i >= 0 {
				t.Errorf("%s holds %q: ...%q...", place, hidden, text[max(0, i-100):min(len(text), i+60)])
			}
		}
	}
}
