package restore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
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

// chaos is an instance on which things were lost, and a restore of them.
type chaos struct {
	*rig
	random  *rand.Rand
	lost    []record.Ref
	broken  map[record.Ref]string // normal forms when it was planned
	bodies  map[record.Ref][]byte // the same, whole
	request restore.Request
	plan    record.Restore
	done    record.Restore
}

// The laws of restores hold for whatever is lost, and however often a restore of it is cut
// off, refused and left without answers: each seed is another story.
func TestLaws(t *testing.T) {
	for seed := range testenv.Rounds(t, testenv.Seeds, 4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			c := &chaos{rig: newRig(t, lookersim.Options{Seed: int64(seed + 1)}), random: rand.New(rand.NewPCG(uint64(seed), 15))}
			run := c.backup()
			c.lose(3 + c.random.IntN(8))
			c.request = restore.Request{Items: c.lost, Run: run}
			if c.random.IntN(3) == 0 {
				c.request = restore.Request{Lost: true}
			}
			c.broken, c.bodies = c.normals(), c.allBodies()
			c.sim.ForgetWrites()
			c.plan = c.rig.plan(c.request)
			c.survive(t)
			if t.Failed() {
				return
			}
			c.lookedBeforeTouching(t)
			c.onlyThePlan(t)
			c.nothingIsLeftToDo(t)
			c.asleepUntilWell(t)
			c.thereAndBack(t)
			if t.Failed() {
				t.Logf("lost: %v; %d doubts", c.lost, c.doubts)
			}
		})
	}
}

// allBodies are all documents of the instance.
func (r *rig) allBodies() map[record.Ref][]byte {
	all := make(map[record.Ref][]byte)
	for _, k := range catalogue.All() {
		for item := range r.sim.Items(string(k.Name)) {
			if body := r.sim.Document(string(k.Name), item.ID); body != nil {
				all[record.Ref{Kind: k.Name, ID: item.ID}] = slices.Clone(body)
			}
		}
	}
	return all
}

// lose loses and changes things, as people do through the API.
func (c *chaos) lose(n int) {
	for range n * 3 {
		if len(c.lost) >= n {
			return
		}
		kind := []record.Kind{"dashboards", "dashboards", "dashboards", "looks", "looks", "scheduled_plans", "alerts", "boards", "folders", "roles", "groups"}[c.random.IntN(11)]
		spec, _ := catalogue.Find(kind)
		all := c.refsOf(kind, "present", func(body []byte) bool { return canon.Guarded(spec.Write, body) == nil })
		if len(all) == 0 {
			continue
		}
		ref := all[c.random.IntN(len(all))]
		if slices.Contains(c.lost, ref) {
			continue
		}
		if method, path, body := c.harm(ref); method != "" {
			if status, _ := c.sim.Do(method, path, []byte(body)); status < 300 {
				c.lost = append(c.lost, ref)
			}
		}
	}
}

// harm is a request that loses or changes a document.
func (c *chaos) harm(ref record.Ref) (method, path, body string) {
	path = "/" + string(ref.Kind) + "/" + ref.ID
	switch n := c.random.IntN(10); {
	case n < 3 && (ref.Kind == "dashboards" || ref.Kind == "looks"):
		return "PATCH", path, `{"deleted":true}`
	case n < 6 && ref.Kind != "roles":
		return "DELETE", path, ""
	case n < 8 && ref.Kind == "dashboards":
		tiles, _ := canon.Rows(canon.Member(c.sim.Document("dashboards", ref.ID), "dashboard_elements"))
		if len(tiles) == 0 {
			return "", "", ""
		}
		tile := "/dashboard_elements/" + canon.Text(canon.Member(tiles[c.random.IntN(len(tiles))], "id"))
		if n == 6 {
			return "DELETE", tile, ""
		}
		return "PATCH", tile, `{"title":"Changed"}`
	}
	member := map[record.Kind]string{"dashboards": "title", "looks": "title", "boards": "title", "alerts": "custom_title"}[ref.Kind]
	if member == "" {
		member = "name"
	}
	return "PATCH", path, fmt.Sprintf(`{%q:"Changed %d"}`, member, c.random.IntN(1000))
}

// survive applies the plan while answers are lost, and cuts it off, until it is through.
func (c *chaos) survive(t *testing.T) {
	t.Helper()
	for round := range 40 {
		ctx, cancel := context.WithCancel(t.Context())
		c.trouble(round)
		if round < 30 {
			c.cutAfter, c.cut = 1+c.random.IntN(12), cancel
		}
		done, err := c.tryApply(ctx, c.plan)
		cancel()
		c.cutAfter = 0
		if err == nil {
			c.done = done
			break
		}
		if err := c.file.Close(); err != nil {
			t.Fatal(err)
		}
		c.open()
	}
	if err := c.sim.SetRules(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // what was refused too often is tried again
		if c.done.State != record.RestorePartial {
			break
		}
		c.done = c.rig.retry(c.done)
	}
	if c.plan.Actions == nil {
		return
	}
	for _, a := range c.done.Actions {
		switch a.State {
		case record.ActionFailed, record.ActionDrifted, record.ActionBlocked, record.ActionPlanned, record.ActionRunning:
			t.Errorf("%s %s is %s: %s %v", a.Deed, a.Ref, a.State, a.Message, a.Errors)
		}
		if a.Checked == record.CheckedDifferent || a.Checked == record.CheckedMissing {
			t.Errorf("%s %s was read back %s: %s", a.Deed, a.Ref, a.Checked, a.Message)
		}
	}
}

// trouble makes some answers go wrong.
func (c *chaos) trouble(round int) {
	var rules []lookersim.Rule
	if round < 30 {
		for _, do := range []lookersim.Rule{
			{Do: lookersim.FaultReset, Applied: true}, {Do: lookersim.FaultReset}, {Do: lookersim.FaultHTML, Applied: true},
			{Do: lookersim.FaultStatus, Status: 500, Applied: true}, {Do: lookersim.FaultStatus, Status: 429}, {Do: lookersim.FaultTruncate},
		} {
			if c.random.IntN(2) == 0 {
				do.Probability, do.Times = 0.05, 3
				do.Route = []string{"POST *", "PATCH *", "GET *"}[c.random.IntN(3)]
				rules = append(rules, do)
			}
		}
	}
	if err := c.sim.SetRules(rules...); err != nil {
		c.t.Fatal(err)
	}
}

// Law 6: what Looker refuses ends its own action; what needs it is blocked without a call,
// and everything else is done.
func TestWhatIsRefusedIsAValue(t *testing.T) {
	t.Parallel()
	refusals := []string{"POST /dashboards", "POST /looks", "POST /folders", "POST /dashboard_elements", "POST /scheduled_plans", "PATCH /looks/{id}", "PATCH /dashboards/{id}"}
	refused := 0
	for seed := range testenv.Rounds(t, testenv.Seeds, 4) {
		c := &chaos{rig: newRig(t, lookersim.Options{Seed: int64(seed + 1)}), random: rand.New(rand.NewPCG(uint64(seed), 6))}
		run := c.backup()
		c.lose(8)
		plan := c.rig.plan(restore.Request{Items: c.lost, Run: run})
		rule := lookersim.Rule{Route: refusals[2*seed%len(refusals)], Do: lookersim.FaultStatus, Status: []int{422, 403}[seed%2]}
		if err := c.sim.SetRules(rule); err != nil {
			t.Fatal(err)
		}
		done := c.rig.apply(plan)
		bad := false
		for _, a := range done.Actions {
			switch a.State {
			case record.ActionFailed:
				refused++
				bad = true
				if a.Status != rule.Status || a.Message == "" {
					t.Errorf("seed %d: %s %s failed with status %d: %s", seed, a.Deed, a.Ref, a.Status, a.Message)
				}
			case record.ActionBlocked:
				bad = true
				if a.Calls > 0 || !slices.ContainsFunc(a.Needs, func(seq int) bool {
					state := done.Actions[seq-1].State
					return state == record.ActionFailed || state == record.ActionBlocked
				}) {
					t.Errorf("seed %d: %s %s is blocked after %d calls: %s", seed, a.Deed, a.Ref, a.Calls, a.Message)
				}
			case record.ActionDone, record.ActionSame, record.ActionSkipped, record.ActionImpossible:
			default:
				t.Errorf("seed %d: %s %s is %s", seed, a.Deed, a.Ref, a.State)
			}
		}
		if bad && done.State != record.RestorePartial {
			t.Errorf("seed %d: the restore is %s", seed, done.State)
		}
	}
	if refused == 0 {
		t.Error("nothing was refused, which shows nothing")
	}
}

// Law 9: whatever roles and groups were in the backup, exactly as they were or not, the user
// of the API key stays in each of theirs, and is never written to.
func TestTheCallerStaysIn(t *testing.T) {
	t.Parallel()
	for seed := range testenv.Rounds(t, testenv.Seeds, 4) {
		r := newRig(t, lookersim.Options{Seed: int64(seed + 1)})
		random := rand.New(rand.NewPCG(uint64(seed), 9))
		spec, _ := catalogue.Find("roles")
		roles := r.refsOf("roles", "present", func(body []byte) bool { return canon.Guarded(spec.Write, body) == nil })
		role := roles[random.IntN(len(roles))]
		others := `["2","3"]`
		r.do("PUT", "/roles/"+role.ID+"/users", others)
		run := r.backup() // the caller is in none of these
		r.do("PUT", "/roles/"+role.ID+"/users", `["`+r.caller.ID+`","4"]`)
		r.do("PATCH", "/users/"+r.caller.ID, `{"first_name":"Since"}`)
		r.sim.ForgetWrites()
		items := []record.Ref{{Kind: "role_users", ID: role.ID}, role, {Kind: "users", ID: r.caller.ID}}
		complete(t, r.apply(r.plan(restore.Request{Items: items, Run: run, ExactMembers: true})))
		for _, a := range r.plan(restore.Request{Items: items, Run: run, ExactMembers: true}).Actions {
			if a.State == record.ActionPlanned {
				t.Errorf("seed %d: a second plan wants to %s %s: %v", seed, a.Deed, a.Ref, a.Changes)
			}
		}
		users := string(r.sim.Document("role_users", role.ID))
		for _, id := range []string{r.caller.ID, "2", "3"} {
			if !strings.Contains(strings.ReplaceAll(users, " ", ""), `"id":"`+id+`"`) {
				t.Errorf("seed %d: user %s is not in role %s: %.300s", seed, id, role.ID, users)
			}
		}
		for _, w := range r.sim.Writes() {
			if strings.HasPrefix(w.Path, "/users/"+r.caller.ID) {
				t.Errorf("seed %d: %s %s %s", seed, w.Method, w.Path, w.Body)
			}
		}
	}
}
