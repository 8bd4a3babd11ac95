package catalogue_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// TestWhatIsOwned: a 404 means something else for a part of a document that is
// listed than for a document that another one names, so each followed kind must
// say which of both it is.
func TestWhatIsOwned(t *testing.T) {
	want := map[record.Kind]bool{
		"user_attribute_group_values": true, "user_attribute_values": true, "user_favorites": true, "group_groups": true, "role_users": true,
		"role_groups": true, "content_metadata": true, "content_access": true,
		"merge_queries": false, "queries": false, "explores": false,
	}
	got := make(map[record.Kind]bool)
	for _, kind := range catalogue.All() {
		switch {
		case kind.Listing.Followed:
			got[kind.Name] = kind.Owned()
		case kind.Owned() || kind.Loose():
			t.Errorf("%s is listed: it is neither owned nor loose", kind.Name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("owned kinds (-want +got):\n%s", diff)
	}
}

// TestWhatIsNamedBack: the member by which a document names back what names it is a relation of its
// kind, to the documents that those parts belong to.
func TestWhatIsNamedBack(t *testing.T) {
	n := 0
	for _, kind := range catalogue.All() {
		for _, r := range kind.Relations {
			if r.Back == "" {
				continue
			}
			n++
			back := slices.ContainsFunc(catalogue.Lookup(r.Kind).Relations, func(other catalogue.Relation) bool {
				return other.Path == r.Back && slices.ContainsFunc(catalogue.Lookup(other.Kind).Relations, func(owns catalogue.Relation) bool {
					return owns.Kind == kind.Name && owns.Role == catalogue.Owns && owns.Path == "id"
				})
			})
			if !back || !slices.Contains(catalogue.Lookup(r.Kind).Backs(), r.Back) {
				t.Errorf("%s: %s of %s names nothing that owns %s", kind.Name, r.Back, r.Kind, kind.Name)
			}
			if r.Beside != "" && !slices.Equal(catalogue.LeadingTo(r.Beside), catalogue.LeadingTo(kind.Name)) {
				t.Errorf("%s: the documents of %s belong to others", kind.Name, r.Beside)
			}
		}
	}
	if n == 0 {
		t.Error("no relation is named back")
	}
}
