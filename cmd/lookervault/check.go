package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/check"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/secret"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// checkOptions are what check works with.
type checkOptions struct {
	streams *streams
	load    loadConfig // with credentials
	read    loadConfig // without
	secrets *secret.Set
	now     func() time.Time
	demo    bool
	restore bool
	yes     consent
	set     []string
	table   tableFlags

	settings *settings
}

func newCheckCommand(env *environment) *cobra.Command {
	o := checkOptions{streams: env.streams, settings: env.settings, secrets: env.settings.secrets, now: env.clock.now}
	cmd := &cobra.Command{
		Use: "check", Short: "Check configuration, connection, permissions and vault before a run",
		Long: `Check everything that a run needs: configuration, connection, login, clock, what
the API key may see of each kind, vault, lock and disk. Nothing is stored. It costs
about one API call a kind, and one for its trash.

Every line is ok, warn or fail, with what was found and what to do; what depends on
something that failed is not checked.

With --restore it also tries, after asking, what restores rest on and nobody promises: it
makes a folder with a dashboard in the personal folder of the key's user, or in the
shared root, throws the dashboard away, takes it back, deletes the folder, takes the
dashboard out of the trash once more, and deletes that for good. What it cannot delete
it names; killed before that, the next one names it.`,
		Annotations: map[string]string{exitNote: "0 when nothing failed, else 2 for the configuration, 3 for the connection, 5 for the vault, 1 for the rest."},
		Args:        arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCheck(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	o.load, o.read = env.settings.loader(f, dbKey), env.settings.reader(f, dbKey)
	f.String("db", "", "the vault (sink.path)")
	f.StringArrayVar(&o.set, "set", nil, "set any key of the configuration; may be repeated")
	f.BoolVar(&o.demo, "demo", false, "check against a simulated Looker inside this process and "+demoVault)
	f.BoolVar(&o.restore, "restore", false, "also make, trash, take back and delete a throw-away folder with a dashboard")
	o.yes.flag(f, "with --restore: do not ask")
	o.table.add(cmd)
	return cmd
}

// checkup is one use of the check command.
type checkup struct {
	*check.Checkup
	given   checkOptions
	meter   *extract.Meter
	options check.Options
	// exclude and refresh are what a run would leave out, and how old what is known may grow.
	exclude []record.Ref
	refresh map[record.Kind]time.Duration
}

// tryRestores is what check --restore asks for.
const tryRestores = "make the folder and the dashboard, and delete them"

// runCheck checks what a run needs.
func runCheck(ctx context.Context, o checkOptions) error {
	choice, err := chosen(&o.table, findingTable)
	if err != nil {
		return err
	}
	if o.restore {
		if err := (asking{streams: o.streams, yes: o.yes, then: tryRestores}).possible(); err != nil {
			return err
		}
	}
	c := &checkup{Checkup: check.New(), given: o, meter: &extract.Meter{}}
	stop := c.configuration()
	defer stop()
	if c.options.Client != nil {
		defer c.options.Client.Close()
	}
	c.options.Instance = c.instance()
	asks := asking{streams: o.streams, yes: o.yes, instance: c.options.Instance, protected: c.options.Config.Looker.Protected, then: tryRestores}
	if o.restore {
		if err := asks.possible(); err != nil {
			return err
		}
	}
	c.options.Now, c.options.Secrets, c.options.Asking, c.options.Restore = o.now, o.secrets, c.drawing, o.restore
	c.options.Agree = func(what string) (bool, error) {
		fmt.Fprintln(o.streams.err, what)
		return asks.agreed(ctx)
	}
	c.options.Nights = func(reader vault.Reader, newest record.Run) (*view.Nights, error) {
		return c.nights(ctx, reader, newest)
	}
	c.options.Terminal = isTerminal(o.streams.out) && choice.Format == ""
	c.options.Resume = resumeCommand(o.demo, o.set, o.settings.path, c.options.Config.Sink.Path)
	c.options.ReadFlags = dbFlag(c.options.Config.Sink.Path)
	c.options.Roles = func() check.KnownRoles { return knownRoles(ctx, c.options.Config.Sink.Path, c.options.Instance) }
	if err := c.Run(ctx, c.options); err != nil {
		return err
	}
	if err := c.print(choice); err != nil {
		return err
	}
	if code, failed := checkCodes[c.Failed()]; failed {
		return &exitError{code: code, said: true, err: errors.New("the check found failures")}
	}
	return nil
}

// checkCodes are the exit codes of checks that found failures.
var checkCodes = map[check.Where]int{
	check.Configuration: codeUsage, check.Connection: codeConnect, check.Vault: codeVault, check.Other: codeFailed,
}

// drawing says on a terminal what is under way; no kind says that nothing is.
func (c *checkup) drawing(kind record.Kind) {
	switch {
	case !c.given.streams.err.tty || c.given.streams.quiet:
	case kind == "":
		fmt.Fprint(c.given.streams.err, "\r\x1b[K")
	default:
		fmt.Fprintf(c.given.streams.err, "\rchecking %s\x1b[K", kind)
	}
}

// whoamiCalls are the calls by which each run finds out who calls.
var whoamiCalls = []record.Calls{{Route: "GET /user, GET /roles", Class: string(catalogue.Administrative), N: callsToIdentify}}

// nights forecasts a month of nightly runs. It makes no call.
func (c *checkup) nights(ctx context.Context, reader vault.Reader, newest record.Run) (*view.Nights, error) {
	return foreseeNights(ctx, forecast.Ahead{
		Config: c.options.Config, Kinds: c.options.Kinds, Exclude: c.exclude, Scope: scopeOf(c.options.Config, c.options.Kinds), Caller: newest.Caller, Looker: newest.Looker,
		Vault: reader, Instance: newest.Instance, Besides: whoamiCalls, Refresh: c.refresh, Now: c.given.now(),
		Told: rolesTold(c.options.Config, c.options.Kinds),
	})
}

// instance is the name under which a run would store, "" when the configuration
// names none.
func (c *checkup) instance() string {
	if c.options.Client != nil {
		return instanceName(c.options.Config, c.options.Client)
	}
	if c.options.Config.Looker.Name != "" {
		return c.options.Config.Looker.Name
	}
	base, err := looker.NormalizeBaseURL(c.options.Config.Looker.BaseURL)
	if err != nil {
		return ""
	}
	return base
}

var findingTable = table.Table[check.Finding]{
	View: func(f check.Finding) any {
		return view.Check{Check: f.Check, Status: string(f.Status), Found: f.Found, Remedy: f.Remedy}
	},
	Columns: []table.Column[check.Finding]{
		{Name: "check", Wraps: true, Value: func(f check.Finding) string { return f.Check }},
		{Name: "status", Whole: true, Value: func(f check.Finding) string { return string(f.Status) }, Tone: statusTone},
		{Name: "found", Wraps: true, Value: func(f check.Finding) string { return f.Found }},
		{Name: "remedy", Wraps: true, Varies: true, Value: func(f check.Finding) string { return f.Remedy }},
	},
}

// twoSentences is how wide a terminal must be to have what was found and what to do about
// it beside each other.
const twoSentences = 100

// narrowFindings is the table of findings for a terminal without room for two columns of
// sentences: what to do stands behind what was found.
func narrowFindings() table.Table[check.Finding] {
	t := findingTable
	t.Columns = slices.Clone(t.Columns)
	t.Columns[2].Show = func(f check.Finding, _ table.Screen) string {
		if f.Remedy == "" {
			return f.Found
		}
		return f.Found + ": " + f.Remedy
	}
	t.Columns[3].Extra = true
	return t
}

func statusTone(f check.Finding) table.Tone {
	switch f.Status {
	case check.OK:
		return table.Good
	case check.Fail:
		return table.Bad
	case check.NotChecked:
		return table.Dim
	default:
		return table.Unsure
	}
}

func (c *checkup) print(choice table.Choice) error {
	findings := findingTable
	if width, _ := ui.TerminalSize(c.given.streams.out); width > 0 && width < twoSentences && len(choice.Columns) == 0 {
		findings = narrowFindings()
	}
	if err := show(c.given.streams, findings, choice, table.Each(c.Findings())); err != nil {
		return err
	}
	var said strings.Builder
	if n := view.Calls(c.meter.Drain()); n > 0 {
		fmt.Fprintf(&said, "This check took %s, which the vault does not count.\n", plural(n, "API call", "API calls"))
	}
	writeProposal(&said, c.Month())
	fmt.Fprintln(&said, c.Verdict())
	fmt.Fprint(c.given.streams.err, said.String())
	return nil
}

// configuration reads the configuration and makes the client. What it returns
// ends the demo's server.
func (c *checkup) configuration() (stop func()) {
	stop = func() {}
	o := c.given
	loaded, err := o.load(o.set, nil)
	c.Hide(o.secrets)
	if err == nil {
		c.options.Kinds, c.exclude, err = selection(loaded)
	}
	if err == nil {
		c.refresh, err = refreshAges(loaded, false)
	}
	if err != nil {
		c.problems(err)
		// The vault can be checked all the same where its path is known.
		if readable, err := o.read(o.set, nil); err == nil {
			c.options.Config = readable.Config
		}
		return stop
	}
	c.options.Config = loaded.Config
	if o.demo {
		if stop, err = useDemo(c.given.streams.err, &c.options.Config, loaded); err != nil {
			c.Fail(check.Other, "config", "", "%s", err)
			return func() {}
		}
	}
	if err := c.options.Config.RequireLooker(iniBeside()); err != nil {
		c.Fail(check.Configuration, "config", "", "%s", err) // which says what to do
		return stop
	}
	// One attempt is enough: somebody waits, and every attempt is a call.
	once := c.options.Config
	once.Retry.Attempts, once.Retry.MaxWait = 1, min(once.Retry.MaxWait, config.Duration(5*time.Second))
	once.RateLimit.MaxCalls = 0
	if c.options.Client, err = newClient(once, o.secrets, hclog.NewNullLogger(), c.meter); err != nil {
		c.Fail(check.Configuration, "config", "correct the configuration", "%s", err)
		return stop
	}
	c.Pass("config", "%s", origins(loaded, o.demo))
	for _, warning := range loaded.Warnings {
		c.Warn("config", "see lookervault.yaml for every key", "%s", warning)
	}
	return stop
}

// problems notes what is wrong with the configuration, a line each.
func (c *checkup) problems(err error) {
	list := []string{err.Error()}
	if problems, ok := errors.AsType[*config.Problems](err); ok {
		list = list[:0]
		for _, p := range problems.List {
			list = append(list, p.String())
		}
	}
	for _, text := range list {
		c.Fail(check.Configuration, "config", "correct it where it is set", "%s", text)
	}
}

// origins says where the values come from that decide what is connected to what.
func origins(loaded *config.Loaded, demo bool) string {
	file := "no configuration file"
	if loaded.File != "" {
		file = loaded.File
	}
	if demo {
		return file + "; the demo's own server and key"
	}
	parts := []string{file}
	for _, key := range []string{"looker.base_url", "looker.client_id", "looker.client_secret", "sink.path"} {
		parts = append(parts, key+" from "+loaded.Origin(key))
	}
	return strings.Join(parts, "; ")
}
