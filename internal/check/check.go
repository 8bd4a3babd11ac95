// Package check is the preflight: what a run would be able to see and where it would store
// it, found out with about one call a kind. It stores nothing.
package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/secret"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// Status is how something stands.
type Status string

// How something can stand.
const (
	OK         Status = "ok"
	Warn       Status = "warn" // a run works, but somebody should know
	Fail       Status = "fail"
	NotChecked Status = "not checked"
)

// Finding is what was found of one thing.
type Finding struct {
	Check  string
	Status Status
	Found  string
	Remedy string // what to do, "" for nothing
}

// Where is what a failure is about.
type Where int

// What failures are about, in the order in which they stand in the way of a run.
const (
	Nowhere Where = iota
	Configuration
	Connection
	Vault
	Other
)

// Options are what is checked, and who is told.
type Options struct {
	Config   config.Config
	Kinds    []*catalogue.Spec // that a run would back up
	Client   *looker.Client    // nil where the configuration names no server
	Instance string            // under which a run would store; "" where nobody knows
	// Resume is the command that continues the newest run, and ReadFlags are the flags by which
	// commands that read find the vault, with a blank before them: for people to copy.
	Resume    string
	ReadFlags string

	Now      func() time.Time
	Terminal bool                   // people read what is found on one
	Secrets  *secret.Set            // what no finding shows
	Asking   func(kind record.Kind) // is told which kind is asked for, "" for none; may be nil
	// Nights forecasts a month of nightly runs from a vault and the newest run that was not
	// refused, nil where the vault tells nothing. It may be nil.
	Nights func(reader vault.Reader, newest record.Run) (*view.Nights, error)
	// Roles returns what the vault holds of the roles of the instance.
	Roles   func() KnownRoles
	Restore bool                       // try what restores rest on
	Agree   func(string) (bool, error) // asks whether what a sentence says may be done; of Restore
}

// Checkup is one check. It is for one goroutine.
type Checkup struct {
	options  Options
	findings []Finding
	failed   map[Where]bool

	ctx     context.Context
	seen    sighting
	admin   *bool        // nil while it is not known
	release string       // of the server, "" while it is not known
	month   *view.Nights // nil while it is not known
}

// New makes a check of which nothing is found yet.
func New() *Checkup { return &Checkup{failed: make(map[Where]bool)} }

// Hide keeps secrets out of what is found from now on, before [Checkup.Run].
func (c *Checkup) Hide(secrets *secret.Set) { c.options.Secrets = secrets }

// Run checks everything but the configuration, which its caller has read. Where something
// fails, what depends on it is not checked. An error is about the check itself.
func (c *Checkup) Run(ctx context.Context, o Options) error {
	c.ctx, c.options = ctx, o
	health := sqlite.HealthOf(o.Config.Sink.Path)
	if c.connection() && c.server() {
		before := len(c.findings)
		c.permissions()
		inCatalogueOrder(c.findings[before:])
		if o.Restore {
			if err := c.restores(); err != nil {
				return err
			}
		}
	}
	if o.Config.Sink.Path != "" {
		c.vault(health)
		c.disk()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// Findings are what was found, in the order of the checks.
func (c *Checkup) Findings() []Finding { return c.findings }

// Month is what a month of nightly runs costs, nil where nobody knows.
func (c *Checkup) Month() *view.Nights { return c.month }

// Failed is what the failures are about: that which stands first in the way of a run;
// Nowhere without a failure.
func (c *Checkup) Failed() Where {
	for _, where := range []Where{Configuration, Connection, Vault, Other} {
		if c.failed[where] {
			return where
		}
	}
	return Nowhere
}

// inCatalogueOrder sorts what was found of kinds as a run and its forecast list them. They
// are asked in another order, as some are found by others; what is of no kind stays last.
func inCatalogueOrder(findings []Finding) {
	position := make(map[string]int)
	for i, kind := range catalogue.All() {
		position["kind "+string(kind.Name)] = i
	}
	at := func(f Finding) int {
		if i, ok := position[f.Check]; ok {
			return i
		}
		return len(position)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(at(a), at(b)) })
}

func (c *Checkup) add(check string, s Status, remedy, format string, args ...any) {
	found := c.options.Secrets.ScrubLong(strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " "))
	c.findings = append(c.findings, Finding{check, s, found, c.options.Secrets.ScrubLong(remedy)})
}

// Pass notes that something is as it should be.
func (c *Checkup) Pass(check, format string, args ...any) {
	c.add(check, OK, "", format, args...)
}

// Warn notes what somebody should know, although a run works.
func (c *Checkup) Warn(check, remedy, format string, args ...any) {
	c.add(check, Warn, remedy, format, args...)
}

// Fail notes a failure, and what it is about.
func (c *Checkup) Fail(where Where, check, remedy, format string, args ...any) {
	c.failed[where] = true
	c.add(check, Fail, remedy, format, args...)
}

func (c *Checkup) skip(why string, checks ...string) {
	for _, check := range checks {
		c.add(check, NotChecked, "", "%s", why)
	}
}

// Verdict says in one line whether a run would work.
func (c *Checkup) Verdict() string {
	checks := func(status Status) (found []string) {
		for _, f := range c.findings {
			if f.Status == status && !slices.Contains(found, f.Check) {
				found = append(found, f.Check)
			}
		}
		return found
	}
	failed, warned := checks(Fail), checks(Warn)
	switch {
	case len(failed) > 0:
		return "Not ready for a run: " + strings.Join(failed, ", ") + "."
	case len(warned) > 0:
		return "Ready for a run, with something to know first: " + strings.Join(warned, ", ") + "."
	}
	return "Ready for a run."
}

func choose(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}
