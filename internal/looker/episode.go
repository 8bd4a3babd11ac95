package looker

import (
	"strconv"
	"time"
)

// episode is a time of refusals that is logged as one.
type episode struct {
	on         bool
	since      time.Time
	last       time.Time
	refusals   int
	pausedThen time.Duration
}

func (l *limiter) logEnd(e episode, now time.Time, rate float64, paused time.Duration) {
	l.log.Info("no longer throttled", "refusals", e.refusals, "rate", perSecond(rate),
		"paused", (paused - e.pausedThen).Round(time.Millisecond).String(), "took", now.Sub(e.since).Round(time.Second).String())
}

func perSecond(rate float64) string {
	if rate == 0 {
		return "none"
	}
	return strconv.FormatFloat(rate, 'g', 3, 64) + "/s"
}

func (e *episode) refusal(now time.Time, paused time.Duration) (began bool) {
	if began = !e.on; began {
		*e = episode{on: true, since: now, pausedThen: paused}
	}
	e.last = now
	e.refusals++
	return began
}

func (e *episode) end(now time.Time) (over episode, ended bool) {
	if !e.on || now.Sub(e.last) < calm {
		return episode{}, false
	}
	over = *e
	e.on = false
	return over, true
}
