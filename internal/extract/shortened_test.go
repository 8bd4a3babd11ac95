package extract_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestShortenedArrays: of the rows of one list every third has fewer elements in one array than its
// document, and lacks nothing else. A first run finds that out by what the row says of itself, by
// what other documents show of it, or by comparing one of the shortest rows.
func TestShortenedArrays(t *testing.T) {
	sets := []record.Kind{"roles", "permission_sets", "model_sets"}
	tests := []struct {
		member string
		kinds  []record.Kind // of the run, the first of which is poor
	}{
		{"dashboards.dashboard_elements", []record.Kind{"dashboards"}},
		{"dashboards.dashboard_layouts", []record.Kind{"dashboards"}},
		{"boards.board_sections", []record.Kind{"boards"}},
		{"boards.section_order", []record.Kind{"boards"}},
		{"users.group_ids", []record.Kind{"users"}},
		{"roles.permission_set.permissions", sets},
		{"permission_sets.permissions", []record.Kind{"permission_sets", "roles"}},
		{"lookml_models.explores", []record.Kind{"lookml_models"}},
		{"scheduled_plans.scheduled_plan_destination", []record.Kind{"scheduled_plans"}},
		{"alerts.destinations", []record.Kind{"alerts"}},
	}
	for _, tt := range tests {
		for _, form := range []lookersim.PoorForm{lookersim.PoorHalf, lookersim.PoorOne, lookersim.PoorEmpty} {
			t.Run(tt.member+", "+string(form), func(t *testing.T) {
				t.Parallel()
				sizes := lookersim.DefaultSizes()
				sizes.Dashboards, sizes.Looks, sizes.MergedTiles = 40, 1, 0
				r := newRig(t, lookersim.Options{Seed: 5, SmallTiles: true, Sizes: sizes, Quirks: lookersim.Quirks{
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
