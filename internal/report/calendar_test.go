package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/report"
	"github.com/lookervault/lookervault/internal/vault"
)

// The calendar tells the days without a run where there is one on most days.
func TestDaysWithoutARun(t *testing.T) {
	for _, test := range []struct {
		name string
		days []int // on which a run was made, the newest first
		want []string
	}{
		{"every day", []int{5, 4, 3, 2}, nil},
		{"two are missing", []int{9, 8, 7, 4, 3, 2}, []string{`title="no run between 5 March 2026 and 8 March 2026"><b>–</b><small>2 days</small>`, "– no run"}},
		{"every week", []int{22, 15, 8, 1}, nil},
		{"twice a day", []int{3, 3, 2, 2}, nil},
		{"one run", []int{3}, nil},
	} {
		var d report.Data
		for i, day := range test.days {
			d.Runs = append(d.Runs, record.Run{ID: int64(len(test.days) - i), Started: began.AddDate(0, 0, day), Outcome: record.RunComplete})
		}
		d.Run = d.Runs[0]
		got := string(page(t, d))
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the page does not say %q", test.name, want)
			}
		}
		if test.want == nil && strings.Contains(got, "no run between") {
			t.Errorf("%s: the page tells of days without a run", test.name)
		}
		if want := fmt.Sprintf("The last %d runs", len(test.days)); !strings.Contains(got, want) {
			t.Errorf("%s: the page does not say %q", test.name, want)
		}
	}
}

// A kind whose documents failed is not complete, and is among what is not covered; what
// failed is in the order of its ids.
func TestFailedDocumentsAreNotCovered(t *testing.T) {
	d := report.Data{Run: record.Run{ID: 1, Instance: "acme", Outcome: record.RunPartial, Kinds: []record.Counts{
		{Kind: "roles", Listing: record.Complete, Listed: 3, Same: 3},
		{Kind: "role_users", Listing: record.Complete, Listed: 3, Same: 1, Failed: 2, Bytes: 23267},
	}}}
	for _, id := range []string{"10", "2"} {
		d.Faults = append(d.Faults, vault.Fault{Ref: record.Ref{Kind: "role_users", ID: id}, Fault: record.Fault{Class: "server", Status: 500}})
	}
	got := string(page(t, d))
	for _, want := range []string{"1 of 2 kinds are complete", `<td class="long">role_users</td><td>2 documents could not be fetched</td>`, "role_users/2, role_users/10", ">23 KiB</td>"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
