package extract_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// TestWhatIsOwnedEndsWithItsOwner: parts of a document that a run found to be gone
// are gone with it, in the same run, and are not asked for.
func TestWhatIsOwnedEndsWithItsOwner(t *testing.T) {
	tests := []struct {
		owner, id string
		parts     map[record.Kind]string // and the path that brings them
		kinds     []record.Kind
	}{
		{
			owner: "users", id: "9", kinds: []record.Kind{"users", "roles", "user_attribute_values"},
			parts: map[record.Kind]string{"user_attribute_values": "/users/9/attribute_values"},
		},
		{
			owner: "roles", id: "4", kinds: []record.Kind{"roles", "role_users", "role_groups"},
			parts: map[record.Kind]string{"role_users": "/roles/4/users", "role_groups": "/roles/4/groups"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.owner, func(t *testing.T) {
			var mu sync.Mutex
			var calls []string
			r := newRig(t, lookersim.Options{Seed: 3, Observe: func(c lookersim.Call) {
				mu.Lock()
				defer mu.Unlock()
				calls = append(calls, c.Path)
			}})
			r.run(record.RunComplete, start(tt.kinds...))
			mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: tt.owner, ID: tt.id})
			mu.Lock()
			calls = nil
			mu.Unlock()
			result := r.run(record.RunComplete, start(tt.kinds...))
			states := make(map[record.Kind]int64)
			for kind, path := range tt.parts {
				if slices.ContainsFunc(calls, func(c string) bool { return strings.HasSuffix(c, path) }) {
					t.Errorf("%s was asked for", path)
				}
				states[kind] = countsOf(t, result, kind).Gone
				if _, held := r.stored()[record.Ref{Kind: kind, ID: tt.id}]; held {
					t.Errorf("%s/%s outlives its owner", kind, tt.id)
				}
			}
			want := make(map[record.Kind]int64)
			for kind := range tt.parts {
				want[kind] = 1
			}
			if diff := cmp.Diff(want, states); diff != "" {
				t.Errorf("gone (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOwnersThatNobodyListed: a run of parts alone is incomplete where no run has found out what they
// are parts of.
func TestOwnersThatNobodyListed(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	result := r.run(record.RunPartial, start("group_groups", "content_metadata", "content_access"))
	for kind, want := range map[record.Kind]string{
		"group_groups":     "nothing is known of what leads to it; run groups as well",
		"content_metadata": "nothing is known of what leads to it; run folders, boards, agents as well",
		"content_access":   "nothing is known of what leads to it; run folders, boards, agents as well",
	} {
		if got := countsOf(t, result, kind); got.Listing != record.Incomplete || got.Reason != want {
			t.Errorf("%s is %s: %q, want incomplete: %q", kind, got.Listing, got.Reason, want)
		}
	}
	r.run(record.RunComplete, start("groups"))
	r.run(record.RunComplete, start("group_groups"))
}
