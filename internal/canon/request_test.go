package canon_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

func TestDifferences(t *testing.T) {
	long := string(bytes.Repeat([]byte("é"), 250))
	tests := []struct {
		name, before, after string
		want                []record.Change
	}{
		{"the same", `{"a":{"b":[1,2]}}`, `{"a":{"b":[1,2]}}`, nil},
		{"a member", `{"a":1,"b":"x"}`, `{"a":1.0,"b":"x"}`, []record.Change{{Path: "a", Before: json.RawMessage("1"), After: json.RawMessage("1.0")}}},
		{"one that came, one that went", `{"a":1}`, `{"b":null}`, []record.Change{{Path: "a", Before: json.RawMessage("1")}, {Path: "b", After: json.RawMessage("null")}}},
		{"inside objects", `{"a":{"b":{"c":1},"d":2}}`, `{"a":{"b":{"c":2},"d":2}}`, []record.Change{{Path: "a.b.c", Before: json.RawMessage("1"), After: json.RawMessage("2")}}},
		{"parts", `{"dashboard_layouts":{"2":{"dashboard_layout_components":{"311":{"row":1}}}}}`, `{"dashboard_layouts":{"2":{"dashboard_layout_components":{"311":{"row":2}}}}}`,
			[]record.Change{{Path: "dashboard_layouts/2.dashboard_layout_components/311.row", Before: json.RawMessage("1"), After: json.RawMessage("2")}}},
		{"lists of values are one", `{"a":[1,2]}`, `{"a":[2,1]}`, []record.Change{{Path: "a", Before: json.RawMessage("[1,2]"), After: json.RawMessage("[2,1]")}}},
		{"lists of objects one by one", `{"a":[{"x":1},{"x":2}]}`, `{"a":[{"x":1},{"x":3}]}`, []record.Change{{Path: "a[1].x", Before: json.RawMessage("2"), After: json.RawMessage("3")}}},
		{"long values are cut between runes", `{"a":"` + long + `"}`, `{}`, []record.Change{{Path: "a", Before: json.RawMessage(`"` + string([]rune(long)[:200]) + `…"`)}}},
		{"a tile that is cut begins with its title", `{}`, `{"a":{"query":{"x":"` + long + `"},"title":"Sales","title_text":"","type":"vis"}}`,
			[]record.Change{{Path: "a", After: json.RawMessage(`"{\"title\":\"Sales\",\"type\":\"vis\",\"query\":{\"x\":\"` + string([]rune(long)[:156]) + `…"`)}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := canon.Differences([]byte(test.before), []byte(test.after))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestChangesKnowWhatAServerDidNotKnow: a member that the wanted document does not hold at
// all was not known to the server it came from.
func TestChangesKnowWhatAServerDidNotKnow(t *testing.T) {
	tests := []struct{ name, current, wanted, want string }{
		{"a member that is new since", `{"title":"T","chat_enabled":true}`, `{"title":"T"}`, ``},
		{"one that was null", `{"title":"T","description":"D"}`, `{"title":"T","description":null}`, `description "D" ->  `},
		{"one that is not there yet", `{"title":"T"}`, `{"title":"U","description":"D"}`, `description  -> "D" title "T" -> "U" `},
		{"in parts, if no part holds it", `{"dashboard_elements":[{"id":"1","title":"T","aria_description":"a"}]}`, `{"dashboard_elements":[{"id":"1","title":"U"}]}`,
			`dashboard_elements/1.title "T" -> "U" `},
	}
	w := writeOf(t, "dashboards")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			changes, err := canon.Changes(w, []byte(test.current), []byte(test.wanted), canon.Itself)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, c := range changes {
				got += fmt.Sprintf("%s %s -> %s ", c.Path, c.Before, c.After)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestPatch(t *testing.T) {
	mapped := resolver(map[string]string{"folders/1": "11", "users/2": "12", "queries/3": "13", "looks/4": "14", "lookml_models/m": "n", "dashboards/5": "15"})
	tests := []struct {
		name            string
		write           *catalogue.Write
		current, wanted string
		want            string
		unmapped        []record.Ref
	}{
		{name: "what differs", write: writeOf(t, "looks"),
			current: `{"title":"T","folder_id":"11","user_id":"12","description":""}`, wanted: `{"title":"U","folder_id":"1","user_id":2,"description":null}`, want: `{"title":"U"}`},
		{name: "null is spelled out", write: writeOf(t, "looks"), current: `{"description":"D"}`, wanted: `{"description":null}`, want: `{"description":null}`},
		{name: "what the server did not know stays", write: writeOf(t, "looks"), current: `{"title":"T","description":"D"}`, wanted: `{"title":"T"}`, want: `{}`},
		{name: "undelete", write: writeOf(t, "looks"), current: `{"deleted":true}`, wanted: `{"deleted":false}`, want: `{"deleted":false}`},
		{name: "a nested query with another id and the same content", write: writeOf(t, "looks"),
			current: `{"query_id":"99","query":{"id":"99","model":"n","client_id":"a"}}`, wanted: `{"query_id":"3","query":{"id":"3","model":"m","client_id":"b"}}`, want: `{}`},
		{name: "another query", write: writeOf(t, "looks"),
			current: `{"query_id":"99","query":{"model":"n","limit":"1"}}`, wanted: `{"query_id":"3","query":{"model":"m","limit":"2"}}`, want: `{"query_id":"13"}`},
		{name: "from a query to a look", write: tileOf(t).Write,
			current: `{"type":"vis","query_id":"99","query":{"model":"n"},"look_id":null}`, wanted: `{"type":"vis","look_id":"4","query_id":null,"query":null}`, want: `{"look_id":"14","query_id":null}`},
		{name: "what has no place there", write: writeOf(t, "looks"), current: `{"folder_id":"9"}`, wanted: `{"folder_id":"8"}`, unmapped: []record.Ref{{Kind: "folders", ID: "8"}}},
		{name: "nor is a reference missing that is not sent", write: writeOf(t, "looks"), current: `{"title":"T","folder_id":"?"}`, wanted: `{"title":"U","folder_id":null}`, want: `{"title":"U","folder_id":null}`},
		{name: "a member that is late", write: writeOf(t, "users"), current: `{"first_name":"A","home_folder_id":"9"}`, wanted: `{"first_name":"B","home_folder_id":"1"}`, want: `{"first_name":"B","home_folder_id":"11"}`},
		{name: "once", write: writeOf(t, "user_attributes"), current: `{"label":"L","hidden_value_domain_whitelist":"a"}`, wanted: `{"label":"M","hidden_value_domain_whitelist":"b"}`, want: `{"label":"M"}`},
		{name: "all of an alert", write: writeOf(t, "alerts"),
			current: `{"owner_id":"12","threshold":1.0,"cron":"c","query_id":null}`, wanted: `{"owner_id":"2","threshold":2.0,"cron":"c","query_id":null,"custom_title":null}`,
			want: `{"owner_id":"12","threshold":2.0,"cron":"c","custom_title":null}`},
		{name: "nested objects whole", write: writeOf(t, "dashboards"), current: `{"appearance":{"a":1,"b":2}}`, wanted: `{"appearance":{"a":1,"b":3}}`, want: `{"appearance":{"a":1,"b":3}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, changed, err := canon.Patch(test.write, []byte(test.current), []byte(test.wanted), mapped)
			var unmapped *canon.UnmappedError
			if errors.As(err, &unmapped) {
				if diff := cmp.Diff(test.unmapped, unmapped.Refs); diff != "" {
					t.Errorf("unmapped (-want +got)\n%s", diff)
				}
				return
			}
			if err != nil || test.unmapped != nil {
				t.Fatalf("%s, %v", got, err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" || changed != (test.want != "{}") {
				t.Errorf("changed %v (-want +got)\n%s", changed, diff)
			}
		})
	}
}

func TestHolds(t *testing.T) {
	tile := tileOf(t).Write
	tests := []struct {
		name            string
		write           *catalogue.Write
		sent, candidate string
		want            bool
	}{
		{"all of it", tile, `{"type":"vis","title":"T","query_id":"q","dashboard_id":"5"}`, `{"id":"1","type":"vis","title":"T","query_id":"q","query":{"id":"q","model":"m"},"dashboard_id":5,"title_hidden":false}`, true},
		{"a null that is not there", tile, `{"type":"text","body_text":"x","title":null}`, `{"type":"text","body_text":"x"}`, true},
		{"another title", tile, `{"type":"vis","title":"T"}`, `{"type":"vis","title":"U"}`, false},
		{"another dashboard", tile, `{"type":"vis","dashboard_id":"5"}`, `{"type":"vis","dashboard_id":"6"}`, false},
		{"another query", tile, `{"type":"vis","query_id":"q"}`, `{"type":"vis","query_id":"r","query":{"model":"m"}}`, false},
		{"destinations in another order", writeOf(t, "scheduled_plans"), `{"name":"S","scheduled_plan_destination":[{"type":"a"},{"type":"b"}]}`,
			`{"name":"S","scheduled_plan_destination":[{"id":"2","type":"b","apply_vis":false},{"id":"1","type":"a","apply_vis":null}]}`, true},
		{"what was not sent", writeOf(t, "scheduled_plans"), `{"name":"S","enabled":false}`, `{"name":"S","enabled":false,"include_links":true}`, true},
		{"nothing that can be read", tile, `{"type":"vis"}`, `{"type":`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := canon.Holds(test.write, []byte(test.sent), []byte(test.candidate)); got != test.want {
				t.Errorf("Holds = %v, want %v", got, test.want)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	body := `{"id":"1","folder_id":"2","user_id":3,"deleter_id":"9","dashboard_elements":[
		{"id":"7","type":"vis","dashboard_layout_id":"8","query_id":"q","query":{"id":"q","model":"m","view":"v","vis_config":{"color_application":{"collection_id":"c","palette_id":"p"},"rows":[{"palette":{"collection_id":"d"}}]}}},
		{"id":"6","type":"vis","look_id":"5","look":{"id":"5","query":{"model":"no"}}}],
		"dashboard_filters":[{"id":"4","model":"m","explore":"w","dimension":"d"}],"dashboard_layouts":[{"id":"8"}]}`
	found, err := canon.References(writeOf(t, "dashboards"), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]record.Kind)
	for _, r := range found {
		got[r.String()] = r.Part
	}
	want := map[string]record.Kind{
		"folders/2": "", "users/3": "", "explores/m::w": "dashboard_filters", "lookml_models/m": "dashboard_elements", "queries/q": "dashboard_elements",
		"explores/m::v": "dashboard_elements", "looks/5": "dashboard_elements", "color_collections/c": "dashboard_elements",
		"color_palettes/p": "dashboard_elements", "color_collections/d": "dashboard_elements",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !slicesContains(found, "lookml_models/m", "dashboard_filters") {
		t.Error("the model of a filter is missing")
	}
}

func slicesContains(found []canon.Reference, ref string, part record.Kind) bool {
	for _, r := range found {
		if r.String() == ref && r.Part == part {
			return true
		}
	}
	return false
}

func TestCreationReachesIntoFreeJSON(t *testing.T) {
	picked := `{"model":"m","vis_config":{"n":1e400,"color_application":{"collection_id":"c", "palette_id":"p"},"x":[{"palette":{"collection_id":"c"}}],"collection_id":"c","note":"collection_id"}}`
	want := `{"model":"M","vis_config":{"n":1e400,"color_application":{"collection_id":"C", "palette_id":"p"},"x":[{"palette":{"collection_id":"C"}}],"collection_id":"C","note":"collection_id"}}`
	got, missing, err := canon.Creation(writeOf(t, "queries"), []byte(picked), resolver(map[string]string{"lookml_models/m": "M", "color_collections/c": "C"}))
	if err != nil || len(missing) > 0 {
		t.Fatalf("missing %v, %v", missing, err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestKeyOf(t *testing.T) {
	mapped := resolver(map[string]string{"folders/1": "2", "dashboard_elements/7": "8", "users/1": "1"})
	tests := []struct {
		name, kind, body string
		key              int
		other            string // of the target
		same             bool
	}{
		{"folder and title", "looks", `{"folder_id":"1","title":"T"}`, 0, `{"folder_id":2,"title":"T"}`, true},
		{"another title", "looks", `{"folder_id":"1","title":"T"}`, 0, `{"folder_id":"2","title":"t"}`, false},
		{"addresses in any case", "users", `{"credentials_email":{"email":"Ann@x"}}`, 0, `{"credentials_email":{"email":"ann@X"}}`, true},
		{"no address", "users", `{"credentials_email":null}`, 0, `{"credentials_email":null}`, false},
		{"what is not there", "looks", `{"folder_id":"9","title":"T"}`, 0, `{"folder_id":"9","title":"T"}`, false},
		{"members inside", "alerts", `{"dashboard_element_id":"7","field":{"name":"f"},"threshold":1.0,"owner_id":"1"}`, 0, `{"dashboard_element_id":"8","field":{"name":"f","title":"x"},"threshold":1.0,"owner_id":"1"}`, true},
		{"whose it is", "content_metadata", `{"folder_id":"1","inherits":true}`, 0, `{"folder_id":"2","inherits":false}`, true},
		{"members that are sent from elsewhere", "roles", `{"name":"R"}`, 0, `{"name":"R","permission_set":{"id":"1"}}`, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := writeOf(t, record.Kind(test.kind))
			key, ok := canon.KeyOf(w, &w.Keys[test.key], []byte(test.body), mapped)
			other, found := canon.KeyOf(w, &w.Keys[test.key], []byte(test.other), canon.Itself)
			if got := ok && found && key == other; got != test.same {
				t.Errorf("%q (%v) and %q (%v): the same is %v, want %v", key, ok, other, found, got, test.same)
			}
		})
	}
}

func TestGuarded(t *testing.T) {
	tests := []struct {
		kind, body string
		why        string
	}{
		{"folders", `{"id":"5","is_shared_root":false,"is_personal":true}`, "Looker makes a personal folder with its user"},
		{"folders", `{"id":"5","is_shared_root":false}`, ""},
		{"folders", `{"id":"lookml"}`, "the folder of LookML dashboards is on every instance"},
		{"users", `{"credentials_embed":[]}`, ""},
		{"users", `{"credentials_embed":[{"id":"1"}]}`, "Looker makes a user of embedding when that user first logs in"},
		{"roles", `{"name":"Admin"}`, "Looker's own role Admin is on every instance and cannot be changed"},
		{"scheduled_plans", `{"run_once":true}`, "it was to run once"},
	}
	for _, test := range tests {
		why := ""
		if guard := canon.Guarded(writeOf(t, record.Kind(test.kind)), []byte(test.body)); guard != nil {
			why = guard.Why
		}
		if why != test.why {
			t.Errorf("%s %s is guarded: %q, want %q", test.kind, test.body, why, test.why)
		}
	}
}

func TestRowFor(t *testing.T) {
	if row := canon.RowFor(kindOf(t, "settings"), "session_config", nil); row.Write == nil || row.Write.Update.Path != "/session_config" {
		t.Errorf("settings/session_config is written by %v", row.Write)
	}
	if row := canon.RowFor(kindOf(t, "settings"), "smtp_status", nil); row.Write != nil || row.NotWritten == "" {
		t.Errorf("settings/smtp_status is written by %v", row.Write)
	}
	if row := canon.RowFor(kindOf(t, "users"), "1", []byte(`{"is_service_account":true}`)); row.Write.Create.Path != "/users/service_accounts" {
		t.Errorf("a service account is made by %s", row.Write.Create)
	}
	if row := canon.RowFor(kindOf(t, "users"), "1", []byte(`{"is_service_account":false}`)); row.Write.Create.Path != "/users" {
		t.Errorf("a user is made by %s", row.Write.Create)
	}
}

func TestInnerPairs(t *testing.T) {
	source := `{"id":"a","categoricalPalettes":[{"id":"1","label":"L","type":"Categorical"},{"id":"2","label":"M","type":"Categorical"},{"id":"3","label":"N"},{"id":"4","label":"N"}],"sequentialPalettes":[{"id":"5","label":"L","type":"Sequential"},{"id":"6","label":"O"},{"id":"7","label":"O"}]}`
	target := `{"id":"b","categoricalPalettes":[{"id":"12","label":"M","type":"Categorical"},{"id":"11","label":"L","type":"Categorical"},{"id":"13","label":"N"}],"sequentialPalettes":[{"id":"16","label":"O"},{"id":"15","label":"L","type":"Sequential"},{"id":"17","label":"O"}]}`
	got, err := canon.InnerPairs(writeOf(t, "color_collections"), []byte(source), []byte(target))
	if err != nil {
		t.Fatal(err)
	}
	ref := func(id string) record.Ref { return record.Ref{Kind: catalogue.Palettes, ID: id} }
	if diff := cmp.Diff([]canon.InnerPair{{ref("1"), "11"}, {ref("2"), "12"}, {ref("5"), "15"}, {ref("6"), "16"}, {ref("7"), "17"}}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	refs, err := canon.InnerRefs(writeOf(t, "color_collections"), []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	if want := []record.Ref{ref("1"), ref("2"), ref("3"), ref("4"), ref("5"), ref("6"), ref("7")}; !cmp.Equal(want, refs) {
		t.Errorf("all of them are %v, want %v", refs, want)
	}
}

// TestRedactedIsNotSent: the mark of what was redacted must never reach an instance.
func TestRedactedIsNotSent(t *testing.T) {
	body := []byte(`{"name":"S","custom_url_params":"[redacted by lookervault]","scheduled_plan_destination":[{"type":"webhook","address":"[redacted by lookervault]"}]}`)
	w := writeOf(t, "scheduled_plans")
	sent, _, err := canon.Creation(w, body, canon.Itself)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"name":"S","scheduled_plan_destination":[{"type":"webhook"}],"enabled":false}`, string(sent)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"custom_url_params", "scheduled_plan_destination.address"}, canon.Redacted(w, body)); diff != "" {
		t.Errorf("redacted (-want +got)\n%s", diff)
	}
	body = []byte(`{"title":"D","dashboard_elements":[{"id":"1","body_text":"[redacted by lookervault]"},{"id":"2","body_text":"[redacted by lookervault]"}]}`)
	if diff := cmp.Diff([]string{"dashboard_elements.body_text"}, canon.Redacted(writeOf(t, "dashboards"), body)); diff != "" {
		t.Errorf("redacted in parts (-want +got)\n%s", diff)
	}
}

func FuzzPick(f *testing.F) {
	for _, seed := range []string{
		`{"title":"a","settings":{"a":1e400},"list":[{"x":"\ud800"}]}`, `[{"title":1},{"title":2}]`, `{"title":1,"title":2}`, `{"settings":[{"a":1,"a":2}],"free":{"free":1}}`, `"x"`,
	} {
		f.Add([]byte(seed))
	}
	paths := []string{"title", "settings.a", "list.x", "free"}
	f.Fuzz(func(t *testing.T, body []byte) {
		picked, err := canon.Pick(body, paths)
		if err != nil {
			return
		}
		again, err := canon.Pick(picked, paths)
		if err != nil {
			t.Fatalf("%q: %q cannot be read: %v", body, picked, err)
		}
		if !bytes.Equal(picked, again) {
			t.Errorf("%q: picked again, %q is %q", body, picked, again)
		}
		if json.Valid(body) && !json.Valid(picked) {
			t.Errorf("%q: %q is not valid", body, picked)
		}
	})
}

func FuzzCreation(f *testing.F) {
	f.Add([]byte(`{"model":"m","view":"v","vis_config":{"a":[{"collection_id":"c"}],"collection_id":1.0}}`))
	f.Add([]byte(`{"view":[["v"]],"vis_config":[{"palette_id":["p",{"collection_id":null}]}]}`))
	w, ok := catalogue.Find("queries")
	if !ok {
		f.Fatal("no queries")
	}
	there := func(_ record.Kind, id string) (string, bool) { return id + "x", true }
	back := func(_ record.Kind, id string) (string, bool) { return id[:max(0, len(id)-1)], true }
	f.Fuzz(func(t *testing.T, body []byte) {
		same, _, err := canon.Creation(w.Write, body, canon.Itself)
		if err != nil {
			return
		}
		if again, _, err := canon.Creation(w.Write, same, canon.Itself); err != nil || !bytes.Equal(again, same) {
			t.Errorf("%q: of %q it is %q, %v", body, same, again, err)
		}
		sent, _, err := canon.Creation(w.Write, body, there)
		if err != nil || json.Valid(body) && !json.Valid(sent) {
			t.Fatalf("%q: %q, %v", body, sent, err)
		}
		if _, _, err := canon.Creation(w.Write, sent, back); err != nil {
			t.Errorf("%q: %q cannot be mapped back: %v", body, sent, err)
		}
	})
}
