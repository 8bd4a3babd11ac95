package restore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// seedsWanted is how many seeds the laws are tried with; LOOKERVAULT_TEST_SEEDS asks for
// more than a few.
func seedsWanted(t *testing.T) int {
	t.Helper()
	text := os.Getenv("LOOKERVAULT_TEST_SEEDS")
	if text == "" {
		return 4
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("LOOKERVAULT_TEST_SEEDS is no number: %q", text)
	}
	return n
}

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
	for seed := range seedsWanted(t) {
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

// writeTarget is what a write is about, by its path; false for what is made.
func writeTarget(path string) (record.Ref, bool) {
	words := strings.Split(strings.Trim(path, "/"), "/")
	if len(words) < 2 {
		return record.Ref{}, false
	}
	return record.Ref{Kind: record.Kind(words[0]), ID: words[1]}, true
}

// owners are the documents in which parts lie, of all that were there at the beginning or
// are there now.
func (c *chaos) owners() map[record.Ref]record.Ref {
	owners := make(map[record.Ref]record.Ref)
	enter := func(ref record.Ref, body []byte) {
		spec, _ := catalogue.Find(ref.Kind)
		if spec.Write == nil || len(spec.Write.Parts) == 0 {
			return
		}
		var walk func(parts []catalogue.Part, body []byte)
		walk = func(parts []catalogue.Part, body []byte) {
			for i := range parts {
				rows, err := canon.PartRows(&parts[i], body)
				if err != nil {
					c.t.Fatal(err)
				}
				for _, row := range rows {
					owners[record.Ref{Kind: parts[i].Name, ID: row.ID}] = ref
					owners[record.Ref{Kind: parts[i].Name, ID: canon.Text(canon.Member(row.Body, "id"))}] = ref
					walk(parts[i].Write.Parts, row.Body)
				}
			}
		}
		walk(spec.Write.Parts, body)
	}
	for ref, body := range c.bodies {
		enter(ref, body)
	}
	for ref, body := range c.allBodies() {
		enter(ref, body)
	}
	return owners
}

// targets are the actions of the restore by what they are about on the instance.
func (c *chaos) targets() map[record.Ref]record.Action {
	targets := make(map[record.Ref]record.Action)
	for _, a := range c.done.Actions {
		if a.Target != "" && a.State != record.ActionSkipped {
			targets[record.Ref{Kind: a.Kind, ID: a.Target}] = a
		}
	}
	return targets
}

// Laws 1 and 2: a write is about what an action is about; what was there before is in the
// vault, as the look saw it.
func (c *chaos) lookedBeforeTouching(t *testing.T) {
	t.Helper()
	owners, targets := c.owners(), c.targets()
	for _, w := range c.sim.Writes() {
		ref, ok := writeTarget(w.Path)
		if !ok || w.Method == "POST" || w.Status >= 400 {
			continue
		}
		about := ref
		if owner, part := owners[ref]; part {
			about = owner
		}
		a, planned := targets[about]
		if !planned && ref.Kind == "content_metadata_access" && len(c.done.Actions) > 0 {
			continue // rules that were copied when inheritance ended, which no document has any more
		}
		if !planned {
			t.Errorf("law 2: %s %s is of no action", w.Method, w.Path)
			continue
		}
		if a.Before == 0 && a.Deed != record.DeedCreate {
			t.Errorf("law 1: %s %s: %s %s has seen nothing", w.Method, w.Path, a.Deed, a.Ref)
		}
		if a.Before != 0 {
			if d, err := c.file.Reader().VersionBody(t.Context(), a.Before); err != nil || d.ID != a.Target {
				t.Errorf("law 1: %s %s: the vault has %s of it, %v", w.Method, w.Path, d.Ref, err)
			}
		}
	}
}

// differing is how two normal forms differ.
func differing(was, is string) string {
	if was == "" || is == "" {
		return fmt.Sprintf("%.100s became %.100s", was, is)
	}
	changes, err := canon.Differences([]byte(was), []byte(is))
	var said []string
	for _, change := range changes {
		said = append(said, fmt.Sprintf("%s %.60s → %.60s", change.Path, change.Before, change.After))
	}
	return fmt.Sprintf("%s %v", strings.Join(said, "; "), err)
}

// Law 2: what is in no action keeps its normal form.
func (c *chaos) onlyThePlan(t *testing.T) {
	t.Helper()
	targets, is := c.targets(), c.normals()
	for ref, was := range c.broken {
		if _, planned := targets[ref]; !planned && is[ref] != was && !c.partOfPlanned(ref, targets) {
			t.Errorf("law 2: %s has changed: %s", ref, differing(was, is[ref]))
		}
	}
}

// partOfPlanned reports whether a document belongs to one that an action is about, or is
// the other side of a membership.
func (c *chaos) partOfPlanned(ref record.Ref, targets map[record.Ref]record.Action) bool {
	switch ref.Kind {
	case "content_metadata", "content_access", "role_users", "role_groups", "group_groups":
		return true // in the wake of folders, boards, roles and groups
	case "users":
		for target := range targets {
			if target.Kind == "groups" || target.Kind == "roles" || target.Kind == "role_users" || target.Kind == "group_groups" {
				return true
			}
		}
	}
	return false
}

// Law 5: a second plan has nothing to do, and what is applied once more writes nothing.
func (c *chaos) nothingIsLeftToDo(t *testing.T) {
	t.Helper()
	writes := len(c.sim.Writes())
	again := c.rig.plan(c.request)
	for _, a := range again.Actions {
		if a.State == record.ActionPlanned {
			t.Errorf("law 5: a second plan wants to %s %s (%s): %v %s", a.Deed, a.Ref, a.Target, a.Changes, a.Reason)
		}
	}
	if n := len(c.sim.Writes()); n > writes {
		t.Errorf("law 5: planning wrote %d times", n-writes)
	}
	titles := make(map[string]int)
	for _, kind := range []record.Kind{"dashboards", "looks", "boards", "scheduled_plans", "alerts", "folders", "groups", "roles"} {
		for item := range c.sim.Items(string(kind)) {
			if item.State == "present" {
				titles[string(kind)+" "+c.normal(record.Ref{Kind: kind, ID: item.ID})]++
			}
		}
	}
	for form, n := range titles {
		if n > 1 && !c.twins(form) {
			t.Errorf("law 5: there are %d of %.200s", n, form)
		}
	}
}

// twins reports whether two documents were equal before anything was restored.
func (c *chaos) twins(form string) bool {
	kind, normal, _ := strings.Cut(form, " ")
	n := 0
	for ref, was := range c.broken {
		if string(ref.Kind) == kind && was == normal {
			n++
		}
	}
	return n > 1
}

// Law 7: what mails is woken when all that it sends is done.
func (c *chaos) asleepUntilWell(t *testing.T) {
	t.Helper()
	lastWrite := make(map[record.Ref]int)
	owners := c.owners()
	for i, w := range c.sim.Writes() {
		if ref, ok := writeTarget(w.Path); ok && w.Status < 400 {
			if owner, part := owners[ref]; part {
				ref = owner
			}
			if ref.Kind == "dashboards" || ref.Kind == "looks" {
				lastWrite[ref] = i
			}
		}
	}
	for i, w := range c.sim.Writes() {
		ref, _ := writeTarget(w.Path)
		switch {
		case w.Method == "POST" && (w.Path == "/scheduled_plans" && !strings.Contains(string(w.Body), `"enabled":false`) ||
			w.Path == "/alerts" && !strings.Contains(string(w.Body), `"is_disabled":true`)):
			t.Errorf("law 7: %s was made awake: %.200s", w.Path, w.Body)
		case w.Method == "PATCH" && (string(w.Body) == `{"enabled":true}` || string(w.Body) == `{"is_disabled":false}`):
			body := c.sim.Document(string(ref.Kind), ref.ID)
			for _, member := range []string{"dashboard_id", "look_id"} {
				content := record.Ref{Kind: record.Kind(strings.TrimSuffix(member, "_id") + "s"), ID: canon.Text(canon.Member(body, member))}
				if last, ok := lastWrite[content]; ok && last > i {
					t.Errorf("law 7: %s was woken before %s was done", ref, content)
				}
			}
		}
	}
}

// Law 8: what is undone for good is what the look saw.
func (c *chaos) thereAndBack(t *testing.T) {
	t.Helper()
	undone := c.rig.apply(c.rig.plan(restore.Request{Undo: c.done.ID, Hard: true, ExactMembers: true}))
	left := make(map[record.Ref]bool) // which the undo names as left as it is
	for _, a := range undone.Actions {
		if a.State != record.ActionDone && a.State != record.ActionSame && a.Deed != record.DeedReuse {
			left[record.Ref{Kind: a.Kind, ID: a.ID}] = true
			if a.State != record.ActionSkipped && a.State != record.ActionImpossible {
				t.Errorf("law 8: %s %s is %s: %s", a.Deed, a.Ref, a.State, a.Message)
			}
		}
	}
	named := strings.Join(undone.Notes, "\n")
	is := c.normals()
	for ref, was := range c.broken {
		if is[ref] != was && !left[ref] && !strings.Contains(named, ref.String()+" ") && !c.partOfPlanned(ref, nil) {
			t.Errorf("law 8: %s is not what it was: %s", ref, differing(was, is[ref]))
		}
	}
	for ref := range is {
		if _, was := c.broken[ref]; !was && !left[ref] && ref.Kind != "content_metadata" && ref.Kind != "content_access" {
			t.Errorf("law 8: %s is still there", ref)
		}
	}
}

// Law 6: what Looker refuses ends its own action; what needs it is blocked without a call,
// and everything else is done.
func TestWhatIsRefusedIsAValue(t *testing.T) {
	refusals := []string{"POST /dashboards", "POST /looks", "POST /folders", "POST /dashboard_elements", "POST /scheduled_plans", "PATCH /looks/{id}", "PATCH /dashboards/{id}"}
	refused := 0
	for seed := range seedsWanted(t) {
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
	for seed := range seedsWanted(t) {
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
