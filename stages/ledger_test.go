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

// TestTooManyReferencesDangle: some of what documents name is not there on any
// old instance. Many are the sign that they were not asked for in the right way.
func TestTooManyReferencesDangle(t *testing.T) {
	tests := []struct {
		name            string
		named, dangling int
		want            record.End
	}{
		{"none", 1, 0, record.End{Listing: record.Complete}},
		{"three of three", 3, 3, record.End{Listing: record.Complete}},
		{"four, one in a hundred", 400, 4, record.End{Listing: record.Complete}},
		{"four, and more", 399, 4, record.End{Listing: record.Incomplete, Reason: "4 of 399 that stored documents point to are not there (404)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := stages.NewLedger([]record.Kind{"queries"})
			rows := []record.Listed{{ID: "named by what is gone"}}
			for range tt.named {
				rows = append(rows, record.Listed{Named: true})
			}
			l.Named("queries", rows)
			for range tt.dangling {
				l.Dangling(record.Ref{Kind: "queries", ID: "7"})
			}
			l.Ended("queries", record.Complete, "")
			tt.want.Kind = "queries"
			if diff := cmp.Diff([]record.End{tt.want}, l.Ends()); diff != "" {
				t.Errorf("ends (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLedgerNamesEverySettingThatIsMissing: nothing else says which parts of an instance this
// edition does not have. Of kinds that may miss thousands the first few are named.
func TestLedgerNamesEverySettingThatIsMissing(t *testing.T) {
	l := stages.NewLedger([]record.Kind{"queries", "settings"})
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		l.Absent(record.Ref{Kind: "settings", ID: id})
		l.Absent(record.Ref{Kind: "queries", ID: id})
	}
	l.Ended("queries", record.Complete, "")
	l.Ended("settings", record.Complete, "")
	want := []string{
		"queries: 7 are not on this instance, or not for this key: a, b, c, d, e, ...",
		"settings: 7 are not on this instance, or not for this key: a, b, c, d, e, f, g",
	}
	if diff := cmp.Diff(want, l.Notes()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// TestLedgerTellsOfWhatIsMissingOnce: a run that was stopped on the way would
// tell it again, and other numbers, when it is resumed.
func TestLedgerTellsOfWhatIsMissingOnce(t *testing.T) {
	l := stages.NewLedger([]record.Kind{"queries", "settings"})
	l.Asked("queries", 3)
	l.Ended("queries", record.Complete, "")
	l.Dangling(record.Ref{Kind: "queries", ID: "7"})
	l.Answered("queries", 2)
	l.Absent(record.Ref{Kind: "settings", ID: "ldap_config"})
	l.Remark("about the run")
	if diff := cmp.Diff([]string{"about the run"}, l.Notes()); diff != "" {
		t.Errorf("notes on the way (-want +got):\n%s", diff)
	}
	l.Answered("queries", 1)
	l.Ended("settings", record.Complete, "")
	want := []string{
		"about the run",
		"queries: 1 that stored documents point to are not there (404): 7",
		"settings: 1 are not on this instance, or not for this key: ldap_config",
	}
	if diff := cmp.Diff(want, l.Notes()); diff != "" {
		t.Errorf("notes at the end (-want +got):\n%s", diff)
	}
}
