package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/lookersim"
)

// demoServer is a simulated Looker inside this process.
type demoServer struct {
	url, clientID, clientSecret, what string
	stop                              func()
}

// startDemo starts the instance that belongs to a vault of the demo.
func startDemo(vaultPath string) (demoServer, error) {
	o := demoInstance(vaultPath)
	sizes := o.Sizes
	sim, err := lookersim.New(o)
	if err != nil {
		return demoServer{}, err
	}
	url, err := sim.Start("")
	if err != nil {
		return demoServer{}, err
	}
	return demoServer{
		url: url, clientID: lookersim.DefaultClientID, clientSecret: lookersim.DefaultClientSecret,
		what: fmt.Sprintf("%s, %s, %s and more", plural(int64(sizes.Dashboards), "dashboard", "dashboards"),
			plural(int64(sizes.Looks), "look", "looks"), plural(int64(sizes.Users), "user", "users")),
		stop: func() { _ = sim.Close() }, // nothing is lost with it: changes are in its file
	}, nil
}

// simOptions are what sim works with.
type simOptions struct {
	streams *streams
	lookersim.Options
	addr, retryAfter, demoDB string
	demo                     bool
	faults, badRows          []string
	poorForms                []string
}

const simLong = `Serve a simulated Looker 4.0: seeded content on the API's routes for reading and
writing, with paging, filters, limits and faults as a real one has them. For trying
out and for tests; Ctrl-C ends it.

What is written is forgotten when it ends, but with --state FILE: then the next
server with the same file and the same content goes on where this one ended. With
--demo it serves the instance of "run --demo", whose changes are always kept; trash,
delete, edit and reset change that instance without a server.

Faults are rules, as "route=GET /dashboards/{id} id=17 status=500 times=3",
"kind=looks p=0.02 do=reset" or, for an outage of everything, logins
included, "after=100 for=3s status=404 body=page". With applied=true a write is
carried out and its answer lost, with do=late it arrives after its connection was
reset. While it runs, GET /sim/counts tells what was asked, GET /sim/writes what was
written, GET /sim/effects what is awake and was mailed, GET and POST /sim/rules read
and add rules, POST /sim/mutate changes content.`

func newSimCommand(env *environment) *cobra.Command {
	o := simOptions{streams: env.streams, Options: lookersim.Options{Sizes: lookersim.DefaultSizes()}}
	cmd := &cobra.Command{
		Use: "sim", Short: "Serve a simulated Looker on a port", Long: simLong,
		Example: `  lookervault sim --dashboards 5000 --looks 2000 &
  export LOOKERSDK_BASE_URL=http://127.0.0.1:19999
  export LOOKERSDK_CLIENT_ID=` + lookersim.DefaultClientID + `
  export LOOKERSDK_CLIENT_SECRET=` + lookersim.DefaultClientSecret + `
  lookervault run`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.resolve(); err != nil {
				return usage(err)
			}
			return runSim(cmd.Context(), o)
		},
	}
	o.flags(cmd.Flags())
	cmd.AddCommand(simChanges(env.streams)...)
	return cmd
}

// resolve turns what the flags say in words into options.
func (o *simOptions) resolve() (err error) {
	for _, text := range o.faults {
		rule, err := lookersim.ParseRule(text)
		if err != nil {
			return fmt.Errorf("--fault: %w", err)
		}
		o.Rules = append(o.Rules, rule)
	}
	if err := parseBadRows(&o.Options, o.badRows); err != nil {
		return err
	}
	for _, form := range o.poorForms {
		o.Quirks.PoorForms = append(o.Quirks.PoorForms, lookersim.PoorForm(form))
	}
	if o.RateLimit.RetryAfter, err = retryForm(o.retryAfter); err != nil {
		return err
	}
	if !o.demo {
		return nil
	}
	if o.State != "" {
		return errors.New("--demo and --state exclude each other")
	}
	demo := demoInstance(o.demoDB)
	o.Seed, o.Sizes, o.State = demo.Seed, demo.Sizes, demo.State
	return nil
}

func (o *simOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.addr, "listen", "127.0.0.1:19999", "address to serve on; port 0 takes a free one")
	f.BoolVar(&o.demo, "demo", false, "serve the instance of \"run --demo\", whose changes are kept")
	f.StringVar(&o.demoDB, "db", demoVault, "with --demo: the demo's vault; its instance is kept beside it")
	f.StringVar(&o.State, "state", "", "a file that keeps what is written; made with the first write")
	f.Int64Var(&o.Seed, "seed", 1, "chooses all content")
	for _, s := range simSizes(&o.Sizes) {
		f.IntVar(s.n, s.flag, *s.n, "how many "+s.what)
	}
	f.IntVar(&o.DashboardBytes, "dashboard-bytes", 0, "make dashboards of about that size; 0 draws 1 to 25 full tiles")
	f.BoolVar(&o.SmallTiles, "small-tiles", false, "tiles of about 1 KB instead of 11 KB")
	f.BoolVar(&o.LargeFilters, "large-filters", false, "filters of about 2.5 KB, as real ones are")
	f.BoolVar(&o.PersonalFolders, "personal-folders", false, "a personal folder for each user besides, with access of its own")
	f.Float64Var(&o.TrashShare, "trash", 0.04, "`SHARE` of dashboards and looks that lie in the trash; negative for none")
	f.StringVar(&o.Corpus, "corpus", "", "folder of <kind>_<id>_*.json to serve byte for byte")
	o.TokenTTL = time.Hour
	f.Var((*durationFlag)(&o.Latency), "latency", "wait before every answer")
	f.Var((*durationFlag)(&o.TokenTTL), "token-ttl", "how long a login lasts")
	limitFlags(f, &o.RateLimit)
	f.StringVar(&o.retryAfter, "retry-after", "", "how 429s name the wait: seconds or date; empty for not at all")
	f.BoolVar(&o.Restricted, "no-admin", false, "answer as for a key without the Admin role")
	f.BoolVar(&o.Gzip, "gzip", false, "compress for clients that accept it")
	f.StringArrayVar(&o.faults, "fault", nil, "a rule that makes requests go wrong; may be repeated")
	f.StringArrayVar(&o.badRows, "bad-row", nil, "KIND:POSITION:FORM, a row that is no document: null, number, no-id, null-id, empty-id, twice, other, far, moved; may be repeated")
	quirkFlags(f, o)
}

// durationFlag is a flag that takes a duration as the configuration does: 200ms, 2m30s, 7d.
type durationFlag time.Duration

// String is for the help.
func (d *durationFlag) String() string { return config.Duration(*d).String() }

// Set is what the flag set calls with the flag's value.
func (d *durationFlag) Set(s string) error {
	parsed, err := config.ParseDuration(s)
	*d = durationFlag(parsed)
	return err
}

// Type is what the help calls a value.
func (*durationFlag) Type() string { return "duration" }

// parseBadRows adds what stands in lists besides documents.
func parseBadRows(o *lookersim.Options, texts []string) error {
	for _, text := range texts {
		row, err := lookersim.ParseBadRow(text)
		if err != nil {
			return fmt.Errorf("--bad-row: %w", err)
		}
		o.BadRows = append(o.BadRows, row)
	}
	return nil
}

// quirkFlags are the ways in which a server does not play along, or spells things
// otherwise.
func quirkFlags(f *pflag.FlagSet, o *simOptions) {
	f.BoolVar(&o.Quirks.NoTotals, "no-totals", false, "send no X-Total-Count")
	f.BoolVar(&o.Quirks.IgnoreSorts, "ignore-sorts", false, "another order with every request")
	f.BoolVar(&o.Quirks.IgnoreIDs, "ignore-ids", false, "do not apply id lists")
	f.BoolVar(&o.Quirks.IgnoreLimit, "ignore-limit", false, "answer pages with all rows that follow")
	f.BoolVar(&o.Quirks.IgnoreOffset, "ignore-offset", false, "answer the first page again")
	f.StringVar((*string)(&o.Quirks.Totals), "totals", "", "send a wrong X-Total-Count: high, low, page or huge")
	f.StringVar((*string)(&o.Quirks.ExpiresIn), "expires-in", "", "how logins say how long a token lives: text, null, none or zero; empty for a number")
	f.IntVar(&o.Quirks.PageCap, "page-cap", 0, "rows a page holds at most; 0 for as many as asked")
	f.IntVar(&o.Quirks.WholeCap, "whole-cap", 0, "rows a list without pages holds at most; 0 for all")
	f.StringSliceVar(&o.Quirks.PoorRows, "poor-rows", nil, "kinds whose list rows lack members, or a member, as users.role_ids")
	f.IntVar(&o.Quirks.PoorEvery, "poor-every", 0, "only every n-th row of those kinds is poorer, by turns in other ways; 0 for all")
	f.StringSliceVar(&o.poorForms, "poor-form", nil, "in what way rows are poorer: missing, null, half, one or empty, for arrays of half, one or all elements less")
	f.BoolVar(&o.Quirks.StillDates, "still-dates", false, "edits of tiles, filters and layouts do not move the date of their dashboard")
	f.BoolVar(&o.Dialect.QuerySlugs, "query-slugs", false, "ids of queries are slugs, but for some of old merge queries")
	f.BoolVar(&o.Dialect.NoNumericQueries, "no-numeric-queries", false, "a number finds no query, as where numeric ids are forbidden")
	f.BoolVar(&o.Dialect.NumericIDs, "numeric-ids", false, "ids of digits are numbers, as in API 3.1")
	f.BoolVar(&o.Dialect.EmptyForNull, "empty-for-null", false, "an empty text stands for some values that are missing")
}

// limitFlags are those of what the server refuses.
func limitFlags(f *pflag.FlagSet, l *lookersim.RateLimit) {
	f.Float64Var(&l.PerSecond, "rate", 0, "requests a second that are answered, the others get 429; 0 for no limit")
	f.BoolVar(&l.Window, "rate-window", false, "count per whole second instead of by a bucket")
	f.IntVar(&l.AtOnce, "at-once", 0, "requests that are answered at once, the others get 429; 0 for any number")
}

// runSim serves a simulated Looker until it is interrupted.
func runSim(ctx context.Context, o simOptions) error {
	sim, err := lookersim.New(o.Options)
	if err != nil {
		return usage(err)
	}
	return sim.Serve(ctx, o.addr, func(url string) {
		fmt.Fprintf(o.streams.err, "Simulated Looker at %s (Ctrl-C ends it). To back it up:\n\n"+
			"  export LOOKERSDK_BASE_URL=%s\n  export LOOKERSDK_CLIENT_ID=%s\n  export LOOKERSDK_CLIENT_SECRET=%s\n  lookervault run\n",
			url, url, lookersim.DefaultClientID, lookersim.DefaultClientSecret)
	})
}

// retryForm is how 429s name the wait.
func retryForm(text string) (lookersim.RetryForm, error) {
	form := lookersim.RetryForm(text)
	switch form {
	case lookersim.RetryNone, lookersim.RetrySeconds, lookersim.RetryDate:
		return form, nil
	}
	return "", fmt.Errorf("--retry-after %q is neither seconds nor date", text)
}

// simSize is a flag for how many documents of a sort there are.
type simSize struct {
	flag, what string
	n          *int
}

func simSizes(s *lookersim.Sizes) []simSize {
	return []simSize{
		{"dashboards", "dashboards, trashed ones included", &s.Dashboards},
		{"looks", "looks, trashed ones included", &s.Looks},
		{"folders", "folders", &s.Folders},
		{"boards", "boards", &s.Boards},
		{"users", "users", &s.Users},
		{"groups", "groups", &s.Groups},
		{"roles", "roles", &s.Roles},
		{"permission-sets", "permission sets", &s.PermissionSets},
		{"model-sets", "model sets", &s.ModelSets},
		{"lookml-models", "LookML models", &s.LookmlModels},
		{"scheduled-plans", "schedules", &s.ScheduledPlans},
		{"alerts", "alerts", &s.Alerts},
		{"merged-tiles", "tiles that merge results", &s.MergedTiles},
		{"user-attributes", "user attributes", &s.UserAttributes},
		{"themes", "themes", &s.Themes},
		{"connections", "connections", &s.Connections},
		{"projects", "projects", &s.Projects},
	}
}
