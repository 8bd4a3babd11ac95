package stages_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

func TestLedgerEnds(t *testing.T) {
	tests := []struct {
		name string
		do   func(*stages.Ledger)
		want record.End
	}{
		{"nothing happened", func(*stages.Ledger) {}, record.End{Listing: record.Open}},
		{
			"all answered", func(l *stages.Ledger) {
				l.Listed("looks", 3)
				l.Asked("looks", 3)
				l.Ended("looks", record.Complete, "")
				l.Answered("looks", 3)
			}, record.End{Listing: record.Complete, Listed: 3},
		},
		{
			"listed, not all answered", func(l *stages.Ledger) {
				l.Listed("looks", 3)
				l.Asked("looks", 3)
				l.Ended("looks", record.Complete, "")
				l.Answered("looks", 2)
			}, record.End{Listing: record.Open, Listed: 3},
		},
		{
			"found wanting is not made complete again", func(l *stages.Ledger) {
				l.Ended("looks", record.Incomplete, "why")
				l.Ended("looks", record.Complete, "")
			}, record.End{Listing: record.Incomplete, Reason: "why"},
		},
		{
			"complete, then found wanting", func(l *stages.Ledger) {
				l.Ended("looks", record.Complete, "")
				l.Ended("looks", record.Incomplete, "why")
			}, record.End{Listing: record.Incomplete, Reason: "why"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := stages.NewLedger([]record.Kind{"looks"})
			tt.do(l)
			tt.want.Kind = "looks"
			if diff := cmp.Diff([]record.End{tt.want}, l.Ends()); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
		})
	}
}
