package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// exchange is how keys of documents were passed on or exchanged.
type exchange struct {
	kind  record.Kind
	path  string // of what is edited, below the document
	made  []string
	edits []keyEdit
}

type keyEdit struct {
	of   int // which document, from 1 on
	body string
}

// exchanges are of all sorts of keys, by what they are.
func exchanges() map[string]exchange {
	dashboard := func(title, slug, folder string) string {
		return fmt.Sprintf(`{"title":%q,"slug":%q,"folder_id":%q}`, title, slug, folder)
	}
	inFolder := func(title, folder string) string { return fmt.Sprintf(`{"title":%q,"folder_id":%q}`, title, folder) }
	return map[string]exchange{
		"slugs passed on": {"dashboards", "", []string{dashboard("A", "aaaaaaaaaaaaaaaaaaaaaa", "1"), dashboard("B", "bbbbbbbbbbbbbbbbbbbbbb", "1")},
			[]keyEdit{{1, `{"slug":"cccccccccccccccccccccc"}`}, {2, `{"slug":"aaaaaaaaaaaaaaaaaaaaaa"}`}}},
		"slugs passed on backward": {"dashboards", "", []string{dashboard("A", "aaaaaaaaaaaaaaaaaaaaaa", "1"), dashboard("B", "bbbbbbbbbbbbbbbbbbbbbb", "1")},
			[]keyEdit{{2, `{"slug":"cccccccccccccccccccccc"}`}, {1, `{"slug":"bbbbbbbbbbbbbbbbbbbbbb"}`}}},
		"slugs exchanged": {"dashboards", "", []string{dashboard("A", "aaaaaaaaaaaaaaaaaaaaaa", "1"), dashboard("B", "bbbbbbbbbbbbbbbbbbbbbb", "1")},
			[]keyEdit{{1, `{"slug":"cccccccccccccccccccccc"}`}, {2, `{"slug":"aaaaaaaaaaaaaaaaaaaaaa"}`}, {1, `{"slug":"bbbbbbbbbbbbbbbbbbbbbb"}`}}},
		"a ring of three slugs": {"dashboards", "", []string{dashboard("A", "aaaaaaaaaaaaaaaaaaaaaa", "1"), dashboard("B", "bbbbbbbbbbbbbbbbbbbbbb", "1"), dashboard("C", "cccccccccccccccccccccc", "1")},
			[]keyEdit{{1, `{"slug":"dddddddddddddddddddddd"}`}, {2, `{"slug":"aaaaaaaaaaaaaaaaaaaaaa"}`}, {3, `{"slug":"bbbbbbbbbbbbbbbbbbbbbb"}`}, {1, `{"slug":"cccccccccccccccccccccc"}`}}},
		"slugs and titles exchanged": {"dashboards", "", []string{dashboard("A", "aaaaaaaaaaaaaaaaaaaaaa", "1"), dashboard("B", "bbbbbbbbbbbbbbbbbbbbbb", "1")},
			[]keyEdit{{1, `{"title":"C","slug":"cccccccccccccccccccccc"}`}, {2, `{"title":"A","slug":"aaaaaaaaaaaaaaaaaaaaaa"}`}, {1, `{"title":"B","slug":"bbbbbbbbbbbbbbbbbbbbbb"}`}}},
		"the title of one and the slug of another": {"dashboards", "", []string{dashboard("A", "aaaaaaaaaaaaaaaaaaaaaa", "1"), dashboard("B", "bbbbbbbbbbbbbbbbbbbbbb", "1"), dashboard("C", "cccccccccccccccccccccc", "1")},
			[]keyEdit{{2, `{"title":"D"}`}, {3, `{"slug":"dddddddddddddddddddddd"}`}, {1, `{"title":"B","slug":"cccccccccccccccccccccc"}`}}},
		"a title and a slug in a ring": {"dashboards", "", []string{dashboard("A", "aaaaaaaaaaaaaaaaaaaaaa", "1"), dashboard("B", "bbbbbbbbbbbbbbbbbbbbbb", "1")},
			[]keyEdit{{1, `{"title":"D","slug":"dddddddddddddddddddddd"}`}, {2, `{"title":"A"}`}, {2, `{"slug":"eeeeeeeeeeeeeeeeeeeeee"}`}, {1, `{"slug":"bbbbbbbbbbbbbbbbbbbbbb"}`}}},
		"dashboards exchanged their folders": {"dashboards", "", []string{inFolder("A", "1"), inFolder("A", "2")},
			[]keyEdit{{1, `{"title":"B"}`}, {2, `{"folder_id":"1"}`}, {1, `{"folder_id":"2","title":"A"}`}}},
		"looks exchanged their folders": {"looks", "", []string{`{"title":"A","folder_id":"1","query_id":QUERY}`, `{"title":"A","folder_id":"2","query_id":QUERY}`},
			[]keyEdit{{1, `{"title":"B"}`}, {2, `{"folder_id":"1"}`}, {1, `{"folder_id":"2","title":"A"}`}}},
		"looks passed on a title": {"looks", "", []string{`{"title":"A","folder_id":"1","query_id":QUERY}`, `{"title":"B","folder_id":"1","query_id":QUERY}`},
			[]keyEdit{{1, `{"title":"C"}`}, {2, `{"title":"A"}`}}},
		"folders exchanged their places": {"folders", "", []string{`{"name":"A","parent_id":"1"}`, `{"name":"A","parent_id":"OTHER"}`},
			[]keyEdit{{1, `{"name":"B"}`}, {2, `{"parent_id":"1"}`}, {1, `{"parent_id":"OTHER","name":"A"}`}}},
		"a ring of folders of two places": {"folders", "", []string{`{"name":"A","parent_id":"1"}`, `{"name":"A","parent_id":"OTHER"}`, `{"name":"B","parent_id":"1"}`},
			[]keyEdit{{1, `{"name":"X"}`}, {2, `{"parent_id":"1"}`}, {3, `{"parent_id":"OTHER","name":"A"}`}, {1, `{"name":"B"}`}}},
		"mail addresses passed on": {"users", "credentials_email", []string{`{"first_name":"A"}`, `{"first_name":"B"}`},
			[]keyEdit{{1, `{"email":"c@test.example"}`}, {2, `{"email":"user1@test.example"}`}}},
		"mail addresses exchanged": {"users", "credentials_email", []string{`{"first_name":"A"}`, `{"first_name":"B"}`},
			[]keyEdit{{1, `{"email":"c@test.example"}`}, {2, `{"email":"user1@test.example"}`}, {1, `{"email":"user2@test.example"}`}}},
		"a ring of three mail addresses": {"users", "credentials_email", []string{`{"first_name":"A"}`, `{"first_name":"B"}`, `{"first_name":"C"}`},
			[]keyEdit{{1, `{"email":"d@test.example"}`}, {2, `{"email":"user1@test.example"}`}, {3, `{"email":"user2@test.example"}`}, {1, `{"email":"user3@test.example"}`}}},
		"roles": {"roles", "", []string{`{"name":"A","permission_set_id":"2","model_set_id":"1"}`, `{"name":"B","permission_set_id":"2","model_set_id":"1"}`},
			[]keyEdit{{1, `{"name":"C"}`}, {2, `{"name":"A"}`}, {1, `{"name":"B"}`}}},
		"model sets": {"model_sets", "", []string{`{"name":"A","models":["thelook"]}`, `{"name":"B","models":["thelook"]}`},
			[]keyEdit{{1, `{"name":"C"}`}, {2, `{"name":"A"}`}, {1, `{"name":"B"}`}}},
		"themes passed on": {"themes", "", []string{`{"name":"a1"}`, `{"name":"b1"}`},
			[]keyEdit{{1, `{"name":"c1"}`}, {2, `{"name":"a1"}`}}},
		"themes exchanged": {"themes", "", []string{`{"name":"a1"}`, `{"name":"b1"}`},
			[]keyEdit{{1, `{"name":"c1"}`}, {2, `{"name":"a1"}`}, {1, `{"name":"b1"}`}}},
		"user attributes exchanged": {"user_attributes", "", []string{`{"name":"a1","label":"A","type":"string"}`, `{"name":"b1","label":"B","type":"string"}`},
			[]keyEdit{{1, `{"name":"c1"}`}, {2, `{"name":"a1"}`}, {1, `{"name":"b1"}`}}},
		"addresses of hubs passed on": {"integration_hubs", "", []string{`{"url":"https://a.test.example"}`, `{"url":"https://b.test.example"}`},
			[]keyEdit{{1, `{"url":"https://c.test.example"}`}, {2, `{"url":"https://a.test.example"}`}}},
	}
}

// carryOut makes documents, backs them up and exchanges their keys.
func (e exchange) carryOut(r *rig) (items []record.Ref, run int64, was, changed map[record.Ref]string) {
	r.t.Helper()
	query := string(canon.Member(r.sim.Document("looks", first(r.t, r, "looks").ID), "query_id"))
	known := strings.NewReplacer("QUERY", query, "OTHER", r.make("folders", `{"name":"Another","parent_id":"1"}`))
	for i, body := range e.made {
		id := r.add("/"+string(e.kind), known.Replace(body))
		if e.path != "" {
			r.add(fmt.Sprintf("/%s/%s/%s", e.kind, id, e.path), fmt.Sprintf(`{"email":"user%d@test.example"}`, i+1))
		}
		items = append(items, record.Ref{Kind: e.kind, ID: id})
	}
	run, was = r.backup(), r.normals()
	for _, edit := range e.edits {
		path := "/" + string(e.kind) + "/" + items[edit.of-1].ID
		if e.path != "" {
			path += "/" + e.path
		}
		r.do("PATCH", path, known.Replace(edit.body))
	}
	return items, run, was, r.normals()
}

// Documents whose keys were passed on or exchanged, of whatever sort, get theirs back by one plan; an undo
// exchanges them again.
func TestDocumentsGetTheirKeysBack(t *testing.T) {
	for name, exchange := range exchanges() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			items, run, was, changed := exchange.carryOut(r)
			done := r.inPrice(t, name, restore.Request{Items: items, Run: run})
			complete(t, done)
			r.same(was)
			undone := r.apply(r.plan(restore.Request{Undo: done.ID}))
			complete(t, undone)
			r.same(changed)
			complete(t, r.apply(r.plan(restore.Request{Undo: undone.ID})))
			r.same(was)
		})
	}
}

// A restore that is cut off while something has another key for a moment goes on, or is taken back.
func TestAnExchangeThatIsCutOff(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a ring of three mail addresses", "slugs and titles exchanged", "themes exchanged"} {
		for cut := 1; cut <= 4; cut++ {
			for _, undo := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, write %d, undone %t", name, cut, undo), func(t *testing.T) {
					t.Parallel()
					r, _ := newBackedUpRig(t)
					r.workers = 1
					items, run, was, changed := exchanges()[name].carryOut(r)
					plan := r.plan(restore.Request{Items: items, Run: run})
					if _, err := r.applyCutOff(plan, cut); err == nil {
						t.Skip("it takes fewer writes")
					}
					if undo {
						complete(t, r.apply(r.plan(restore.Request{Undo: plan.ID})))
						r.same(changed)
						return
					}
					complete(t, r.apply(plan))
					r.same(was)
				})
			}
		}
	}
}

// What something listens at is not another address for a moment: hubs that have exchanged theirs are
// impossible, which the plan says.
func TestHubsThatExchangedTheirAddresses(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	var hubs []record.Ref
	for _, host := range []string{"a", "b"} {
		hubs = append(hubs, record.Ref{Kind: "integration_hubs", ID: r.make("integration_hubs", `{"url":"https://%s.test.example"}`, host)})
	}
	run := r.backup()
	for _, e := range [][2]string{{hubs[0].ID, "c"}, {hubs[1].ID, "a"}, {hubs[0].ID, "b"}} {
		r.do("PATCH", "/integration_hubs/"+e[0], fmt.Sprintf(`{"url":"https://%s.test.example"}`, e[1]))
	}
	r.sim.ForgetWrites()
	plan := r.plan(restore.Request{Items: hubs, Run: run})
	if deeds(plan)[record.DeedImpossible] != 2 {
		t.Errorf("the plan: %v", deeds(plan))
	}
	if r.apply(plan); len(r.sim.Writes()) > 0 {
		t.Errorf("writes: %v", r.sim.Writes())
	}
}
