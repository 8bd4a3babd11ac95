package main

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/hooks"
	"github.com/lookervault/lookervault/internal/metrics"
	"github.com/lookervault/lookervault/internal/plain"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/secret"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// reassurance says how good a run is after which something else failed.
func reassurance(outcome record.Outcome) string {
	switch outcome {
	case record.RunComplete:
		return "; the backup itself is complete and stored"
	case record.RunPartial, record.RunInterrupted:
		return "; what the run stored is none the worse"
	}
	return ""
}

// after does what is to be done when a run is over, and returns the first thing
// that went wrong. The others are in the log.
func (b *backup) after(ctx context.Context, s *view.Summary) error {
	var first error
	prune := func(s view.Summary) error { return b.prune(ctx, s) }
	for _, step := range []func(view.Summary) error{prune, b.hook, b.metricsFile} {
		err := step(*s)
		switch {
		case err == nil:
		case first == nil:
			first = &exitError{code: afterCode(err), err: fmt.Errorf("%w%s", err, reassurance(s.Outcome))}
			if s.ExitCode == codeComplete {
				s.ExitCode = afterCode(err)
			}
			if s.Error == "" {
				s.Error = b.options.settings.secrets.Scrub(oneLine(err))
			}
		default:
			b.log.Error("not done after the run", "error", err)
		}
	}
	return first
}

// afterCode is the exit code of a run after which something failed.
func afterCode(err error) int {
	if code := exitCode(err); code == codeInterrupted || code == codeVault {
		return code
	}
	return codeIncomplete
}

// hook tells whoever wants to know how the run ended.
func (b *backup) hook(s view.Summary) error {
	outcome := s.Outcome
	if s.ExitCode == codeVault {
		outcome = record.RunFailed // whatever came: the vault cannot be relied on
	}
	hook := hookFor(b.config.Hooks, outcome)
	if hook.Text == "" {
		return nil
	}
	line, err := plain.Encode(s)
	if err != nil {
		return err
	}
	hook.Stderr, hook.Env, hook.Secrets = b.options.streams.err, withoutSecrets(b.options.settings.variables, b.config), secretsOf(b.config)
	addProxies(hook.Secrets, b.options.settings.variables)
	return hook.Run(b.options.interrupts.kill, []byte(line+"\n"))
}

// hookFor is the hook for an outcome.
func hookFor(c config.Hooks, outcome record.Outcome) hooks.Hook {
	h := hooks.Hook{Key: "hooks.on_failure", Text: c.OnFailure, Timeout: c.Timeout.Std()}
	switch outcome {
	case record.RunComplete:
		h.Key, h.Text = "hooks.on_success", c.OnSuccess
	case record.RunPartial:
		h.Key, h.Text = "hooks.on_partial", c.OnPartial
	}
	return h
}

// secretsOf is the values of all secret keys.
func secretsOf(c config.Config) *secret.Set {
	secrets := secret.NewSet()
	addSecrets(secrets, c)
	return secrets
}

// addSecrets adds the values of all secret keys.
func addSecrets(secrets *secret.Set, c config.Config) {
	secrets.Add(c.Looker.ClientSecret.Reveal())
	for name, value := range c.Restore.Secrets {
		if !strings.HasSuffix(name, ".file_type") { // ".json" is no secret, and stands in many texts
			secrets.Add(value.Reveal())
		}
	}
	for _, hook := range []string{c.Hooks.OnSuccess, c.Hooks.OnPartial, c.Hooks.OnFailure} {
		secrets.AddHookText(hook)
	}
}

// addProxies adds the passwords of the proxies that an environment names.
func addProxies(secrets *secret.Set, environ []string) {
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		proxy, err := url.Parse(value)
		if err == nil && strings.HasSuffix(strings.ToUpper(name), "_PROXY") {
			password, _ := proxy.User.Password()
			secrets.Add(password)
		}
	}
}

// withoutSecrets leaves out of an environment what is only this program's: every
// variable that holds the value of a secret key, whatever its name, and those that
// are for such a key.
func withoutSecrets(environ []string, c config.Config) []string {
	secrets := secretsOf(c)
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, value, _ := strings.Cut(entry, "=")
		return name == "LOOKERSDK_CLIENT_SECRET" || name == "LOOKERVAULT_LOOKER__CLIENT_SECRET" ||
			strings.HasPrefix(name, "LOOKERVAULT_HOOKS__ON_") || secrets.Holds(value)
	})
}

// metricsFile writes the metrics of the run where the configuration wants them.
func (b *backup) metricsFile(s view.Summary) error {
	if b.config.Metrics.File == "" {
		return nil
	}
	return metrics.WriteFile(b.options.interrupts.kill, b.config.Metrics.File, s, b.before(s.Instance))
}

// before is what the vault knows of the runs up to this one; nothing where the vault
// cannot be read, which is told by the run itself.
func (b *backup) before(instance string) (before metrics.Before) {
	ctx := b.options.interrupts.kill
	reader, err := sqlite.OpenReader(ctx, b.config.Sink.Path)
	if err != nil {
		return before
	}
	defer reader.Close()
	if oldest, err := reader.Oldest(ctx, instance); err == nil {
		before.Oldest = oldest
	}
	if complete, err := reader.LastComplete(ctx, instance, math.MaxInt); err == nil {
		before.Complete = complete
	}
	return before
}

// serveMetrics serves the metrics of the run until stop is called, if the
// configuration wants that.
func (b *backup) serveMetrics(ctx context.Context) (stop func(), err error) {
	addr := b.config.Metrics.Listen
	if addr == "" {
		return func() {}, nil
	}
	server, err := metrics.Serve(ctx, addr, metrics.NewLive(toolVersion(), b.watch.state))
	if err != nil {
		return nil, fmt.Errorf("metrics.listen: %w", err)
	}
	b.log.Info("serving metrics", "url", "http://"+server.Addr()+"/metrics")
	return func() {
		if err := server.Close(); err != nil {
			b.log.Warn("the server of metrics did not end well", "error", err)
		}
	}, nil
}
