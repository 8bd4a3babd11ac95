// Package simtest is what tests of runs share: a simulated Looker and its rules, a client that is logged in
// to it, and the beginning of an ordinary run.
package simtest

import (
	"cmp"
	"io"
	"log"
	"runtime/debug"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// Small is an instance with several pages of ten of everything that is paged.
func Small() lookersim.Sizes {
	return lookersim.Sizes{
		Dashboards: 60, Looks: 45, Folders: 25, Boards: 4, Users: 25, Groups: 14, Roles: 6,
		PermissionSets: 5, ModelSets: 4, LookmlModels: 5, ScheduledPlans: 12, MergedTiles: 5, MergeQueries: 4, SourceQueries: 9,
		Alerts: 13, LookmlDashboards: 4, UserAttributes: 5, Themes: 3, ColorCollections: 3, Connections: 2, Projects: 2,
		Datagroups: 3, IntegrationHubs: 2, Integrations: 4, Agents: 12, HomepageSections: 2, LegacyFeatures: 2, APIClients: 1,
		ExploresPerModel: 2,
	}
}

// Serve serves a simulated Looker of few and small tiles until the test ends, and returns
// its address. Without sizes it is of those.
func Serve(t testing.TB, options lookersim.Options, sizes lookersim.Sizes) (sim *lookersim.Server, url string) {
	t.Helper()
	// net/http logs bytes of answers that nobody waits for any more.
	log.SetOutput(io.Discard)
	// Tests of runs make and drop hundreds of instances of a few MB each. The collector takes 10
	// to 15 % less of their processor time when the heap may grow to five times what lives.
	debug.SetGCPercent(400)
	options.Sizes = cmp.Or(options.Sizes, sizes)
	options.SmallTiles = true
	options.Tiles = [2]int{1, 4}
	return New(t, options)
}

// New serves a simulated Looker until the test ends, and returns its address.
func New(t testing.TB, options lookersim.Options) (sim *lookersim.Server, url string) {
	t.Helper()
	sim, err := lookersim.New(options)
	if err != nil {
		t.Fatal(err)
	}
	if url, err = sim.Start(""); err != nil {
		t.Fatal(err)
	}
	Cleanup(t, func() { _ = sim.Close() })
	return sim, url
}

// Reader opens a vault. The reader is the caller's to close: it holds up what tidies the file.
func Reader(t testing.TB, path string) *sqlite.Reader {
	t.Helper()
	reader, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

// Stats is how much a vault holds.
func Stats(t testing.TB, path string) vault.Stats {
	t.Helper()
	reader := Reader(t, path)
	defer reader.Close()
	stats, err := reader.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

// Mutate changes what a simulated Looker holds.
func Mutate(t testing.TB, sim *lookersim.Server, changes ...lookersim.Change) {
	t.Helper()
	if _, err := sim.Mutate(changes...); err != nil {
		t.Fatal(err)
	}
}

// Rules reads rules by which a simulated Looker fails.
func Rules(t testing.TB, texts ...string) []lookersim.Rule {
	t.Helper()
	rules := make([]lookersim.Rule, len(texts))
	for i, text := range texts {
		var err error
		if rules[i], err = lookersim.ParseRule(text); err != nil {
			t.Fatal(err)
		}
	}
	return rules
}

// SetRules puts rules in place of all that a simulated Looker had.
func SetRules(t testing.TB, sim *lookersim.Server, texts ...string) {
	t.Helper()
	if err := sim.SetRules(Rules(t, texts...)...); err != nil {
		t.Fatal(err)
	}
}

// Config is a configuration of runs that nothing slows down: nobody feels a way up to a
// rate, and what fails is tried twice.
func Config() config.Config {
	c := config.Default(2)
	c.RateLimit.PerSecond, c.RateLimit.Adaptive = 0, false
	c.Retry.Attempts, c.Retry.MaxWait = 2, config.Duration(50*time.Millisecond)
	return c
}

// Login makes a client of the simulated Looker at an address that is logged in. What c does
// not say is the usual. The client is the caller's to close.
func Login(t testing.TB, url string, c looker.Config) *looker.Client {
	t.Helper()
	c.BaseURL, c.ClientID, c.ClientSecret, c.VerifySSL = url, lookersim.DefaultClientID, lookersim.DefaultClientSecret, true
	c.Connections, c.Version = cmp.Or(c.Connections, 16), "test"
	client, err := looker.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	return client
}

// Start is the start of an ordinary run of some kinds by an administrator, of all kinds when
// none is named.
func Start(kinds ...record.Kind) record.Start {
	if len(kinds) == 0 {
		kinds = catalogue.Kinds(catalogue.All())
	}
	admin := true
	return record.Start{
		Instance: "test", Origin: "api", Scope: record.Scope{Kinds: kinds}, Caller: record.Caller{ID: "1", Admin: &admin}, Tool: "test", At: time.Now(),
	}
}

// Defaults are the kinds of a run that names none.
func Defaults() []record.Kind { return catalogue.Kinds(catalogue.Default()) }

// CountsOf are the counts of a kind in a run.
func CountsOf(t testing.TB, run record.Run, kind record.Kind) record.Counts {
	t.Helper()
	for _, k := range run.Kinds {
		if k.Kind == kind {
			return k
		}
	}
	t.Fatalf("no counts of %s", kind)
	return record.Counts{}
}
