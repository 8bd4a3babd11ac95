package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/view"
)

func TestKindsInAPipe(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	tr.environ = nil // neither a Looker nor a configuration
	lines := strings.Split(strings.TrimSuffix(tr.must("kinds"), "\n"), "\n")
	if len(lines) != len(catalogue.All()) {
		t.Errorf("%d lines, want one for each of %d kinds", len(lines), len(catalogue.All()))
	}
	got := make(map[string]string)
	for _, line := range lines {
		cells := strings.Split(line, "\t")
		if len(cells) != len(kindTable.Columns) {
			t.Fatalf("%q has %d columns, want %d", line, len(cells), len(kindTable.Columns))
		}
		got[cells[0]] = strings.Join(cells[2:5], "|")
	}
	for kind, want := range map[string]string{
		"dashboards":            "restorable|default|1 per 5,000 ids, again for the trash + 1 per 100 documents + 1 to prove the list",
		"looks":                 "restorable|default|1 per 5,000 ids, again for the trash + 1 per folder with several new or changed ones, else 1 each + 1 to prove the list",
		"alerts":                "restorable|default|1 per 5,000 ids + 1 per 100 documents + 1 to prove the list",
		"roles":                 "restorable|default|1 for the list + 1 to prove the list",
		"homepage_sections":     "reference|default|1 for the list",
		"role_users":            "restorable|default|1 each, as many as roles",
		"content_metadata":      "restorable|default|1 per folder above several, else 1 each + 1 to prove the list",
		"merge_queries":         "restorable|default|1 each, once in a vault's life",
		"explores":              "reference|opt-in|1 each",
		"user_attribute_values": "restorable|opt-in|1 each, as many as users",
		"user_favorites":        "restorable|opt-in|1 each, as many as users",
	} {
		if diff := cmp.Diff(want, got[kind]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

func TestKindsAsJSON(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	var got struct {
		Kinds []struct {
			Kind, What, Calls   string
			Quotas              []string
			Restorable, Default bool
			Admin               bool   `json:"admin_only"`
			Without             string `json:"without_admin"`
		}
		Views []struct{ View, What, From string }
		Gaps  []struct{ What, Why string }
	}
	if err := json.Unmarshal([]byte(tr.must("kinds", "--json")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Kinds) != len(catalogue.All()) || len(got.Views) != len(catalogue.Views()) || len(got.Gaps) != len(catalogue.Gaps()) {
		t.Errorf("%d kinds, %d views, %d gaps", len(got.Kinds), len(got.Views), len(got.Gaps))
	}
	for _, k := range got.Kinds {
		if k.Kind == "" || k.What == "" || k.Calls == "" || len(k.Quotas) == 0 {
			t.Errorf("%+v: something is missing", k)
		}
		if want := map[string][]string{"agents": {"administrative", "query"}, "queries": {"query"}, "users": {"administrative"}}[k.Kind]; want != nil {
			if diff := cmp.Diff(want, k.Quotas); diff != "" {
				t.Errorf("quotas of %s (-want +got):\n%s", k.Kind, diff)
			}
		}
	}
	without := make(map[string]string)
	for _, k := range got.Kinds {
		without[k.Kind] = k.Without
		if k.Admin && k.Without != "refused" {
			t.Errorf("%s is for administrators alone, and others see %q of it", k.Kind, k.Without)
		}
	}
	if got, want := without["scheduled_plans"], "only the caller's own"; got != want || without["permission_sets"] != "" {
		t.Errorf("without Admin: %q of scheduled_plans, want %q; %q of permission_sets, want all", got, want, without["permission_sets"])
	}
	for _, g := range got.Gaps {
		if g.What == "" || g.Why == "" {
			t.Errorf("%+v: a gap without a reason", g)
		}
	}
}

// TestKindsForPeople looks at the table on terminals: everything is there, and
// nothing is wider than the terminal where it can be helped.
func TestKindsForPeople(t *testing.T) {
	for _, width := range []int{60, 80, 120, 200} {
		var out strings.Builder
		if err := kindsText(table.Output{Out: &out, Screen: &table.Screen{Width: width}}, table.Choice{}, view.KindsOf(100)); err != nil {
			t.Fatal(err)
		}
		shown := strings.Join(strings.Fields(out.String()), " ")
		for _, k := range catalogue.All() {
			if !strings.Contains(shown, string(k.Name)) {
				t.Errorf("%s is not in the table of %d columns", k.Name, width)
			}
		}
		for _, v := range catalogue.Views() {
			if !strings.Contains(shown, v.Name) {
				t.Errorf("the view %s is not there", v.Name)
			}
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimSuffix(line, "\n")
			if n := text.StringWidthWithoutEscSequences(line); n > width {
				t.Errorf("a line of %d columns on a terminal of %d: %s", n, width, line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%q ends in blanks", line)
			}
		}
	}
}
