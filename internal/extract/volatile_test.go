package extract_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestWhatMovesByItselfIsNoChange lets an instance be used and grow between two
// runs: the counts of explores move, and so do the lists that the server works out
// where everything is allowed. Neither is a change of a document, in a vault of
// the same rules and in one of others.
func TestWhatMovesByItselfIsNoChange(t *testing.T) {
	kinds := []record.Kind{"lookml_models", "explores", "connections", "model_sets", "permission_sets", "roles"}
	tests := []struct {
		name   string
		before []string // paths to redact in the first run, which make its rules others
	}{
		{"the same rules", nil},
		{"other rules", []string{"*.never_heard_of"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 6})
			r.config.Stages.Redact.Paths = tt.before
			r.run(record.RunComplete, start(kinds...))
			bodies := r.served(kinds...)
			mutate(t, r, lookersim.Change{Op: lookersim.OpUse, Kind: "explores"})
			mutate(t, r, lookersim.Change{Op: lookersim.OpAdd, Kind: "lookml_models"})
			mutate(t, r, lookersim.Change{Op: lookersim.OpAdd, Kind: "connections"})
			moved := make(map[record.Kind]int)
			for ref, item := range r.served(kinds...) {
				if before, ok := bodies[ref]; ok && string(before.Body) != string(item.Body) {
					moved[ref.Kind]++
				}
			}
			r.config.Stages.Redact.Paths = nil
			for _, k := range r.run(record.RunComplete, start(kinds...)).Run.Kinds {
				if k.Kind != "permission_sets" && k.Kind != "connections" && moved[k.Kind] == 0 {
					t.Errorf("%s: no body of the server moved", k.Kind)
				}
				if k.Changed > 0 {
					t.Errorf("%s: %d changed, want none: %d bodies moved by themselves", k.Kind, k.Changed, moved[k.Kind])
				}
			}
		})
	}
}
