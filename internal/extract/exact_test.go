package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestOddBodiesAreStoredExactly feeds what JSON allows and programs lose.
// ofItsKind are members by which documents of several kinds are told from others.
const ofItsKind = `"readonly":false,"public_slug":null,"first_name":null,"cron":null,"board_sections":[],"begin_at":null`

func TestOddBodiesAreStoredExactly(t *testing.T) {
	odd := map[string]string{
		"unknown members":        `"never_heard_of":{"deep":[{"er":null}]},"x-y z":1`,
		"nulls":                  `"a":null,"b":[null,null],"c":{"d":null}`,
		"number spelling":        `"n":[1.0,1e21,1E+2,-0,-0.0,0.1e-7,9223372036854775808,18446744073709551616,123456789012345678901234567890.5]`,
		"members given twice":    `"twice":1,"twice":2,"twice":{"twice":3,"twice":4}`,
		"escapes":                `"e":"\u0026 \u003c\u003e \/ \" \\ \b\f\n\r\t \u2028"`,
		"escaped names":          `"na\u006de":"x","\u0000":"nul name"`,
		"half a surrogate pair":  `"h":"\ud800 and \udc00"`,
		"text of many scripts":   `"t":"שלום مرحبا 你好 नमस्ते \u202eabc\u202c 👩‍👩‍👧‍👦 e\u0301 é"`,
		"nul escapes":            `"z":"a\u0000b\u0000"`,
		"strings that hold JSON": `"j":"{\"a\":[1,\"\\u0026\"]}"`,
		"white space":            "\"w\" : [ 1 ,\t2 ,\n\r 3 ] , \"v\":{ }",
		"empty things":           `"":"", "o":{}, "l":[], "s":""`,
		"deep nesting":           `"d":` + strings.Repeat("[", 500) + strings.Repeat("]", 500),
	}
	r := newRig(t, lookersim.Options{Seed: 6})
	for _, kind := range []string{"dashboards", "looks", "boards", "users", "alerts", "themes"} {
		n := 0
		for name, members := range odd {
			id := fmt.Sprint(900000 + n)
			n++
			body := fmt.Sprintf(`{%s,"id":"%s","title":%q,"deleted":false,"folder_id":"1",%s}`, members, id, name, ofItsKind)
			mutate(t, r, lookersim.Change{Op: lookersim.OpPut, Kind: kind, ID: id, Value: body})
		}
	}
	r.run(record.RunComplete, start())
	compare(t, r)
	puts := 0
	for _, document := range r.stored() {
		if strings.Contains(string(document.Body), `"id":"9000`) && strings.Contains(string(document.Body), `"folder_id":"1"`) {
			puts++
		}
	}
	if puts != 6*len(odd) {
		t.Errorf("%d odd documents are stored, want %d", puts, 6*len(odd))
	}
	for _, k := range r.run(record.RunComplete, start()).Run.Kinds {
		if k.Same != k.Listed && k.Listed > 0 {
			t.Errorf("%s: %+v, want all the same", k.Kind, k)
		}
	}
}

func TestLargeBodiesAreStoredExactly(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 6, TrashShare: -1})
	for i, id := range r.sim.IDs("dashboards")[:3] {
		text := strings.Repeat(fmt.Sprintf("%d lines of text \\u0026 more, ", i), 10<<20/28)
		body := fmt.Sprintf(`{"id":"%s","title":"large","deleted":false,"folder_id":"1","body":"%s",%s}`, id, text, ofItsKind)
		mutate(t, r, lookersim.Change{Op: lookersim.OpPut, Kind: "dashboards", ID: id, Value: body})
	}
	r.config.Looker.MaxBody = 12 << 20
	r.run(record.RunComplete, start("dashboards"))
	stored, served := r.stored(), r.served()
	for ref, document := range stored {
		if string(document.Body) != string(served[ref].Body) {
			t.Errorf("%s: %d bytes stored, %d served, not the same", ref, len(document.Body), len(served[ref].Body))
		}
	}
	if len(stored) != len(r.sim.IDs("dashboards")) {
		t.Errorf("%d dashboards stored, want %d", len(stored), len(r.sim.IDs("dashboards")))
	}
}

// TestHiddenDocumentIsNoticed makes sure that comparing with the server can fail.
func TestHiddenDocumentIsNoticed(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 6})
	r.run(record.RunComplete, start())
	stored, served := r.stored(), r.served()
	if len(stored) != len(served) {
		t.Fatalf("%d stored, %d served", len(stored), len(served))
	}
	// The server holds one more by now, which no listing of that run held.
	mutate(t, r, lookersim.Change{Op: lookersim.OpAdd, Kind: "looks"})
	missing := 0
	for ref := range r.served() {
		if _, ok := stored[ref]; !ok {
			missing++
		}
	}
	if missing != 1 {
		t.Errorf("%d documents are missing, want the hidden one", missing)
	}
}
