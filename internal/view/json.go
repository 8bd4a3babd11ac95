package view

import (
	"encoding/json"
	"strings"

	"github.com/lookervault/lookervault/internal/plain"
)

// JSON is a value on one line, with its text as it is but for characters that
// do something to the text around them: those are escaped.
func JSON(v any) (string, error) {
	var s strings.Builder
	enc := json.NewEncoder(&s)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return plain.JSON(strings.TrimSuffix(s.String(), "\n")), nil
}

// list is never null in JSON.
func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// Round leaves three digits behind the point.
func Round(f float64) float64 { return float64(int64(f*1000+0.5)) / 1000 }
