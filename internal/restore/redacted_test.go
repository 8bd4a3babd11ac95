package restore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// What was redacted before it was stored is left as it is by an update, and out of what is made anew: the
// plan names it, and neither the drift nor the check takes it for a change.
func TestWhatWasRedactedIsLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.config.Stages.Redact.Paths = []string{"dashboards.dashboard_elements.body_text", "dashboards.description"}
	ref := record.Ref{Kind: "dashboards", ID: r.make("dashboards", `{"title":"Held","folder_id":"1","description":"secret"}`)}
	tile := r.add("/dashboard_elements", fmt.Sprintf(`{"dashboard_id":%q,"type":"text","title_text":"T","body_text":"secret"}`, ref.ID))
	r.backup()
	is := func(id string) string { return string(r.sim.Document("dashboards", id)) }

	r.do("PATCH", "/dashboards/"+ref.ID, `{"title":"Oops"}`)
	r.do("PATCH", "/dashboard_elements/"+tile, `{"title_text":"Oops"}`)
	request := restore.Request{Items: []record.Ref{ref}}
	done := r.apply(r.plan(request))
	complete(t, done)
	if body := is(ref.ID); strings.Contains(body, "Oops") || strings.Count(body, `"secret"`) < 2 {
		t.Errorf("after the update: %s", body)
	}

	r.do("DELETE", "/dashboards/"+ref.ID, "")
	plan := r.plan(request)
	if notes := strings.Join(plan.Notes, "\n"); !strings.Contains(notes, "description, dashboard_elements.body_text is in no backup") {
		t.Errorf("notes: %s", notes)
	}
	done = r.apply(plan)
	complete(t, done)
	body := is(targetOf(done, ref))
	if strings.Contains(body, "redacted") || canon.Text(canon.Member([]byte(body), "title")) != "Held" {
		t.Errorf("made anew: %s", body)
	}
}
