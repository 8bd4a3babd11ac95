package ui_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/view"
)

func TestPrint(t *testing.T) {
	kinds := []record.Counts{
		{Kind: "agents", Listing: record.Complete, Listed: 3, Same: 3},
		{Kind: "boards", Listing: record.Complete, Listed: 8, Same: 8},
		{Kind: "connections", Listing: record.Deferred},
		{Kind: "dashboards", Listing: record.Complete, Listed: 2000, New: 1, Changed: 6, Same: 1991, Failed: 2, Bytes: 30 << 20, Stored: 40_000},
		{Kind: "datagroups", Listing: record.Deferred},
		{Kind: "groups", Listing: record.Denied, Reason: "GET /groups: 403"},
		{Kind: "lookml_models", Listing: record.Deferred},
		{Kind: "looks", Listing: record.Open, Listed: 90},
		{Kind: "roles", Listing: record.Complete, Listed: 10, Same: 10},
		{Kind: "themes", Listing: record.Open},
		{Kind: "users", Listing: record.Open, Listed: 60},
	}
	run := record.Run{
		ID: 4, Instance: "demo", Outcome: record.RunInterrupted, Kinds: kinds, Notes: []string{"dashboards: a note\x1b[31m"},
		Calls: []record.Calls{{Route: "GET /dashboards/search", Class: "query", N: 74}},
	}
	session := ui.SessionOf(course(20), nil, began, 20*time.Second, ui.Limits{PerSecond: 10}, 90<<20)
	session.Kinds = []record.KindUse{
		{Kind: "agents", Bytes: 3_000, Unchanged: 3_000}, {Kind: "boards", Bytes: 8_000, Unchanged: 7_000},
		{Kind: "dashboards", Bytes: 30 << 20, Unchanged: 29 << 20}, {Kind: "groups"}, {Kind: "roles", Bytes: 10_000, Unchanged: 10_000},
	}
	s := view.SummaryOf(run, false, session, began)
	s.VaultBytes, s.Hints = 12<<20, []string{"stages.list.page_size: 10 takes 200 calls for 2,000 dashboards; 100 would take 20."}
	var out bytes.Buffer
	ui.PrintSummary(&out, s, "looker.db")
	out.WriteString("\n")
	ui.WriteSession(&out, session, true)
	ui.WriteSession(&out, record.Session{Began: began, Seconds: 12.5, Unfinished: true}, false)
	golden(t, "summary.txt", bytes.ReplaceAll(out.Bytes(), []byte(began.Local().Format(time.DateTime)), []byte(began.Format(time.DateTime))))
}

// TestAmountsAfterAResume: rates and the ratio are of what came since, which is told besides.
func TestAmountsAfterAResume(t *testing.T) {
	run := record.Run{ID: 4, Instance: "demo", Outcome: record.RunComplete, Calls: []record.Calls{{N: 312}},
		Kinds: []record.Counts{{Kind: "looks", Listing: record.Complete, Listed: 980, New: 980, Bytes: 36 << 20, Stored: 2 << 20}}}
	session := record.Session{Seconds: 2, Items: 184, Bytes: 2 << 20, Packed: 60, Encoded: 10}
	var out bytes.Buffer
	ui.PrintSummary(&out, view.SummaryOf(run, true, session, began), "looker.db")
	for _, want := range []string{
		"\n980 documents, 36 MiB, 312 calls (0.318 a document); after the resume 184 documents in 2 s (92/s, 1.0 MiB/s).\n",
		"compressed 6.0 : 1 after the resume",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q in\n%s", want, out.String())
		}
	}
}

// TestTotalIsOfAllKinds, also where --limit shows some of them.
func TestTotalIsOfAllKinds(t *testing.T) {
	kinds := []record.Counts{
		{Kind: "boards", Listing: record.Complete, Listed: 8, Same: 8},
		{Kind: "looks", Listing: record.Complete, Listed: 34, Same: 34},
	}
	var out bytes.Buffer
	if err := ui.WriteKinds(table.Output{Out: &out}, table.Choice{Limit: 1, Columns: []string{"kind", "listed"}}, kinds, nil, false); err != nil {
		t.Fatal(err)
	}
	want := "KIND    LISTED\nboards       8\ntotal       42\n"
	if got := out.String(); !strings.HasPrefix(got, want) || strings.Contains(got, "looks") {
		t.Errorf("got\n%s\nwant it to begin with\n%s", got, want)
	}
}

// TestMoment: people read a time where they are, programs in one zone.
func TestMoment(t *testing.T) {
	at := time.Date(2026, 3, 1, 23, 30, 0, 0, time.FixedZone("", -8*60*60))
	if got, want := ui.Moment(at, false), "2026-03-02T07:30:00Z"; got != want {
		t.Errorf("in a pipe: got %s, want %s", got, want)
	}
	if got, want := ui.Moment(at, true), at.Local().Format(time.DateTime); got != want {
		t.Errorf("on a terminal: got %s, want %s", got, want)
	}
}

// TestDanglingHasAColumn where something dangles, and not else. A kind of which nothing
// else is news has a row of its own.
func TestDanglingHasAColumn(t *testing.T) {
	kinds := []record.Counts{
		{Kind: "boards", Listing: record.Complete, Listed: 8, Same: 8},
		{Kind: "looks", Listing: record.Complete, Listed: 9, Same: 9},
		{Kind: "merge_queries", Listing: record.Complete, Listed: 40, Same: 37},
	}
	for _, dangling := range []int64{0, 3} {
		kinds[2].Dangling = dangling
		var out bytes.Buffer
		if err := ui.WriteKinds(table.Output{Out: &out}, table.Choice{}, kinds, nil, true); err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"dangling", "merge_queries"} {
			if got := strings.Contains(strings.ToLower(out.String()), word); got != (dangling > 0) {
				t.Errorf("%d dangle: %s is shown: %v\n%s", dangling, word, got, out.String())
			}
		}
	}
}
