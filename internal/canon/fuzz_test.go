package canon_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
)

// FuzzValid compares what the scanner takes for JSON with a second reader of it: one that is
// asked to let pass what Looker may send, repeated names and text that is not Unicode.
func FuzzValid(f *testing.F) {
	for _, body := range []string{
		`{"id":"1","a":[1,{"b":null}]}`, `{"a":1,"a":2}`, `"\ud800"`, "\"\xff\"", `-0`, `1e5`, `01`, `.5`, `1.`, "[1,\u00a02]", "\ufeff{}", "\"\u007f\t\"", `{"a" : true }x`,
	} {
		f.Add(body)
	}
	reader, rules := canon.NewReader(), canon.Compile(kind)
	f.Fuzz(func(t *testing.T, body string) {
		_, err := reader.Read(rules, []byte(body))
		valid := jsontext.Value(body).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
		if (err == nil) != valid {
			t.Errorf("Read(%q) says %v, jsontext says valid = %v", body, err, valid)
		}
	})
}

// FuzzRedact compares redaction with one of the decoded document.
func FuzzRedact(f *testing.F) {
	f.Add(`{"token":"a","b":{"token":1,"c":null},"d":[{"token":""},{"token":{"x":[]}}]}`, "**.token")
	f.Add(`{"a":[{"key_1":"x","other":2},{"key_2":null}]}`, "a.key_*")
	f.Add(`{"":{"":"x"},"a.b":1}`, ".")
	f.Add(`{"a*b":1,"ab":2,"axb":3}`, "a*b")
	f.Fuzz(func(t *testing.T, body, path string) {
		secrets := canon.CompileSecrets([]string{path})
		redacted, paths := secrets.Redact([]byte(body))
		if !json.Valid([]byte(body)) || len(paths) == 0 {
			if string(redacted) != body || len(paths) > 0 {
				t.Errorf("%q is not to be touched, and became %q (%q)", body, redacted, paths)
			}
		}
		if again, same := secrets.Redact(redacted); string(again) != string(redacted) || !slices.Equal(same, paths) {
			t.Errorf("%q, redacted again, is %q (%q, then %q)", redacted, again, paths, same)
		}
		if !jsontext.Value(body).IsValid() {
			return // nobody knows what a decoder makes of it
		}
		want := change(decode(t, body), path, func(value any) (any, bool) {
			if value == nil || value == "" {
				return value, true
			}
			return strings.Trim(canon.Marker, `"`), true
		})
		if got := decode(t, string(redacted)); !reflect.DeepEqual(want, got) {
			t.Errorf("%q in %q (-want +got):\n%s", path, body, cmp.Diff(want, got))
		}
	})
}

// FuzzRules compares the fingerprint under a rule with that of a document that lacks what the
// rule calls volatile.
func FuzzRules(f *testing.F) {
	f.Add(`{"views":1,"tiles":[{"views":2,"n":1.0}]}`, "views")
	f.Add(`{"views":1,"tiles":[{"views":2,"n":[]}]}`, "tiles.views")
	f.Add(`{"a":{"count_1":1,"b":{"count_2":2}}}`, "**.count_*")
	f.Add(`{"a":{"":null}}`, "a.")
	f.Fuzz(func(t *testing.T, body, path string) {
		if slices.ContainsFunc(strings.Split(path, "."), func(name string) bool { return slices.Contains(catalogue.Opaque, name) }) {
			return // such a rule also says that what lies there is not the user's own
		}
		if !jsontext.Value(body).IsValid() || repeats(body) {
			return
		}
		rules := canon.Compile(&catalogue.Spec{Volatile: []string{path}})
		got, err := canon.NewReader().Read(rules, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		lacking, err := json.Marshal(change(decode(t, body), path, func(any) (any, bool) { return nil, false }))
		if err != nil {
			t.Fatal(err)
		}
		if want, err := canon.NewReader().Read(canon.Compile(&catalogue.Spec{}), lacking); err != nil || want.Fingerprint != got.Fingerprint {
			t.Errorf("%q with %q volatile has another fingerprint than %q (%v)", body, path, lacking, err)
		}
	})
}

// FuzzMissing compares what a row lacks with the members of both decoded documents.
func FuzzMissing(f *testing.F) {
	f.Add(`{"id":"1","tiles":[{"n":1}]}`, `{"id":"1","query":{"id":"q"},"tiles":[{"n":1},{"m":1}],"can":{}}`)
	f.Add(`{"vis_config":{"can":1}}`, `{"vis_config":{"can":1,"url":2},"url":3}`)
	f.Add(`[]`, `{"a":[[{"b":1}]]}`)
	rules := canon.Compile(kind)
	named := strings.Fields("can url users_url user_url edit_uri refresh_interval_to_i updated_at views count at share times models permissions")
	f.Fuzz(func(t *testing.T, row, document string) {
		missing := canon.Missing(rules, []byte(row), []byte(document))
		if !slices.IsSorted(missing) || len(slices.Compact(slices.Clone(missing))) != len(missing) {
			t.Errorf("missing are %q", missing)
		}
		if same := canon.Missing(rules, []byte(document), []byte(document)); same != nil {
			t.Errorf("%q lacks %q of itself", document, same)
		}
		if !jsontext.Value(row).IsValid() || !jsontext.Value(document).IsValid() {
			return
		}
		has, wants := pathsOf(decode(t, row)), pathsOf(decode(t, document))
		for _, path := range missing {
			if has[path] || !wants[path] {
				t.Errorf("%q is not missing in %q of %q", path, row, document)
			}
		}
		for path := range wants {
			ruled := slices.ContainsFunc(strings.Split(path, "."), func(name string) bool {
				return slices.Contains(named, name) || strings.HasSuffix(name, "_as_html")
			})
			if !ruled && !has[path] && !slices.Contains(missing, path) {
				t.Errorf("%q is missing in %q of %q, and only %q are told", path, row, document, missing)
			}
		}
	})
}

func decode(t *testing.T, body string) (value any) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// change puts what to returns in the place of each value that a path leads to, or leaves out its
// member. It knows the syntax of [catalogue.Everywhere] and nothing else.
func change(value any, path string, to func(any) (any, bool)) any {
	name, anywhere := strings.CutPrefix(path, "**.")
	rest, more := "", false
	if !anywhere {
		name, rest, more = strings.Cut(path, ".")
	}
	switch value := value.(type) {
	case []any:
		for i := range value {
			value[i] = change(value[i], path, to)
		}
	case map[string]any:
		for _, member := range slices.Collect(maps.Keys(value)) {
			switch matches := fits(member, name); {
			case matches && !more:
				if value[member], matches = to(value[member]); !matches {
					delete(value, member)
				}
			case matches:
				value[member] = change(value[member], rest, to)
			case anywhere:
				value[member] = change(value[member], path, to)
			}
		}
	}
	return value
}

// fits reports whether a name is a pattern's, in which the first star stands for any characters.
func fits(name, pattern string) bool {
	before, behind, star := strings.Cut(pattern, "*")
	if !star {
		return name == pattern
	}
	return len(name) >= len(before)+len(behind) && strings.HasPrefix(name, before) && strings.HasSuffix(name, behind)
}

// pathsOf are the paths of all members of a value.
func pathsOf(value any) map[string]bool {
	paths := make(map[string]bool)
	var walk func(value any, above string)
	walk = func(value any, above string) {
		switch value := value.(type) {
		case []any:
			for _, element := range value {
				walk(element, above)
			}
		case map[string]any:
			for name, member := range value {
				path := name
				if above != "" {
					path = above + "." + name
				}
				paths[path] = true
				walk(member, path)
			}
		}
	}
	walk(value, "")
	return paths
}
