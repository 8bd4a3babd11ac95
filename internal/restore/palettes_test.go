package restore_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	diff "github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// painted is an instance on which a look, tiles and a schedule are drawn with the colours of a
// collection.
type painted struct {
	*rig
	collection, look, dashboard, tile, merged, schedule string
}

// colours are what a visualisation is drawn with, before and after.
func (p *painted) colours(collection string) string {
	return fmt.Sprintf(`{"type":"bar","color_application":{"collection_id":%q,"palette_id":%q,"options":{"steps":5}},"note":"kept"}`,
		collection, p.palette(collection))
}

// palette is the id of the first palette of a collection.
func (p *painted) palette(collection string) string {
	p.t.Helper()
	rows := mustRows(p.t, canon.Member(p.sim.Document("color_collections", collection), "categoricalPalettes"))
	return canon.Text(canon.Member(rows[0], "id"))
}

func newPainted(t *testing.T) *painted {
	t.Helper()
	r, _ := newBackedUpRig(t)
	p := &painted{rig: r}
	model := canon.Text(canon.Member(r.sim.Document("looks", first(t, r, "looks").ID), "model"))
	if query := canon.Member(r.sim.Document("looks", first(t, r, "looks").ID), "query"); query != nil {
		model = canon.Text(canon.Member(query, "model"))
	}
	p.collection = r.make("color_collections", `{"label":"Ours","categoricalPalettes":[{"label":"Main","type":"Categorical","colors":["#112233","#445566"]}],"sequentialPalettes":[{"label":"Main","type":"Sequential","stops":[{"color":"#000000","offset":0},{"color":"#ffffff","offset":100}]}]}`)
	query := func(limit int, vis string) string {
		return r.add("/queries", fmt.Sprintf(`{"model":%q,"view":"orders","fields":["orders.count"],"limit":"%d","vis_config":%s}`, model, limit, vis))
	}
	drawn := query(101, p.colours(p.collection))
	p.look = r.make("looks", `{"title":"Painted","folder_id":"1","query_id":%q}`, drawn)
	p.dashboard = r.make("dashboards", `{"title":"Painted","folder_id":"1"}`)
	p.tile = r.add("/dashboard_elements", fmt.Sprintf(`{"dashboard_id":%q,"type":"vis","title":"Query","query_id":%q}`, p.dashboard, query(102, p.colours(p.collection))))
	merge := r.add("/merge_queries", fmt.Sprintf(`{"source_queries":[{"query_id":%q,"name":"a","merge_fields":[]},{"query_id":%q,"name":"b","merge_fields":[]}],"vis_config":%s}`,
		query(103, p.colours(p.collection)), query(104, `{"type":"bar"}`), p.colours(p.collection)))
	p.merged = r.add("/dashboard_elements", fmt.Sprintf(`{"dashboard_id":%q,"type":"vis","title":"Merged","merge_result_id":%q}`, p.dashboard, merge))
	p.schedule = r.make("scheduled_plans", `{"name":"Painted","user_id":"2","query_id":%q,"crontab":"0 6 * * *","enabled":true,"scheduled_plan_destination":[{"type":"email","format":"csv","address":"a@example.com"}]}`, query(105, p.colours(p.collection)))
	r.backup()
	return p
}

// queries are the bodies of all queries that are drawn with the collection, by what shows them.
func (p *painted) queries(look, dashboard, plan string) map[string][]byte {
	p.t.Helper()
	found := map[string][]byte{
		"look": canon.Member(p.sim.Document("looks", look), "query"),
		"plan": p.queryOf(canon.Text(canon.Member(p.sim.Document("scheduled_plans", plan), "query_id"))),
	}
	for _, row := range mustRows(p.t, canon.Member(p.sim.Document("dashboards", dashboard), "dashboard_elements")) {
		switch canon.Text(canon.Member(row, "title")) {
		case "Query":
			found["tile"] = canon.Member(row, "query")
		case "Merged":
			merge := p.read("/merge_queries/" + canon.Text(canon.Member(row, "merge_result_id")))
			found["merge"] = merge
			found["source"] = p.queryOf(canon.Text(canon.Member(mustRows(p.t, canon.Member(merge, "source_queries"))[0], "query_id")))
		}
	}
	return found
}

func (p *painted) read(path string) []byte {
	p.t.Helper()
	status, answer := p.sim.Do("GET", path, nil)
	if status != 200 {
		p.t.Fatalf("GET %s: %d %s", path, status, answer)
	}
	return answer
}

func (p *painted) queryOf(id string) []byte { return p.read("/queries/" + id) }

// drawnWith checks that everything is drawn with a collection and its palette.
func (p *painted) drawnWith(collection, look, dashboard, plan string) {
	p.t.Helper()
	want := p.colours(collection)
	for what, body := range p.queries(look, dashboard, plan) {
		if is := string(canon.Member(body, "vis_config")); is != want {
			p.t.Errorf("%s (-want +got):\n%s", what, diff.Diff(want, is))
		}
	}
}

func (p *painted) refs() []record.Ref {
	return []record.Ref{{Kind: "color_collections", ID: p.collection}, {Kind: "looks", ID: p.look}, {Kind: "dashboards", ID: p.dashboard}, {Kind: "scheduled_plans", ID: p.schedule}}
}

func (p *painted) lose(refs ...record.Ref) {
	p.t.Helper()
	for _, ref := range refs {
		p.do("DELETE", "/"+string(ref.Kind)+"/"+ref.ID, "")
	}
}

// Looks, tiles, merged results and schedules are drawn again with the colours of a collection that is
// made anew, whether they stayed, or are made anew themselves; and an undo gives them what they had.
func TestQueriesAreDrawnWithWhatIsMadeAnew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lost  int  // of the collection, the look, the dashboard and the schedule
		lossy bool // all that is lost is asked for, instead of the collection alone
	}{
		"the collection alone":     {lost: 1},
		"all that is lost of them": {lost: 4, lossy: true},
		"some of them":             {lost: 2, lossy: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPainted(t)
			refs := p.refs()
			for i := test.lost - 1; i >= 0; i-- {
				p.lose(refs[i])
			}
			broken := p.normals()
			request := restore.Request{Items: refs[:1]}
			if test.lossy {
				request = restore.Request{Lost: true}
			}
			done := p.inPrice(t, name, request)
			complete(t, done)
			now := idsOf(done, refs)
			p.drawnWith(now[0], now[1], now[2], now[3])
			p.backup()
			if plan := p.plan(restore.Request{Items: refs}); deeds(plan)[record.DeedReuse] != len(plan.Actions) {
				t.Errorf("a second plan has something to do: %v", deeds(plan))
			}
			undone := p.apply(p.plan(restore.Request{Undo: done.ID}))
			complete(t, undone)
			p.same(broken, "looks dashboards scheduled_plans content_metadata content_access")
			again := p.apply(p.plan(restore.Request{Undo: undone.ID}))
			complete(t, again)
			refs = refs[:0]
			for i, kind := range []record.Kind{"color_collections", "looks", "dashboards", "scheduled_plans"} {
				refs = append(refs, record.Ref{Kind: kind, ID: now[i]})
			}
			now = idsOf(again, refs)
			p.drawnWith(now[0], now[1], now[2], now[3])
		})
	}
}

// idsOf are what documents are called after a restore.
func idsOf(done record.Restore, refs []record.Ref) (ids []string) {
	for _, ref := range refs {
		ids = append(ids, cmp.Or(targetOf(done, ref), ref.ID))
	}
	return ids
}

// What comes back twice is drawn with what came back last: also after a restore that was cut off.
func TestColoursThatAreLostTwice(t *testing.T) {
	t.Parallel()
	p := newPainted(t)
	refs := p.refs()
	for round := range 3 {
		p.lose(refs[0])
		plan := p.plan(restore.Request{Items: refs[:1]})
		if round == 1 {
			if _, err := p.applyCutOff(plan, 3); err == nil {
				t.Fatal("the restore was not cut off")
			}
		}
		done := p.apply(plan)
		complete(t, done)
		refs[0].ID = targetOf(done, refs[0])
		p.drawnWith(refs[0].ID, refs[1].ID, refs[2].ID, refs[3].ID)
		if round == 1 { // the next one knows what was lost from the first backup alone
			refs[0].ID = p.collection
			p.do("DELETE", "/color_collections/"+targetOf(done, plan.Actions[0].Ref), "")
			done := p.apply(p.plan(restore.Request{Items: refs[:1]}))
			complete(t, done)
			refs[0].ID = targetOf(done, refs[0])
			p.drawnWith(refs[0].ID, refs[1].ID, refs[2].ID, refs[3].ID)
		}
		p.backup()
	}
}

// What is drawn by hand with the collection that stands for the one of the backup is drawn as it is wanted:
// where something else of it is given back, no query is made for it.
func TestWhatIsDrawnRightIsNotDrawnAgain(t *testing.T) {
	t.Parallel()
	p := newPainted(t)
	p.lose(p.refs()[0])
	by := p.make("color_collections", `{"label":"Ours","categoricalPalettes":[{"label":"Main","type":"Categorical","colors":["#112233","#445566"]}],"sequentialPalettes":[{"label":"Main","type":"Sequential","stops":[{"color":"#000000","offset":0},{"color":"#ffffff","offset":100}]}]}`)
	drawn := canon.Member(p.sim.Document("looks", p.look), "query")
	query := p.add("/queries", fmt.Sprintf(`{"model":%q,"view":"orders","fields":["orders.count"],"limit":"101","vis_config":%s}`, canon.Text(canon.Member(drawn, "model")), p.colours(by)))
	p.do("PATCH", "/looks/"+p.look, fmt.Sprintf(`{"title":"Changed","query_id":%q}`, query))
	plan := p.plan(restore.Request{Items: p.refs()[:2]})
	look := onlyAction(t, plan, p.refs()[1])
	if len(look.Changes) != 1 || look.Changes[0].Path != "title" {
		t.Errorf("%s %s: %s", look.Deed, look.Ref, look.Changes)
	}
}

// What shows a collection in one way alone follows it as well, and is in the price: a tile whose query names no
// palette, and a merged result of many queries.
func TestWhatShowsColoursInOneWayFollows(t *testing.T) {
	t.Parallel()
	p := newPainted(t)
	query := func(limit int, vis string) string {
		return p.add("/queries", fmt.Sprintf(`{"model":%q,"view":"orders","fields":["orders.count"],"limit":"%d","vis_config":%s}`,
			canon.Text(canon.Member(p.queries(p.look, p.dashboard, p.schedule)["look"], "model")), limit, vis))
	}
	plain := p.make("dashboards", `{"title":"Plain","folder_id":"1"}`)
	p.add("/dashboard_elements", fmt.Sprintf(`{"dashboard_id":%q,"type":"vis","query_id":%q}`, plain,
		query(201, fmt.Sprintf(`{"color_application":{"collection_id":%q}}`, p.collection))))
	var sources []string
	for limit := 202; limit <= 206; limit++ {
		sources = append(sources, fmt.Sprintf(`{"query_id":%q,"name":"%d","merge_fields":[]}`, query(limit, p.colours(p.collection)), limit))
	}
	merged := p.make("dashboards", `{"title":"Merged","folder_id":"1"}`)
	p.add("/dashboard_elements", fmt.Sprintf(`{"dashboard_id":%q,"type":"vis","merge_result_id":%q}`, merged,
		p.add("/merge_queries", fmt.Sprintf(`{"source_queries":[%s],"vis_config":{}}`, strings.Join(sources, ",")))))
	p.backup()
	p.lose(p.refs()[0])
	done := p.inPrice(t, "one way", restore.Request{Items: p.refs()[:1]})
	complete(t, done)
	for _, id := range []string{plain, merged} {
		if a := onlyAction(t, done, record.Ref{Kind: "dashboards", ID: id}); a.Calls > a.PlannedCalls {
			t.Errorf("%s: %d calls, planned %d", a.Ref, a.Calls, a.PlannedCalls)
		}
	}
	tile := mustRows(t, canon.Member(p.sim.Document("dashboards", plain), "dashboard_elements"))[0]
	if vis := string(canon.Member(canon.Member(tile, "query"), "vis_config")); !strings.Contains(vis, targetOf(done, p.refs()[0])) {
		t.Errorf("the tile is drawn with %s", vis)
	}
}

// Documents are drawn with a collection that somebody has made again by hand, and with palettes that have
// other ids since their collection was changed.
func TestColoursOfOtherIDs(t *testing.T) {
	t.Parallel()
	const palettes = `"categoricalPalettes":[{"label":"Main","type":"Categorical","colors":["#112233","#445566"]}],"sequentialPalettes":[{"label":"Main","type":"Sequential","stops":[{"color":"#000000","offset":0},{"color":"#ffffff","offset":100}]}]`
	for name, change := range map[string]func(p *painted){
		"made again": func(p *painted) {
			p.lose(p.refs()[0])
			p.make("color_collections", `{"label":"Ours",%s}`, palettes)
		},
		"made again otherwise": func(p *painted) {
			p.lose(p.refs()[0])
			p.make("color_collections", `{"label":"Ours",%s}`, strings.Replace(palettes, "#112233", "#998877", 1))
		},
		"changed": func(p *painted) {
			p.do("PATCH", "/color_collections/"+p.collection, "{"+strings.Replace(palettes, "#112233", "#998877", 1)+"}")
			p.do("PATCH", "/looks/"+p.look, `{"title":"Changed"}`)
			p.do("PATCH", "/dashboards/"+p.dashboard, `{"title":"Changed"}`)
			p.do("PATCH", "/scheduled_plans/"+p.schedule, `{"name":"Changed"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPainted(t)
			change(p)
			done := p.inPrice(t, name, restore.Request{Items: p.refs()})
			if done.State != record.RestoreComplete {
				complete(t, done)
			}
			now := idsOf(done, p.refs())
			p.drawnWith(now[0], now[1], now[2], now[3])
			if again := p.plan(restore.Request{Items: p.refs()}); deeds(again)[record.DeedReuse] != len(again.Actions) {
				for _, a := range again.Actions {
					t.Errorf("a second plan has something to do: %s %s %v", a.Deed, a.Ref, a.Changes)
				}
			}
		})
	}
}

// A theme has again the collection that it had, when that is made anew.
func TestThemesHaveTheirCollectionAgain(t *testing.T) {
	t.Parallel()
	p := newPainted(t)
	theme := p.make("themes", `{"name":"painted","settings":{"color_collection_id":%q}}`, p.collection)
	p.backup()
	p.lose(p.refs()[0])
	done := p.inPrice(t, "theme", restore.Request{Items: p.refs()[:1]})
	complete(t, done)
	has := func() string {
		return canon.Text(canon.Member(canon.Member(p.sim.Document("themes", theme), "settings"), "color_collection_id"))
	}
	if made := targetOf(done, p.refs()[0]); has() != made || made == "" {
		t.Errorf("the theme has %s, and %s was made", has(), made)
	}
	complete(t, p.apply(p.plan(restore.Request{Undo: done.ID})))
	if has() != "" { // what it had was not there before either
		t.Errorf("after the undo the theme has %s", has())
	}
}

// A collection that is changed in place names what is drawn with it and does not come back with it:
// that can follow afterwards, but for what shows a query that lies elsewhere.
func TestWhatIsDrawnWithPalettesThatChangeIsNamed(t *testing.T) {
	t.Parallel()
	p := newPainted(t)
	refs := p.refs()
	p.do("PATCH", "/color_collections/"+p.collection, `{"categoricalPalettes":[{"label":"Main","type":"Categorical","colors":["#998877"]}]}`)
	named := func(plan record.Restore) (refs []string) {
		for _, note := range plan.Notes {
			if ref, _, ok := strings.Cut(note, " is drawn with palettes of color_collections/"); ok {
				ref, _, _ = strings.Cut(ref, " ")
				refs = append(refs, ref)
			}
		}
		return refs
	}
	all := []string{"dashboards/" + p.dashboard, "looks/" + p.look, "scheduled_plans/" + p.schedule}
	plan := p.plan(restore.Request{Items: refs[:1]})
	if d := diff.Diff(all, slices.Sorted(slices.Values(named(plan)))); d != "" {
		t.Errorf("named (-want +got):\n%s", d)
	}
	done := p.apply(plan)
	complete(t, done)
	complete(t, p.apply(p.plan(restore.Request{Items: refs[1:3]})))
	want := p.colours(p.collection)
	for what, body := range p.queries(p.look, p.dashboard, p.schedule) {
		if is := string(canon.Member(body, "vis_config")); is != want && what != "plan" {
			t.Errorf("%s does not follow (-want +got):\n%s", what, diff.Diff(want, is))
		}
	}
	if left := named(p.plan(restore.Request{Items: refs[:1]})); len(left) > 0 {
		t.Errorf("named where nothing changes: %v", left)
	}
	p.backup()
	if d := diff.Diff(all[:2], slices.Sorted(slices.Values(named(p.plan(restore.Request{Undo: done.ID}))))); d != "" {
		t.Errorf("named by an undo (-want +got):\n%s", d)
	}
}
