package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
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
	"metrics-listen":        "metrics.listen",
	"metrics-file":          "metrics.file",
}

// runOptions are what run works with.
type runOptions struct {
	streams    *streams
	interrupts *interrupts
	settings   *settings
	load       loadConfig
	clock      *clock
	// limitMemory sets the soft limit for the memory of the process; nil: none is set.
	limitMemory func(int64) int64

	kinds []string // none: all that the configuration names
	// foldersGiven and recursiveGiven say that --folder-ids and --recursive were given.
	foldersGiven, recursiveGiven bool

	demo, json, resume, full bool
	dryRun                   bool
	table                    tableFlags // of --dry-run
	progress                 string
	set                      []string
	overQuota                bool // make calls beyond what looker.quota includes
}

func newRunCommand(env *environment) *cobra.Command {
	o := runOptions{streams: env.streams, interrupts: env.interrupts, settings: env.settings, clock: env.clock, limitMemory: env.limitMemory}
	cmd := &cobra.Command{
		Use: "run [KIND...]", Aliases: []string{"extract"},
		Short: "Back up a Looker instance into the vault",
		Long: `Back up a Looker instance into the vault: list what there is, fetch what is not
stored yet, and say what became of every document. Without kinds, all that the
configuration names.

Ctrl-C once commits what was fetched and ends; twice ends at once; three times ends
before the outcome of the run is stored. Either way the vault is whole, and run
--resume continues, with the kinds and folders that the run began with.`,
		Example: `  lookervault run --demo
  lookervault run dashboards looks --db nightly.db
  lookervault run --workers 4 --rate-limit-per-second 5
  lookervault run --folder-ids 12 --max-calls 500
  lookervault run --dry-run --sort -calls --limit 10`,
		RunE: func(cmd *cobra.Command, kinds []string) error {
			if o.resume && o.full {
				return usage(errNotAsItBegan)
			}
			for _, name := range choiceFlags {
				if cmd.Flags().Changed(name) && !o.dryRun {
					return usage(fmt.Errorf("--%s is for the table of --dry-run", name))
				}
			}
			o.kinds = kinds
			o.foldersGiven, o.recursiveGiven = cmd.Flags().Changed("folder-ids"), cmd.Flags().Changed("recursive")
			return runBackup(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.load = env.settings.loader(f, runFlags)
	f.Int("workers", 0, "the most requests in flight at once, of all kinds (stages.fetch.workers)")
	f.Int("batch-size", 0, "documents in one transaction (stages.batch.records)")
	f.Int("rate-limit-per-second", 0, "the most requests per second, 0 for no limit (rate_limit.per_second)")
	f.Int("rate-limit-per-minute", 0, "the most requests per minute, 0 for no limit (rate_limit.per_minute)")
	f.String("db", "", "the vault (sink.path)")
	f.StringSlice("folder-ids", nil, "only what lies in these folders (folders.ids)")
	f.BoolVar(&o.overQuota, "over-quota", false, "go on when the month's calls that looker.quota includes are made")
	f.Bool("recursive", true, "and in the folders below them (folders.recursive)")
	f.Int("max-calls", 0, "stop after this many API calls, resumable; 0 for no limit (rate_limit.max_calls)")
	f.StringArrayVar(&o.set, "set", nil, "set any key of the configuration, as stages.list.page_size=50; may be repeated")
	f.BoolVar(&o.demo, "demo", false, "back up a simulated Looker inside this process into "+demoVault)
	f.BoolVar(&o.resume, "resume", false, "continue the newest unfinished run")
	f.BoolVar(&o.full, "full", false, "fetch everything again, also what is known to be unchanged, and heal what is damaged in the vault")
	f.BoolVar(&o.dryRun, "dry-run", false, "forecast what the run would find and cost in calls, with at most one small call a kind and one for its trash; store nothing")
	o.table.addChoice(cmd)
	for _, name := range choiceFlags {
		f.Lookup(name).Usage = "with --dry-run: " + f.Lookup(name).Usage
	}
	f.BoolVar(&o.json, "json", false, "print the run as JSON lines: events, progress and the summary at last")
	f.StringVar(&o.progress, "progress", "auto", "how to show progress: bar, plain lines, none, or auto: bar on a terminal, plain elsewhere")
	f.String("metrics-listen", "", "serve Prometheus metrics and /healthz at this address while the run lasts (metrics.listen)")
	f.String("metrics-file", "", "write metrics to this file at the end, for node_exporter's textfile collector (metrics.file)")
	return cmd
}

// runBackup is the run command: it gets everything ready, makes the run and tells
// how it went.
func runBackup(ctx context.Context, o runOptions) error {
	mode, err := o.streams.progressMode(o.progress, o.json)
	if err != nil {
		return usage(err)
	}
	o.table.json = o.json
	shown, choice, err := o.forecastTable()
	if err != nil {
		return err
	}
	loaded, err := o.load(o.set, o.kinds)
	if err != nil {
		return err
	}
	c := loaded.Config
	o.streams.err.decouple()
	o.interrupts.begin(!o.dryRun)
	log := o.streams.logger(loaded)
	for _, warning := range loaded.Warnings {
		o.streams.warn(log, warning)
	}
	selected, exclude, err := selection(loaded)
	if err != nil {
		return err
	}
	ages, err := refreshAges(loaded, len(o.kinds) > 0)
	if err != nil {
		return err
	}
	origin := "api"
	if o.demo {
		origin = "demo"
		stop, err := useDemo(o.streams.err, &c, loaded)
		if err != nil {
			return err
		}
		defer stop()
	}
	if err := resumesAsItBegan(ctx, c, o, selected); err != nil {
		return err
	}
	if err := c.RequireLooker(iniBeside()); err != nil {
		return err
	}
	if o.dryRun {
		d := &dryRun{
			options: o, config: c, log: log, origin: origin, kinds: selected, exclude: exclude, refresh: ages, table: shown, choice: choice,
		}
		return d.make(ctx)
	}
	b := &backup{
		options: o, config: c, log: log, watch: newBackupWatch(c, o, mode), instance: c.Looker.Name,
		start: record.Start{
			Origin: origin, Resume: o.resume, Full: o.full, Scope: scopeOf(c, selected), Tool: toolVersion(),
		},
		refresh: ages,
	}
	defer o.boundMemory(extract.MemoryLimit(c))()
	return b.make(ctx, selected, exclude)
}

// iniBeside reports whether the file of the Looker SDKs lies in the working directory.
func iniBeside() bool {
	_, err := os.Stat(config.ININame)
	return err == nil
}

// boundMemory sets a soft limit for the runtime's memory, until restore is called.
// A GOMEMLIMIT of the user's stands.
func (o runOptions) boundMemory(limit int64) (restore func()) {
	ofUser := slices.ContainsFunc(o.settings.variables, func(entry string) bool { return strings.HasPrefix(entry, "GOMEMLIMIT=") })
	if ofUser || o.limitMemory == nil {
		return func() {}
	}
	before := o.limitMemory(limit)
	return func() { o.limitMemory(before) }
}

// backup is one use of the run command, once its configuration stands.
type backup struct {
	options  runOptions
	config   config.Config
	log      hclog.Logger
	watch    *backupWatch
	instance string // name, once it is known
	start    record.Start
	refresh  map[record.Kind]time.Duration // how old observations may grow; nil: everything is asked for
}

// make makes the run and tells how it went.
func (b *backup) make(ctx context.Context, kinds []*catalogue.Spec, exclude []record.Ref) error {
	path := b.config.Sink.Path
	if b.options.resume && sqlite.FilesOf(path).Missing {
		fmt.Fprintf(b.options.streams.err, "Nothing to resume: there is no vault at %s.\n", path)
		return nil
	}
	stop, err := b.serveMetrics(ctx)
	if err != nil {
		return err
	}
	defer stop()
	result, err := b.run(ctx, kinds, exclude)
	b.watch.close()
	if errors.Is(err, vault.ErrNothingOpen) {
		fmt.Fprintf(b.options.streams.err, "Nothing to resume: %s holds no unfinished run of %s.\n", path, b.instance)
		return nil
	}
	return b.report(ctx, result, err)
}

// run connects, opens the vault and makes the run.
func (b *backup) run(ctx context.Context, kinds []*catalogue.Spec, exclude []record.Ref) (result extract.Result, err error) {
	o, c := b.options, b.config
	meter := &extract.Meter{}
	client, err := newClient(c, o.settings.secrets, b.log, meter)
	if err != nil {
		return result, &exitError{code: codeUsage, err: err}
	}
	defer client.Close()
	b.instance = instanceName(c, client)
	if _, err := b.licence().keep(ctx, client); err != nil {
		result.Run = b.noteRefusal(ctx, client, err)
		return result, err
	}
	server, err := connectForRun(ctx, client, knownRoles(ctx, c.Sink.Path, b.instance), c, kinds)
	if err != nil {
		return result, connectFailed(ctx, err)
	}
	notices := announce(server, kinds, c.Looker.PartialView, b.log)
	if len(b.start.Scope.Folders) == 0 {
		notices = append(notices, notFollowed(kinds)...)
	}
	if o.clock.set != nil {
		notices = append(notices, "its clock was set by "+testNow)
	}
	if another := b.anotherAddress(ctx, server.release); another != "" {
		o.streams.warn(b.log, another)
		notices = append(notices, another)
	}

	sink, err := sinks.OpenSQLite(ctx, c.Sink.Path, sqlite.Options{Now: o.clock.now, Warn: func(text string) { o.streams.warn(b.log, text) }})
	if err != nil {
		return result, err
	}
	defer closing(&err, sink)
	sink = sinks.Scrubbed(sink, o.settings.secrets.Scrub)
	b.start.Instance, b.start.BaseURL = b.instance, client.BaseURL()
	b.start.Caller, b.start.Looker, b.start.At = server.caller, server.release, o.clock.now()
	if b.start.Config, err = json.Marshal(c.Redacted()); err != nil {
		return result, err
	}
	f := b.newForeseeing(ctx, kinds, exclude, client)
	defer f.end()
	return extract.Run(o.interrupts.kill, extract.Job{
		Config: c, Kinds: kinds, Exclude: exclude, Client: client, Sink: sink, Log: b.log, Now: o.clock.now,
		Meter: meter, Stop: ctx, Start: b.start, Notices: notices, Refresh: b.refresh, Told: server.told(), Failed: b.watch.failed, Measured: b.watch.measured,
		Begun: func(begun record.Begun, view *extract.View) {
			tellBegun(o.streams.err, begun, c.Sink.Path, b.log)
			b.watch.started(begun, b.start, c.Sink.Path)
			b.watch.start(ctx, ui.Backup(begun), view)
			f.begin(begun)
		},
	})
}

// tellBegun tells what a run found when it began.
func tellBegun(told io.Writer, begun record.Begun, path string, log hclog.Logger) {
	if begun.Resumed {
		t := view.TotalsOf(begun.Kinds)
		fmt.Fprintf(told, "Resuming run %d of %s: %s done, %s failed before; listing again to find the rest.\n",
			begun.Run, ui.Moment(begun.Started, isTerminal(told)), plural(t.Settled(), "document", "documents"), count(t.Failed))
		return
	}
	if begun.Open != 0 {
		fmt.Fprintf(told, "Run %d is unfinished; this is a new run. To continue it instead, stop this one and add --resume.\n", begun.Open)
	}
	log.Info("run begun", "run", begun.Run, "vault", path)
}

// report prints how a run ended and returns what decides about the exit code.
func (b *backup) report(ctx context.Context, result extract.Result, err error) error {
	path := b.config.Sink.Path
	if err == nil && result.Run.Outcome == record.RunPartial {
		err = errPartial
	}
	if result.Begun.Run > 0 { // also where the disk had no room for the seal
		err = vault.GoOn(err, "run again with --resume")
	}
	if unhealed := result.Run.Unhealed; unhealed != "" && (err == nil || errors.Is(err, errPartial)) {
		err = fmt.Errorf("%w: %s", vault.ErrCorrupt, unhealed)
	}
	s := summaryOf(b.options.clock.now(), path, b.instance, b.start.Origin, result, b.watch.session, err)
	s.ExitCode = exitCode(err)
	s.Hints = append(s.Hints, ui.Fit(b.config, s.Kinds, paged)...)
	if err != nil && !errors.Is(err, errPartial) {
		s.Error = b.options.settings.secrets.Scrub(oneLine(err))
	}
	after := b.after(ctx, &s)
	if result.Run.ID > 0 && !result.Run.Refused() {
		b.sumUp(ctx, s, result.Run)
	}
	eventErr := b.watch.finished(b.options.interrupts.patience(), s, result.Unobserved)
	switch {
	case errors.Is(eventErr, ui.ErrUnread):
		fmt.Fprintln(b.options.streams.err, "Nobody read standard output: events were dropped.")
		if exitCode(err) != codeInterrupted {
			return fmt.Errorf("%w: %w", job.ErrInterrupted, eventErr)
		}
	case eventErr != nil:
		return fmt.Errorf("write events: %w", eventErr)
	}
	switch {
	case err == nil:
		return after
	case after != nil:
		fmt.Fprintln(b.options.streams.err.loud(), "lookervault: "+oneLine(after))
	}
	// The summary has told of both; without a run there is none.
	if result.Run.ID > 0 && (errors.Is(err, errPartial) || exitCode(err) == codeInterrupted) {
		return said(err)
	}
	return err
}

// paged reports whether documents of a kind are fetched in pages.
func paged(kind record.Kind) bool {
	k, ok := catalogue.Find(kind)
	return ok && slices.ContainsFunc(k.Many, func(m catalogue.Many) bool { return m.How == record.Page })
}

// useDemo starts the simulator inside this process, points the configuration at it, and
// says so on told.
func useDemo(told io.Writer, c *config.Config, loaded *config.Loaded) (stop func(), err error) {
	if loaded.Origin("sink.path") != "--db" {
		c.Sink.Path = demoVault
	}
	server, err := startDemo(c.Sink.Path)
	if err != nil {
		return nil, fmt.Errorf("start the simulated Looker: %w", err)
	}
	c.Looker = config.Looker{
		Name: demoName, BaseURL: server.url, ClientID: server.clientID, ClientSecret: config.NewSecret(server.clientSecret),
		VerifySSL: true, Timeout: c.Looker.Timeout, MaxBody: c.Looker.MaxBody, PartialView: c.Looker.PartialView,
		Quota: c.Looker.Quota, // to see what it does
	}
	// Limits of the file and the environment are for a real Looker; the simulator
	// is on this machine, and a limit would only make it slow to see.
	for key, limit := range map[string]*int{"rate_limit.per_second": &c.RateLimit.PerSecond, "rate_limit.per_minute": &c.RateLimit.PerMinute} {
		if !strings.HasPrefix(loaded.Origin(key), "-") {
			*limit = 0
		}
	}
	fmt.Fprintf(told, "Simulated Looker at %s: %s\n", server.url, server.what)
	return server.stop, nil
}

// connectFailed is an error from before the first good answer.
func connectFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if exitCode(err) == codeInterrupted {
		return err
	}
	if errors.Is(err, looker.ErrBudget) || errors.Is(err, looker.ErrDown) {
		return err // the server was there: the login worked
	}
	return &exitError{code: codeConnect, err: err}
}
