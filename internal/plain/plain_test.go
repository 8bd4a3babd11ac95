package plain_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/plain"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"as it is ü😀":              "as it is ü😀",
		"a\tb\nc\x1b[31m":          "a b c [31m",
		"c1 \u009b31m \u0085":      "c1  31m  ",
		"bidi \u202egpj.exe\u2069": "bidi  gpj.exe ",
		"lines \u2028\u2029":       "lines   ",
		"no utf-8 \xff":            "no utf-8  ",
		"delete \x7f":              "delete  ",
	} {
		if diff := cmp.Diff(want, plain.Text(in)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
	if got, want := plain.Page("a\n\tb\u202e\u009b\r"), "a\n\tb   "; got != want {
		t.Errorf("page %q, want %q", got, want)
	}
}

func TestJSON(t *testing.T) {
	const text = "ü \u009b \u202e \u2066 \u007f 😀 \x1b"
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	got := plain.JSON(string(encoded))
	if want := `"ü \u009b \u202e \u2066 \u007f 😀 \u001b"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var back string
	if err := json.Unmarshal([]byte(got), &back); err != nil || back != text {
		t.Errorf("means %q, %v", back, err)
	}
}
