package stages_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestLongIDs: an id has at most 1024 bytes.
func TestLongIDs(t *testing.T) {
	for n, want := range map[int]bool{1024: true, 1025: false} {
		id, wrong := stages.RowID(stagestest.KindOf(t, "dashboards"), []byte(`{"id":"`+strings.Repeat("x", n)+`"}`))
		if got := len(id) == n && wrong == ""; got != want {
			t.Errorf("%d bytes: taken for an id %t, want %t: %s", n, got, want, wrong)
		}
	}
}

// TestIDsWithANUL: no address can name one.
func TestIDsWithANUL(t *testing.T) {
	if id, wrong := stages.RowID(stagestest.KindOf(t, "dashboards"), []byte(`{"id":"a\u0000b"}`)); id != "" || wrong != `has a NUL in its id: "a\x00b"` {
		t.Errorf("id %q: %s", id, wrong)
	}
}
