package lookersim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// doc is a document, decoded.
type doc map[string]any

// send asks for a write over HTTP and returns what came.
func (c *client) send(method, path, body string) (int, []byte) {
	c.t.Helper()
	status, answer, err := c.trySend(method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return status, answer
}

func (c *client) trySend(method, path, body string) (int, []byte, error) {
	c.t.Helper()
	return c.sendWith(c.t.Context(), method, path, body)
}

func (c *client) sendWith(ctx context.Context, method, path, body string) (int, []byte, error) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/api/4.0"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+c.token)
	req.Header.Set("Content-Type", "application/json")
	r, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if c.judged != nil && err == nil {
		c.judged(method, path, body, r, answer)
	}
	return r.StatusCode, answer, err
}

// write is send for requests that must be carried out.
func (c *client) write(method, path, body string) doc {
	c.t.Helper()
	status, answer := c.send(method, path, body)
	switch {
	case status == http.StatusNoContent:
		return nil
	case status != http.StatusOK:
		c.t.Fatalf("%s %s: status %d: %s", method, path, status, answer)
	}
	return decoded(c.t, answer)
}

// read is the document at a path, decoded.
func (c *client) read(path string) doc {
	c.t.Helper()
	return decoded(c.t, c.body(path))
}

func decoded(t testing.TB, body []byte) doc {
	t.Helper()
	if len(body) > 0 && body[0] == '[' {
		body = fmt.Appendf(nil, `{"rows":%s}`, body)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v doc
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %.200s", err, body)
	}
	return v
}

// at reads what lies at a path of names and indices joined by dots, nil for nothing.
func (d doc) at(path string) any {
	var v any = map[string]any(d)
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func (d doc) text(path string) string {
	v := d.at(path)
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (d doc) list(path string) []any {
	list, _ := d.at(path).([]any)
	return list
}

// column lists one member of every row.
func (d doc) column(path, member string) []string {
	list := []string{}
	for _, v := range d.list(path) {
		list = append(list, doc(v.(map[string]any)).text(member))
	}
	return list
}

// refusedAs checks the status and the first error of a refusal.
func (c *client) refusedAs(method, path, body string, status int, field, code string) {
	c.t.Helper()
	got, answer := c.send(method, path, body)
	d := decoded(c.t, answer)
	have := fmt.Sprintf("%d %s %s", got, d.text("errors.0.field"), d.text("errors.0.code"))
	want := fmt.Sprintf("%d %s %s", status, field, code)
	if have != want || d.text("message") == "" || d.text("documentation_url") == "" {
		c.t.Errorf("%s %s %s: %s, want %s: %s", method, path, body, have, want, answer)
	}
}

func small() lookersim.Options {
	s := lookersim.DefaultSizes()
	s.Dashboards, s.Looks = 30, 20
	return lookersim.Options{Seed: 7, Sizes: s, SmallTiles: true, Tiles: [2]int{3, 6}}
}

// whole checks that an item says the same on its own and as a row of its list.
func whole(t *testing.T, s *lookersim.Server, c *client, kind, id string) {
	t.Helper()
	single := c.body("/" + kind + "/" + id)
	if diff := cmp.Diff(string(s.Document(kind, id)), string(single)); diff != "" {
		t.Errorf("%s %s: the document is another one (-document +answer):\n%s", kind, id, diff)
	}
	listed := rows(t, c.body("/"+kind+"/search?id="+id))
	if len(listed) != 1 {
		t.Fatalf("%s %s: %d rows", kind, id, len(listed))
	}
	if kind != "looks" && !bytes.Equal(listed[0], single) {
		t.Errorf("%s %s: the row is another one", kind, id)
	}
}

func TestFoldersAreWritten(t *testing.T) {
	s, c := start(t, small())
	before := c.read("/folders/1").text("child_count")
	made := c.write("POST", "/folders", `{"name":"A & B","parent_id":"1","id":"9","child_count":7,"nonsense":true}`)
	id := made.text("id")
	if made.text("name") != "A & B" || made.text("parent_id") != "1" || made.text("child_count") != "0" || id == "9" || made.text("creator_id") != "1" {
		t.Errorf("made %v", made)
	}
	if after := c.read("/folders/1").text("child_count"); after == before {
		t.Errorf("the folder above counts %s folders as before", after)
	}
	whole(t, s, c, "folders", id)
	c.refusedAs("POST", "/folders", `{"name":"A & B","parent_id":"1"}`, 409, "name", "already_exists")
	c.refusedAs("POST", "/folders", `{"parent_id":"1"}`, 422, "name", "missing_field")
	c.refusedAs("POST", "/folders", `{"name":"x","parent_id":"99999"}`, 404, "", "")
	inner := c.write("POST", "/folders", `{"name":"inner","parent_id":"`+id+`"}`).text("id")
	c.refusedAs("PATCH", "/folders/"+id, `{"parent_id":"`+inner+`"}`, 422, "parent_id", "invalid")
	c.refusedAs("PATCH", "/folders/1", `{"name":"x"}`, 422, "id", "invalid")
	moved := c.write("PATCH", "/folders/"+inner, `{"name":"outer","parent_id":"1"}`)
	if moved.text("name") != "outer" || moved.text("parent_id") != "1" {
		t.Errorf("moved %v", moved)
	}
	if got := c.read("/folders/search?name=outer").column("rows", "id"); !cmp.Equal(got, []string{inner}) {
		t.Errorf("search finds %v", got)
	}
	c.write("DELETE", "/folders/"+inner, "")
	c.refusedAs("GET", "/folders/"+inner, "", 404, "", "")
	if next := c.write("POST", "/folders", `{"name":"next","parent_id":"1"}`).text("id"); next == inner || next == id {
		t.Errorf("the id %s is given again", next)
	}
}

// A folder is repeated in what lies in it, so a rename shows there.
func TestARenamedFolderShowsWhereItIsRepeated(t *testing.T) {
	s, c := start(t, small())
	for _, kind := range []string{"dashboards", "looks"} {
		id := c.read("/" + kind + "/search?sorts=id&limit=1").text("rows.0.id")
		folder := c.read("/" + kind + "/" + id).text("folder_id")
		name := "Renamed for " + kind
		if folder == "1" {
			t.Fatalf("%s %s lies in a root: choose another seed", kind, id)
		}
		c.write("PATCH", "/folders/"+folder, `{"name":"`+name+`"}`)
		if got := c.read("/" + kind + "/" + id).text("folder.name"); got != name {
			t.Errorf("%s %s says %q", kind, id, got)
		}
		if got := c.read("/" + kind + "/search?id=" + id).text("rows.0.folder.name"); got != name {
			t.Errorf("the row of %s %s says %q", kind, id, got)
		}
		c.write("PATCH", "/"+kind+"/"+id, `{"description":"changed"}`)
		c.write("PATCH", "/folders/"+folder, `{"name":"`+name+` again"}`)
		if got := c.read("/" + kind + "/" + id).text("folder.name"); got != name+" again" {
			t.Errorf("%s %s, which was written to, says %q", kind, id, got)
		}
		whole(t, s, c, kind, id)
	}
}

func TestDeletingAFolderTakesItsContentAlong(t *testing.T) {
	s, c := start(t, small())
	outer := c.write("POST", "/folders", `{"name":"outer","parent_id":"1"}`).text("id")
	inner := c.write("POST", "/folders", `{"name":"inner","parent_id":"`+outer+`"}`).text("id")
	dash := c.read("/dashboards/search?sorts=id&limit=1").text("rows.0.id")
	look := c.read("/looks/search?sorts=id&limit=1").text("rows.0.id")
	c.write("PATCH", "/dashboards/"+dash, `{"folder_id":"`+inner+`"}`)
	c.write("PATCH", "/looks/"+look, `{"folder_id":`+outer+`}`)
	if got := c.read("/folders/"+inner).column("dashboards", "id"); !cmp.Equal(got, []string{dash}) {
		t.Fatalf("the folder holds %v", got)
	}
	c.write("DELETE", "/folders/"+outer, "")
	c.refusedAs("GET", "/folders/"+inner, "", 404, "", "")
	for kind, id := range map[string]string{"dashboards": dash, "looks": look} {
		d := c.read("/" + kind + "/" + id)
		if d.text("deleted") != "true" || d.text("deleter_id") != "1" || d.text("deleted_at") == "" {
			t.Errorf("%s %s is not in the trash: %v", kind, id, d)
		}
		if got := c.read("/"+kind+"/search?deleted=true&id="+id).column("rows", "id"); len(got) != 1 {
			t.Errorf("%s %s is not listed in the trash", kind, id)
		}
		c.refusedAs("PATCH", "/"+kind+"/"+id, `{"deleted":false}`, 422, "folder_id", "invalid")
		if d := c.write("PATCH", "/"+kind+"/"+id, `{"deleted":false,"folder_id":"1"}`); d.text("deleted") != "false" || d.at("deleted_at") != nil || d.text("folder.id") != "1" {
			t.Errorf("%s %s does not come back: %v", kind, id, d)
		}
		whole(t, s, c, kind, id)
	}
}

func TestLooksAreWritten(t *testing.T) {
	s, c := start(t, small())
	query := c.read("/looks/search?sorts=id&limit=1&fields=id").text("rows.0.id")
	query = c.read("/looks/" + query).text("query_id")
	made := c.write("POST", "/looks", `{"title":"T","folder_id":"1","query_id":"`+query+`","description":"d","view_count":99,"query":{"model":"no","view":"no"},"public":true,"user_id":"2"}`)
	id := made.text("id")
	if made.text("query.id") != query || made.text("view_count") != "0" || made.text("user_id") != "2" || made.text("public_slug") == "" || made.text("folder.id") != "1" {
		t.Errorf("made %v", made)
	}
	whole(t, s, c, "looks", id)
	c.refusedAs("POST", "/looks", `{"title":"T","folder_id":"1","query_id":"`+query+`"}`, 422, "title", "already_exists")
	c.refusedAs("POST", "/looks", `{"title":"U","folder_id":"1","query_id":"2"}`, 422, "query_id", "invalid")
	c.refusedAs("POST", "/looks", `{"title":"U","folder_id":"1"}`, 422, "query_id", "missing_field")
	c.refusedAs("PATCH", "/looks/"+id, `{"user_id":"77777"}`, 422, "user_id", "invalid")
	changed := c.write("PATCH", "/looks/"+id, `{"description":null,"id":"4","public":false}`)
	if changed.at("description") != nil || changed.text("id") != id || changed.at("public_slug") != nil || changed.text("updated_at") <= made.text("updated_at") {
		t.Errorf("changed %v", changed)
	}
	c.write("PATCH", "/looks/"+id, `{"deleted":true}`)
	c.write("POST", "/looks", `{"title":"T","folder_id":"1","query_id":"`+query+`"}`)
	c.refusedAs("PATCH", "/looks/"+id, `{"deleted":false}`, 422, "title", "already_exists")
	c.write("DELETE", "/looks/"+id, "")
	c.refusedAs("GET", "/looks/"+id, "", 404, "", "")
	c.refusedAs("DELETE", "/looks/"+id, "", 404, "", "")
	if got := c.read("/queries/" + query).text("id"); got != query {
		t.Errorf("the query went along: %q", got)
	}
}

func TestDashboardsAreWritten(t *testing.T) {
	s, c := start(t, small())
	made := c.write("POST", "/dashboards", `{"title":"T <1>","folder_id":"1","slug":"own-slug","appearance":{"page_side_margins":3},"dashboard_elements":[{"id":"1"}],"id":"5"}`)
	id := made.text("id")
	if id == "5" || made.text("slug") != "own-slug" || made.text("appearance.page_side_margins") != "3" || made.text("appearance.tile_shadow") != "false" {
		t.Errorf("made %v", made)
	}
	if len(made.list("dashboard_elements")) != 0 || made.text("dashboard_layouts.0.active") != "true" || made.text("dashboard_layouts.0.dashboard_id") != id {
		t.Errorf("made with %v and %v", made.at("dashboard_elements"), made.at("dashboard_layouts"))
	}
	whole(t, s, c, "dashboards", id)
	c.refusedAs("POST", "/dashboards", `{"title":"T <1>","folder_id":"1"}`, 422, "title", "already_exists")
	c.refusedAs("POST", "/dashboards", `{"title":"U"}`, 422, "folder_id", "missing_field")
	c.refusedAs("POST", "/dashboards", `{"title":"U","folder_id":"1","slug":"own-slug"}`, 409, "slug", "already_exists")
	c.write("PATCH", "/dashboards/"+id, `{"deleted":true}`)
	c.refusedAs("POST", "/dashboards", `{"title":"U","folder_id":"1","slug":"own-slug"}`, 409, "slug", "already_exists")
	c.write("DELETE", "/dashboards/"+id, "")
	again := c.write("POST", "/dashboards", `{"title":"U","folder_id":"1","slug":"own-slug"}`)
	if again.text("id") == id {
		t.Errorf("the id %s is given again", id)
	}
	if slug := c.write("POST", "/dashboards", `{"title":"V","folder_id":"1"}`).text("slug"); len(slug) != 22 {
		t.Errorf("a dashboard without a slug gets %q", slug)
	}
}

// A change of the head of a generated dashboard leaves all else as it was.
func TestAnEditOfADashboardLeavesTheRest(t *testing.T) {
	s, c := start(t, small())
	id := c.read("/dashboards/search?sorts=-id&limit=1").text("rows.0.id")
	before := c.read("/dashboards/" + id)
	tile := before.text("dashboard_elements.0.query_id")
	c.write("PATCH", "/dashboards/"+id, `{"title":"Other","refresh_interval":"1 hour"}`)
	after := c.read("/dashboards/" + id)
	want := []string{"dashboard_layouts.dashboard_title", "refresh_interval", "title", "updated_at"}
	if diff := cmp.Diff(want, differing(before, after)); diff != "" {
		t.Errorf("changed members (-want +got):\n%s", diff)
	}
	whole(t, s, c, "dashboards", id)
	c.write("DELETE", "/dashboards/"+id, "")
	if tile != "" && c.read("/queries/"+tile).text("id") != tile {
		t.Errorf("the query %s of a tile went along", tile)
	}
}

// differing lists the members that differ, one level deep where objects are.
func differing(a, b map[string]any) []string {
	list := []string{}
	for name := range a {
		if cmp.Equal(a[name], b[name]) {
			continue
		}
		if rows, ok := a[name].([]any); ok && name == "dashboard_layouts" {
			for _, member := range differing(rows[0].(map[string]any), b[name].([]any)[0].(map[string]any)) {
				list = append(list, name+"."+member)
			}
			continue
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

func TestWritesAreSeen(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 30, 0, 0, time.UTC)
	options := small()
	options.Now = func() time.Time { return at }
	s, c := start(t, options)
	c.write("POST", "/folders", `{"name":"a","parent_id":"1"}`)
	c.send("PATCH", "/folders/1?x=1", `{"name":"a"}`)
	c.send("DELETE", "/folders/77777", "")
	if status, _ := s.Do("POST", "/folders", []byte(`{"name":"by hand","parent_id":"1"}`)); status != http.StatusOK {
		t.Fatalf("Do: status %d", status)
	}
	want := []lookersim.WriteSeen{
		{Method: "POST", Path: "/folders", Body: []byte(`{"name":"a","parent_id":"1"}`), Status: 200, At: at},
		{Method: "PATCH", Path: "/folders/1", Query: "x=1", Body: []byte(`{"name":"a"}`), Status: 422, At: at},
		{Method: "DELETE", Path: "/folders/77777", Body: []byte{}, Status: 404, At: at},
	}
	if diff := cmp.Diff(want, s.Writes()); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
	s.ForgetWrites()
	if got := s.Writes(); len(got) != 0 {
		t.Errorf("%d writes are left", len(got))
	}
}

func TestWritesNeedALoginAndAnAdministrator(t *testing.T) {
	s, c := start(t, small())
	c.token = "wrong"
	if status, _ := c.send("POST", "/folders", `{"name":"a","parent_id":"1"}`); status != http.StatusUnauthorized {
		t.Errorf("status %d without a login", status)
	}
	if w := s.Writes(); len(w) != 1 || w[0].Done() {
		t.Errorf("writes: %+v", w)
	}
	opts := small()
	opts.Restricted = true
	_, c = start(t, opts)
	if status, _ := c.send("POST", "/folders", `{"name":"a","parent_id":"1"}`); status != http.StatusForbidden {
		t.Errorf("status %d for somebody who is no administrator", status)
	}
}

func TestBadBodiesAreRefused(t *testing.T) {
	_, c := start(t, small())
	for _, body := range []string{`{`, `7`, `"x"`, `{"name":}`} {
		if status, _ := c.send("POST", "/folders", body); status != http.StatusBadRequest {
			t.Errorf("%s: status %d", body, status)
		}
	}
	if status, _ := c.send("POST", "/folders", `[]`); status != http.StatusUnprocessableEntity {
		t.Errorf("an array: status %d", status)
	}
}
