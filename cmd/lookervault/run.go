package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/sinks"
)

// runFlags names the key of the configuration that each flag sets.
var runFlags = map[string]string{
	"workers":               "stages.fetch.workers",
	"batch-size":            "stages.batch.records",
	"rate-limit-per-second": "rate_limit.per_second",
	"rate-limit-per-minute": "rate_limit.per_minute",
	"db":                    "sink.path",
	"folder-ids":            "folders.ids",
	"recursive":             "folders.recursive",
	"max-calls":             "rate_limit.max_calls",
}

// runOptions are the flags of run that are no keys of the configuration.
type runOptions struct {
	demo, json, resume, full bool
	set                      []string
}

func (a *app) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run [KIND...]", Aliases: []string{"extract"},
		Short: "Back up a Looker instance into the vault",
		Long: `Back up a Looker instance into the vault: list what there is, fetch what is not
stored yet, and say what became of every document. Without kinds, all that the
configuration names.

Ctrl-C once commits what was fetched and ends; twice ends at once. Either way the
vault is whole, and run --resume continues.`,
		Example: `  lookervault run --demo
  lookervault run dashboards looks --db nightly.db
  lookervault run --workers 4 --rate-limit-per-second 5
  lookervault run --folder-ids 12 --max-calls 500`,
		ValidArgsFunction: completeKinds,
		RunE: func(cmd *cobra.Command, kinds []string) error {
			if o.resume && len(kinds) > 0 {
				return usage(cmd, errors.New("--resume continues a run with the kinds that it began with; name none"))
			}
			return a.extract(cmd, o, kinds)
		},
	}
	f := cmd.Flags()
	f.Int("workers", 0, "requests at the same time (stages.fetch.workers)")
	f.Int("batch-size", 0, "documents in one transaction (stages.batch.records)")
	f.Int("rate-limit-per-second", 0, "requests a second at most, 0 for no limit (rate_limit.per_second)")
	f.Int("rate-limit-per-minute", 0, "requests a minute at most, 0 for no limit (rate_limit.per_minute)")
	f.String("db", "", "the vault (sink.path)")
	f.StringSlice("folder-ids", nil, "only what lies in these folders (folders.ids)")
	f.Bool("recursive", true, "and in the folders below them (folders.recursive)")
	f.Int("max-calls", 0, "end before the call that would be one too many; resumable; 0 for no limit (rate_limit.max_calls)")
	f.StringArrayVar(&o.set, "set", nil, "set any key of the configuration, as stages.list.page_size=50; may be repeated")
	f.BoolVar(&o.demo, "demo", false, "back up a simulated Looker inside this process into "+demoVault)
	f.BoolVar(&o.resume, "resume", false, "continue the newest unfinished run")
	f.BoolVar(&o.full, "full", false, "fetch everything again, also what is known to be unchanged")
	f.BoolVar(&o.json, "json", false, "print the summary as a JSON line")
	return cmd
}

// extract is the run command: it gets everything ready, makes the run and tells
// how it went.
func (a *app) extract(cmd *cobra.Command, o runOptions, kinds []string) (err error) {
	loaded, err := a.load(cmd, false, runFlags, o.set, kinds)
	if err != nil {
		return err
	}
	c := loaded.Config
	log := a.logger(c.Log)
	for _, warning := range loaded.Warnings {
		log.Warn(warning)
	}
	selected, exclude, err := selection(loaded)
	if err != nil {
		return err
	}
	origin := "api"
	if o.demo {
		origin = "demo"
		stop, err := a.demo(&c, loaded)
		if err != nil {
			return err
		}
		defer stop()
	}
	if err := c.RequireLooker(); err != nil {
		return err
	}
	meter := &extract.Meter{}
	client, err := newClient(c, log, meter)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	defer client.Close()
	server, err := connect(a.stop, client)
	if err != nil {
		return a.connectFailed(err)
	}
	a.announce(server, log)

	sink, err := sinks.OpenSQLite(a.stop, c.Sink.Path, vault.Options{})
	if err != nil {
		return err
	}
	defer closing(&err, sink)
	ui := newProgress(a.stderr)
	defer ui.close()
	stored, err := json.Marshal(c.Redacted())
	if err != nil {
		return err
	}
	result, err := extract.Run(a.kill, extract.Job{
		Config: c, Kinds: selected, Exclude: exclude, Client: client, Sink: sink, Log: log, Now: time.Now,
		Meter: meter, Stop: a.stop,
		Start: record.Start{
			Instance: instanceName(c, client), BaseURL: client.BaseURL(), Origin: origin, Resume: o.resume, Full: o.full,
			Scope: scopeOf(c, selected), Caller: server.caller, Looker: server.release,
			Tool: toolVersion(), Config: stored, At: time.Now(),
		},
		Begun: func(begun record.Begun, view *extract.View) {
			a.begun(begun, c.Sink.Path, log)
			ui.start(view)
		},
	})
	ui.close()
	if errors.Is(err, sinks.ErrNothingOpen) {
		fmt.Fprintf(a.stderr, "Nothing to resume: the newest run of %s in %s came to its end.\n", instanceName(c, client), c.Sink.Path)
		return nil
	}
	return a.report(o, summaryOf(c.Sink.Path, result, err), err)
}

// selection resolves the kinds to back up and the documents to leave out.
func selection(loaded *config.Loaded) ([]catalogue.Kind, []record.Ref, error) {
	all := catalogue.All()
	known := catalogue.Names(all)
	wanted, err := loaded.SelectKinds(known, catalogue.Names(catalogue.Default()), catalogue.Aliases())
	if err != nil {
		return nil, nil, err
	}
	ids, err := loaded.ExcludedIDs(known, catalogue.Aliases())
	if err != nil {
		return nil, nil, err
	}
	var exclude []record.Ref
	for _, kind := range known {
		for _, id := range ids[kind] {
			exclude = append(exclude, record.Ref{Kind: record.Kind(kind), ID: id})
		}
	}
	selected := slices.DeleteFunc(all, func(k catalogue.Kind) bool { return !slices.Contains(wanted, string(k.Name)) })
	return selected, exclude, nil
}

func names(kinds []catalogue.Kind) []record.Kind {
	all := make([]record.Kind, len(kinds))
	for i, k := range kinds {
		all[i] = k.Name
	}
	return all
}

// scopeOf is what a run sets out to back up.
func scopeOf(c config.Config, kinds []catalogue.Kind) record.Scope {
	scope := record.Scope{Kinds: names(kinds), Folders: c.Folders.IDs}
	scope.Recursive = len(scope.Folders) > 0 && c.Folders.Recursive
	return scope
}

// instanceName is what keys everything stored.
func instanceName(c config.Config, client *looker.Client) string {
	if c.Looker.Name != "" {
		return c.Looker.Name
	}
	return client.BaseURL()
}

// begun tells what a run found when it began.
func (a *app) begun(begun record.Begun, path string, log hclog.Logger) {
	if begun.Resumed {
		t := totals(begun.Kinds)
		fmt.Fprintf(a.stderr, "Resuming run %d of %s: %s done, %s failed before; listing again to find the rest.\n",
			begun.Run, begun.Started.Format(time.DateTime), plural(t.Settled(), "document", "documents"), count(t.Failed))
		return
	}
	if begun.Open != 0 {
		fmt.Fprintf(a.stderr, "Run %d is unfinished; this is a new run. To continue it instead, stop this one and add --resume.\n", begun.Open)
	}
	log.Info("run begun", "run", begun.Run, "vault", path)
}

// report prints how a run ended and returns what decides about the exit code.
func (a *app) report(o runOptions, s summary, err error) error {
	if err == nil && s.run.Outcome == record.RunPartial {
		err = errPartial
	}
	s.ExitCode = exitCode(err)
	if err != nil && !errors.Is(err, errPartial) {
		s.Error = oneLine(err)
	}
	if o.json {
		line, jsonErr := encodeJSON(s)
		if jsonErr != nil {
			return jsonErr
		}
		if _, jsonErr := fmt.Fprintln(a.stdout, line); jsonErr != nil {
			return jsonErr
		}
	}
	if s.Run > 0 {
		if printErr := s.print(a.stderr, o); printErr != nil {
			return printErr
		}
	}
	if errors.Is(err, errPartial) || errors.Is(err, extract.ErrInterrupted) {
		return errors.Join(err, errSaid)
	}
	return err
}

// demo starts the simulator inside this process and points the configuration at
// it.
func (a *app) demo(c *config.Config, loaded *config.Loaded) (stop func(), err error) {
	server, err := startDemo()
	if err != nil {
		return nil, fmt.Errorf("start the simulated Looker: %w", err)
	}
	c.Looker = config.Looker{
		Name: "demo", BaseURL: server.url, ClientID: server.clientID, ClientSecret: config.NewSecret(server.clientSecret),
		VerifySSL: true, Timeout: c.Looker.Timeout, MaxBody: c.Looker.MaxBody,
	}
	if loaded.Origin("sink.path") != "--db" {
		c.Sink.Path = demoVault
	}
	// The simulator is on this machine; a limit would only make it slow to see.
	for key, limit := range map[string]*int{"rate_limit.per_second": &c.RateLimit.PerSecond, "rate_limit.per_minute": &c.RateLimit.PerMinute} {
		if origin := loaded.Origin(key); origin == "default" || filepath.Ext(origin) == "" && origin[0] != '-' {
			*limit = 0
		}
	}
	fmt.Fprintf(a.stderr, "Simulated Looker at %s: %s\n", server.url, server.what)
	return server.stop, nil
}

// connectFailed is an error from before the first good answer.
func (a *app) connectFailed(err error) error {
	if a.stop.Err() != nil {
		return context.Cause(a.stop)
	}
	return &connectError{err}
}

// connectError is an error from before the first good answer of the server.
type connectError struct{ err error }

func (e *connectError) Error() string        { return e.err.Error() }
func (e *connectError) Unwrap() error        { return e.err }
func (e *connectError) Is(target error) bool { return target == errConnect }
