package extract_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestARunCutShortMakesNothingGoneUnseen: lists leave out what is there, and the run ends before
// anybody has looked for that, whenever that is: since it is stopped, or the server is down.
// Nothing is gone for that, and a kind of which something was not looked for is not complete.
func TestARunCutShortMakesNothingGoneUnseen(t *testing.T) {
	lists := []string{"route=GET /boards do=none", "route=GET /roles do=short", "route=GET /themes do=none", "route=GET /groups do=none"}
	kinds := []record.Kind{"boards", "roles", "role_users", "themes", "groups", "dashboards"}
	for _, stopped := range []bool{true, false} {
		t.Run(fmt.Sprintf("stopped %v", stopped), func(t *testing.T) {
			short := 0
			for at := int64(3); at < 15; at += 2 {
				h := newHandlesOf(t, lookersim.Options{Seed: 9, Quirks: lookersim.Quirks{NoTotals: true}})
				h.config.Retry.MaxWait, h.config.Retry.Attempts = config.Duration(time.Millisecond), 9
				h.run(record.RunComplete, start(kinds...))
				var asked atomic.Int64
				if stopped {
					h.rules(lists...)
					h.arrived = func(int, string) {
						if asked.Add(1) == at {
							h.stop()
						}
					}
				} else {
					h.rules(append(lists, fmt.Sprintf("after=%d do=reset", at))...)
				}
				result, err := h.try(start(kinds...))
				if errors.Is(err, job.ErrInterrupted) || errors.Is(err, looker.ErrDown) {
					short++
				}
				for _, k := range result.Run.Kinds {
					missing := len(h.states(k.Kind)) > 0 && k.Listing == record.Complete && k.Listed < int64(len(h.sim.IDs(string(k.Kind))))
					if k.Gone > 0 || missing {
						t.Errorf("cut short at %d (%v): %+v", at, err, k)
					}
				}
			}
			if short == 0 {
				t.Error("no run was cut short")
			}
		})
	}
}
