package fetch_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestADanglingReferenceIsLoggedAsOne: nothing failed where a document names
// another one that is not there, so the log does not say so.
func TestADanglingReferenceIsLoggedAsOne(t *testing.T) {
	tests := []struct {
		name          string
		kind          record.Kind
		want, without string
	}{
		{"a reference", "merge_queries", "reference leads to nothing: kind=merge_queries id=m1", "item failed"},
		{"a part", "role_users", "item failed: kind=role_users id=m1", "reference leads to nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			r := stagestest.NewRig(&stagestest.Looker{}, stagestest.KindOf(t, tt.kind))
			r.Log = hclog.New(&hclog.LoggerOptions{Output: &log, DisableTime: true})
			r.Store.ParentRefs = []record.Ref{{Kind: "dashboards", ID: "17"}}
			asked := record.Listed{ID: "m1", State: record.Present, Named: true}
			r.Fetch(t, record.Ask{Kind: tt.kind, How: record.Single, State: record.Present, Want: []record.Listed{asked}})
			if got := log.String(); !strings.Contains(got, tt.want) || strings.Contains(got, tt.without) {
				t.Errorf("log %q, want %q and no %q", got, tt.want, tt.without)
			}
		})
	}
}
