package config

import (
	"fmt"
	"log/slog"
)

// mask is what is shown in place of a secret.
const mask = "***"

// Secret is a string that does not print. Every verb of fmt, JSON, YAML, text and slog show *** for it, or nothing when it is
// empty; only [Secret.Reveal] has the value. The zero value is the empty secret.
type Secret struct {
	// A pointer, because fmt prints the fields of a Secret held in an unexported field without asking its methods.
	value *string
}

// NewSecret makes a secret of s.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{value: &s}
}

// Reveal is the secret itself. Hand it to the request that needs it and to nothing else.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.value == nil }

// Equal reports whether both hold the same value.
func (s Secret) Equal(other Secret) bool { return s.Reveal() == other.Reveal() }

// String is *** or, for an empty secret, nothing.
func (s Secret) String() string {
	if s.Empty() {
		return ""
	}
	return mask
}

// Format answers every verb of fmt with [Secret.String]; %q and %#v put it in quotes.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'q' || verb == 'v' && f.Flag('#') {
		text = `"` + text + `"`
	}
	_, _ = f.Write([]byte(text))
}

// MarshalText is [Secret.String], which makes it the form in JSON and YAML as well.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is [Secret.String].
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
