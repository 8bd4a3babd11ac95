package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parseTime reads a time as people write it: RFC 3339, a day with or without a time
// where they are, or how long ago, as 36h, 7d or 2w. A day means the end of it: what
// was known by then.
func parseTime(text string, now time.Time) (time.Time, error) {
	if ago, err := parseAge(text); err == nil {
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

// parseAge reads a duration that may be in days and weeks: 90d, 2w, 36h.
func parseAge(text string) (time.Duration, error) {
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			n, err := strconv.ParseFloat(number, 64)
			if err != nil || !(n >= 0 && n < 36500) {
				return 0, fmt.Errorf("%q is no duration", text)
			}
			return time.Duration(n * float64(unit)), nil
		}
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return 0, fmt.Errorf("%q is no duration: write 90d, 2w or 36h", text)
	}
	return age, nil
}
