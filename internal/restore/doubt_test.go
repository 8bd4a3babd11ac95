package restore_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/testenv"
)

// losses are the ways in which the answer to a POST is lost, before or after it was
// carried out.
var losses = map[string]lookersim.Rule{
	"reset before": {Do: lookersim.FaultReset},
	"reset after":  {Do: lookersim.FaultReset, Applied: true},
	"500 before":   {Do: lookersim.FaultStatus, Status: 500},
	"500 after":    {Do: lookersim.FaultStatus, Status: 500, Applied: true},
	"page after":   {Do: lookersim.FaultHTML, Applied: true},
	"empty after":  {Do: lookersim.FaultEmpty, Applied: true},
	"cut after":    {Do: lookersim.FaultTruncate, Applied: true},
	"hang after":   {Do: lookersim.FaultHang, Applied: true},
}

// lossesInTurn are the losses that a route meets: those that differ most for what is to be found out, and of
// the others one, in turn. A long form of the tests tries each at every route.
func lossesInTurn(turn int, losses map[string]lookersim.Rule) []string {
	names := slices.Sorted(maps.Keys(losses))
	if testenv.More(testenv.Seeds) {
		return names
	}
	everywhere := []string{"reset before", "reset after", "hang after"}
	others := slices.DeleteFunc(names, func(name string) bool { return slices.Contains(everywhere, name) })
	return append(everywhere, others[turn%len(others)])
}

// creations are the routes by which what is made anew is made, with a kind of which a
// document is deleted for it.
func creations() map[string]*catalogue.Spec {
	routes := make(map[string]*catalogue.Spec)
	for _, kind := range deletable() {
		if _, special := specials[kind.Write.Create.String()]; !special {
			routes[kind.Write.Create.String()] = kind
		}
	}
	dashboards, _ := catalogue.Find("dashboards")
	boards, _ := catalogue.Find("boards")
	routes["POST /dashboard_elements"] = dashboards
	for _, route := range []string{"POST /board_sections", "POST /board_items"} {
		routes[route] = boards
	}
	return routes
}

// Whatever happens to the answer of a POST, what it makes is made once.
func TestNothingIsMadeTwice(t *testing.T) {
	creations := creations()
	for turn, route := range slices.Sorted(maps.Keys(creations)) {
		kind := creations[route]
		t.Run(strings.ReplaceAll(route, "/", "."), func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			ref := r.deletions(kind, 1)[0]
			now := ref.ID
			for _, name := range lossesInTurn(turn, losses) {
				t.Run(name, func(t *testing.T) { now = r.loseOneAnswer(t, route, losses[name], ref, now, kind) })
			}
		})
	}
}

// deletions are some documents of a kind that can be deleted and made anew.
func (r *rig) deletions(kind *catalogue.Spec, most int) (refs []record.Ref) {
	r.t.Helper()
	for item := range r.sim.Items(string(kind.Name)) {
		body := r.sim.Document(string(kind.Name), item.ID)
		if canon.Guarded(kind.Write, body) == nil && item.State == "present" && len(refs) < most && item.ID != r.caller.ID {
			refs = append(refs, record.Ref{Kind: kind.Name, ID: item.ID})
		}
	}
	if len(refs) == 0 {
		r.t.Fatalf("no %s can be deleted", kind.Name)
	}
	return refs
}

// loseOneAnswer deletes a document, gives it back while one answer is lost, and counts. It returns
// what the document is called then.
func (r *rig) loseOneAnswer(t *testing.T, route string, rule lookersim.Rule, ref record.Ref, id string, kind *catalogue.Spec) string {
	t.Helper()
	all := func() (n int) {
		for range r.sim.Items(string(kind.Name)) {
			n++
		}
		return n
	}
	parts := func(id string) string {
		body := r.sim.Document(string(kind.Name), id)
		counts := ""
		for i := range kind.Write.Parts {
			rows, err := canon.PartRows(&kind.Write.Parts[i], body)
			if err != nil {
				t.Fatal(err)
			}
			counts += fmt.Sprintf("%d %s ", len(rows), kind.Write.Parts[i].Name)
		}
		return counts
	}
	before, inside := all(), parts(id)
	if status, _ := r.sim.Do("DELETE", kind.Write.Delete.Fill(id), nil); status >= 300 {
		t.Fatalf("%s cannot be deleted: %d", ref, status)
	}
	done := r.applyLosing(route, rule, restore.Request{Items: []record.Ref{ref}})
	complete(t, done)
	if after := all(); after > before {
		t.Errorf("there are %d %s, %d before", after, kind.Name, before)
	}
	for _, a := range done.Actions {
		if a.Ref == ref && parts(a.Target) != inside {
			t.Errorf("it holds %s, before %s", parts(a.Target), inside)
		}
	}
	return targetOf(done, ref)
}
