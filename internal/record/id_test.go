package record_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lookervault/lookervault/internal/record"
)

// TestFollowableID: what a document may have as its id stays; anything else becomes a short
// text, and two of those are told apart.
func TestFollowableID(t *testing.T) {
	for _, id := range []string{"", "17", "thelook::orders", "späte Züge/1", "..", strings.Repeat("x", record.MaxID)} {
		if got := record.FollowableID(id); got != id {
			t.Errorf("%q became %q", id, got)
		}
	}
	long := strings.Repeat("ü", record.MaxID)
	seen := make(map[string]bool)
	for _, id := range []string{"a\x00b", "\xff", "x" + long, "x" + long + "\x00", long, long + "y", strings.Repeat("\xff", 1<<20)} {
		got := record.FollowableID(id)
		if seen[got] || len(got) > 3*record.MaxID/4 || !utf8.ValidString(got) || strings.ContainsRune(got, 0) || !strings.ContainsRune(got, utf8.RuneError) {
			t.Errorf("%.80q became %q", id, got)
		}
		seen[got] = true
	}
}
