package looker_test

import (
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lookervault/lookervault/internal/looker"
)

func FuzzRetryAfter(f *testing.F) {
	now := time.Date(2026, 7, 13, 12, 0, 0, 0, time.UTC)
	for _, seed := range []string{"", "0", "7", "-1", "1e300", "0x10", "NaN", "Inf", now.Format(http.TimeFormat), "Monday, 13-Jul-26 12:00:30 GMT"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := looker.RetryAfter(header, now)
		if got < 0 {
			t.Errorf("%q gives %s", header, got)
		}
		if now.Add(min(got, math.MaxInt64/4)).Before(now) {
			t.Errorf("%q gives %s, which leads back", header, got)
		}
	})
}

func FuzzNormalizeBaseURL(f *testing.F) {
	for _, seed := range []string{
		"https://example.looker.com", "example.looker.com:19999/api/4.0", "//x", "http://[::1]:80/a b/%2F/login",
		"https://u:p@x", "HTTP://X./A/../API", "https://x:443/?q#f", "ä.example", "https:///x", "http://[fe80::1%25en0]/", "..",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := looker.NormalizeBaseURL(in)
		if err != nil {
			if len(in) > 8 && strings.Contains(err.Error(), in) {
				t.Errorf("error repeats the address: %v", err)
			}
			return
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatalf("%q gives %q, which is no url: %v", in, got, err)
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q gives %q", in, got)
		}
		if again, err := looker.NormalizeBaseURL(got); err != nil || again != got {
			t.Errorf("%q gives %q, again %q, %v", in, got, again, err)
		}
	})
}

func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		`{"message":"Not found","documentation_url":"x"}`,
		`{"message":"Validation Failed","errors":[{"field":["a","b"],"code":"c","message":"m"},null,7]}`,
		`{"message":{"a":[1,null]},"errors":{}}`, `<html><title>x</title><script>`, "<!--", "a<b", "\x00\xff", "[]", strings.Repeat("0", 199) + " 00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got := looker.Message(body)
		if n := utf8.RuneCountInString(got); n > 203 {
			t.Errorf("%d runes", n)
		}
		if !utf8.ValidString(got) || strings.TrimSpace(got) != got {
			t.Errorf("%q is not clean", got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) {
				t.Errorf("%q holds %U", got, r)
			}
		}
	})
}
