package hooks_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/hooks"
	"github.com/lookervault/lookervault/internal/secret"
)

const summary = `{"event":"run_finished","run":7}`

func TestCommand(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		name, text, want, says string
	}{
		{"nothing", "", "", ""},
		{"gets the summary", "cat > got", "", ""},
		{"does not read it", "true", "", ""},
		{"what it prints", "echo done; echo oops >&2", "", "done\noops\n"},
		{"its environment", "echo $MARK", "", "here\n"},
		{"a line each", "echo one\necho two", "", "one\ntwo\n"},
		{"begins with a dash", "-no-such-command 2>/dev/null", "hooks.on_success: exit status 127", ""},
		{"what it is stands in no environment", "env | grep -c HOOK", "hooks.on_success: exit status 1", "0\n"},
		{"fails", "exit 3 # token", "hooks.on_success: exit status 3", ""},
		{"is not there", "no-such-command-here 2>/dev/null", "hooks.on_success: exit status 127", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(dir)
			var out bytes.Buffer
			h := hooks.Hook{Key: "hooks.on_success", Text: test.text, Timeout: time.Minute, Stderr: &out, Env: append(os.Environ(), "MARK=here")}
			err := h.Run(t.Context(), []byte(summary))
			if text(err) != test.want || out.String() != test.says {
				t.Errorf("error %q, says %q; want %q, %q", text(err), out.String(), test.want, test.says)
			}
		})
	}
	if got, err := os.ReadFile(filepath.Join(dir, "got")); err != nil || string(got) != summary {
		t.Errorf("the command got %q, %v", got, err)
	}
}

// TestCommandIsNoArgument: everybody on the machine can read the arguments of a process,
// and a command may hold a token.
func TestCommandIsNoArgument(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("arguments of processes cannot be read here:", err)
	}
	const command = `tr '\0' ' ' < /proc/$$/cmdline >args; : canary`
	t.Chdir(t.TempDir())
	if err := (hooks.Hook{Key: "hooks.on_success", Text: command, Timeout: time.Minute}).Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("args")
	if err != nil || len(got) == 0 || strings.Contains(string(got), "canary") {
		t.Errorf("the arguments of the shell are %q, %v; want some without the command", got, err)
	}
}

func TestPing(t *testing.T) {
	var got, kind string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, kind = r.Method+" "+string(body), r.Header.Get("Content-Type")
		if r.URL.Path == "/secret-token/fail" {
			http.Error(w, "no such\ncheck", http.StatusNotFound)
		}
	}))
	defer server.Close()
	for _, test := range []struct{ name, url, want string }{
		{"well", server.URL + "/secret-token", ""},
		{"refused", server.URL + "/secret-token/fail", "hooks.on_failure: answered 404 Not Found no such check"},
		{"no URL", "http://\x7f/secret-token", "hooks.on_failure: is not a URL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := hooks.Hook{Key: "hooks.on_failure", Text: test.url, Timeout: time.Minute}.Run(t.Context(), []byte(summary))
			if text(err) != test.want {
				t.Errorf("error %q, want %q", text(err), test.want)
			}
		})
	}
	if got != "POST "+summary || kind != "application/json" {
		t.Errorf("the server got %q as %q", got, kind)
	}
}

// Errors never hold the address: it is as good as a password.
func TestPingHidesItsAddress(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL + "/secret-token"
	server.Close()
	err := hooks.Hook{Key: "hooks.on_success", Text: url, Timeout: time.Minute}.Run(t.Context(), nil)
	if err == nil || strings.Contains(err.Error(), "secret-token") {
		t.Errorf("error %v", err)
	}
}

func TestTimeout(t *testing.T) {
	wait := make(chan struct{})
	defer close(wait)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client is gone
		select {
		case <-wait:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	// The shell has a child that would outlive it.
	for _, hook := range []string{"sleep 1000 | cat", server.URL} {
		err := hooks.Hook{Key: "hooks.on_success", Text: hook, Timeout: 50 * time.Millisecond, Stderr: io.Discard}.Run(t.Context(), nil)
		if want := "hooks.on_success: not done after 50ms (hooks.timeout)"; text(err) != want {
			t.Errorf("%s: error %q, want %q", hook, text(err), want)
		}
	}
}

// What a command started ends with it.
func TestTimeoutEndsChildren(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	// Opened so, nobody waits for the command, which a busy machine may begin late. What is read ends
	// when no process has the pipe open for writing.
	pipe, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	h := hooks.Hook{Key: "hooks.on_success", Text: "sleep 1000 > " + fifo + " & wait", Timeout: time.Second, Stderr: io.Discard}
	if err := h.Run(t.Context(), nil); err == nil {
		t.Fatal("no error")
	}
	if err := pipe.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(pipe); err != nil {
		t.Errorf("the child lives on: %v", err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (hooks.Hook{Key: "hooks.on_success", Text: "true", Timeout: time.Minute}).Run(ctx, nil); err == nil {
		t.Error("a hook ran although everything was cancelled")
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// What a command prints, and what a server answers, goes out without secrets: the
// program's, and those in the hook itself.
func TestSecretsOfHooks(t *testing.T) {
	const key = "k3y-of-the-program"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, "no "+r.URL.Path+" "+key+" "+strings.Repeat(".", 250)+r.URL.Path)
	}))
	defer server.Close()
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nbroken "+r.URL.Path+"\r\n\r\n")
	}))
	defer odd.Close()
	rude := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 500 "+r.URL.Path+"\r\nContent-Length: 0\r\n\r\n")
	}))
	defer rude.Close()
	for _, test := range []struct{ name, text, want, says string }{
		{"prints the key", "echo a " + key + " b; echo " + key + " >&2", "", "a *** b\n***\n"},
		{"prints its own token", "echo ran -H 'Authorization: Bearer abc.def' https://hooks.example.com/T0/B1; exit 3",
			"hooks.on_success: exit status 3", "ran -H Authorization: Bearer *** ***\n"},
		{"is answered", server.URL + "/services/T0", "hooks.on_success: answered 403 Forbidden no *** *** " + strings.Repeat(".", 250), ""},
		{"status line", rude.URL + "/services/T0", "hooks.on_success: answered 500 Internal Server Error", ""},
		{"header", odd.URL + "/services/T0", "hooks.on_success: the answer has a malformed header", ""},
		{"host", "https://canary.invalid/services/T0", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			h := hooks.Hook{Key: "hooks.on_success", Text: test.text, Timeout: time.Minute, Stderr: &out, Env: os.Environ(), Secrets: secret.NewSet(key)}
			err := h.Run(t.Context(), []byte(summary))
			if strings.Contains(text(err), "canary") || strings.Contains(text(err), "/T0") {
				t.Errorf("error shows the address: %v", err)
			}
			if test.name != "host" && (!strings.HasPrefix(text(err), test.want) || out.String() != test.says) {
				t.Errorf("error %q, says %q; want %q, %q", text(err), out.String(), test.want, test.says)
			}
		})
	}
}
