package looker_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
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

// spellings are the forms in which a server may say back what it was sent.
var spellings = map[string]func(string) string{
	"plain":   func(s string) string { return s },
	"percent": url.QueryEscape,
	"path":    url.PathEscape,
	"json": func(s string) string {
		quoted, _ := json.Marshal(s)
		return string(quoted[1 : len(quoted)-1])
	},
	"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("id:" + s)) },
	"html":   html.EscapeString,
}

// places are the places of an answer where something sent may come back.
var places = map[string]func(said string) string{
	"no http":           func(said string) string { return said + "\r\n\r\n" },
	"status line":       func(said string) string { return "HTTP/1.1 502 " + said + "\r\nContent-Length: 0\r\n\r\n" },
	"status code":       func(said string) string { return "HTTP/1.1 " + said + " x\r\n\r\n" },
	"malformed header":  func(said string) string { return "HTTP/1.1 200 OK\r\n" + said + "\r\n\r\n" },
	"header name":       func(said string) string { return "HTTP/1.1 200 OK\r\n" + said + "(): x\r\n\r\n" },
	"length":            func(said string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + said + "\r\n\r\n" },
	"transfer encoding": func(said string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + said + "\r\n\r\n" },
	"chunk": func(said string) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + said + "\r\n"
	},
	"redirect": func(said string) string {
		return "HTTP/1.1 302 Found\r\nLocation: /x/" + said + "\r\nContent-Length: 0\r\n\r\n"
	},
	"redirect's host": func(said string) string {
		return "HTTP/1.1 302 Found\r\nLocation: https://" + said + ".example.com/api/4.0/\r\nContent-Length: 0\r\n\r\n"
	},
	"broken redirect": func(said string) string {
		return "HTTP/1.1 302 Found\r\nLocation: http://[" + said + "\r\nContent-Length: 0\r\n\r\n"
	},
	"retry after": func(said string) string {
		return "HTTP/1.1 503 " + said + "\r\nRetry-After: " + said + "\r\nContent-Length: 0\r\n\r\n"
	},
	"type": func(said string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/%s\r\nContent-Length: %d\r\n\r\n%s", said, len(said), said)
	},
	"error page": func(said string) string {
		page := "<html><title>" + said + "</title>" + said
		return fmt.Sprintf("HTTP/1.1 500 %s\r\nContent-Length: %d\r\n\r\n%s", said, len(page), page)
	},
	"error page that is cut": func(said string) string {
		page := "<p>" + strings.Repeat("<i></i>", (16<<10-3-len(said)/2)/7) + said
		return fmt.Sprintf("HTTP/1.1 500 Oops\r\nContent-Length: %d\r\n\r\n%s", len(page), page)
	},
	"error": func(said string) string {
		body := `{"message":"` + said + `"}`
		return fmt.Sprintf("HTTP/1.1 422 %s\r\nContent-Length: %d\r\n\r\n%s", said, len(body), body)
	},
	"proxy": func(said string) string {
		return fmt.Sprintf("HTTP/1.1 407 %s\r\nProxy-Authenticate: Basic realm=%s\r\nContent-Length: %d\r\n\r\n%s", said, said, len(said), said)
	},
	"version": func(said string) string {
		body := `{"looker_release_version":"` + said + `"}`
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	},
}

// saying is a server that answers each request with bytes made of what it was
// sent: the key of a login, the token of anything else. Logins are granted unless
// they are what is to be echoed.
func saying(t *testing.T, logins bool, answer func(said string) string) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := strings.TrimPrefix(r.Header.Get("Authorization"), "token ")
		if strings.HasSuffix(r.URL.Path, "/login") {
			if !logins {
				io.WriteString(w, grant)
				return
			}
			said = r.PostFormValue("client_secret")
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, answer(said))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestSecretsAreNeverShownWhereverTheyComeBack(t *testing.T) {
	for place, answer := range places {
		t.Run(place, func(t *testing.T) {
			var l logs
			var shown strings.Builder
			for _, spell := range spellings {
				for _, logins := range []bool{true, false} {
					cfg := config(saying(t, logins, func(said string) string { return answer(spell(said)) }))
					cfg.Log = l.at(hclog.Trace)
					cfg.Retry = looker.Retry{Attempts: 2, MaxWait: time.Millisecond}
					c, err := looker.New(cfg)
					if err != nil {
						t.Fatal(err)
					}
					_, err = c.Get(t.Context(), look1)
					version, versionErr := c.Versions(t.Context())
					fmt.Fprintf(&shown, "%v %+v %#v %v %v %v\n", err, err, version, versionErr, c.Login(t.Context()), c.Stats())
					c.Close()
				}
			}
			all := shown.String() + l.String()
			for _, hidden := range []string{secret, token} {
				for form, spell := range spellings {
					// A few letters at the end of a text that was cut give it away too.
					begin := spell(hidden)[:8]
					if i := strings.Index(strings.ToLower(all), strings.ToLower(begin)); i >= 0 {
						t.Errorf("%q, the %s form, is shown: ...%s...", begin, form, all[max(0, i-200):min(len(all), i+100)])
					}
				}
			}
		})
	}
}

// An answer to a login that is not Looker's own JSON is not repeated at all.
func TestPagesThatAnswerALoginAreNotQuoted(t *testing.T) {
	for _, status := range []int{200, 403, 404, 429, 500, 502} {
		for _, body := range []string{"<title>canary</title>", "canary", `{"message":"canary"`, `["canary"]`, "\x1f\x8bcanary"} {
			f := &fake{login: always(status, http.Header{"Content-Type": {"canary"}}, body)}
			c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Retry = looker.Retry{Attempts: 1, MaxWait: time.Millisecond} })
			if err := c.Login(t.Context()); err == nil || strings.Contains(err.Error(), "canary") {
				t.Errorf("%d %q: %v", status, body, err)
			}
		}
	}
}

func TestProxyVariables(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"HTTPS_PROXY", "", ""},
		{"HTTPS_PROXY", "proxy:3128", ""},
		{"HTTP_PROXY", "http://u:p@proxy.example.com", ""},
		{"https_proxy", "socks5://proxy:1080", ""},
		{"HTTPS_PROXY", "http://user:hunter2%zz@proxy:3128", "HTTPS_PROXY is not the address of a proxy; it must look like http://"},
		{"http_proxy", "http://user:hunter2@:3128", "http_proxy is not the address of a proxy"},
		{"HTTP_PROXY", "proxy:31a8", "HTTP_PROXY is not"},
		{"HTTPS_PROXY", "proxy:313128", "HTTPS_PROXY is not"},
		{"HTTPS_PROXY", "ftp://proxy", "HTTPS_PROXY is not"},
		{"HTTPS_PROXY", "http://", "HTTPS_PROXY is not"},
		{"HTTPS_PROXY", "http//proxy hunter2", "HTTPS_PROXY is not"},
	} {
		t.Run(test.name+"="+test.value, func(t *testing.T) {
			for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
				t.Setenv(name, "")
			}
			t.Setenv(test.name, test.value)
			_, err := looker.New(config("https://looker.example.com"))
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want %q", err, test.want)
			case err != nil && strings.Contains(err.Error(), "hunter2"):
				t.Errorf("shows the password: %v", err)
			}
		})
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

// A connection that does not come about for a reason of a kind that we do not know.
func TestUnknownCausesAreScrubbed(t *testing.T) {
	for _, op := range []string{"dial", "remote error", "proxyconnect"} {
		f := &fake{login: func(int, *http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: op, Err: errors.New("no way to " + url.QueryEscape(secret) + " from here")}
		}}
		c := fakeClient(t, f, func(cfg *looker.Config) { cfg.Retry.Attempts = 1 })
		err := c.Login(t.Context())
		if err == nil {
			t.Fatalf("%s: no error", op)
		}
		for _, hidden := range []string{secret, url.QueryEscape(secret)} {
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: %v", op, err)
			}
		}
		if !strings.Contains(err.Error(), "no way to") {
			t.Errorf("%s: does not say why: %v", op, err)
		}
	}
}
