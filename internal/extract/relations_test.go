package extract_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// valuesAt are the texts and numbers at a path of a document, arrays walked.
func valuesAt(v any, path string) []string {
	switch v := v.(type) {
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, valuesAt(one, path)...)
		}
		return all
	case map[string]any:
		first, rest, _ := strings.Cut(path, ".")
		if path == "" {
			return nil
		}
		return valuesAt(v[first], rest)
	case nil, bool:
		return nil
	}
	if path != "" {
		return nil
	}
	return []string{fmt.Sprint(v)}
}

// named are the ids that a relation of a document names.
func named(doc any, r catalogue.Relation) []string {
	if r.Unless != "" {
		if object, ok := doc.(map[string]any); ok && object[r.Unless] != nil && object[r.Unless] != false {
			return nil
		}
	}
	ids := valuesAt(doc, r.Path)
	if r.Join != "" {
		for i, before := 0, valuesAt(doc, r.Join); i < len(ids) && len(before) == 1; i++ {
			ids[i] = before[0] + "::" + ids[i]
		}
	}
	return ids
}

// TestRelationsLeadToDocuments follows every relation of every document that the
// simulated server has. One that names something else than its kind leads nowhere.
func TestRelationsLeadToDocuments(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3, SmallTiles: true})
	served := r.served()
	parts := make(map[string]bool)
	documents := make(map[record.Ref]any)
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
		var doc any
		if err := json.Unmarshal(body, &doc); err != nil {
			t.Fatalf("%s: %v\n%s", ref, err, body)
		}
		documents[ref] = doc
		for _, other := range catalogue.All() {
			for _, relation := range other.Relations {
				if relation.Kind == ref.Kind && relation.Part != "" {
					for _, id := range valuesAt(doc, relation.Part) {
						parts[string(ref.Kind)+" "+id] = true
					}
				}
			}
		}
	}
	dangling := r.sim.Dangling()
	led := make(map[string]int)
	for ref, doc := range documents {
		row, _ := catalogue.Find(ref.Kind)
		for _, relation := range row.Relations {
			name := string(ref.Kind) + "." + relation.Path
			for _, id := range named(doc, relation) {
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
	if len(led) < 90 {
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
