package lookersim_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

func TestLike(t *testing.T) {
	tests := []struct {
		text, pattern string
		want          bool
	}{
		{"q1", "q1", true}, {"q1", "q", false}, {"q1", "q%", true}, {"q1", "%1", true}, {"q1", "_1", true}, {"q1", "__", true}, {"q1", "___", false},
		{"", "", true}, {"", "%", true}, {"", "_", false}, {"über", "_ber", true}, {"abcabc", "%abc", true}, {"aXbXc", "a%b%c", true}, {"ab", "%%", true},
	}
	for _, tt := range tests {
		if got := lookersim.Like(tt.text, tt.pattern); got != tt.want {
			t.Errorf("%q like %q: %t, want %t", tt.text, tt.pattern, got, tt.want)
		}
	}
}

func TestSplice(t *testing.T) {
	tests := []struct{ name, doc, path, value, want string }{
		{"member", `{ "a" : 1 , "b":2 }`, "a", "null", `{ "a" : null , "b":2 }`},
		{"nested", `{"a":{"b":[1,{"c":2}]}}`, "a.b.1.c", `"x"`, `{"a":{"b":[1,{"c":"x"}]}}`},
		{"added", "{\n  \"a\": 1\n}\n", "b", "2", "{\n  \"a\": 1,\"b\":2\n}\n"},
		{"added to nothing", `{ }`, "b", "2", `{"b":2 }`},
		{"the first of two", `{"a":1,"a":2}`, "a", "3", `{"a":3,"a":2}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := lookersim.Splice([]byte(tt.doc), tt.path, []byte(tt.value))
			if err != nil || string(got) != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
	for _, path := range []string{"a.b", "x.y", "a.0"} {
		if got, err := lookersim.Splice([]byte(`{"a":1}`), path, []byte("1")); err == nil {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// FuzzCut checks that cutting a valid document gives a valid one that holds
// nothing new, whatever is asked for.
func FuzzCut(f *testing.F) {
	f.Add([]byte(`{"a":1.0,"b":{"c":[{"d":"\\\""},2]},"a":null}`), "a,b(c(d))")
	f.Add([]byte(" [ { } , \"}\" ] "), "x")
	f.Fuzz(func(t *testing.T, doc []byte, fields string) {
		if !json.Valid(doc) {
			return
		}
		got, err := lookersim.Cut(doc, fields)
		if err != nil {
			return
		}
		if !json.Valid(got) {
			t.Fatalf("%q cut to %q gives %q", doc, fields, got)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, doc); err != nil {
			t.Fatal(err)
		}
		if len(got) > len(doc) && fields != "" {
			t.Errorf("%q grew to %q", doc, got)
		}
	})
}

func FuzzSplice(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,2]}}`), "a.b.1", []byte(`"x"`))
	f.Fuzz(func(t *testing.T, doc []byte, path string, value []byte) {
		if !json.Valid(doc) || !json.Valid(value) {
			return
		}
		got, err := lookersim.Splice(doc, path, value)
		if err == nil && !json.Valid(got) {
			t.Errorf("%q with %s = %q gives %q", doc, path, value, got)
		}
	})
}
