package catalogue_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// TestImportance: content comes before people, access and settings, and no kind before all
// that lead to it.
func TestImportance(t *testing.T) {
	for kind, want := range map[record.Kind]int{
		"dashboards": 0, "scheduled_plans": 0, "merge_queries": 0, "queries": 0, "users": 1, "roles": 1,
		"content_access": 2, "role_users": 2, "settings": 3, "themes": 3, "lookml_models": 3, "explores": 3,
	} {
		if got := catalogue.Importance(kind); got != want {
			t.Errorf("%s: %d, want %d", kind, got, want)
		}
	}
	for _, kind := range catalogue.All() {
		for _, leading := range catalogue.LeadingTo(kind.Name) {
			if catalogue.Importance(leading) > catalogue.Importance(kind.Name) {
				t.Errorf("%s is found by %s, which comes later", kind.Name, leading)
			}
		}
	}
}
