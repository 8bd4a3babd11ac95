package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/secret"
)

// maxTold is how much of what a hook says is repeated.
const maxTold = 300

// A Hook is a command for sh, or a URL. Its text may hold secrets: errors name
// it by its key in the configuration only.
type Hook struct {
	Key     string // "hooks.on_success"
	Text    string // "" does nothing
	Timeout time.Duration
	Stderr  io.Writer // gets what a command prints, on either stream, without secrets
	Env     []string  // of a command
	// Secrets are kept out of what the command prints and of errors, and the hook's
	// own with them. nil = only those.
	Secrets *secret.Set
}

// Run runs the hook with the summary, one JSON object: as the standard input of
// a command, as the body of a POST for a URL. The hook has failed when a command
// does not exit with 0, when a URL is not answered with a status of 2xx, or when
// the time is over; what it started is killed then.
func (h Hook) Run(ctx context.Context, summary []byte) error {
	if h.Text == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	if h.Secrets == nil {
		h.Secrets = secret.NewSet()
	}
	h.Secrets.AddHook(h.Text)
	do := h.command
	if strings.HasPrefix(h.Text, "https://") || strings.HasPrefix(h.Text, "http://") {
		do = h.ping
	}
	err := do(ctx, summary)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("not done after %s (hooks.timeout)", h.Timeout)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", h.Key, err)
	}
	return nil
}

// The shell gets its command by a variable, which it takes out of the environment: the
// arguments of a process can be read by everybody on the machine, its environment
// cannot. The space keeps eval from taking a command for an option.
const (
	commandVariable = "LOOKERVAULT_HOOK_COMMAND"
	startCommand    = `lookervault_command=$` + commandVariable + `; unset ` + commandVariable + `; eval " $lookervault_command"`
)

func (h Hook) command(ctx context.Context, summary []byte) error {
	cmd := exec.CommandContext(ctx, "sh", "-c", startCommand)
	said := h.Secrets.Writer(h.Stderr)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(summary), said, said
	cmd.Env = h.Env
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(slices.Clone(cmd.Env), commandVariable+"="+h.Text)
	// A child of the shell may hold its output open after the shell is dead.
	cmd.WaitDelay = time.Second
	isolate(cmd)
	err := errors.Join(cmd.Run(), said.Close())
	// A command need not read its input.
	if cmd.ProcessState != nil && cmd.ProcessState.Success() {
		return nil
	}
	return err
}

func (h Hook) ping(ctx context.Context, summary []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.Text, bytes.NewReader(summary))
	if err != nil {
		return errors.New("is not a URL")
	}
	request.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, OnProxyConnectResponse: proxyAnswered,
	}}
	response, err := client.Do(request)
	if refusal, ok := errors.AsType[errProxy](err); ok {
		return refusal
	}
	if err != nil {
		return h.Secrets.Quiet(err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 == 2 {
		return nil
	}
	// What was said is worth a look, as long as it is short; a body that breaks
	// off is no other failure.
	told, _ := io.ReadAll(io.LimitReader(response.Body, maxTold))
	words := strings.Join(strings.Fields(h.Secrets.ScrubStart(string(told))), " ")
	return errors.New(strings.TrimSpace("answered " + status(response.StatusCode) + " " + words))
}

// status is a status as it is called, whatever the server called it.
func status(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}

// errProxy is the status of a proxy that does not let a hook through.
type errProxy int

func (e errProxy) Error() string { return "the proxy answered " + status(int(e)) }

func proxyAnswered(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
	if response.StatusCode == http.StatusOK {
		return nil
	}
	return errProxy(response.StatusCode)
}
