package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// spellings are how texts spell a secret. Letters of base64 at its ends hold bits of the
// neighbours: those that are looked for are without them.
func spellings(secret string) (said, sought []string) {
	quoted, _ := json.Marshal(secret)
	plain := &bytes.Buffer{}
	encoder := json.NewEncoder(plain)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(secret)
	said = []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(string(quoted), `"`), strings.Trim(plain.String(), "\"\n"),
		html.EscapeString(secret), hex.EncodeToString([]byte(secret)), strings.Trim(fmt.Sprintf("%q", secret), `"`),
	}
	sought = slices.Clone(said)
	for _, before := range []string{"", "x:", "x"} {
		encoded := base64.StdEncoding.EncodeToString([]byte(before + secret))
		said, sought = append(said, encoded), append(sought, encoded[4:len(encoded)-4])
	}
	return said, sought
}

// echoOf says a request and more secrets back, in every spelling, in ways that change
// from call to call: as errors, pages, redirects, headers and lists that are cut. Whole
// documents are stored as they come, whatever stands in them.
func echoOf(w http.ResponseWriter, r *http.Request, call int64, secrets ...string) {
	body, _ := io.ReadAll(r.Body)
	said := fmt.Sprintf("%s %v %s", r.URL, r.Header, body)
	for _, secret := range secrets {
		spelled, _ := spellings(secret)
		said += " " + strings.Join(spelled, " ")
	}
	quoted, _ := json.Marshal(said)
	switch call % 7 {
	case 0:
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprintf(w, "<title>%s</title>", html.EscapeString(said))
	case 1:
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"message":%s}`, quoted)
	case 2:
		http.Redirect(w, r, "/sso/"+url.PathEscape(said), http.StatusFound)
	case 3:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"message":"no","errors":[{"field":%s,"message":%s}],"documentation_url":%s}`, quoted, quoted, quoted)
	case 4:
		w.Header().Set("Content-Type", url.QueryEscape(said))
		fmt.Fprint(w, said)
	case 5:
		fmt.Fprintf(w, `[{"id":1,%s:2},%s`, quoted, quoted)
	case 6:
		w.Header().Set("Retry-After", url.QueryEscape(said))
		w.WriteHeader(http.StatusNotImplemented)
		fmt.Fprint(w, said)
	}
}

// program runs the program in a process of its own, as net/http reads the variables of
// proxies once, and adds what it said to shown.
func program(t *testing.T, environ []string, shown map[string]string, args ...string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Args, cmd.Env = append([]string{"lookervault"}, args...), environ
	said, err := cmd.CombinedOutput()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	if bytes.Contains(said, []byte("goroutine ")) {
		t.Errorf("%v: %s", args, said)
	}
	shown[strings.Join(args, " ")] += string(said)
}

// filesHere adds all files below the working directory to shown.
func filesHere(t *testing.T, shown map[string]string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		shown["the file "+name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// leavings are everything that the program said and left when it made a backup.
func leavings(t *testing.T, environ []string) map[string]string {
	t.Helper()
	shown := make(map[string]string)
	program(t, environ, shown, "check")
	program(t, environ, shown, "check", "--json")
	program(t, environ, shown, "run", "--dry-run", "looks", "boards", "roles", "--json")
	program(t, environ, shown, "run", "looks", "boards", "themes", "folders", "users", "roles", "alerts", "--json", "--metrics-file", "m.prom")
	for _, args := range []string{"report -o r.html", "faults --json", "faults", "runs --json", "runs show 1 --json", "list --json", "dump"} {
		program(t, environ, shown, strings.Fields(args)...)
	}
	filesHere(t, shown)
	return shown
}

// hides checks that nothing shows a spelling of a secret.
func hides(t *testing.T, shown map[string]string, secrets ...string) {
	t.Helper()
	scrubbed := false
	for place, text := range shown {
		scrubbed = scrubbed || strings.Contains(text, "***")
		for _, secret := range secrets {
			_, sought := spellings(secret)
			for _, spelled := range sought {
				if i := strings.Index(text, spelled); i >= 0 {
					t.Errorf("%s holds %q: ...%q...", place, spelled, text[max(0, i-100):min(len(text), i+60)])
					break
				}
			}
		}
	}
	if !scrubbed {
		t.Errorf("nothing was scrubbed, so this shows nothing: %.2000q", shown)
	}
}

const canaryKey, canaryToken, canaryProxy, canaryHook = `canary-k3y/of&the+"program`, "canary-t0ken/of+the&session", "canary-pr0xy/pass+word", "canary-h00k-of-4-pings"

// TestCanariesOfAProxy: a proxy that says back its password, the key and the token while
// it stands in for Looker and for who is pinged, in every answer or from the login on.
func TestCanariesOfAProxy(t *testing.T) {
	for _, test := range []struct {
		name  string
		login bool // is answered as Looker answers it
		https bool
	}{{"http", true, false}, {"http login", false, false}, {"https", false, true}} {
		t.Run(test.name, func(t *testing.T) {
			var calls, pings atomic.Int64
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch path := strings.TrimPrefix(r.URL.Path, "/api/4.0"); {
				case r.Method == http.MethodConnect:
					w.Header().Set("Proxy-Authenticate", r.Header.Get("Proxy-Authorization"))
					w.WriteHeader(http.StatusProxyAuthRequired)
					fmt.Fprint(w, r.Header, canaryProxy)
				case strings.Contains(path, "ping"):
					pings.Add(1)
					w.WriteHeader(http.StatusBadGateway)
					fmt.Fprint(w, r.URL, r.Header, canaryProxy, canaryKey)
				case path == "/login" && test.login:
					fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600}`, canaryToken)
				case path == "/user" && test.login:
					fmt.Fprintf(w, `{"id":%q,"role_ids":["2"]}`, canaryToken)
				case path == "/roles" && test.login:
					io.WriteString(w, `[{"id":"2","name":"Admin","permission_set":{"all_access":true}}]`)
				case path == "/versions" && test.login:
					fmt.Fprintf(w, `{"looker_release_version":"26.0 %s","web_server_url":"http://%s"}`, canaryToken, canaryProxy)
				default:
					echoOf(w, r, calls.Add(1), canaryKey, canaryToken, canaryProxy)
				}
			}))
			defer proxy.Close()
			t.Chdir(t.TempDir())
			address := strings.Replace(proxy.URL, "http://", "http://user:"+url.QueryEscape(canaryProxy)+"@", 1)
			base := "http://looker.example.com:19999"
			if test.https {
				base = "https://looker.example.com:19999"
			}
			environ := []string{
				"PATH=" + os.Getenv("PATH"), "HTTP_PROXY=" + address, "HTTPS_PROXY=" + address, "NO_PROXY=",
				"LOOKERSDK_BASE_URL=" + base, "LOOKERSDK_CLIENT_ID=id", "LOOKERSDK_CLIENT_SECRET=" + canaryKey,
				"LOOKERVAULT_RETRY__ATTEMPTS=1", "LOOKERVAULT_RETRY__MAX_WAIT=1s", "LOOKERVAULT_LOG__LEVEL=trace",
				"LOOKERVAULT_RATE_LIMIT__PER_SECOND=0",
				"LOOKERVAULT_HOOKS__ON_PARTIAL=http://pings.example.com/ping/" + canaryHook,
				"LOOKERVAULT_HOOKS__ON_FAILURE=http://pings.example.com/ping/" + canaryHook,
			}
			shown := leavings(t, environ)
			if pings.Load() == 0 {
				t.Error("nobody was pinged")
			}
			if shown["the file looker.db"] == "" && test.login {
				t.Error("there is no vault")
			}
			hides(t, shown, canaryKey, canaryToken, canaryProxy, canaryHook)
		})
	}
}

// TestCanariesOfAHook: a command that prints its environment, its arguments and those of
// the process that started it, and a server that says back what it got.
func TestCanariesOfAHook(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := strings.TrimPrefix(r.URL.Path, "/api/4.0"); path {
		case "/login":
			fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600}`, canaryToken)
		case "/user":
			io.WriteString(w, `{"id":"1","role_ids":["2"]}`)
		case "/roles":
			io.WriteString(w, `[{"id":"2","name":"Admin","permission_set":{"all_access":true}}]`)
		default:
			echoOf(w, r, calls.Add(1), canaryKey, canaryToken)
		}
	}))
	defer server.Close()
	t.Chdir(t.TempDir())
	environ := []string{
		"PATH=" + os.Getenv("PATH"), "LOOKERSDK_BASE_URL=" + server.URL, "LOOKERSDK_CLIENT_ID=id", "LOOKERSDK_CLIENT_SECRET=" + canaryKey,
		"LOOKERVAULT_RETRY__ATTEMPTS=1", "LOOKERVAULT_RETRY__MAX_WAIT=1s", "LOOKERVAULT_LOG__LEVEL=trace", "LOOKERVAULT_RATE_LIMIT__PER_SECOND=0",
		"OTHER=x" + url.QueryEscape(canaryKey),
		"LOOKERVAULT_HOOKS__ON_PARTIAL=env >env.txt; cat /proc/$$/cmdline /proc/$PPID/cmdline >args.txt; cat >stdin.txt; " +
			"echo '" + canaryKey + "'; echo https://u:" + canaryHook + "@h/; exit 3",
	}
	shown := leavings(t, environ)
	if shown["the file looker.db"] == "" || shown["the file stdin.txt"] == "" || shown["the file env.txt"] == "" {
		t.Error("there is no vault, or the hook was not run")
	}
	hides(t, shown, canaryKey, canaryToken, canaryHook)
}
