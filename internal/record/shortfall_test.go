package record_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
)

// What ended many kinds is said once, and names them all.
func TestShortfalls(t *testing.T) {
	const spent = "the budget of calls was used up"
	kinds := []record.Counts{
		{Kind: "looks", Listing: record.NotBegun, Reason: spent},
		{Kind: "groups", Listing: record.Denied, Reason: "GET /groups: 403"},
		{Kind: "settings", Listing: record.Budget, Reason: spent},
		{Kind: "themes", Listing: record.NotBegun, Reason: spent},
		{Kind: "roles", Listing: record.NotBegun, Reason: "the server died"},
		{Kind: "users", Listing: record.NotBegun, Reason: "the server died"},
		{Kind: "alerts", Listing: record.Open},
		{Kind: "boards", Listing: record.NotBegun},
		{Kind: "agents", Listing: record.Open},
	}
	var got []string
	for _, s := range record.Shortfalls(kinds) {
		got = append(got, s.Who(2)+": "+s.Why(), s.Who(0))
	}
	want := []string{
		"looks, settings and 1 more: not complete: " + spent, "looks, settings, themes",
		"groups: denied: GET /groups: 403", "groups",
		"roles, users: not begun: the server died", "roles, users",
		"alerts, agents: open", "alerts, agents",
		"boards: not begun", "boards",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
