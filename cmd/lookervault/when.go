package main

import (
	"fmt"
	"time"

	"github.com/lookervault/lookervault/config"
)

// parseTime reads a time as people write it: RFC 3339, a day with or without a time
// where they are, or how long ago, as 36h, 7d or 2w. A day means the end of it: what
// was known by then.
func parseTime(text string, now time.Time) (time.Time, error) {
	if ago, err := config.ParseAge(text); err == nil {
		return now.Add(-ago), nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, now.Location()); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Nanosecond), nil
	}
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 2026-03-01, \"2026-03-01 18:00\", 2026-03-01T18:00:00Z or 7d", text)
}
