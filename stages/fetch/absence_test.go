package fetch_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestWhatA404Means: what nothing lists is gone only where the document is gone
// that names it, which the end of the run decides, not its own 404.
func TestWhatA404Means(t *testing.T) {
	type outcome struct {
		Fault, Message string // of the item, "" for none
		Listing        record.Listing
		Kept           bool // never gone in this run
		Notes          []string
	}
	tests := []struct {
		name     string
		kind     record.Kind
		stranger bool // the key is not an administrator's
		named    bool // by a document of this run
		held     bool // the store holds it
		parents  []record.Ref
		want     outcome
	}{
		{
			name: "a part of a listed document", kind: "role_users", named: true,
			want: outcome{Fault: "missing", Message: "missing", Listing: record.Incomplete},
		},
		{
			name: "a part of a document that this run has not seen", kind: "role_users",
			want: outcome{Listing: record.Complete, Notes: []string{
				"role_users: 1 are not there (404), and what they belong to was not seen in this run: m1",
			}},
		},
		{
			name: "a part, for a key that may not see it", kind: "role_users", named: true, stranger: true,
			want: outcome{Listing: record.Complete, Kept: true, Notes: []string{"role_users: 1 are not on this instance, or not for this key: m1"}},
		},
		{
			name: "a loose reference", kind: "merge_queries", named: true, parents: []record.Ref{{Kind: "dashboards", ID: "17"}},
			want: outcome{Fault: "dangling", Message: "named by dashboards/17: missing", Listing: record.Complete,
				Notes: []string{"merge_queries: 1 that stored documents point to are not there (404): m1"}},
		},
		{
			name: "a loose reference of several", kind: "queries", named: true,
			parents: []record.Ref{{Kind: "merge_queries", ID: "a"}, {Kind: "alerts", ID: "3"}, {Kind: "alerts", ID: "4"}},
			want: outcome{Fault: "dangling", Message: "named by merge_queries/a and others: missing", Listing: record.Complete,
				Notes: []string{"queries: 1 that stored documents point to are not there (404): m1"}},
		},
		{
			name: "a loose reference from what this run has not seen", kind: "queries", parents: []record.Ref{{Kind: "merge_queries", ID: "a"}},
			want: outcome{Listing: record.Complete, Notes: []string{
				"queries: 1 are not there (404), and what they belong to was not seen in this run: m1",
			}},
		},
		{
			name: "a loose reference, for a key that may not see it", kind: "queries", named: true, stranger: true,
			want: outcome{Listing: record.Complete, Kept: true, Notes: []string{"queries: 1 are not on this instance, or not for this key: m1"}},
		},
		{
			name: "an explore that is only there to be extended", kind: "explores", named: true,
			want: outcome{Listing: record.Complete, Notes: []string{"explores: 1 that stored documents point to are not served (404): m1"}},
		},
		{
			name: "an explore that was served before", kind: "explores", named: true, held: true, parents: []record.Ref{{Kind: "lookml_models", ID: "m"}},
			want: outcome{Fault: "dangling", Message: "named by lookml_models/m: missing", Listing: record.Complete,
				Notes: []string{"explores: 1 that stored documents point to are not there (404): m1"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := stagestest.NewRig(&stagestest.Looker{}, stagestest.KindOf(t, tt.kind))
			r.Stranger, r.Store.ParentRefs = tt.stranger, tt.parents
			asked := record.Listed{ID: "m1", State: record.Present, Named: tt.named}
			if tt.held {
				asked.Hash = record.Digest{1}
			}
			r.Ledger.Named(tt.kind, []record.Listed{asked})
			items := r.Fetch(t, record.Ask{Kind: tt.kind, How: record.Single, State: record.Present, Want: []record.Listed{asked}})
			r.Ledger.Ended(tt.kind, record.Complete, "")
			got := outcome{Listing: r.Ledger.Ends()[0].Listing, Kept: len(r.Store.KeptRefs) > 0, Notes: r.Ledger.Notes()}
			for _, item := range items {
				if item.Fault == nil {
					t.Errorf("%s is %s, want a fault or nothing", item.Ref, item.State)
					continue
				}
				got.Fault, got.Message = item.Fault.Class, item.Fault.Message
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if p := r.Ledger.Progress()[0]; p.Asked != p.Answered || (p.Absent == 0) != (len(items) > 0) {
				t.Errorf("progress %+v with %d items", p, len(items))
			}
		})
	}
}
