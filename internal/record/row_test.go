package record_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/record"
)

func TestRowRefs(t *testing.T) {
	for id, want := range map[string]bool{"#3": true, "#12": true, "#": false, "": false, "3": false, "#a": false, "a#3": false, "#3b": false} {
		if got := (record.Ref{Kind: "roles", ID: id}).IsRow(); got != want {
			t.Errorf("%q names a row: %v, want %v", id, got, want)
		}
	}
	if got := record.RowRef("roles", 3).String(); got != "roles/#3" {
		t.Errorf("RowRef = %q", got)
	}
}
