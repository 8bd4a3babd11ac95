package ui_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

func TestFit(t *testing.T) {
	large := []record.Counts{
		{Kind: "dashboards", Listed: 20_000, New: 20_000, Bytes: 20_000 * 200_000},
		{Kind: "looks", Listed: 90, New: 90, Bytes: 90_000},
		{Kind: "users", Listed: 3000, Same: 3000},
	}
	for _, test := range []struct {
		name   string
		change func(*config.Config)
		kinds  []record.Counts
		want   []string
	}{
		{"the defaults fit", func(*config.Config) {}, []record.Counts{{Kind: "dashboards", Listed: 20_000, New: 20_000, Bytes: 20_000 * 12_500}}, nil},
		{"nothing is there", func(c *config.Config) { c.Stages.List.PageSize = 1 }, nil, nil},
		{"huge documents", func(*config.Config) {}, large, []string{
			"stages.list.page_size: a page of 100 dashboards is about 19 MiB, and 8 fetch workers have room for 12 MiB each (limits.in_flight_bytes); 62 would fit.",
		}},
		{"documents that do not fit alone", func(*config.Config) {}, []record.Counts{{Kind: "dashboards", Listed: 100, New: 100, Bytes: 100 << 26}}, nil},
		{"not fetched in pages", func(c *config.Config) { c.Stages.List.PageSize = 10 }, []record.Counts{{Kind: "explores", Listed: 900, New: 900, Bytes: 900 << 22}}, nil},
		{"small pages and batches", func(c *config.Config) { c.Stages.List.PageSize, c.Stages.Batch.Records = 10, 10 }, large, []string{
			"stages.list.page_size: 10 takes 2,000 calls for 20,000 dashboards; 100 would take 200.",
			"stages.list.page_size: 10 takes 300 calls for 3,000 users; 100 would take 30.",
			"stages.batch.records: 10 commits about 2,309 times for 23,090 documents; 200 would commit 115 times.",
		}},
		{"batch larger than what is in flight", func(c *config.Config) { c.Stages.Batch.Records, c.Limits.InFlightItems = 1000, 500 }, nil, []string{
			"stages.batch.records: 1000 is never reached, as at most 500 documents are in flight (limits.in_flight_items).",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config.Default(2)
			test.change(&c)
			if diff := cmp.Diff(test.want, ui.Fit(c, test.kinds, func(k record.Kind) bool { return k != "explores" })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
