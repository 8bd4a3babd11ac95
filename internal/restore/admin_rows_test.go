package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// The collections of colours and the theme that come with Looker are what they are on this version of
// it; those that somebody has made become what they were.
func TestWhatComesWithLookerStays(t *testing.T) {
	t.Parallel()
	r := newRig(t, lookersim.Options{Seed: 1})
	r.make("color_collections", `{"label":"The third one, which comes with the simulator"}`)
	own := record.Ref{Kind: "color_collections", ID: r.make("color_collections", `{"label":"Ours","categoricalPalettes":[{"label":"One","type":"Categorical","colors":["#112233"]}]}`)}
	standard, theme := first(t, r, "color_collections"), record.Ref{Kind: "themes", ID: "1"}
	r.backup()
	r.set("color_collections", standard.ID, "label", `"Of the next version"`)
	r.set("themes", theme.ID, "settings.base_font_size", `"13px"`)
	r.do("PATCH", "/color_collections/"+own.ID, `{"label":"Changed"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{own, standard, theme}})
	for ref, want := range map[record.Ref]record.Deed{own: record.DeedUpdate, standard: record.DeedReuse, theme: record.DeedReuse} {
		if a := onlyAction(t, plan, ref); a.Deed != want || want == record.DeedReuse && a.Reason == "" {
			t.Errorf("%s %s: %s, want %s", a.Deed, a.Ref, a.Reason, want)
		}
	}
	complete(t, r.apply(plan))
}

// The parameters of an integration that Looker hides stay as they are when others are set back.
func TestHiddenParametersStay(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	ref := first(t, r, "integrations")
	was := string(r.sim.Document("integrations", ref.ID))
	r.do("PATCH", "/integrations/"+ref.ID, `{"enabled":false,"params":[{"name":"endpoint","value":"https://changed.example.com"}]}`)
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{ref}})))
	if is := string(r.sim.Document("integrations", ref.ID)); is != was || !strings.Contains(is, `"sensitive":true`) {
		t.Errorf("(-want +got):\n-%s\n+%s", was, is)
	}
	for _, w := range r.sim.Writes() {
		if strings.Contains(string(canon.Member(w.Body, "params")), `"value":""`) {
			t.Errorf("a blank value clears what is hidden: %s", w.Body)
		}
	}
}
