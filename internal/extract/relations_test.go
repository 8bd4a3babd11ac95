package extract_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
)

// TestRelationsLeadToDocuments follows every relation of every document that the
// simulated server has. One that names something else than its kind leads nowhere.
func TestRelationsLeadToDocuments(t *testing.T) {
	sizes := simtest.Small()
	sizes.UserAttributes = 20
	r := newRig(t, lookersim.Options{Seed: 3, Sizes: sizes})
	served := r.served()
	parts := make(map[string]bool)
	documents := make(map[record.Ref][]byte)
	for ref, item := range served {
		row, _ := catalogue.Find(ref.Kind)
		body := r.bodyOf(ref.Kind, item)
		if row.Fields.ID == "" && len(row.Listing.Fixed) == 0 {
			route, path := row.Single(ref.ID)
			if query := route.Values(); route.Param != "" || len(query) > 0 {
				if route.Param != "" {
					query.Set(route.Param, ref.ID)
				}
				_, body = r.sim.Peek(path + "?" + query.Encode())
			}
		}
		if !json.Valid(body) {
			t.Fatalf("%s is not valid: %s", ref, body)
		}
		documents[ref] = body
		for _, other := range catalogue.All() {
			for _, relation := range other.Relations {
				if relation.Kind == ref.Kind && relation.Part != "" {
					for _, id := range canon.Named(body, &catalogue.Relation{Path: relation.Part}) {
						parts[string(ref.Kind)+" "+id] = true
					}
				}
			}
		}
	}
	dangling := r.sim.Dangling()
	led := make(map[string]int)
	for ref, body := range documents {
		row, _ := catalogue.Find(ref.Kind)
		for _, relation := range row.Relations {
			name := string(ref.Kind) + "." + relation.Path
			for _, id := range canon.Named(body, &relation) {
				led[name]++
				to := record.Ref{Kind: relation.Kind, ID: id}
				if relation.Same && id != ref.ID {
					t.Errorf("%s: %s is %s", ref, relation.Path, id)
				}
				if _, ok := served[to]; ok || relation.Part != "" && parts[string(relation.Kind)+" "+id] {
					continue
				}
				if !answers(r.sim, to) && !slices.Contains(dangling[string(to.Kind)], id) {
					t.Errorf("%s: %s names %s, which is not there", ref, relation.Path, to)
				}
			}
		}
	}
	// The rest are of editions and of tiles that the simulated server does not have.
	if len(led) < 94 {
		t.Errorf("only %d relations were followed: %v", len(led), led)
	}
}

// answers reports whether a document that is not listed is there, by its id or alias.
func answers(sim *lookersim.Server, ref record.Ref) bool {
	row, _ := catalogue.Find(ref.Kind)
	_, path := row.Single(ref.ID)
	status, _ := sim.Peek(path)
	if status != http.StatusOK && !row.ByAlias.IsZero() {
		status, _ = sim.Peek(row.ByAlias.Fill(ref.ID))
	}
	return status == http.StatusOK
}
