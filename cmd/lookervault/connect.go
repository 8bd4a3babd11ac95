package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/check"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/secret"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// server is what the first answers tell.
type server struct {
	release string // "" when it does not say
	caller  record.Caller
	roles   *looker.Response // the list of roles, where the caller's are told from all of it; nil otherwise
}

// rolesPath is the path of the list of roles, which says whose key it is.
const rolesPath = "/roles"

// newClient makes the API client that the configuration describes, for a run.
func newClient(c config.Config, secrets *secret.Set, log hclog.Logger, meter *extract.Meter) (*looker.Client, error) {
	return newClientFor(c, secrets, c.Stages.Fetch.Workers, log, meter)
}

// newClientFor makes the API client that the configuration describes, for so many callers at
// once.
func newClientFor(c config.Config, secrets *secret.Set, callers int, log hclog.Logger, meter *extract.Meter) (*looker.Client, error) {
	secrets.Add(c.Looker.ClientSecret.Reveal()) // of the demo, which no configuration has
	return looker.New(looker.Config{
		BaseURL: c.Looker.BaseURL, ClientID: c.Looker.ClientID, ClientSecret: c.Looker.ClientSecret.Reveal(),
		VerifySSL: c.Looker.VerifySSL, CAFile: c.Looker.CAFile, Timeout: c.Looker.Timeout.Std(), MaxBody: int64(c.Looker.MaxBody),
		Connections: callers, Version: toolVersion(),
		Limits: looker.Limits{
			PerSecond: float64(c.RateLimit.PerSecond), PerMinute: float64(c.RateLimit.PerMinute),
			Adaptive: c.RateLimit.Adaptive, MaxCalls: int64(c.RateLimit.MaxCalls),
		},
		Retry: looker.Retry{Attempts: c.Retry.Attempts, MaxWait: c.Retry.MaxWait.Std()},
		Log:   log.Named("looker"), Observe: meter.Count, Secrets: secrets,
	})
}

// knownRoles is what the vault at a path holds of the roles of an instance.
func knownRoles(ctx context.Context, path, instance string) check.KnownRoles {
	ask := func(question func(vault.Reader) bool) bool {
		// A vault that is not there yet, or cannot be read, tells nothing. Who opens it next says so.
		reader, err := sqlite.OpenReader(ctx, path)
		if err != nil {
			return false
		}
		defer reader.Close()
		return question(reader)
	}
	return check.KnownRoles{
		Seen: ask(func(reader vault.Reader) bool { return rolesSeen(ctx, reader, instance) }),
		Lesser: func(ids []string) bool {
			return ask(func(reader vault.Reader) bool { return lesserRoles(ctx, reader, instance, ids) })
		},
	}
}

// lesserRoles reports whether a vault holds all roles with these ids, and none is an administrator's.
func lesserRoles(ctx context.Context, reader vault.Reader, instance string, ids []string) bool {
	i := slices.IndexFunc(catalogue.All(), listsRoles)
	if i < 0 {
		return false
	}
	return !slices.ContainsFunc(ids, func(id string) bool {
		role, err := reader.Document(ctx, instance, record.Ref{Kind: catalogue.All()[i].Name, ID: id}, vault.Point{})
		return err != nil || role.State == record.Gone || check.OfAdmin(role.Body)
	})
}

// listsRoles reports whether a kind is that of the list which says whose key it is.
func listsRoles(k *catalogue.Spec) bool { return k.Listing.Whole && k.Listing.Route.Path == rolesPath }

// rolesSeen reports whether a vault holds a run of the instance that has seen roles, or whose key was
// an administrator's.
func rolesSeen(ctx context.Context, reader vault.Reader, instance string) bool {
	recent, _ := reader.RunsInBrief(ctx, instance, 10) // of a vault that is damaged those that are not
	if slices.ContainsFunc(recent, hasSeenRoles) {
		return true // 1,000 runs take 100 ms to read
	}
	all, _ := reader.RunsInBrief(ctx, instance, 0)
	return slices.ContainsFunc(all, hasSeenRoles)
}

func hasSeenRoles(run record.Run) bool {
	return run.Caller.KnownAdmin() || slices.ContainsFunc(run.Kinds, func(k record.Counts) bool {
		kind, known := catalogue.Find(k.Kind)
		return known && listsRoles(kind) && k.Settled() > 0
	})
}

// connect logs in and asks who is calling.
func connect(ctx context.Context, client *looker.Client, known check.KnownRoles) (server, error) {
	s, err := login(ctx, client)
	if err != nil {
		return server{}, err
	}
	s.caller, err = whoCalls(ctx, client, known)
	return s, err
}

// connectForRun is connect for a run. Where calls are counted, the list of roles that tells of the
// caller is one that the run may store, and is asked for once.
func connectForRun(ctx context.Context, client *looker.Client, known check.KnownRoles, c config.Config, kinds []*catalogue.Spec) (server, error) {
	if len(rolesTold(c, kinds)) == 0 {
		return connect(ctx, client, known)
	}
	s, err := login(ctx, client)
	if err != nil {
		return server{}, err
	}
	s.caller, s.roles, err = check.CallerByRoles(ctx, client, known)
	return s, whoseKey(client, &s.caller, err)
}

// rolesTold is the path of the list that a run of some kinds has from asking who calls, and asks for
// no second time; nil where it asks for it.
func rolesTold(c config.Config, kinds []*catalogue.Spec) []string {
	listed := slices.ContainsFunc(kinds, listsRoles)
	if !c.Looker.Quota.Counted() || !listed {
		return nil
	}
	return []string{rolesPath}
}

// told are the answers that a run need not ask for.
func (s server) told() map[string]*looker.Response {
	if s.roles == nil {
		return nil
	}
	return map[string]*looker.Response{rolesPath: s.roles}
}

// login logs in and asks for the release. Neither is a call that a licence counts.
func login(ctx context.Context, client *looker.Client) (s server, err error) {
	if err := client.Login(ctx); err != nil {
		if class := looker.Class(err); class == looker.FaultServer || class == looker.FaultTimeout || class == looker.FaultThrottled {
			err = fmt.Errorf("%w; Looker, or a proxy before it, is in trouble: try again later, or wait longer with retry.max_wait", err)
		}
		return s, err
	}
	// A host may not serve /versions; nothing depends on it.
	if versions, err := client.Versions(ctx); err == nil {
		s.release = versions.Release
	}
	return s, nil
}

// whoCalls asks the instance whose API key this is, and whether that is an administrator.
func whoCalls(ctx context.Context, client *looker.Client, known check.KnownRoles) (record.Caller, error) {
	caller, err := check.Caller(ctx, client, known)
	return caller, whoseKey(client, &caller, err)
}

// whoseKey takes secrets out of what is known of a caller, and says what could not be asked.
func whoseKey(client *looker.Client, caller *record.Caller, err error) error {
	if err != nil {
		*caller = record.Caller{}
		return fmt.Errorf("ask %s who is calling: %w", client.BaseURL(), err)
	}
	caller.ID = client.Scrub(caller.ID)
	for i := range caller.Names {
		caller.Names[i].ID = client.Scrub(caller.Names[i].ID)
	}
	return nil
}

// announce says who is calling, loudly where that means that something will be
// missing, unless a partial view is wanted.
func announce(s server, kinds []*catalogue.Spec, wanted bool, log hclog.Logger) (notices []string) {
	if s.caller.Admin == nil {
		const unsaid = "Looker does not say whether the API key is an administrator's; a key that is not sees less, so nothing is taken for gone"
		log.Warn("connected, but "+unsaid, "looker", s.release)
		return []string{unsaid}
	}
	if *s.caller.Admin {
		log.Info("connected", "looker", s.release, "user", s.caller.ID, "admin", true)
		return nil
	}
	notAdmin := "the API key is not an administrator's: Looker shows it only what its user may see, so this backup cannot be complete"
	short := check.ShortOf(kinds)
	if wanted {
		notAdmin = "the API key is not an administrator's: Looker shows it only what its user may see, which is wanted (looker.partial_view)"
		log.Info(notAdmin, "user", s.caller.ID, "short", short)
	} else {
		log.Warn(notAdmin, "user", s.caller.ID, "short", short)
	}
	return []string{notAdmin + "; short are " + short}
}

// notFollowed names kinds whose documents are only found through those of kinds that a run of the
// whole instance leaves out: it follows what earlier runs stored of these, and nobody has looked
// whether there is more.
func notFollowed(kinds []*catalogue.Spec) (notices []string) {
	for _, kind := range kinds {
		if !kind.Listing.Followed {
			continue
		}
		var left []string
		for _, parent := range catalogue.LeadingTo(kind.Name) {
			if !slices.ContainsFunc(kinds, func(k *catalogue.Spec) bool { return k.Name == parent }) {
				left = append(left, string(parent))
			}
		}
		if len(left) > 0 {
			notices = append(notices, fmt.Sprintf("%s: this run does not list %s; what only new or changed ones lead to is missing", kind.Name, strings.Join(left, ", ")))
		}
	}
	return notices
}
