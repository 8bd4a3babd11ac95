package canon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// kind has one of everything that rules can say.
var kind = &catalogue.Spec{
	Name:      "things",
	Fields:    catalogue.Fields{ID: "id", Name: "title", Names: []string{"field.title", "address"}, Updated: "updated_at", Folder: "folder.id", Owner: "user_id"},
	Volatile:  []string{"updated_at", "views", "tiles.count", "cred_*.at", "**.share", "parts.filters.times"},
	Unordered: []string{"groups"},
	Derived: []catalogue.Derived{
		{Path: "models", When: "all_access"}, {Path: "set.permissions", When: "all_access"}, {Path: "set.models", When: "all_access"},
	},
	Relations: []catalogue.Relation{
		{Path: "tiles.merge_id", Kind: "merges", Follow: true},
		{Path: "id", Kind: "details", Follow: true, Unless: "inherits"},
		{Path: "parts.name", Kind: "parts", Follow: true, Join: "title"},
		{Path: "tiles.query_id", Kind: "queries", Follow: true},
		{Path: "tiles.maker.query_id", Kind: "queries", Follow: true},
		{Path: "tiles.query.id", Kind: "queries", Nested: true},
		{Path: "tiles.query.slug", Kind: "queries", Nested: true},
		{Path: "tiles.maker.query.id", Kind: "queries", Nested: true},
		{Path: "user_id", Kind: "users", Role: catalogue.Owner},
		{Path: "tiles.owner.id", Kind: "users", Nested: true},
	},
}

func read(t *testing.T, body string) record.Document {
	t.Helper()
	doc, err := canon.NewReader().Read(canon.Compile(kind), []byte(body))
	if err != nil {
		t.Fatalf("Read(%s): %v", body, err)
	}
	return doc
}

func TestReadPicksColumns(t *testing.T) {
	got := read(t, `{"can":{"id":"no"},"id":17,"title":"a \"b\" \u0026 c","folder":{"id":"5","title":"no"},
		"updated_at":"then","user_id":"3","tiles":[{"merge_id":"m1"},{"merge_id":null},{"merge_id":"m2"},{"merge_id":"m1"}]}`)
	want := record.Document{
		ID: "17", Name: `a "b" & c`, Updated: "then", Folder: "5", Owner: "3",
		Refs:        []record.Ref{{Kind: "details", ID: "17"}, {Kind: "merges", ID: "m1"}, {Kind: "merges", ID: "m2"}},
		Fingerprint: got.Fingerprint, Shape: got.Shape, Lengths: got.Lengths,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

// TestCanonical is what a fingerprint is made of, also of a document whose buffers are
// given back at once.
func TestCanonical(t *testing.T) {
	reader, rules := canon.NewReader(), canon.Compile(kind)
	long := strings.Repeat("x", 2<<20)
	for body, want := range map[string]string{
		`{"views":7,"title":"\u0041,]\"}","groups":[2,1],"a":{"y":1,"x":1.0}}`: `{"a":{"x":1.0,"y":1},"groups":[1,2],"title":"A,]\"}"}`,
		`{"title":"` + long + `","can":{}}`:                                    `{"title":"` + long + `"}`,
	} {
		got, err := reader.Canonical(rules, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if _, err := reader.Canonical(rules, []byte(`{`)); !errors.Is(err, canon.ErrInvalid) {
		t.Errorf("a cut document: %v", err)
	}
}

func TestReadFollowsPointers(t *testing.T) {
	tests := []struct {
		name, body string
		want       []record.Ref
	}{
		{"unless it is true", `{"id":"1","inherits":true}`, nil},
		{"it is false", `{"id":"1","inherits":false}`, []record.Ref{{Kind: "details", ID: "1"}}},
		{"it is not there", `{"id":"1"}`, []record.Ref{{Kind: "details", ID: "1"}}},
		{"it comes later", `{"id":"1","x":{"inherits":false},"inherits":true}`, nil},
		{
			"joined", `{"parts":[{"name":"a"},{"name":"b"}],"title":"t","inherits":true,"id":"1"}`,
			[]record.Ref{{Kind: "parts", ID: "t::a"}, {Kind: "parts", ID: "t::b"}},
		},
	}
	none, long := []record.Ref{{Kind: "queries", ID: "7"}}, strings.Repeat("x", record.MaxID+1)
	tests = append(tests, []struct {
		name, body string
		want       []record.Ref
	}{
		{"nested whole", `{"tiles":[{"query_id":"7","query":{"id":"7"}}]}`, nil},
		{"nested under its other name", `{"tiles":[{"query_id":"abc","query":{"id":7,"slug":"abc"}}]}`, nil},
		{"nested elsewhere in the document", `{"tiles":[{"query_id":"7","query":null},{"maker":{"query":{"id":"7"}}}]}`, nil},
		{"named only", `{"tiles":[{"query_id":"7","query":null,"maker":{"query_id":7}}]}`, none},
		{"another one is nested", `{"tiles":[{"maker":{"query_id":"7","query":{"id":"8"}}}]}`, none},
		{"of the document before", `{"tiles":[{"query_id":"8"}]}`, []record.Ref{{Kind: "queries", ID: "8"}}},
		{"with a NUL", `{"tiles":[{"query_id":"a\u0000b"}]}`, []record.Ref{{Kind: "queries", ID: "a\uFFFDb"}}},
		{"no text", "{\"tiles\":[{\"query_id\":\"a\xff\"}]}", []record.Ref{{Kind: "queries", ID: "a\uFFFD"}}},
		{"as long as an id may be", `{"tiles":[{"query_id":"` + long[1:] + `"}]}`, []record.Ref{{Kind: "queries", ID: long[1:]}}},
		{
			"longer, two of them", `{"tiles":[{"query_id":"` + long + `"},{"query_id":"` + long + `y"},{"query_id":"` + long + `"}]}`,
			[]record.Ref{{Kind: "queries", ID: record.FollowableID(long)}, {Kind: "queries", ID: record.FollowableID(long + "y")}},
		},
		{"longer and nested whole", `{"tiles":[{"query_id":"` + long + `","query":{"id":"` + long + `"}}]}`, nil},
	}...)
	r, rules := canon.NewReader(), canon.Compile(kind)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := r.Read(rules, []byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, doc.Refs); diff != "" {
				t.Errorf("refs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadPicksTheFirstNameThatThereIs(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"the first", `{"address":"a","title":"t","field":{"title":"f"}}`, "t"},
		{"the second, first in the text", `{"field":{"title":"f"},"address":"a"}`, "f"},
		{"the second, last in the text", `{"address":"a","field":{"title":"f"}}`, "f"},
		{"null is none", `{"title":null,"address":"a"}`, "a"},
		{"empty is none", `{"title":"","address":"a"}`, "a"},
		{"none", `{"id":"1"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, read(t, tt.body).Name); diff != "" {
				t.Errorf("name (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadRefusesInvalid(t *testing.T) {
	for _, body := range []string{
		"", "{", `{"id":1`, `{"id":1}}`, `{"id":1} x`, `{"id":01}`, "<html>", "[1,]", "[1 2]", "[,1]", `{"a":1,}`, `{"a" 1}`, `{a:1}`, `{1:2}`, `{"a":}`, "[1}", `{"a":1]`,
		`{"a":"\x"}`, `"\`, `"\u12`, `"\u12g4"`, `"`, `"a`, "\"a\nb\"", "\"0123456\x00\"", `"0123456\`, `"01234567`, "-", "1.", "1.e1", "1e", "1e+", ".1", "+1", "tru", "truex", "nul", "NaN",
		"\x00", "\x01", "\u00a0{}", strings.Repeat("[", 20000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001),
	} {
		_, err := canon.NewReader().Read(canon.Compile(kind), []byte(body))
		if !errors.Is(err, canon.ErrInvalid) {
			t.Errorf("Read(%.20q) = %v, want ErrInvalid", body, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\n<") {
			t.Errorf("error quotes the body: %q", err)
		}
	}
}

func TestReadAccepts(t *testing.T) {
	for _, body := range []string{
		" {} ", "\t[\r\n]\n", "0", "-0", "-0.5e-07", "1E+2", "1e21", "true", "null", `""`, `"\u00e9\ud83d\ude00\ud800"`, "\"\x7f\xff\xfe01234567\"", `"0123456\"89"`, `"01234567\\"`,
		`{"":{}, "" : []}`, strings.Repeat("[", 10000) + strings.Repeat("]", 10000),
	} {
		if _, err := canon.NewReader().Read(canon.Compile(kind), []byte(body)); err != nil {
			t.Errorf("Read(%.20q) = %v", body, err)
		}
	}
}

func TestReaderIsUsableAfterAnError(t *testing.T) {
	r, rules := canon.NewReader(), canon.Compile(kind)
	want, _ := r.Read(rules, []byte(`{"id":"1","b":[1,2],"a":{}}`))
	if _, err := r.Read(rules, []byte(`{"id":"1","b":[{"c":`)); err == nil {
		t.Fatal("no error")
	}
	got, err := r.Read(rules, []byte(`{"a":{},"id":"1","b":[1,2]}`))
	if err != nil || got.Fingerprint != want.Fingerprint {
		t.Errorf("after an error: %v, %v", got, err)
	}
}

func TestMember(t *testing.T) {
	tests := []struct{ object, want string }{
		{`{"a":{"id":1},"id":"x"}`, `"x"`},
		{`{"id": 1.0 , "b":2}`, `1.0`},
		{`{"\u0069d":1,"id":2}`, `1`},
		{`{"id":1,"broken`, `1`},
		{`{"a":1}`, ``},
		{`[1]`, ``},
	}
	for _, tt := range tests {
		if got := string(canon.Member([]byte(tt.object), "id")); got != tt.want {
			t.Errorf("Member(%s) = %q, want %q", tt.object, got, tt.want)
		}
	}
}

func TestMissing(t *testing.T) {
	rules := canon.Compile(kind)
	row := `{"id":"1","tiles":[{"n":1}],"views":1}`
	tests := []struct {
		name, document string
		want           []string
	}{
		{"as rich", `{"id":"1","tiles":[{"n":1}]}`, nil},
		{"only volatile members more", `{"id":"1","tiles":[{"n":1,"count":2}],"can":{}}`, nil},
		{"a member more", `{"id":"1","query":{"id":"q"},"tiles":[{"n":1},{"m":1}]}`, []string{"query", "query.id", "tiles.m"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, canon.Missing(rules, []byte(row), []byte(tt.document))); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{`{"id":"1","a":[1,{"b":null}],"z":"\u0026\ud800"}`, `[[],{}]`, `"\\"`, `{"":{"":1},"":2}`} {
		f.Add(s)
	}
	rules, r := canon.Compile(kind), canon.NewReader()
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := r.Read(rules, []byte(body))
		if err == nil != (json.Valid([]byte(body))) {
			t.Fatalf("Read says %v, encoding/json says valid=%v", err, json.Valid([]byte(body)))
		}
		if err != nil {
			return
		}
		// Another order of members and another spelling of strings is no change.
		again, err := r.Read(rules, respell(t, body))
		if err == nil && json.Valid([]byte(body)) && !repeats(body) && again.Fingerprint != doc.Fingerprint {
			t.Errorf("%q and %q have different fingerprints", body, respell(t, body))
		}
	})
}

// repeats reports whether a second spelling could lose something: repeated
// members, text that is not Unicode, or characters that encoding/json replaces.
func repeats(body string) bool {
	var first, second any
	if json.Unmarshal([]byte(body), &first) != nil {
		return true
	}
	text, _ := json.Marshal(first)
	return json.Unmarshal(text, &second) != nil || strings.Contains(string(text), `\ufffd`) ||
		strings.Contains(string(text), "\uFFFD") || strings.Contains(string(text), `\\`) || strings.Count(body, ":") != strings.Count(string(text), ":")
}

// respell writes a body again with sorted members and HTML escapes, numbers as
// they were.
func respell(t *testing.T, body string) []byte {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return []byte(body)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func BenchmarkRead(b *testing.B) {
	row, _ := catalogue.Find("dashboards")
	rules, r := canon.Compile(row), canon.NewReader()
	body := dashboard(6)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Read(rules, body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRows(b *testing.B) {
	body := []byte("[" + strings.Repeat(string(dashboard(6))+",", 99) + string(dashboard(6)) + "]")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := canon.Rows(body); err != nil {
			b.Fatal(err)
		}
	}
}

// dashboard is a body of about 1.3 KB a tile, with the members of a real one.
func dashboard(tiles int) []byte {
	var s strings.Builder
	s.WriteString(`{"can":{"show":true,"update":true},"id":"17","title":"Sales \u0026 Costs","folder_id":"5","user_id":"3","dashboard_elements":[`)
	for i := range tiles {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"can":{"show":true},"id":"%d","type":"vis","title":"Tile %d","body_text":null,"query":{"id":"%d","model":"thelook","view":"orders","fields":["orders.count","orders.created_month","users.state"],"filters":{"orders.created_date":"90 days"},"sorts":["orders.count desc"],"limit":"500","dynamic_fields":"[{\"label\":\"x\",\"expression\":\"${orders.count}*2\"}]","vis_config":{"type":"looker_column","stacking":"","show_value_labels":false,"label_density":25,"legend_position":"center","x_axis_gridlines":false,"y_axis_combined":true,"series_colors":{"orders.count":"#3EB0D5"},"point_style":"none"},"share_url":"https://looker.example/x/%d"},"result_maker":{"filterables":[{"model":"thelook","view":"orders","listen":[{"dashboard_filter_name":"Date","field":"orders.created_date"}]}]}}`, i, i, i, i)
	}
	s.WriteString(`],"view_count":93,"updated_at":"2026-01-01T00:00:00.000-08:00"}`)
	return []byte(s.String())
}

// TestNamesOfTheCatalogue reads documents as servers write them, some of which
// leave out what they are usually called by.
func TestNamesOfTheCatalogue(t *testing.T) {
	tests := []struct{ name, kind, body, want string }{
		{"an alert with a title", "alerts", `{"custom_title":"Too few","field":{"title":"Orders Count","name":"orders.count"},"id":"1"}`, "Too few"},
		{"an alert without", "alerts", `{"custom_title":null,"field":{"title":"Orders Count","name":"orders.count"},"id":"1"}`, "Orders Count"},
		{"a user with a name", "users", `{"credentials_email":{"email":"c@example.com"},"display_name":"Cleo","email":"e@example.com","id":"1"}`, "Cleo"},
		{"a user who was invited", "users", `{"credentials_email":{"email":"c@example.com"},"display_name":"","email":"e@example.com","id":"1"}`, "c@example.com"},
		{"a user of single sign-on", "users", `{"credentials_email":null,"display_name":null,"email":"e@example.com","id":"1"}`, "e@example.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind, ok := catalogue.Find(record.Kind(tt.kind))
			if !ok {
				t.Fatalf("no kind %s", tt.kind)
			}
			doc, err := canon.NewReader().Read(canon.Compile(kind), []byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, doc.Name); diff != "" {
				t.Errorf("name (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBeside(t *testing.T) {
	const body = `{"query_id":"1","query_slug":"top","source_queries":[{"query_id":"1","query_slug":"aaa"},{"query_slug":"bbb","query_id":2},` +
		`{"query_id":"3","query_slug":null},{"query_id":"1","query_slug":"ccc"},7,null]}`
	tests := []struct {
		name, body, path, value string
		want                    []string
	}{
		{"of an array", body, "source_queries.query_id", "1", []string{"aaa", "ccc"}},
		{"of a number", body, "source_queries.query_id", "2", []string{"bbb"}},
		{"null", body, "source_queries.query_id", "3", nil},
		{"of none", body, "source_queries.query_id", "4", nil},
		{"of the document itself", body, "query_id", "1", []string{"top"}},
		{"no such path", body, "sources.query_id", "1", nil},
		{"not an object", `7`, "source_queries.query_id", "1", nil},
		{"not valid", `{"source_queries":[{"query_id":"1"`, "source_queries.query_id", "1", nil},
		{"nothing", ``, "query_id", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, canon.Beside([]byte(tt.body), tt.path, tt.value, "query_slug")); diff != "" {
				t.Errorf("beside (-want +got):\n%s", diff)
			}
		})
	}
}
