package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
)

// dates says of each kind whether dates move with changes, as far as the vault has seen on
// the release of the newest run, and what that means for runs.
func (c *Checkup) dates(reader vault.Reader, newest record.Run) {
	learns := c.options.Config.TrustDates == config.DatesLearned
	if newest.Looker == "" {
		if learns {
			c.Warn("dates", "set trust_dates: never", "this Looker does not tell its release, so dates are never trusted")
		}
		return
	}
	all, err := reader.Dates(c.ctx, newest.Instance, newest.Looker)
	if err != nil {
		c.damaged("dates", err)
		return
	}
	if learns && len(all) == 0 {
		c.Pass("dates", "no change was seen on Looker %s yet; dates are trusted after %d", newest.Looker, refresh.ChangesToTrust)
	}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		h := all[kind]
		seen := fmt.Sprintf("%s: in %s of %s on Looker %s the date moved", kind, ui.Count(h.Moved), ui.Plural(h.Moved+h.Stayed, "change", "changes"), newest.Looker)
		switch {
		case h.Moved+h.Stayed == 0: // only that a list of ids brings nothing was learnt
		case h.Stayed > 0 && learns:
			c.Warn("dates", "nothing: every run reads all of them", "%s; not in run %d, so dates are not trusted", seen, h.Broken)
		case h.Stayed > 0:
			c.Pass("dates", "%s; not in run %d", seen, h.Broken)
		case !learns:
			c.Pass("dates", "%s", seen)
		case refresh.Proven(h) && h.NoIDs:
			c.Pass("dates", "%s; all are read all the same, as the server does not bring some by their ids", seen)
		case refresh.Proven(h):
			c.Pass("dates", "%s: trusted", seen)
		default:
			c.Pass("dates", "%s; trusted after %d", seen, refresh.ChangesToTrust)
		}
	}
}
