package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
)

// server is what the first answers tell.
type server struct {
	release string // "" when it does not say
	caller  record.Caller
}

// newClient makes the API client that the configuration describes.
func (a *app) newClient(c config.Config, log hclog.Logger, meter *extract.Meter) (*looker.Client, error) {
	a.secrets.Add(c.Looker.ClientSecret.Reveal()) // of the demo, which no configuration has
	return looker.New(looker.Config{
		BaseURL: c.Looker.BaseURL, ClientID: c.Looker.ClientID, ClientSecret: c.Looker.ClientSecret.Reveal(),
		VerifySSL: c.Looker.VerifySSL, CAFile: c.Looker.CAFile, Timeout: c.Looker.Timeout.Std(), MaxBody: int64(c.Looker.MaxBody),
		Connections: c.Stages.Fetch.Workers, Version: toolVersion(),
		Limits: looker.Limits{
			PerSecond: float64(c.RateLimit.PerSecond), PerMinute: float64(c.RateLimit.PerMinute),
			Adaptive: c.RateLimit.Adaptive, MaxCalls: int64(c.RateLimit.MaxCalls),
		},
		Retry: looker.Retry{Attempts: c.Retry.Attempts, MaxWait: c.Retry.MaxWait.Std()},
		Log:   log.Named("looker"), Observe: meter.Count, Secrets: a.secrets,
	})
}

// connect logs in and asks who is calling.
func connect(ctx context.Context, client *looker.Client) (server, error) {
	if err := client.Login(ctx); err != nil {
		return server{}, err
	}
	var s server
	// A host may not serve /versions; nothing depends on it.
	if versions, err := client.Versions(ctx); err == nil {
		s.release = versions.Release
	}
	caller, err := whoami(ctx, client)
	if err != nil {
		return server{}, fmt.Errorf("ask %s who is calling: %w", client.BaseURL(), err)
	}
	caller.ID = client.Scrub(caller.ID)
	s.caller = caller
	return s, nil
}

// whoami asks who is calling and whether that is an administrator. Only
// administrators see everything: a key without the role gets shorter lists, and
// nothing in them says so.
func whoami(ctx context.Context, client *looker.Client) (record.Caller, error) {
	var user struct { // ids are numbers on old servers
		ID    jsontext.Value   `json:"id"`
		Roles []jsontext.Value `json:"role_ids"`
	}
	err := get(ctx, client, "/user", url.Values{"fields": {"id,role_ids"}}, &user)
	if unanswered(err) {
		return record.Caller{}, nil // who calls is not said; nothing else depends on it
	}
	if err != nil {
		return record.Caller{}, err
	}
	caller := record.Caller{ID: canon.Text(user.ID)}
	var roles []struct {
		ID          jsontext.Value `json:"id"`
		Name        string         `json:"name"`
		Permissions struct {
			AllAccess bool `json:"all_access"`
		} `json:"permission_set"`
	}
	err = get(ctx, client, "/roles", url.Values{"fields": {"id,name,permission_set(all_access)"}}, &roles)
	admin := false
	switch class := looker.Class(err); {
	case class == looker.FaultDenied, class == looker.FaultMissing:
		caller.Admin = &admin
		return caller, nil
	case unanswered(err):
		return caller, nil
	case err != nil:
		return record.Caller{}, err
	}
	for _, role := range roles {
		for _, id := range user.Roles {
			admin = admin || canon.Text(role.ID) == canon.Text(id) && (role.Permissions.AllAccess || role.Name == "Admin")
		}
	}
	caller.Admin = &admin
	return caller, nil
}

// unanswered reports whether the server will not answer a question, or cannot: a
// failure of this call, not of the connection.
func unanswered(err error) bool {
	switch looker.Class(err) {
	case looker.FaultDenied, looker.FaultMissing, looker.FaultUnsure, looker.FaultThrottled, looker.FaultServer,
		looker.FaultTruncated, looker.FaultNotJSON, looker.FaultInvalidJSON:
		return true
	}
	return false
}

// get reads a small document that only this program looks at.
func get(ctx context.Context, client *looker.Client, path string, query url.Values, into any) error {
	response, err := client.Get(ctx, looker.Request{Route: "GET " + path, Class: "administrative", Path: path, Query: query})
	if err != nil {
		return err
	}
	if json.Unmarshal(response.Body, into) != nil {
		// What the decoder says could quote the answer.
		return fmt.Errorf("the answer to GET %s is not of the shape that Looker documents", path)
	}
	return nil
}

// announce says who is calling, loudly where that means that something will be
// missing, unless a partial view is wanted.
func (a *app) announce(s server, kinds []*catalogue.Spec, wanted bool, log hclog.Logger) (notices []string) {
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
	short := shortOf(kinds)
	if wanted {
		notAdmin = "the API key is not an administrator's: Looker shows it only what its user may see, which is wanted (looker.partial_view)"
		log.Info(notAdmin, "user", s.caller.ID, "short", short)
	} else {
		log.Warn(notAdmin, "user", s.caller.ID, "short", short)
	}
	return []string{notAdmin + "; short are " + short}
}
