package main

import (
	"cmp"
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
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/view"
)

// checkOptions are the flags of check that are no keys of the configuration.
type checkOptions struct {
	demo         bool
	restore, yes bool
	set          []string
	table        tableFlags
}

func (a *app) checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use: "check", Short: "Check configuration, connection, permissions and vault before a run",
		Long: `Check everything that a run needs: configuration, connection, login, clock, what
the API key may see of each kind, vault, lock and disk. Nothing is stored. It costs
about one API call a kind, and one for its trash.

Every line is ok, warn or fail, with what was found and what to do; what depends on
something that failed is not checked. The exit code is 0 when nothing failed, else
2 for the configuration, 3 for the connection, 5 for the vault, 1 for the rest.

With --restore it also tries, after asking, what restores rest on and nobody promises: it
makes a folder with a dashboard in the personal folder of the key's user, or in the
shared root, throws the dashboard away, takes it back, and deletes both for good.`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.check(cmd, o)
		},
	}
	f := cmd.Flags()
	f.String("db", "", "the vault (sink.path)")
	f.StringArrayVar(&o.set, "set", nil, "set any key of the configuration; may be repeated")
	f.BoolVar(&o.demo, "demo", false, "check against a simulated Looker inside this process and "+demoVault)
	f.BoolVar(&o.restore, "restore", false, "also make, trash, take back and delete a throw-away folder with a dashboard")
	f.BoolVarP(&o.yes, "yes", "y", false, "with --restore: do not ask")
	o.table.add(cmd)
	return cmd
}

// status is how something stands.
type status string

const (
	statusOK         status = "ok"
	statusWarn       status = "warn" // a run works, but somebody should know
	statusFail       status = "fail"
	statusNotChecked status = "not checked"
)

// finding is a line of the table.
type finding struct {
	Check  string `json:"check"`
	Status status `json:"status"`
	Found  string `json:"found"`
	Remedy string `json:"remedy"`
}

// checkup is one use of the check command.
type checkup struct {
	app      *app
	ctx      context.Context // ends with the first interrupt
	now      func() time.Time
	findings []finding
	failed   checkFailed

	config config.Config
	kinds  []*catalogue.Spec // that a run would back up
	// exclude and refresh are what a run would leave out, and how old what is known may grow.
	exclude []record.Ref
	refresh map[record.Kind]time.Duration
	month   *view.Nights // what a month of runs costs, nil while that is not known
	meter   *extract.Meter
	client  *looker.Client // nil where the configuration names no server
	seen    sighting
	admin   *bool // nil while it is not known
}

func (a *app) check(cmd *cobra.Command, o checkOptions) error {
	choice, err := chosen(cmd, &o.table, findingTable)
	if err != nil {
		return err
	}
	if o.restore {
		if err := a.canAsk(cmd, restoreOptions{yes: o.yes}); err != nil {
			return err
		}
	}
	c := &checkup{app: a, ctx: a.stop, now: a.now, meter: &extract.Meter{}}
	stop := c.configuration(cmd, o)
	defer stop()
	if c.client != nil {
		defer c.client.Close()
	}
	if c.connection() && c.server() {
		before := len(c.findings)
		c.permissions()
		inCatalogueOrder(c.findings[before:])
		if o.restore {
			if err := c.restores(cmd, o); err != nil {
				return err
			}
		}
	}
	if c.config.Sink.Path != "" {
		c.vault()
		c.disk()
	}
	if err := c.ctx.Err(); err != nil {
		return context.Cause(c.ctx)
	}
	if err := c.print(choice); err != nil {
		return err
	}
	if c.failed != (checkFailed{}) {
		return &exitError{code: c.failed.code(), said: true, err: errors.New("the check found failures")}
	}
	return nil
}

// inCatalogueOrder sorts what was found of kinds as a run and its forecast list them. They
// are asked in another order, as some are found by others; what is of no kind stays last.
func inCatalogueOrder(findings []finding) {
	position := make(map[string]int)
	for i, kind := range catalogue.All() {
		position["kind "+string(kind.Name)] = i
	}
	at := func(f finding) int {
		if i, ok := position[f.Check]; ok {
			return i
		}
		return len(position)
	}
	slices.SortStableFunc(findings, func(a, b finding) int { return cmp.Compare(at(a), at(b)) })
}

func (c *checkup) add(check string, s status, remedy, format string, args ...any) {
	found := c.app.secrets.ScrubLong(strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
	c.findings = append(c.findings, finding{check, s, found, c.app.secrets.ScrubLong(remedy)})
}

func (c *checkup) ok(check, format string, args ...any) {
	c.add(check, statusOK, "", format, args...)
}

func (c *checkup) warn(check, remedy, format string, args ...any) {
	c.add(check, statusWarn, remedy, format, args...)
}

// fail notes a failure, which is of the sort that decides about the exit code.
func (c *checkup) fail(sort *bool, check, remedy, format string, args ...any) {
	*sort = true
	c.add(check, statusFail, remedy, format, args...)
}

func (c *checkup) skip(why string, checks ...string) {
	for _, check := range checks {
		c.add(check, statusNotChecked, "", "%s", why)
	}
}

// checkFailed is where a check found failures.
type checkFailed struct{ config, connection, vault, other bool }

// code is the exit code: what stands first in the way of a run decides.
func (f checkFailed) code() int {
	switch {
	case f.config:
		return codeUsage
	case f.connection:
		return codeConnect
	case f.vault:
		return codeVault
	}
	return codeFailed
}

var findingTable = table.Table[finding]{
	View: func(f finding) any { return f },
	Columns: []table.Column[finding]{
		{Name: "check", Whole: true, Value: func(f finding) string { return f.Check }},
		{Name: "status", Whole: true, Value: func(f finding) string { return string(f.Status) }, Tone: statusTone},
		{Name: "found", Wraps: true, Value: func(f finding) string { return f.Found }},
		{Name: "remedy", Wraps: true, Varies: true, Value: func(f finding) string { return f.Remedy }},
	},
}

func statusTone(f finding) table.Tone {
	switch f.Status {
	case statusOK:
		return table.Good
	case statusFail:
		return table.Bad
	case statusNotChecked:
		return table.Dim
	default:
		return table.Unsure
	}
}

func (c *checkup) print(choice table.Choice) error {
	if err := show(c.app, findingTable, choice, each(c.findings)); err != nil {
		return err
	}
	if n := calls(c.meter.Drain()); n > 0 {
		fmt.Fprintf(c.app.stderr, "This check took %s.\n", plural(n, "API call", "API calls"))
	}
	writeProposal(c.app.stderr, c.month)
	fmt.Fprintln(c.app.stderr, c.verdict())
	return nil
}

// verdict says in one line whether a run would work.
func (c *checkup) verdict() string {
	checks := func(status status) (found []string) {
		for _, f := range c.findings {
			if f.Status == status && !slices.Contains(found, f.Check) {
				found = append(found, f.Check)
			}
		}
		return found
	}
	failed, warned := checks(statusFail), checks(statusWarn)
	switch {
	case len(failed) > 0:
		return "Not ready for a run: " + strings.Join(failed, ", ") + "."
	case len(warned) > 0:
		return "Ready for a run, with something to know first: " + strings.Join(warned, ", ") + "."
	}
	return "Ready for a run."
}

// configuration reads the configuration and makes the client. What it returns
// ends the demo's server.
func (c *checkup) configuration(cmd *cobra.Command, o checkOptions) (stop func()) {
	stop = func() {}
	keys := map[string]string{"db": "sink.path"}
	loaded, err := c.app.load(cmd, false, keys, o.set, nil)
	if err == nil {
		c.kinds, c.exclude, err = selection(loaded)
	}
	if err == nil {
		c.refresh, err = refreshAges(loaded, false)
	}
	if err != nil {
		c.problems(err)
		// The vault can be checked all the same where its path is known.
		if readable, err := c.app.load(cmd, true, keys, o.set, nil); err == nil {
			c.config = readable.Config
		}
		return stop
	}
	c.config = loaded.Config
	if o.demo {
		if stop, err = c.app.demo(&c.config, loaded); err != nil {
			c.fail(&c.failed.other, "config", "", "%s", err)
			return func() {}
		}
	}
	if err := c.config.RequireLooker(iniBeside()); err != nil {
		c.problems(err)
		return stop
	}
	// One attempt is enough: somebody waits, and every attempt is a call.
	once := c.config
	once.Retry.Attempts, once.Retry.MaxWait = 1, config.Duration(5*time.Second)
	once.RateLimit.MaxCalls = 0
	if c.client, err = c.app.newClient(once, hclog.NewNullLogger(), c.meter); err != nil {
		c.fail(&c.failed.config, "config", "correct the configuration", "%s", err)
		return stop
	}
	c.ok("config", "%s", origins(loaded, o.demo))
	for _, warning := range loaded.Warnings {
		c.warn("config", "see lookervault.yaml for every key", "%s", warning)
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
		c.fail(&c.failed.config, "config", "correct it where it is set", "%s", text)
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
