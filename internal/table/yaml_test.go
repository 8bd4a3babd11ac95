package table_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/lookervault/lookervault/internal/table"
)

func TestYAML(t *testing.T) {
	document := `{"id":"17","n":9007199254740993,"f":1.0,"e":1e3,"empty":[],"none":{},"null":null,"yes":true,"text":"a: b\nc","odd":"\ud83d\ude42 \u0007 no 0x1f ~","turned":"a\u202eb\nc\u2066","c1":"\u009b2J","\u200f":"\ttab","list":[{"b":1,"a":"true"}],"key: odd":"007"}`
	got, err := table.YAML([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	want := `id: "17"
n: 9007199254740993
f: 1.0
e: 1e3
empty: []
none: {}
"null": null
yes: true
text: |-
    a: b
    c
odd: "\U0001F642 \a no 0x1f ~"
turned: "a\u202Eb\nc\u2066"
c1: "\x9B2J"
"\u200F": "\ttab"
list:
    - b: 1
      a: "true"
'key: odd': "007"
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var back, straight map[string]any
	if err := yaml.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(document), &straight); err != nil {
		t.Fatal(err)
	}
	if back["odd"] != straight["odd"] || back["text"] != straight["text"] || back["key: odd"] != "007" {
		t.Errorf("read back: %v", back)
	}
	for _, broken := range []string{``, `{`, `{"a":`, `[1,`} {
		if _, err := table.YAML([]byte(broken)); err == nil {
			t.Errorf("%q: no error", broken)
		}
	}
}
