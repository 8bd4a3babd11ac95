package catalogue_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
)

// TestStrictRelations lists what of the content has to lead somewhere, so that a new
// relation is looked at before somebody is warned because of it.
func TestStrictRelations(t *testing.T) {
	want := map[string][]string{
		"dashboards":      {"folder_id", "user_id", "dashboard_elements.look_id"},
		"looks":           {"folder_id", "user_id"},
		"scheduled_plans": {"user_id", "dashboard_id", "look_id"},
		"folders":         {"parent_id", "creator_id"},
		"boards":          {"user_id", "board_sections.board_items.dashboard_id", "board_sections.board_items.look_id"},
		"alerts":          {"owner_id", "investigative_content_id", "destinations.action_hub_integration_id"},
		"agents":          {"created_by_user_id"},
		"users":           {"group_ids", "role_ids"},
		"lookml_models":   nil, // names only
		"queries":         nil,
	}
	for name, paths := range want {
		kind := kindOf(t, name)
		var strict []string
		for _, r := range kind.Relations {
			if r.Strict() {
				strict = append(strict, r.Path)
			}
		}
		if diff := cmp.Diff(paths, strict); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func kindOf(t *testing.T, name string) *catalogue.Spec {
	t.Helper()
	for _, kind := range catalogue.All() {
		if string(kind.Name) == name {
			return kind
		}
	}
	t.Fatalf("there is no kind %s", name)
	return nil
}
