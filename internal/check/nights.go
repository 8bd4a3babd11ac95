package check

import (
	"fmt"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
)

// nights says what a month of nightly runs costs, as far as the vault tells, and whether the
// licence includes that. It makes no call.
func (c *Checkup) nights(reader vault.Reader, newest record.Run) {
	if len(c.options.Kinds) == 0 || c.options.Nights == nil {
		return // the configuration is not known
	}
	month, err := c.options.Nights(reader, newest)
	switch {
	case err != nil:
		c.damaged("month", err)
		return
	case month == nil:
		return // no run was complete yet
	}
	c.month = month
	said := fmt.Sprintf("%d nightly runs: about %s administrative and %s query calls, %s", month.Nights,
		ui.Count(month.Calls[string(catalogue.Administrative)]), ui.Count(month.Calls[string(catalogue.Query)]), month.ForChanges())
	switch {
	case len(month.Quota) == 0:
		c.Pass("month", "%s", said)
	case month.Fits:
		c.Pass("month", "%s; looker.quota includes that", said)
	case month.RefreshFits:
		c.Warn("month", "set refresh as proposed below", "%s, which is more than looker.quota includes", said)
	default:
		c.Warn("month", "set refresh as proposed below, back up fewer kinds or less often, or raise the licence", "%s, which is more than looker.quota includes", said)
	}
}
