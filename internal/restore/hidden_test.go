package restore_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// Values of a user that Looker hides, and values that no run has stored, are lost when the user is made
// anew: the plan says so. All else of the values comes back.
func TestValuesThatNoBackupHoldsAreNamed(t *testing.T) {
	t.Parallel()
	user := record.Ref{Kind: "users", ID: "5"}
	for name, stored := range map[string]bool{"hidden": true, "not stored": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := newBackedUpRig(t)
			values, hidden := 0, ""
			for _, row := range mustRows(t, r.sim.Document("user_attribute_values", user.ID)) {
				switch text := func(member string) string { return canon.Text(canon.Member(row, member)) }; {
				case text("source") != "User Setting":
				case text("value_is_hidden") == "true":
					hidden = text("user_attribute_id")
				default:
					values++
				}
			}
			if values == 0 || hidden == "" {
				t.Fatalf("%d values, hidden: %q", values, hidden)
			}
			if stored {
				kinds := []record.Kind{"user_attribute_values"}
				for _, k := range catalogue.Default() {
					kinds = append(kinds, k.Name)
				}
				if _, err := r.run(t.Context(), record.Scope{Kinds: kinds}, "api"); err != nil {
					t.Fatal(err)
				}
			}
			r.do("DELETE", "/users/"+user.ID, "")
			plan := r.plan(restore.Request{Items: []record.Ref{user}})
			said := strings.Join(plan.Notes, "\n")
			want := "hidden values are in no backup"
			if !stored {
				want = "user_attribute_values, which no run has stored"
			}
			if !strings.Contains(said, want) || stored && !strings.Contains(said, "user_attribute_values/"+hidden) {
				t.Errorf("the plan says:\n%s", said)
			}
			done := r.apply(plan)
			complete(t, done)
			back := 0
			for _, row := range mustRows(t, r.sim.Document("user_attribute_values", targetOf(done, user))) {
				if canon.Text(canon.Member(row, "source")) == "User Setting" {
					back++
				}
			}
			if stored && back != values || !stored && back != 0 {
				t.Errorf("%d values are back, of %d", back, values)
			}
		})
	}
}

// A folder whose access rules no run could read comes back with those of the place that it lies in,
// which let in others: the plan says so.
func TestRulesThatNoBackupHoldsAreNamed(t *testing.T) {
	t.Parallel()
	r, _ := newBackedUpRig(t)
	folder := record.Ref{Kind: "folders", ID: r.make("folders", `{"name":"Guarded","parent_id":"1"}`)}
	metadata := canon.Text(canon.Member(r.sim.Document("folders", folder.ID), "content_metadata_id"))
	r.do("PATCH", "/content_metadata/"+metadata, `{"inherits":false}`)
	var kinds []record.Kind
	for _, k := range catalogue.Default() {
		if k.Name != "content_access" {
			kinds = append(kinds, k.Name)
		}
	}
	if _, err := r.run(t.Context(), record.Scope{Kinds: kinds}, "api"); err != nil {
		t.Fatal(err)
	}
	r.do("DELETE", "/folders/"+folder.ID, "")
	plan := r.plan(restore.Request{Items: []record.Ref{folder}})
	if said := strings.Join(plan.Notes, "\n"); !strings.Contains(said, "Guarded") || !strings.Contains(said, "content_access") {
		t.Errorf("the plan says:\n%s", said)
	}
}
