package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// writeTarget is what a write is about, by its path; false for what is made.
func writeTarget(path string) (record.Ref, bool) {
	words := strings.Split(strings.Trim(path, "/"), "/")
	if len(words) < 2 {
		return record.Ref{}, false
	}
	if len(words) == 3 { // a list of ids with a document of its own
		if list := record.Kind(strings.TrimSuffix(words[0], "s") + "_" + words[2]); known(list) {
			return record.Ref{Kind: list, ID: words[1]}, true
		}
	}
	return record.Ref{Kind: record.Kind(words[0]), ID: words[1]}, true
}

func known(kind record.Kind) bool {
	_, ok := catalogue.Find(kind)
	return ok
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
