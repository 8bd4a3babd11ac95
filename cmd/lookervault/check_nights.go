package main

import (
	"fmt"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// whoamiCalls are the calls by which each run finds out who calls.
var whoamiCalls = []record.Calls{{Route: "GET /user, GET /roles", Class: string(catalogue.Administrative), N: 2}}

// nights says what a month of nightly runs costs, as far as the vault tells, and whether the
// licence includes that. It makes no call.
func (c *checkup) nights(reader vault.Reader, newest record.Run) {
	if len(c.kinds) == 0 {
		return // the configuration is not known
	}
	month, err := foreseeNights(c.ctx, forecast.Ahead{
		Config: c.config, Kinds: c.kinds, Exclude: c.exclude, Scope: scopeOf(c.config, c.kinds), Caller: newest.Caller,
		Vault: reader, Instance: newest.Instance, Besides: whoamiCalls, Refresh: c.refresh, Now: c.now(),
	})
	switch {
	case err != nil:
		c.damaged("month", err)
		return
	case month == nil:
		return // no run was complete yet
	}
	c.month = month
	said := fmt.Sprintf("%d nightly runs: about %s administrative and %s query calls, and one or two more for what changes", month.Nights,
		count(month.Calls[string(catalogue.Administrative)]), count(month.Calls[string(catalogue.Query)]))
	switch {
	case len(month.Quota) == 0:
		c.ok("month", "%s", said)
	case month.Fits:
		c.ok("month", "%s; looker.quota includes that", said)
	case month.RefreshFits:
		c.warn("month", "set refresh as proposed below", "%s, which is more than looker.quota includes", said)
	default:
		c.warn("month", "set refresh as proposed below, back up fewer kinds or less often, or raise the licence", "%s, which is more than looker.quota includes", said)
	}
}
