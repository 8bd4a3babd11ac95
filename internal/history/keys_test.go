package history_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/vault"
)

// TestWhatALesserKeyDoesNotSee: run 2 is made with a key that does not see mail addresses and
// credentials; somebody is renamed meanwhile. That the rest is not in its version is no change,
// neither then nor when an administrator's run sees it again.
func TestWhatALesserKeyDoesNotSee(t *testing.T) {
	whole := `{"id":"1","display_name":"NAME","email":"ann@example.com","credentials_email":{"email":"ann@example.com"},"role_ids":["2","7"]}`
	part := `{"id":"1","display_name":"NAME","email":null,"role_ids":[]}`
	named := func(body, name string) documents {
		return documents{"users/1": strings.Replace(body, "NAME", name, 1)}
	}
	r := backUpBy(t, func(run int) bool { return run != 1 }, named(whole, "Ann"), named(part, "Anna"), named(whole, "Anna"), named(whole, "Anne"))
	hidden := []string{"/credentials_email", "/email", "/role_ids"}
	for _, tt := range []struct {
		after, until int64
		edits        []string
		hidden       []string
		what         string
	}{
		{1, 2, []string{"/display_name"}, hidden, "display name changed; 3 members not seen by the key of run 2"},
		{2, 3, nil, nil, ""},
		{2, 4, []string{"/display_name"}, hidden, "display name changed; 3 members not seen by the key of run 2"},
		{1, 4, []string{"/display_name"}, nil, "display name changed"},
		{4, 2, []string{"/display_name"}, hidden, "display name changed; 3 members not seen by the key of run 2"},
	} {
		found := changesOf(t, r, vault.Span{Instance: "acme", After: tt.after, Until: tt.until})
		var edits, notSeen []string
		what := ""
		for _, c := range found {
			for _, e := range c.Edits {
				edits = append(edits, e.Path)
			}
			notSeen, what = slices.Sorted(slices.Values(c.NotSeen)), c.What
		}
		if diff := cmp.Diff(tt.edits, edits); diff != "" {
			t.Errorf("%d to %d: edits (-want +got):\n%s", tt.after, tt.until, diff)
		}
		if diff := cmp.Diff(tt.hidden, notSeen); diff != "" {
			t.Errorf("%d to %d: not seen (-want +got):\n%s", tt.after, tt.until, diff)
		}
		if what != tt.what {
			t.Errorf("%d to %d: %q, want %q", tt.after, tt.until, what, tt.what)
		}
	}
}

// changesOf are the changes within a span.
func changesOf(t *testing.T, r vault.Reader, span vault.Span) (found []history.Change) {
	t.Helper()
	m := history.Moment{Reader: r, Instance: span.Instance}
	names := &history.Names{}
	if err := names.Read(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	err := history.Changes(t.Context(), m, names, false, func(c *history.Changer) error {
		for made, err := range c.All(history.Between(t.Context(), r, span), &history.Filter{}) {
			if err != nil {
				return err
			}
			found = append(found, made)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
