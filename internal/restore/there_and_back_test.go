package restore_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/testenv"
)

// harms are what somebody does to a document of a kind: each returns a request, an empty method for none.
var harms = map[record.Kind][]func(h *harmed, ref record.Ref) (method, path, body string){
	"dashboards":        {trashIt, deleteIt, renameIt, moveIt, editATile, deleteATile, addAFilter},
	"looks":             {trashIt, deleteIt, renameIt, moveIt},
	"folders":           {deleteIt, renameIt, moveIt, ownRules},
	"boards":            {deleteIt, renameIt},
	"scheduled_plans":   {deleteIt, renameIt, disableIt},
	"alerts":            {deleteIt, renameIt, disableIt},
	"groups":            {deleteIt, renameIt, leaveIt, joinIt},
	"roles":             {deleteIt, renameIt, otherUsers},
	"permission_sets":   {renameIt, otherPermissions},
	"model_sets":        {renameIt},
	"users":             {renameIt, otherAddress},
	"user_attributes":   {deleteIt, renameIt, otherValues},
	"themes":            {deleteIt, otherColours},
	"color_collections": {deleteIt, renameIt},
	"agents":            {deleteIt, renameIt},
}

// harmed is an instance on which things were lost and changed.
type harmed struct {
	*rig
	random *rand.Rand
}

func itself(ref record.Ref) string { return "/" + string(ref.Kind) + "/" + ref.ID }

func trashIt(_ *harmed, ref record.Ref) (method, path, body string) {
	return "PATCH", itself(ref), `{"deleted":true}`
}

func deleteIt(_ *harmed, ref record.Ref) (method, path, body string) {
	return "DELETE", itself(ref), ""
}

func renameIt(h *harmed, ref record.Ref) (method, path, body string) {
	member := map[record.Kind]string{
		"dashboards": "title", "looks": "title", "boards": "title", "alerts": "custom_title", "users": "last_name", "user_attributes": "label", "color_collections": "label",
	}[ref.Kind]
	if member == "" {
		member = "name"
	}
	return "PATCH", itself(ref), fmt.Sprintf(`{%q:"Changed %d"}`, member, h.random.IntN(1000))
}

func moveIt(h *harmed, ref record.Ref) (method, path, body string) {
	member := map[record.Kind]string{"folders": "parent_id"}[ref.Kind]
	if member == "" {
		member = "folder_id"
	}
	folders := h.refsOf("folders", "present", func(body []byte) bool { return canon.Guarded(catalogue.Lookup("folders").Write, body) == nil })
	return "PATCH", itself(ref), fmt.Sprintf(`{%q:%q}`, member, folders[h.random.IntN(len(folders))].ID)
}

// aTile is the path of a tile of a dashboard, "" where it has none.
func (h *harmed) aTile(ref record.Ref) string {
	tiles := mustRows(h.t, canon.Member(h.sim.Document("dashboards", ref.ID), "dashboard_elements"))
	if len(tiles) == 0 {
		return ""
	}
	return "/dashboard_elements/" + canon.Text(canon.Member(tiles[h.random.IntN(len(tiles))], "id"))
}

func editATile(h *harmed, ref record.Ref) (method, path, body string) {
	if path = h.aTile(ref); path == "" {
		return "", "", ""
	}
	return "PATCH", path, `{"title":"Changed"}`
}

func deleteATile(h *harmed, ref record.Ref) (method, path, body string) {
	if path = h.aTile(ref); path == "" {
		return "", "", ""
	}
	return "DELETE", path, ""
}

func addAFilter(h *harmed, ref record.Ref) (method, path, body string) {
	return "POST", "/dashboard_filters", fmt.Sprintf(`{"dashboard_id":%q,"name":"Added %d","title":"Added %[2]d","type":"string_filter"}`, ref.ID, h.random.IntN(1000))
}

func ownRules(h *harmed, ref record.Ref) (method, path, body string) {
	metadata := canon.Text(canon.Member(h.sim.Document("folders", ref.ID), "content_metadata_id"))
	inherits := canon.Text(canon.Member(h.sim.Document("content_metadata", metadata), "inherits"))
	return "PATCH", "/content_metadata/" + metadata, fmt.Sprintf(`{"inherits":%t}`, inherits != "true")
}

func disableIt(_ *harmed, ref record.Ref) (method, path, body string) {
	if ref.Kind == "alerts" {
		return "PATCH", itself(ref), `{"is_disabled":true}`
	}
	return "PATCH", itself(ref), `{"enabled":false}`
}

// someone is a user who is not the one of the API key.
func (h *harmed) someone() string {
	users := h.refsOf("users", "present", func(body []byte) bool { return canon.Text(canon.Member(body, "id")) != h.caller.ID })
	return users[h.random.IntN(len(users))].ID
}

func leaveIt(h *harmed, ref record.Ref) (method, path, body string) {
	members := h.refsOf("users", "present", func(body []byte) bool {
		return canon.Text(canon.Member(body, "id")) != h.caller.ID && slices.Contains(canon.Named(body, &catalogue.Relation{Path: "group_ids"}), ref.ID)
	})
	if len(members) == 0 {
		return "", "", ""
	}
	return "DELETE", itself(ref) + "/users/" + members[0].ID, ""
}

func joinIt(h *harmed, ref record.Ref) (method, path, body string) {
	return "POST", itself(ref) + "/users", fmt.Sprintf(`{"user_id":%q}`, h.someone())
}

func otherUsers(h *harmed, ref record.Ref) (method, path, body string) {
	if slices.Contains(canon.Named(h.sim.Document("role_users", ref.ID), &catalogue.Relation{Path: "id"}), h.caller.ID) {
		return "", "", ""
	}
	return "PUT", itself(ref) + "/users", fmt.Sprintf(`[%q]`, h.someone())
}

func otherPermissions(_ *harmed, ref record.Ref) (method, path, body string) {
	return "PATCH", itself(ref), `{"permissions":["access_data"]}`
}

func otherAddress(h *harmed, ref record.Ref) (method, path, body string) {
	if ref.ID == h.caller.ID || canon.Member(h.sim.Document("users", ref.ID), "credentials_email") == nil {
		return "", "", ""
	}
	return "PATCH", itself(ref) + "/credentials_email", fmt.Sprintf(`{"email":"changed%d@test.example"}`, h.random.IntN(1000))
}

func otherValues(h *harmed, ref record.Ref) (method, path, body string) {
	groups := h.refsOf("groups", "present", func([]byte) bool { return true })
	return "POST", itself(ref) + "/group_values", fmt.Sprintf(`[{"group_id":%q,"value":"changed"}]`, groups[h.random.IntN(len(groups))].ID)
}

func otherColours(_ *harmed, ref record.Ref) (method, path, body string) {
	return "PATCH", itself(ref), `{"settings":{"background_color":"#123456"}}`
}

// harm does something to some documents and returns these.
func (h *harmed) harm(n int) (refs []record.Ref) {
	kinds := sortedKinds()
	for range n * 4 {
		if len(refs) == n {
			break
		}
		kind := kinds[h.random.IntN(len(kinds))]
		spec := catalogue.Lookup(kind)
		all := h.refsOf(kind, "present", func(body []byte) bool { return canon.Guarded(spec.Write, body) == nil })
		if len(all) == 0 {
			continue
		}
		ref := all[h.random.IntN(len(all))]
		if slices.Contains(refs, ref) || ref == (record.Ref{Kind: "users", ID: h.caller.ID}) {
			continue
		}
		do := harms[kind][h.random.IntN(len(harms[kind]))]
		method, path, body := do(h, ref)
		if method == "" {
			continue
		}
		if status, _ := h.sim.Do(method, path, []byte(body)); status < 300 {
			h.t.Logf("%s %s %s", method, path, body)
			refs = append(refs, ref)
		}
	}
	return refs
}

func sortedKinds() (kinds []record.Kind) {
	for kind := range harms {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// Whatever was lost or changed: a restore of it brings it back, an undo makes the instance what it was before
// that, and an undo of the undo brings everything back once more.
func TestThereAndBackOfEverything(t *testing.T) {
	for seed := range testenv.Rounds(t, testenv.Seeds, 4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			h := &harmed{newRig(t, lookersim.Options{Seed: int64(seed%7 + 1)}), rand.New(rand.NewPCG(uint64(seed), 27))}
			for i := range 3 {
				collection := h.make("color_collections", `{"label":"Ours %d","categoricalPalettes":[{"label":"One","type":"Categorical","colors":["#112233"]}]}`, i)
				h.make("themes", `{"name":"ours_%d","settings":{"color_collection_id":%q}}`, i, collection)
			}
			run := h.backup()
			refs := h.harm(2 + h.random.IntN(7))
			broken := h.formsOfWhatIsThere()
			done := h.apply(h.plan(restore.Request{Items: refs, Run: run, ExactMembers: true}))
			complete(t, done)
			restored := h.formsOfWhatIsThere()
			undone := h.apply(h.plan(restore.Request{Undo: done.ID, Hard: true, ExactMembers: true}))
			complete(t, undone)
			h.differs(t, "undone", broken, h.formsOfWhatIsThere())
			again := h.apply(h.plan(restore.Request{Undo: undone.ID, ExactMembers: true}))
			complete(t, again)
			h.differs(t, "undone twice", restored, h.formsOfWhatIsThere(), renamed(again)...)
		})
	}
}

// differs compares two states of the instance. What parts that were made anew are called does not count, nor
// does renamed, which are ids and what stands for them; and what a theme had that was gone before is null.
func (h *harmed) differs(t *testing.T, when string, want, is map[record.Ref]string, renamed ...string) {
	t.Helper()
	form := func(text string) string {
		text = strings.NewReplacer(append(renamed, `"color_collection_id":"nowhere",`, "")...).Replace(text)
		members := strings.Split(madeIDs.ReplaceAllString(text, "made"), ",")
		slices.Sort(members)
		return strings.Join(members, ",")
	}
	for ref, was := range want {
		if now, kept := is[ref]; form(now) != form(was) && (kept || len(renamed) == 0) {
			t.Errorf("%s: %s: %s", when, ref, differing(was, now))
		}
	}
	count := func(all map[record.Ref]string) map[record.Kind]int {
		counts := make(map[record.Kind]int)
		for ref := range all {
			counts[ref.Kind]++
		}
		return counts
	}
	if diff := cmp.Diff(count(want), count(is)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// renamed are the ids of what a restore has made anew, and of what it was made for, and one name for both.
func renamed(done record.Restore) (ids []string) {
	for _, a := range done.Actions {
		if a.Target == "" || a.Target == a.ID {
			continue
		}
		for _, id := range []string{a.ID, a.Target} {
			ids = append(ids, fmt.Sprintf("%q", id), `"another"`, fmt.Sprintf("/%s::", id), "/another::", fmt.Sprintf("%q:{", id+"::"), `"another::":{`)
		}
	}
	return ids
}
