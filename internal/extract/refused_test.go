package extract_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestAnAdministratorIsRefused: what an edition may lack answers 403 to an administrator's key.
// Once is no answer. Always is one in a first run; where the vault holds documents it is a
// server in trouble, and the kind is incomplete.
func TestAnAdministratorIsRefused(t *testing.T) {
	for kind, route := range map[record.Kind]string{
		"agents": "/agents/search", "themes": "/themes", "homepage_sections": "/primary_homepage_sections", "settings": "/saml_config",
	} {
		t.Run(string(kind), func(t *testing.T) {
			never := newRig(t, lookersim.Options{Seed: 5})
			never.rules("route=GET " + route + " status=403")
			result := never.run(record.RunComplete, start(kind))
			if got := countsOf(t, result, kind); got.Listing != record.Denied && !strings.Contains(strings.Join(result.Run.Notes, ""), "saml_config") {
				t.Errorf("first run: %+v, notes %q, want it told", got, result.Run.Notes)
			}

			r := newRig(t, lookersim.Options{Seed: 5})
			for range 2 {
				r.rules("route=GET " + route + " times=1 status=403")
				r.run(record.RunComplete, start(kind))
				compare(t, r, kind)
			}
			r.rules("route=GET " + route + " status=403")
			got := countsOf(t, r.run(record.RunPartial, start(kind)), kind)
			if got.Gone > 0 || got.Listing != record.Incomplete || !strings.Contains(got.Reason, "the vault holds") {
				t.Errorf("refused for good: %+v, want it incomplete", got)
			}
			r.rules()
			r.run(record.RunComplete, start(kind))
			if faults := r.faults(); len(faults) > 0 {
				t.Errorf("still open: %+v", faults)
			}
		})
	}
}
