package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, never negative when it was parsed.
type Duration time.Duration

// errDuration is what can be wrong with a duration.
var errDuration = errors.New("is not a duration; write it as 120s, 2m30s, 500ms or a number of seconds")

// ParseDuration reads a duration as Go writes it (2m30s), or in days or weeks (7d, 2w); a plain number means seconds, as the
// Looker SDKs' timeout does.
func ParseDuration(s string) (Duration, error) {
	s = strings.TrimSpace(s)
	if s != "" && strings.Trim(s, "0123456789.") == "" {
		s += "s"
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return Duration(d), nil
	}
	if d, err := ParseAge(s); err == nil {
		return Duration(d), nil
	}
	return 0, errDuration
}

// Std is the duration as the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the duration as people write it: "2m" rather than "2m0s"; [ParseDuration] reads it back as the same.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText is [Duration.String].
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is [ParseDuration].
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := ParseDuration(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}

// maxAge is a hundred years, in days.
const maxAge = 36500

// ParseAge reads how long ago something is, or how old it may grow. Unlike a
// [Duration] it may be in days and weeks and always has a unit: 90d, 2w, 36h, 0d.
func ParseAge(text string) (time.Duration, error) {
	for suffix, unit := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			n, err := strconv.ParseFloat(number, 64)
			if err != nil || !(n >= 0 && n < maxAge) {
				return 0, fmt.Errorf("%q is not a duration; write it as 90d, 2w or 36h", text)
			}
			return time.Duration(n * float64(unit)), nil
		}
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && n > 0 {
		return 0, fmt.Errorf("%q has no unit: write %sd for days, %sw for weeks or %sh for hours", text, text, text, text)
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return 0, fmt.Errorf("%q is not a duration; write it as 90d, 2w or 36h", text)
	}
	return age, nil
}
