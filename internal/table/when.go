package table

import (
	"fmt"
	"time"
)

// When is a time as people read it on a screen: how long ago within a month, else the
// day where they are. Where there is no screen, which knows no time, it is RFC 3339 in UTC; "" for
// the zero time.
func When(t time.Time, screen Screen) string {
	if t.IsZero() || screen.Now.IsZero() {
		return stamp(t)
	}
	const day = 24 * time.Hour
	switch ago := screen.Now.Sub(t); {
	case ago < -time.Minute || ago >= 30*day:
		zone := screen.Zone
		if zone == nil {
			zone = time.UTC
		}
		return t.In(zone).Format(time.DateOnly)
	case ago < time.Minute:
		return "just now"
	case ago < time.Hour:
		return fmt.Sprintf("%d min ago", ago/time.Minute)
	case ago < 2*day:
		return fmt.Sprintf("%d h ago", ago/time.Hour)
	default:
		return fmt.Sprintf("%d d ago", ago/day)
	}
}

// stamp is a time as programs read it: RFC 3339 in UTC, "" for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
