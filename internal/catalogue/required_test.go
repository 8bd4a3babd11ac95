package catalogue_test

import (
	"slices"
	"strings"
	"testing"
)

// TestWhatTheDescriptionRequiresIsRequired: a plan that does not know what Looker makes nothing without
// finds out from a refusal, half way.
func TestWhatTheDescriptionRequiresIsRequired(t *testing.T) {
	a := readAPI(t)
	count := 0
	for _, row := range writeRows() {
		if row.Create.IsZero() {
			continue
		}
		body, _ := a.body(a.Paths[row.Create.Path][strings.ToLower(row.Create.Method)])
		if body == nil {
			continue
		}
		for _, name := range body.Required {
			count++
			owner := row.part != nil && row.part.Owner == name // filled in where the part is made
			if owner || slices.ContainsFunc(slices.Concat(row.Required...), func(path string) bool { return path == name || strings.HasPrefix(path, name+".") }) {
				continue
			}
			t.Errorf("%s: %s takes nothing without %s", row.where, row.Create, name)
		}
	}
	if count == 0 {
		t.Error("the description requires nothing")
	}
}
