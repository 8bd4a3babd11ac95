package config

import (
	"errors"
	"strings"
	"time"
)

// Duration is a length of time, never negative when it was parsed.
type Duration time.Duration

// errDuration is what can be wrong with a duration.
var errDuration = errors.New("is not a duration; write it as 120s, 2m30s, 500ms or a number of seconds")

// ParseDuration reads a duration as Go writes it (2m30s); a plain number means seconds, as the Looker SDKs' timeout does.
func ParseDuration(s string) (Duration, error) {
	s = strings.TrimSpace(s)
	if s != "" && strings.Trim(s, "0123456789.") == "" {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, errDuration
	}
	return Duration(d), nil
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
