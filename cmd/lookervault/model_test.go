package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/testenv"
)

// TestCommandsAreTheModel makes random histories and compares what commands print of them
// with a model that keeps a full copy of everything after each run.
func TestCommandsAreTheModel(t *testing.T) {
	for seed := range uint64(testenv.Rounds(t, testenv.Seeds, 3)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := &historyModel{r: rand.New(rand.NewPCG(seed, 3)), server: make(map[string]modelDocument)}
			for range 12 {
				h.run()
			}
			vaultOf(t, h.runs)
			for at := range h.copies {
				h.compareList(t, at)
				h.compareCat(t, at)
			}
			for range 20 {
				h.compareDiff(t, h.r.IntN(len(h.copies)), h.r.IntN(len(h.copies)))
			}
			h.compareLog(t)
		})
	}
}

// modelDocument is a document with its members. A view that is counted is no change.
type modelDocument map[string]any

func (d modelDocument) text(member string) string { text, _ := d[member].(string); return text }

func (d modelDocument) trashed() bool { return d["deleted"] == true }

func (d modelDocument) body() string {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return string(text)
}

// historyModel is a server, the runs that looked at it, and what was known after each.
type historyModel struct {
	r      *rand.Rand
	server map[string]modelDocument // by kind/id
	runs   []pastRun
	copies []map[string]modelDocument
}

func (h *historyModel) one(n int) bool { return h.r.IntN(n) == 0 }

// run lets time pass on the server and looks at it: at everything, at one kind or at one
// folder. Some documents cannot be fetched.
func (h *historyModel) run() {
	for _, kind := range []string{"dashboards", "looks"} {
		for n := range 6 {
			h.pass(kind, fmt.Sprint(n+7)) // 10 is sorted before 9
		}
	}
	known := make(map[string]modelDocument)
	if len(h.copies) > 0 {
		maps.Copy(known, h.copies[len(h.copies)-1])
	}
	run := pastRun{scope: record.Scope{All: true}, bodies: make(map[string]string)}
	in := func(string, modelDocument) bool { return true }
	switch h.r.IntN(6) {
	case 0:
		run.scope = record.Scope{Kinds: []record.Kind{"looks"}}
		in = func(ref string, _ modelDocument) bool { return strings.HasPrefix(ref, "looks/") }
	case 1:
		run.scope = record.Scope{Kinds: []record.Kind{"dashboards", "looks"}, Folders: []string{"1"}}
		in = func(_ string, d modelDocument) bool { return d.text("folder_id") == "1" }
	}
	failed := make(map[string]bool)
	for _, ref := range slices.Sorted(maps.Keys(h.server)) {
		d := h.server[ref]
		if !in(ref, d) {
			continue
		}
		if h.one(9) {
			failed[ref] = true
			run.faults = append(run.faults, ref)
			continue
		}
		run.bodies[ref] = d.body()
		known[ref] = d
	}
	for ref, d := range known {
		if _, there := h.server[ref]; !there && !failed[ref] && len(run.scope.Folders) == 0 && in(ref, d) {
			delete(known, ref)
		}
	}
	h.runs, h.copies = append(h.runs, run), append(h.copies, known)
}

// pass is what becomes of one document from one run to the next.
func (h *historyModel) pass(kind, id string) {
	ref := kind + "/" + id
	d, there := h.server[ref]
	d = maps.Clone(d)
	if !there {
		if h.one(2) {
			d = modelDocument{"id": id, "title": "Title of " + id, "folder_id": "1", "user_id": "1", "deleted": false, "view_count": 1}
			h.server[ref] = d
		}
		return
	}
	switch h.r.IntN(12) {
	case 0:
		delete(h.server, ref)
		return
	case 1:
		d["title"] = fmt.Sprintf("Title %d of %s", len(h.runs), id)
	case 2:
		d["folder_id"] = fmt.Sprint(1 + h.r.IntN(2))
	case 3:
		d["deleted"] = !d.trashed()
	case 4:
		d["user_id"] = fmt.Sprint(1 + h.r.IntN(2))
	case 5:
		d["description"] = fmt.Sprintf("Described before run %d", len(h.runs)+1)
		d["title"] = fmt.Sprintf("Title %d of %s", len(h.runs), id)
	case 6:
		delete(d, "description")
	default:
		d["view_count"] = h.r.IntN(1000)
	}
	h.server[ref] = d
}

// modelChange is what programs read of a change.
type modelChange struct {
	Run     int64       `json:"run"`
	Kind    string      `json:"kind"`
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Change  []string    `json:"change"`
	Folder  string      `json:"folder"`
	Owner   string      `json:"owner"`
	Changes []modelEdit `json:"changes"`
}

type modelEdit struct {
	Path   string `json:"path"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// changes are the differences between two copies, as the model sees them.
func (h *historyModel) changes(before, after map[string]modelDocument, run int64) (list []modelChange) {
	refs := slices.Sorted(maps.Keys(before))
	refs = append(refs, slices.Collect(maps.Keys(after))...)
	slices.SortFunc(refs, func(a, b string) int {
		kind, id, _ := strings.Cut(a, "/")
		other, number, _ := strings.Cut(b, "/")
		if kind != other {
			return strings.Compare(kind, other)
		}
		return table.Compare(id, number)
	})
	for _, ref := range slices.Compact(refs) {
		a, was := before[ref]
		b, is := after[ref]
		kind, id, _ := strings.Cut(ref, "/")
		d := b
		if !is {
			d = a
		}
		made := modelChange{Run: run, Kind: kind, ID: id, Name: d.text("title"), Folder: d.text("folder_id"), Owner: d.text("user_id")}
		switch {
		case !is:
			made.Change = []string{"removed"}
		case !was && b.trashed():
			made.Change = []string{"added", "trashed"}
		case !was:
			made.Change = []string{"added"}
		default:
			made.compare(a, b)
		}
		if len(made.Change) > 0 {
			list = append(list, made)
		}
	}
	return list
}

func (c *modelChange) compare(a, b modelDocument) {
	for _, member := range []string{"deleted", "description", "folder_id", "title", "user_id"} {
		if !reflect.DeepEqual(a[member], b[member]) {
			c.Changes = append(c.Changes, modelEdit{"/" + member, a[member], b[member]})
		}
	}
	switch {
	case !a.trashed() && b.trashed():
		c.Change = append(c.Change, "trashed")
	case a.trashed() && !b.trashed():
		c.Change = append(c.Change, "restored")
	}
	if slices.ContainsFunc(c.Changes, func(e modelEdit) bool { return e.Path != "/deleted" && e.Path != "/folder_id" }) {
		c.Change = append(c.Change, "changed")
	}
	if a.text("folder_id") != b.text("folder_id") {
		c.Change = append(c.Change, "moved")
	}
}

// printed is what a command prints as JSON.
func printed[T any](t *testing.T, args ...string) (list []T) {
	t.Helper()
	out, _ := piped(t, 0, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return list
}

func (h *historyModel) compareList(t *testing.T, at int) {
	t.Helper()
	type entry struct{ Kind, ID, State, Name, Folder, Owner string }
	less := func(a, b entry) int { return strings.Compare(a.Kind+"\x00"+a.ID, b.Kind+"\x00"+b.ID) }
	var want, deleted []entry
	for ref, d := range h.copies[at] {
		kind, id, _ := strings.Cut(ref, "/")
		e := entry{kind, id, "present", d.text("title"), d.text("folder_id"), d.text("user_id")}
		if d.trashed() {
			e.State = "trashed"
			deleted = append(deleted, e)
		}
		want = append(want, e)
	}
	for ref, d := range h.lostBy(at) {
		kind, id, _ := strings.Cut(ref, "/")
		deleted = append(deleted, entry{kind, id, "gone", d.text("title"), d.text("folder_id"), d.text("user_id")})
	}
	for flag, want := range map[string][]entry{"": want, "--deleted": deleted} {
		args := append([]string{"list", "--run", fmt.Sprint(at + 1)}, strings.Fields(flag)...)
		got := printed[entry](t, args...)
		slices.SortFunc(want, less)
		slices.SortFunc(got, less)
		if diff := cmp.Diff(want, append([]entry(nil), got...)); diff != "" {
			t.Errorf("%v (-want +got)\n%s", args, diff)
		}
	}
}

// lostBy are the documents that were known before a run and are not any more, as the last
// copy that holds them does.
func (h *historyModel) lostBy(at int) map[string]modelDocument {
	lost := make(map[string]modelDocument)
	for _, held := range h.copies[:at+1] {
		maps.Copy(lost, held)
	}
	for ref := range h.copies[at] {
		delete(lost, ref)
	}
	return lost
}

func (h *historyModel) compareCat(t *testing.T, at int) {
	t.Helper()
	for ref, d := range h.copies[at] {
		kind, id, _ := strings.Cut(ref, "/")
		out, _ := piped(t, 0, "cat", kind, id, "--run", fmt.Sprint(at+1))
		var got modelDocument
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		want := maps.Clone(d)
		delete(want, "view_count") // the body of a version is that of the run which began it
		delete(got, "view_count")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("cat %s --run %d (-want +got)\n%s", ref, at+1, diff)
		}
	}
	for ref := range h.lostBy(at) {
		kind, id, _ := strings.Cut(ref, "/")
		if out, _ := piped(t, 1, "cat", kind, id, "--run", fmt.Sprint(at+1)); out != "" {
			t.Errorf("cat %s --run %d, which is gone, prints %s", ref, at+1, out)
		}
	}
}

func (h *historyModel) compareDiff(t *testing.T, before, after int) {
	t.Helper()
	before, after = min(before, after), max(before, after)
	if before == after {
		return
	}
	want := h.changes(h.copies[before], h.copies[after], 0)
	got := printed[modelChange](t, "diff", fmt.Sprint(before+1), fmt.Sprint(after+1))
	if diff := cmp.Diff(want, append([]modelChange(nil), got...)); diff != "" {
		t.Errorf("diff %d %d (-want +got)\n%s", before+1, after+1, diff)
	}
}

func (h *historyModel) compareLog(t *testing.T) {
	t.Helper()
	var want []modelChange
	for at, after := range slices.Backward(h.copies) {
		var before map[string]modelDocument
		if at > 0 {
			before = h.copies[at-1]
		}
		want = append(want, h.changes(before, after, int64(at+1))...)
	}
	if diff := cmp.Diff(want, printed[modelChange](t, "log")); diff != "" {
		t.Errorf("log (-want +got)\n%s", diff)
	}
}
