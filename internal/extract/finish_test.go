package extract_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/record"
)

// TestEndsOfFollowedKinds: kinds that were followed from documents which were not read whole prove
// no absence, and where a listing was cut short they are not complete either.
func TestEndsOfFollowedKinds(t *testing.T) {
	const roles, users, folders, metadata, access = "roles", "role_users", "folders", "content_metadata", "content_access"
	complete := record.Complete
	for _, test := range []struct {
		name   string
		ends   []record.End // in any order
		failed record.Kind  // some documents of it failed
		want   []record.End // in the order of waves
	}{
		{
			name: "all were read", ends: []record.End{{Kind: users, Listing: complete}, {Kind: roles, Listing: complete}},
			want: []record.End{{Kind: roles, Listing: complete}, {Kind: users, Listing: complete}},
		},
		{
			name: "some documents failed", failed: roles, ends: []record.End{{Kind: roles, Listing: complete}, {Kind: users, Listing: complete}},
			want: []record.End{{Kind: roles, Listing: complete}, {Kind: users, Listing: complete, Unproven: true}},
		},
		{
			name: "not all were listed", ends: []record.End{{Kind: roles, Listing: record.Incomplete, Reason: "r"}, {Kind: users, Listing: complete}},
			want: []record.End{{Kind: roles, Listing: record.Incomplete, Reason: "r"}, {Kind: users, Listing: complete, Unproven: true}},
		},
		{
			name: "none was asked for", ends: []record.End{{Kind: users, Listing: complete}},
			want: []record.End{{Kind: users, Listing: complete, Unproven: true}},
		},
		{
			name: "the budget ended", ends: []record.End{{Kind: roles, Listing: record.Budget, Reason: "r"}, {Kind: users, Listing: complete}},
			want: []record.End{{Kind: roles, Listing: record.Budget, Reason: "r"}, {Kind: users, Listing: record.Budget, Reason: "r", Unproven: true}},
		},
		{
			name: "it had ended before", ends: []record.End{{Kind: roles, Listing: record.Open}, {Kind: users, Listing: record.Incomplete, Reason: "u"}},
			want: []record.End{{Kind: roles, Listing: record.Open}, {Kind: users, Listing: record.Incomplete, Reason: "u", Unproven: true}},
		},
		{
			name: "through others", ends: []record.End{{Kind: access, Listing: complete}, {Kind: metadata, Listing: complete}, {Kind: folders, Listing: record.Open}},
			want: []record.End{{Kind: folders, Listing: record.Open}, {Kind: metadata, Listing: record.Open, Unproven: true}, {Kind: access, Listing: record.Open, Unproven: true}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			extract.Follow(test.ends, func(kind record.Kind) bool { return kind == test.failed })
			if diff := cmp.Diff(test.want, test.ends); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
