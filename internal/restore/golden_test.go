package restore_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// taughtAgents makes agents that share a golden query, and returns them and it.
func (r *rig) taughtAgents(names ...string) (refs []record.Ref, golden string) {
	golden = r.add("/golden_queries", `{"questions":["How many?","Count"],"answer":"/explore/thelook/orders"}`)
	for _, name := range names {
		refs = append(refs, record.Ref{Kind: "agents", ID: r.make("agents", `{"name":%q,"created_by_user_id":"2","golden_query_ids":[%s]}`, name, golden)})
	}
	return refs, golden
}

// answers are the golden queries that an agent names and shows, by what they say.
func (r *rig) answers(agent string) (said []string) {
	r.t.Helper()
	body := r.sim.Document("agents", agent)
	rows := mustRows(r.t, canon.Member(body, "golden_queries"))
	for _, row := range rows {
		said = append(said, string(canon.Member(row, "questions"))+" "+canon.Text(canon.Member(row, "answer"))+" "+canon.Text(canon.Member(row, "is_active")))
	}
	if ids := mustRows(r.t, canon.Member(body, "golden_query_ids")); len(ids) != len(rows) {
		r.t.Errorf("agents/%s names %s and shows %d", agent, ids, len(rows))
	}
	return said
}

// However agents lose a golden query, they name it again afterwards, and they share it as
// before; what comes back changes nothing that the plan does not say.
func TestGoldenQueriesComeBack(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(r *rig, agents []record.Ref, golden string){
		"the agents are deleted with it": func(r *rig, agents []record.Ref, golden string) {
			for _, agent := range agents {
				r.do("DELETE", "/agents?id="+agent.ID, "")
			}
			r.do("DELETE", "/golden_queries/"+golden, "")
		},
		"the agents are deleted": func(r *rig, agents []record.Ref, _ string) {
			for _, agent := range agents {
				r.do("DELETE", "/agents?id="+agent.ID, "")
			}
		},
		"the agents are trashed, and it is deleted": func(r *rig, agents []record.Ref, golden string) {
			for _, agent := range agents {
				r.do("PATCH", "/agents/"+agent.ID, `{"deleted":true}`)
			}
			r.do("DELETE", "/golden_queries/"+golden, "")
		},
		"it is deleted": func(r *rig, _ []record.Ref, golden string) { r.do("DELETE", "/golden_queries/"+golden, "") },
		"it is edited": func(r *rig, _ []record.Ref, golden string) {
			r.do("PATCH", "/golden_queries/"+golden, `{"is_active":false,"questions":[]}`)
		},
		"one agent names it no more": func(r *rig, agents []record.Ref, _ string) {
			r.do("PATCH", "/agents/"+agents[0].ID, `{"golden_query_ids":null}`)
		},
		"one agent names another one": func(r *rig, agents []record.Ref, _ string) {
			other := r.add("/golden_queries", `{"questions":["No"],"answer":"no"}`)
			r.do("PATCH", "/agents/"+agents[0].ID, `{"golden_query_ids":[`+other+`]}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, lookersim.Options{Seed: 1})
			agents, golden := r.taughtAgents("One", "Two")
			was := r.answers(agents[0].ID)
			run := r.backup()
			lose(r, agents, golden)
			for range 2 { // the second time what came back is lost
				done := r.apply(r.plan(restore.Request{Items: agents, Run: run}))
				complete(t, done)
				var named []string
				for i := range agents {
					now := targetOf(done, agents[i])
					if diff := cmp.Diff(was, r.answers(now)); diff != "" {
						t.Errorf("agents/%s (-before +after):\n%s", now, diff)
					}
					named = append(named, strings.Join(r.rowsOf("agents", now, "golden_queries", "id"), " "))
				}
				if named[0] != named[1] {
					t.Errorf("the agents name %v", named)
				}
				if again := r.plan(restore.Request{Items: agents, Run: run}); deeds(again)[record.DeedReuse] != len(agents) {
					t.Errorf("a plan afterwards: %v", deeds(again))
				}
				r.do("DELETE", "/golden_queries/"+named[0], "")
			}
		})
	}
}
