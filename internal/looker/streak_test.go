package looker_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lookervault/lookervault/internal/looker"
)

// TestFailuresThatEndTheRun: 400 failures in a row are as many as a run takes from a server
// that answers when it is asked whether it lives.
func TestFailuresThatEndTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: func(_ int, req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/versions") {
				return reply(200, nil, `{"looker_release_version":"26"}`), nil
			}
			return reply(500, nil, ""), nil
		}}
		_, down, took := work(t, fakeClient(t, f, nil), 1, 10_000, look)
		var e *looker.DownError
		if !errors.As(down, &e) || e.Failures != 400 || e.Throttled {
			t.Errorf("%v after %s, want the end after 400 failures", down, took)
		}
	})
}

// TestRefusalsBetweenFailures: a server that sometimes fails in another way has not refused
// everything, so the run does not end for its limit.
func TestRefusalsBetweenFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{api: func(n int, req *http.Request) (*http.Response, error) {
			switch {
			case strings.HasSuffix(req.URL.Path, "/versions"):
				return reply(200, nil, `{"looker_release_version":"26"}`), nil
			case n%9 == 0:
				return reply(500, nil, ""), nil
			}
			return answers(429, "2")()
		}}
		_, down, took := work(t, fakeClient(t, f, nil), 1, 200, look)
		var e *looker.DownError
		if errors.As(down, &e) && e.Throttled {
			t.Errorf("%v after %s, want no end for the limit", down, took)
		}
	})
}
