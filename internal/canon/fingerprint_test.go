package canon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

func TestFingerprint(t *testing.T) {
	const base = `{"id":"1","title":"a&b","groups":["x","y"],"tiles":[{"n":1.0,"vis_config":{"url":"u","share":1}},{"n":2}]}`
	tests := []struct {
		name string
		body string
		same bool
	}{
		{"key order", `{"tiles":[{"vis_config":{"share":1,"url":"u"},"n":1.0},{"n":2}],"groups":["x","y"],"title":"a&b","id":"1"}`, true},
		{"escapes", `{"id":"1","title":"a\u0026b","groups":["x","y"],"tiles":[{"n":1.0,"vis_config":{"url":"\u0075","share":1}},{"n":2}]}`, true},
		{"white space", "{\n \"id\" : \"1\",\"title\":\"a&b\",\"groups\":[\"x\", \"y\"],\"tiles\":[{\"n\":1.0,\"vis_config\":{\"url\":\"u\",\"share\":1}},{\"n\":2}]}\n", true},
		{"set order", strings.Replace(base, `["x","y"]`, `["y","x"]`, 1), true},
		{"volatile", strings.Replace(base, `{"id"`, `{"views":9,"can":{},"cred_x":{"at":1},"id"`, 1), false}, // cred_x itself is content
		{"volatile anywhere", strings.Replace(base, `{"n":2}`, `{"n":2,"share":"s","count":3,"url":null,"note_as_html":"<b>"}`, 1), true},
		{"below a starred name", strings.Replace(base, `{"id"`, `{"views":9,"id"`, 1), true},
		{"title", strings.Replace(base, "a&b", "a&c", 1), false},
		{"array order", strings.Replace(base, `{"n":1.0,"vis_config":{"url":"u","share":1}},{"n":2}`, `{"n":2},{"n":1.0,"vis_config":{"url":"u","share":1}}`, 1), false},
		{"number spelling", strings.Replace(base, "1.0", "1", 1), false},
		{"null for missing", strings.Replace(base, `{"n":2}`, `{"n":2,"x":null}`, 1), false},
		{"volatile name inside free JSON", strings.Replace(base, `"url":"u"`, `"url":"v"`, 1), false},
		{"volatile rule inside free JSON", strings.Replace(base, `"share":1`, `"share":2`, 1), false},
		{"set member", strings.Replace(base, `["x","y"]`, `["x","z"]`, 1), false},
	}
	want := read(t, base).Fingerprint
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := read(t, tt.body).Fingerprint; (got == want) != tt.same {
				t.Errorf("fingerprint same = %v, want %v", got == want, tt.same)
			}
		})
	}
}

// TestFingerprintDropsWhatTheServerDerives checks members that follow from a
// sibling: a list of everything that there is, where everything is allowed.
func TestFingerprintDropsWhatTheServerDerives(t *testing.T) {
	tests := []struct {
		name, a, b string
		same       bool
	}{
		{"another list of everything", `{"models":["a"],"all_access":true}`, `{"models":["a","b"],"all_access":true}`, true},
		{"the flag comes first", `{"all_access":true,"models":["a"]}`, `{"models":["b"],"all_access":true}`, true},
		{"no list at all", `{"all_access":true}`, `{"all_access":true,"models":null}`, true},
		{"a list of some", `{"models":["a"],"all_access":false}`, `{"models":["a","b"],"all_access":false}`, false},
		{"no flag", `{"models":["a"]}`, `{"models":["b"]}`, false},
		{"a flag that is text", `{"models":["a"],"all_access":"true"}`, `{"models":["b"],"all_access":"true"}`, false},
		{"the flag changes", `{"models":["a"],"all_access":true}`, `{"models":["a"],"all_access":false}`, false},
		{"nested", `{"set":{"permissions":["a"],"n":1,"all_access":true}}`, `{"set":{"permissions":["b"],"all_access":true,"n":1}}`, true},
		{"several of one flag", `{"set":{"models":[],"permissions":["a"],"all_access":true}}`, `{"set":{"all_access":true}}`, true},
		{"another member beside", `{"set":{"permissions":["a"],"n":1,"all_access":true}}`, `{"set":{"permissions":["a"],"n":2,"all_access":true}}`, false},
		{"a flag of another object", `{"set":{"permissions":["a"]},"all_access":true}`, `{"set":{"permissions":["b"]},"all_access":true}`, false},
		{"each object by itself", `{"set":[{"permissions":["a"],"all_access":true},{"permissions":["a"],"all_access":false}]}`,
			`{"set":[{"permissions":["x"],"all_access":true},{"permissions":["a"],"all_access":false}]}`, true},
		{"the same name in free JSON", `{"vis_config":{"models":["a"],"all_access":true}}`, `{"vis_config":{"models":["b"],"all_access":true}}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if same := read(t, tt.a).Fingerprint == read(t, tt.b).Fingerprint; same != tt.same {
				t.Errorf("fingerprint same = %v, want %v", same, tt.same)
			}
		})
	}
}

// TestFreeJSONIsEnteredWhereAPathNamesIt checks members that have a name of free
// JSON and are not the user's: a rule whose path leads on through them says so.
func TestFreeJSONIsEnteredWhereAPathNamesIt(t *testing.T) {
	a := read(t, `{"parts":[{"filters":[{"times":1,"share":1,"x":1}]}]}`)
	b := read(t, `{"parts":[{"filters":[{"times":2,"share":2,"x":1}]}]}`)
	c := read(t, `{"parts":[{"filters":[{"times":2,"share":2,"x":2}]}]}`)
	free := read(t, `{"filters":[{"times":1,"share":1}]}`)
	other := read(t, `{"filters":[{"times":1,"share":2}]}`)
	if a.Fingerprint != b.Fingerprint || b.Fingerprint == c.Fingerprint || free.Fingerprint == other.Fingerprint {
		t.Error("want the first two to be the same, and the others not")
	}
}

func TestFingerprintDropsBelowStarredNames(t *testing.T) {
	a := read(t, `{"id":"1","cred_mail":{"at":"monday","email":"a"}}`)
	b := read(t, `{"id":"1","cred_mail":{"at":"friday","email":"a"}}`)
	c := read(t, `{"id":"1","cred_mail":{"at":"friday","email":"b"}}`)
	if a.Fingerprint != b.Fingerprint || b.Fingerprint == c.Fingerprint {
		t.Errorf("fingerprints %v %v %v: want the first two equal, the third another", a.Fingerprint, b.Fingerprint, c.Fingerprint)
	}
}

func TestFingerprintKeepsWhatCannotBeDecoded(t *testing.T) {
	// Half surrogate pairs and bytes that are not UTF-8 all decode to U+FFFD.
	seen := map[record.Digest]string{}
	for _, text := range []string{`"\ud800"`, `"\udc00"`, `"\ufffd"`, "\"\xff\"", "\"\xfe\"", `"\ud83d\ude00"`} {
		fp := read(t, `{"id":"1","title":`+text+`}`).Fingerprint
		if other, ok := seen[fp]; ok {
			t.Errorf("%q and %q have the same fingerprint", text, other)
		}
		seen[fp] = text
	}
}

// TestFingerprintOfRepeatedMembers: the order of members with the same name counts, wherever
// they stand among the others, and that of the others does not.
func TestFingerprintOfRepeatedMembers(t *testing.T) {
	var many, reversed strings.Builder // more than sort in place without a change of order
	for i := range 40 {
		fmt.Fprintf(&many, `,"x":%d`, i)
		fmt.Fprintf(&reversed, `,"x":%d`, 39-i)
	}
	for _, tt := range []struct {
		name, sorted string
		same         []string
		other        string
	}{
		{"two", `{"id":"1","x":1,"x":2}`, []string{`{"x":1,"id":"1","x":2}`, `{"x":1,"x":2,"id":"1"}`}, `{"x":2,"x":1,"id":"1"}`},
		{"three", `{"id":"1","x":1,"x":2,"x":1}`, []string{`{"x":1,"x":2,"id":"1","x":1}`}, `{"x":1,"x":1,"x":2,"id":"1"}`},
		{"many", `{"id":"1"` + many.String() + `,"z":1}`, []string{`{"z":1` + many.String() + `,"id":"1"}`}, `{"z":1` + reversed.String() + `,"id":"1"}`},
	} {
		want := read(t, tt.sorted).Fingerprint
		for _, body := range tt.same {
			if read(t, body).Fingerprint != want {
				t.Errorf("%s: %.60s has another fingerprint than %.60s", tt.name, body, tt.sorted)
			}
		}
		if read(t, tt.other).Fingerprint == want {
			t.Errorf("%s: %.60s has the fingerprint of %.60s", tt.name, tt.other, tt.sorted)
		}
	}
}

// A member is found by its name, however long that is.
func TestVolatileMembersWithLongNames(t *testing.T) {
	for _, length := range []int{1, 31, 32, 33, 63, 64, 65, 128} {
		name := strings.Repeat("n", length)
		rules := canon.Compile(&catalogue.Spec{Name: "looks", Fields: catalogue.Fields{ID: "id"}, Volatile: []string{name}})
		fingerprint := func(value string) record.Digest {
			doc, err := canon.NewReader().Read(rules, []byte(`{"id":"1","`+name+`":`+value+`}`))
			if err != nil {
				t.Fatal(err)
			}
			return doc.Fingerprint
		}
		if fingerprint("1") != fingerprint("2") {
			t.Errorf("a volatile member with a name of %d bytes counts", length)
		}
	}
}
