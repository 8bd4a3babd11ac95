package lookersim_test

import (
	"net/http"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

func TestWritePaths(t *testing.T) {
	s, _ := start(t, small())
	for _, test := range []struct{ method, kind, id, want string }{
		{http.MethodPatch, "agents", "1", "/agents/1"},
		{http.MethodDelete, "agents", "1", "/agents?id=1"},
		{http.MethodPatch, "golden_queries", "9007199254740993", "/golden_queries/9007199254740993"},
		{http.MethodDelete, "oauth_client_apps", "extension.app_1", "/oauth_client_apps/extension.app_1"},
		{http.MethodPatch, "settings", "session_config", "/session_config"},
		{http.MethodDelete, "settings", "session_config", ""},
		{http.MethodDelete, "explores", "1", ""},
	} {
		path, ok := lookersim.WritePath(test.method, test.kind, test.id)
		if !ok {
			path = ""
		}
		if path != test.want {
			t.Errorf("%s %s %s: %q, want %q", test.method, test.kind, test.id, path, test.want)
		}
		if test.want == "" {
			continue
		}
		if status, answer := s.Do(test.method, path, nil); status >= 300 {
			t.Errorf("%s %s: %d %s", test.method, path, status, answer)
		}
	}
}
