package extract_test

import (
	"fmt"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestAListThatIsEmptyOnce: a list that is a document, of the members of a role and such, is
// empty for once, and so is one whose documents can be asked for nowhere else. Each is asked
// for again where the vault holds more.
func TestAListThatIsEmptyOnce(t *testing.T) {
	for route, kinds := range map[string][]record.Kind{
		"/roles/{id}/users":                  {"roles", "role_users"},
		"/user_attributes/{id}/group_values": {"user_attributes", "user_attribute_group_values"},
		"/content_metadata_access":           {"folders", "boards", "agents", "content_metadata", "content_access"},
		"/users/{id}/attribute_values":       {"users", "user_attribute_values"},
		"/legacy_features":                   {"settings"},
		"/primary_homepage_sections":         {"homepage_sections"},
	} {
		t.Run(route, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 5})
			r.run(record.RunComplete, start(kinds...))
			r.rules(fmt.Sprintf("route=GET %s times=1 do=none", route))
			r.run(record.RunComplete, start(kinds...))
			compare(t, r, kinds...)
			if faults := r.faults(); len(faults) > 0 {
				t.Errorf("open: %+v", faults)
			}
		})
	}
}
