package extract_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestShortenedArrays: of the rows of one list every third has fewer elements in one array than its
// document, and lacks nothing else. A first run finds that out by what the row says of itself, by
// what other documents show of it, or by comparing one of the shortest rows.
func TestShortenedArrays(t *testing.T) {
	sets := []record.Kind{"roles", "permission_sets", "model_sets"}
	tests := []struct {
		member string
		kinds  []record.Kind // of the run, the first of which is poor
		small  int64         // the seed of a small instance; 0: a larger one
	}{
		{"dashboards.dashboard_elements", []record.Kind{"dashboards"}, 0},
		{"dashboards.dashboard_layouts", []record.Kind{"dashboards"}, 0},
		{"boards.board_sections", []record.Kind{"boards"}, 0},
		{"boards.section_order", []record.Kind{"boards"}, 0},
		{"users.group_ids", []record.Kind{"users"}, 0},
		{"users.role_ids", []record.Kind{"users", "roles", "role_users"}, 4},
		{"roles.permission_set.permissions", sets, 0},
		{"permission_sets.permissions", []record.Kind{"permission_sets", "roles"}, 0},
		{"model_sets.models", sets[2:], 1},
		{"lookml_models.explores", []record.Kind{"lookml_models"}, 0},
		{"scheduled_plans.scheduled_plan_destination", []record.Kind{"scheduled_plans"}, 0},
		{"alerts.destinations", []record.Kind{"alerts"}, 0},
	}
	for _, tt := range tests {
		for _, form := range []lookersim.PoorForm{lookersim.PoorHalf, lookersim.PoorOne, lookersim.PoorEmpty} {
			t.Run(tt.member+", "+string(form), func(t *testing.T) {
				t.Parallel()
				sizes := lookersim.DefaultSizes()
				sizes.Dashboards, sizes.Looks, sizes.MergedTiles = 40, 1, 0
				seed := int64(5)
				if tt.small > 0 {
					sizes, seed = simtest.Small(), tt.small
				}
				r := newRig(t, lookersim.Options{Seed: seed, SmallTiles: true, Sizes: sizes, Quirks: lookersim.Quirks{
					PoorRows: []string{tt.member}, PoorEvery: 3, PoorForms: []lookersim.PoorForm{form},
				}})
				r.config.Stages.List.PageSize = 100
				result := r.run(record.RunComplete, start(tt.kinds...))
				compare(t, r, tt.kinds...)
				if notes := strings.Join(result.Run.Notes, "\n"); !strings.Contains(notes, string(tt.kinds[0])+": rows of the list ") {
					t.Errorf("notes: %s", notes)
				}
			})
		}
	}
}
