package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sourcegraph/conc"

	"github.com/lookervault/lookervault/internal/secret"
)

// key has what every sort of escape changes.
const key = `kE1& "pW'<%+/\` + "ü😀 z9?"

func TestScrubFindsEverySpelling(t *testing.T) {
	quoted, _ := json.Marshal(key)
	plain := &bytes.Buffer{}
	plainly := json.NewEncoder(plain)
	plainly.SetEscapeHTML(false)
	if err := plainly.Encode(key); err != nil {
		t.Fatal(err)
	}
	var units, percent strings.Builder
	for _, r := range key {
		if r > 0xffff {
			units.WriteString(`\ud83d\ude00`)
		} else {
			fmt.Fprintf(&units, `\u%04X`, r)
		}
	}
	for _, b := range []byte(key) {
		fmt.Fprintf(&percent, "%%%02x", b)
	}
	inside := func(s []byte) string { return string(bytes.Trim(s, "\"\n")) }
	again, _ := json.Marshal(string(quoted))
	for name, spelled := range map[string]string{
		"plain":                  key,
		"upper case":             strings.ToUpper(key),
		"query":                  url.QueryEscape(key),
		"path":                   url.PathEscape(key),
		"percent, all of it":     percent.String(),
		"percent twice":          url.QueryEscape(url.QueryEscape(key)),
		"percent three times":    url.PathEscape(url.QueryEscape(url.PathEscape(key))),
		"json":                   inside(quoted),
		"json without html":      inside(plain.Bytes()),
		"json in json":           strings.TrimSuffix(strings.TrimPrefix(inside(again), `\"`), `\`),
		"json, all of it":        units.String(),
		"go":                     inside(fmt.Appendf(nil, "%q", key)),
		"go in ASCII":            inside(fmt.Appendf(nil, "%+q", key)),
		"html":                   html.EscapeString(key),
		"html twice":             html.EscapeString(html.EscapeString(key)),
		"percent in json":        inside(fmt.Appendf(nil, "%q", url.QueryEscape(key))),
		"base64":                 base64.StdEncoding.EncodeToString([]byte(key)),
		"base64 for addresses":   base64.RawURLEncoding.EncodeToString([]byte(key)),
		"base64 behind a letter": base64.StdEncoding.EncodeToString([]byte("i" + key + "b")),
		"base64 behind an id":    base64.StdEncoding.EncodeToString([]byte("id" + key + "bc")),
		"hexadecimal":            hex.EncodeToString([]byte(key)),
		"hexadecimal, upper":     strings.ToUpper(hex.EncodeToString([]byte(key))),
		"broken lines":           folded(key, "\n"),
		"folded header":          folded(key, "\r\n "),
		"broken lines in json":   folded(inside(quoted), `\r\n`),
		"broken lines, percent":  folded(percent.String(), "%0D%0a"),
		"base64 in lines":        folded(base64.StdEncoding.EncodeToString([]byte(key)), "\n"),
		"a blank for each break": folded(key, "  "),
		"hexadecimal in lines":   folded(hex.EncodeToString([]byte(key)), "\n\t"),
	} {
		t.Run(name, func(t *testing.T) {
			got := secret.NewSet(key).Scrub("before=" + spelled + " after")
			want := "before=*** after"
			if strings.HasPrefix(name, "base64 behind") {
				// What stands in front in the same letters is not part of it.
				_, got, _ = strings.Cut(got, "***")
				want = " after"
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("of %q (-want +got):\n%s", spelled, diff)
			}
			if !secret.NewSet(key).Holds("NAME=x" + spelled) {
				t.Error("is not found within a text")
			}
		})
	}
}

// folded has a break after every seventh byte, as often as it stands in no escape.
func folded(text, lineBreak string) string {
	var b strings.Builder
	for i, r := range text {
		if i > 0 && i%7 == 0 && !strings.ContainsAny(text[max(0, i-5):i], `%\`) {
			b.WriteString(lineBreak)
		}
		b.WriteRune(r)
	}
	return b.String()
}

func TestScrub(t *testing.T) {
	for _, test := range []struct{ name, secrets, text, want string }{
		{"nothing to hide", "", "as it was", "as it was"},
		{"not there", "hidden", "hidde n", "hidde n"},
		{"twice", "hidden", "hiddenhidden, hidden", "******, ***"},
		{"the longer one", "hidden hidden-more", "a hidden-more b", "a *** b"},
		{"one begins within another", "abcd cdef", "abcdef", "***ef"},
		{"short", "x", "axb", "a***b"},
		{"looks like an escape", "hidden", `\q %zz &#; \u00 hidd%65n`, `\q %zz &#; \u00 ***`},
		{"no UTF-8", "a\xffbcdef", "1 a\xffbcdef a%ffbcdef 2", "1 *** *** 2"},
		{"words on lines of their own", "hidden", "hid den\nhid\n, hid", "hid den\nhid\n, hid"},
		{"a break before a blank of its own", "hidden,key", "hidden\r\n key hidden\n,key", "hidden\r\n key ***"},
		{"in base64 again on the next line", "hidden-key", "aGlkZGVuLWtleWhpZ\nGRlbi1rZXk= and more", "*** and more"},
		{"cut is not replaced here", "hidden", "hidd", "hidd"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := secret.NewSet(strings.Fields(test.secrets)...).Scrub(test.text)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A value with a blank is found where its line is broken in front of that.
func TestScrubBlankOfTheValue(t *testing.T) {
	got := secret.NewSet("hidden key").Scrub("hidden\r\n  key hidden key hidden \\n key hidden+key hiddenkey")
	if diff := cmp.Diff("*** *** *** *** hiddenkey", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A value with a line break of its own is found with it, not without.
func TestScrubLineBreakOfTheValue(t *testing.T) {
	got := secret.NewSet("hidden\nlines").Scrub("hidden\nlines hidden\\nlines hidden%0alines hidden\\u000alines hiddenlines")
	if diff := cmp.Diff("*** *** *** *** hiddenlines", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestScrubStart(t *testing.T) {
	for text, want := range map[string]string{
		"a hid":         "a ***",
		"a hidde":       "a ***",
		"a hidd%6":      "a ***",
		`a hidd\u00`:    "a ***",
		"a hi":          "a hi",
		"a hid and":     "a hid and",
		"a hidden, hid": "a ***, ***",
		"a hidden-\n":   "a ***",
		"a hidden-\nen": "a ***",
		"a 6869\n64":    "a ***",
		"a aGlkZ":       "a ***", // of aGlkZGVu...
		"a 686964":      "a ***",
		"a 68":          "a 68",
	} {
		if got := secret.NewSet("hidden", "hidden-encoded").ScrubStart(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestHolds(t *testing.T) {
	set := secret.NewSet("hidden-key", "abc", "")
	for text, want := range map[string]bool{
		"hidden-key": true, "https://u:hidden-key@h": true, "https://u:hidden%2dkey@h": true,
		"abc": true, "/usr/abc/bin": false, "": false, "hidden": false,
	} {
		if got := set.Holds(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
	var none *secret.Set
	if none.Holds("x") || none.Scrub("x") != "x" {
		t.Error("the nil set holds something")
	}
}

// TestPassingValues: of tokens that replace each other the newest are hidden, a value
// that was added to stay always is.
func TestPassingValues(t *testing.T) {
	set := secret.NewSet("the-key")
	set.AddPassing("the-key")
	for i := range 100 {
		set.AddPassing(fmt.Sprintf("token-%03d", i))
		set.AddPassing(fmt.Sprintf("token-%03d", i)) // the same again replaces nothing
	}
	got := set.Scrub("the-key token-083 token-084 token-099")
	if diff := cmp.Diff("*** token-083 *** ***", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWriter(t *testing.T) {
	var out strings.Builder
	w := secret.NewSet("hidden").Writer(&out)
	for _, part := range []string{"one hid", "den\ntwo h", "", "idden three", "\nfour hidd", "en"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("%q: %d, %v", part, n, err)
		}
	}
	if got, want := out.String(), "one ***\ntwo *** three\n"; got != want {
		t.Errorf("wrote %q before the end, want %q", got, want)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "one ***\ntwo *** three\nfour ***"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("hidden", "a hid%64en b", true)
	f.Add(`\`, `\\\u005c`, false)
	f.Add("%", "%2525%", true)
	f.Fuzz(func(t *testing.T, value, text string, cut bool) {
		set := secret.NewSet(value)
		for _, s := range []string{text, text + value + text, text + url.QueryEscape(value)} {
			got := set.Scrub(s)
			if cut {
				got = set.ScrubStart(s)
			}
			if len(value) > 3 && strings.Contains(got, value) && !strings.Contains(value, "*") {
				t.Errorf("%q is left of %q without %q", got, s, value)
			}
		}
	})
}

// TestSetServesManyAtOnce, which the race detector watches.
func TestSetServesManyAtOnce(t *testing.T) {
	const plain = "a value that nobody may see"
	set := secret.NewSet(plain)
	text := "leaked: " + base64.StdEncoding.EncodeToString([]byte(plain)) + " and " + hex.EncodeToString([]byte(plain))
	var scrubs conc.WaitGroup
	for range 4 {
		scrubs.Go(func() {
			if got := set.Scrub(text); got != "leaked: *** and ***" {
				t.Errorf("got %q", got)
			}
		})
	}
	scrubs.Wait()
}
