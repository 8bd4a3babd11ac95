package canon_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
)

// kindOf returns the row of a kind.
func kindOf(t *testing.T, name record.Kind) *catalogue.Spec {
	t.Helper()
	kind, ok := catalogue.Find(name)
	if !ok {
		t.Fatalf("%s is no kind", name)
	}
	return kind
}

func TestNormal(t *testing.T) {
	mapped := resolver(map[string]string{"folders/1": "F", "users/2": "U", "queries/3": "Q", "dashboard_elements/7": "S", "dashboard_layouts/1": "L"})
	tests := []struct {
		name, kind, body string
		resolve          canon.Resolver
		want             string
	}{
		{
			name: "members that are sent, sorted", kind: "looks", resolve: canon.Itself,
			body: `{"view_count":3,"title":"T","id":"9","folder_id":"1","public":false,"description":null}`,
			want: `{"folder_id":"1","public":false,"title":"T"}`,
		},
		{
			name: "texts are spelled in one way, numbers as they come", kind: "queries", resolve: canon.Itself,
			body: `{"model":"a\u0026b","vis_config":{"z":1e400,"a":0.10,"b":null}}`,
			want: `{"model":"a&b","vis_config":{"a":0.10,"b":null,"z":1e400}}`,
		},
		{
			name: "ids are texts", kind: "looks", resolve: canon.Itself,
			body: `{"folder_id":12,"user_id":3}`, want: `{"folder_id":"12","user_id":"3"}`,
		},
		{
			name: "references are resolved", kind: "looks", resolve: mapped,
			body: `{"folder_id":"1","user_id":2,"query_id":"9"}`, want: `{"folder_id":"F","query_id":"?9","user_id":"U"}`,
		},
		{
			name: "what is nested takes the place of its id", kind: "looks", resolve: canon.Itself,
			body: `{"query_id":"3","query":{"id":"3","model":"m","view":"v","limit":"500","client_id":"x"}}`,
			want: `{"query":{"limit":"500","model":"m","view":"v"}}`,
		},
		{
			name: "nothing is nothing", kind: "queries", resolve: canon.Itself,
			body: `{"model":"m","pivots":[],"filters":{},"sorts":null,"dynamic_fields":"","total":null}`, want: `{"model":"m"}`,
		},
		{
			name: "parts by their ids, places by their tiles", kind: "dashboards", resolve: canon.Itself,
			body: `{"dashboard_elements":[{"id":"8","type":"text"},{"id":"7","type":"vis","query_id":"3"}],"dashboard_filters":[],` +
				`"dashboard_layouts":[{"id":"1","active":true,"deleted":false,"dashboard_layout_components":[{"id":"90","dashboard_element_id":"7","row":1},{"id":"91","dashboard_element_id":"99","row":2}]},{"id":"2","deleted":true}]}`,
			want: `{"dashboard_elements":{"7":{"query_id":"3","title_hidden":false,"type":"vis"},"8":{"title_hidden":false,"type":"text"}},"dashboard_filters":{},` +
				`"dashboard_layouts":{"1":{"active":true,"dashboard_layout_components":{"7":{"deleted":false,"row":1}}}}}`,
		},
		{
			name: "ids of parts are resolved", kind: "dashboards", resolve: mapped,
			body: `{"dashboard_elements":[{"id":"7"},{"id":"8"}],"dashboard_filters":[],"dashboard_layouts":[{"id":"1","dashboard_layout_components":[{"dashboard_element_id":"7"}]}]}`,
			want: `{"dashboard_elements":{"?8":{"title_hidden":false},"S":{"title_hidden":false}},"dashboard_filters":{},"dashboard_layouts":{"L":{"dashboard_layout_components":{"S":{"deleted":false}}}}}`,
		},
		{
			name: "a tab alone is not named", kind: "dashboards", resolve: canon.Itself,
			body: `{"dashboard_elements":[{"id":"7","dashboard_layout_id":"1"}],"dashboard_filters":[],"dashboard_layouts":[{"id":"1"}]}`,
			want: `{"dashboard_elements":{"7":{"title_hidden":false}},"dashboard_filters":{},"dashboard_layouts":{"1":{"dashboard_layout_components":{}}}}`,
		},
		{
			name: "a tab among others is", kind: "dashboards", resolve: canon.Itself,
			body: `{"dashboard_elements":[{"id":"7","dashboard_layout_id":"1"}],"dashboard_filters":[],"dashboard_layouts":[{"id":"1"},{"id":"2"}]}`,
			want: `{"dashboard_elements":{"7":{"dashboard_layout_id":"1","title_hidden":false}},"dashboard_filters":{},"dashboard_layouts":{"1":{"dashboard_layout_components":{}},"2":{"dashboard_layout_components":{}}}}`,
		},
		{
			name: "filters that nothing listens to are none", kind: "dashboards", resolve: canon.Itself,
			body: `{"dashboard_elements":[{"id":"7","result_maker":{"filterables":[{"model":"m","listen":[]}]}}],"dashboard_filters":[],"dashboard_layouts":[]}`,
			want: `{"dashboard_elements":{"7":{"title_hidden":false}},"dashboard_filters":{},"dashboard_layouts":{}}`,
		},
		{
			name: "orders of a board without what is gone", kind: "boards", resolve: canon.Itself,
			body: `{"section_order":["2","1","9"],"board_sections":[{"id":"1","item_order":["5"],"board_items":[{"id":"5","look_id":"4"}]},{"id":"2","board_items":[]},{"id":"9","deleted_at":"2026"}]}`,
			want: `{"board_sections":{"1":{"board_items":{"5":{"look_id":"4"}},"item_order":["5"]},"2":{"board_items":{}}},"section_order":["2","1"]}`,
		},
		{
			name: "a set of a list", kind: "role_users", resolve: resolver(map[string]string{"users/1": "9", "users/3": "1"}),
			body: `[{"id":"3"},{"id":1},{"id":"7"}]`, want: `{"id":["1","9","?7"]}`,
		},
		{
			name: "a list that is written whole", kind: "user_attribute_group_values", resolve: canon.Itself,
			body: `[{"id":"1","group_id":"5","value":"x","rank":1},{"group_id":"4","value":null}]`, want: `[{"group_id":"5","value":"x"},{"group_id":"4"}]`,
		},
		{
			name: "access by who has it", kind: "content_access", resolve: resolver(map[string]string{"groups/5": "6", "users/1": "1"}),
			body: `[{"id":"2","content_metadata_id":"9","group_id":"5","user_id":null,"permission_type":"view"},{"id":"3","user_id":"1","permission_type":"edit"}]`,
			want: `{"content_access":{"6::":{"group_id":"6","permission_type":"view"},"::1":{"permission_type":"edit","user_id":"1"}}}`,
		},
		{
			name: "ids from what an answer nests", kind: "roles", resolve: canon.Itself,
			body: `{"name":"R","permission_set":{"id":"4","permissions":["a"]},"model_set":{"id":5}}`, want: `{"model_set_id":"5","name":"R","permission_set_id":"4"}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := canon.Normal(kindOf(t, record.Kind(test.kind)), []byte(test.body), test.resolve)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// shuffler writes a document anew: members in another order, texts spelled in another
// way, and the lists at some members in another order.
type shuffler struct {
	random *rand.Rand
	sets   []string // members whose arrays are shuffled
}

func (s shuffler) write(out *bytes.Buffer, value any, set bool) {
	switch value := value.(type) {
	case map[string]any:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		slices.Sort(names)
		s.random.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
		for i, name := range names {
			out.WriteByte("{,"[min(i, 1)])
			s.write(out, name, false)
			out.WriteString(" : ")
			s.write(out, value[name], slices.Contains(s.sets, name))
		}
		if len(names) == 0 {
			out.WriteByte('{')
		}
		out.WriteByte('}')
	case []any:
		if set {
			s.random.Shuffle(len(value), func(i, k int) { value[i], value[k] = value[k], value[i] })
		}
		out.WriteByte('[')
		for i, element := range value {
			if i > 0 {
				out.WriteString(", ")
			}
			s.write(out, element, false)
		}
		out.WriteByte(']')
	default:
		text, _ := json.Marshal(value) // numbers as they are, "<" as \u003c
		out.Write(text)
	}
}

func (s shuffler) shuffled(t *testing.T, body []byte) []byte {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_, list := value.([]any)
	s.write(&out, value, list && slices.Contains(s.sets, "."))
	return out.Bytes()
}

// TestOrderSaysNothing: members, parts and sets in another order, and texts in another
// spelling, have the same normal form, and nothing to send.
func TestOrderSaysNothing(t *testing.T) {
	sim := newSim(t, nil)
	for _, kind := range catalogue.All() {
		if kind.Write == nil {
			continue
		}
		sets := []string{"dashboard_elements", "dashboard_filters", "dashboard_layouts", "dashboard_layout_components", "board_sections", "board_items"}
		sets = append(sets, kind.Write.Unordered...)
		if len(kind.Write.Parts) == 1 && kind.Write.Parts[0].At == "." || len(kind.Write.Sets) > 0 {
			sets = append(sets, ".", "group_ids")
		}
		s, n := shuffler{rand.New(rand.NewPCG(1, 2)), sets}, 0
		for item := range sim.Items(string(kind.Name)) {
			if n++; n > 5 {
				break
			}
			row := canon.RowFor(kind, item.ID, item.Body)
			want, err := canon.Normal(row, item.Body, canon.Itself)
			if err != nil {
				t.Fatal(err)
			}
			other := s.shuffled(t, item.Body)
			got, err := canon.Normal(row, other, canon.Itself)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				changes, err := canon.Differences(want, got)
				t.Errorf("%s/%s: another order is another form: %v %v", kind.Name, item.ID, changes, err)
			}
			if item.Body[0] != '{' {
				continue
			}
			if sent, changed, err := canon.Patch(row.Write, item.Body, other, canon.Itself); changed || err != nil {
				t.Errorf("%s/%s: another order is sent: %s, %v", kind.Name, item.ID, sent, err)
			}
			unknown, err := canon.Unknown(row, item.Body)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := canon.Unknown(row, other); err != nil || string(again) != string(unknown) {
				t.Errorf("%s/%s: unknown members %s are %s in another order, %v", kind.Name, item.ID, unknown, again, err)
			}
		}
		if n == 0 {
			t.Logf("%s: the simulator has none", kind.Name)
		}
	}
}

// TestUnknown: what nobody knows is told, and nothing else.
func TestUnknown(t *testing.T) {
	tests := []struct{ name, kind, body, want string }{
		{"what is known", "looks", `{"id":"1","title":"T","view_count":3,"deleted_at":"2026","can":{"a":true},"query":{"id":"1","x":1},"folder":{"x":2}}`, `{}`},
		{"what is not", "looks", `{"id":"1","x_new":{"b":1.0,"a":null}}`, `{"x_new":{"a":null,"b":1.0}}`},
		{"in parts, by their ids", "dashboards", `{"dashboard_elements":[{"id":"9","x":1,"alert_count":4},{"id":"8","title":"T"}]}`, `{"dashboard_elements":{"9":{"x":1}}}`},
		{"in objects that are known in part", "looks", `{"certification_metadata":{"notes":"n","user_name":"u","x":1}}`, `{"certification_metadata":{"x":1}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := canon.Unknown(kindOf(t, record.Kind(test.kind)), []byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestOnlyWhatTheSimulatorMakesUpIsUnknown: its members that no description has begin
// with "x_".
func TestOnlyWhatTheSimulatorMakesUpIsUnknown(t *testing.T) {
	sim := newSim(t, nil)
	for _, kind := range catalogue.All() {
		n := 0
		for item := range sim.Items(string(kind.Name)) {
			row := canon.RowFor(kind, item.ID, item.Body)
			if n++; n > 40 || row.Write == nil {
				break
			}
			unknown, err := canon.Unknown(row, item.Body)
			if err != nil {
				t.Fatal(err)
			}
			var all map[string]json.RawMessage
			if err := json.Unmarshal(unknown, &all); err != nil {
				t.Fatal(err)
			}
			delete(all, "dashboard_elements")
			for name := range all {
				if !strings.HasPrefix(name, "x_") {
					t.Errorf("%s/%s: %s is unknown: %s", kind.Name, item.ID, name, unknown)
				}
			}
			var parts struct {
				Tiles map[string]map[string]json.RawMessage `json:"dashboard_elements"`
			}
			if err := json.Unmarshal(unknown, &parts); err != nil {
				t.Fatal(err)
			}
			for id, tile := range parts.Tiles {
				for name := range tile {
					if !strings.HasPrefix(name, "x_") {
						t.Errorf("%s/%s: %s of tile %s is unknown", kind.Name, item.ID, name, id)
					}
				}
			}
		}
	}
}

// TestRealDocuments: the documents that servers have given have a normal form, with every
// number as it came, and can be sent.
func TestRealDocuments(t *testing.T) {
	folder := testenv.Corpus(t)
	read := 0
	for _, kind := range catalogue.All() {
		files, err := filepath.Glob(filepath.Join(folder, string(kind.Name)+"_*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			row := canon.RowFor(kind, "", body)
			if row.Write == nil {
				continue
			}
			read++
			normal, err := canon.Normal(row, body, canon.Itself)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if !json.Valid(normal) {
				t.Errorf("%s: the normal form is not valid: %s", file, normal)
			}
			sent, missing, err := canon.Creation(row.Write, body, canon.Itself)
			if err != nil || len(missing) > 0 || !json.Valid(sent) {
				t.Errorf("%s: creation %s, missing %v, %v", file, sent, missing, err)
			}
			if sent, changed, err := canon.Patch(row.Write, body, body, canon.Itself); changed || err != nil {
				t.Errorf("%s: it differs from itself: %s, %v", file, sent, err)
			}
		}
	}
	if read < 5 {
		t.Errorf("%d documents were read, which cannot be all", read)
	}
}
