package plan_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
)

// TestPagesWhereCallsAreCounted: one call brings more of small documents where calls are dear, as
// far as their bytes allow, and as many as before where they are not.
func TestPagesWhereCallsAreCounted(t *testing.T) {
	dashboards, _ := catalogue.Find("dashboards")
	for _, tt := range []struct {
		name    string
		size    int64
		counted bool
		want    int // pages of 1,900 documents
	}{
		{"small, counted", 7 << 10, true, 1},
		{"tiny, counted", 100, true, 1},
		{"small", 7 << 10, false, 7},
		{"tiny", 100, false, 2},
		{"large, counted", 60 << 10, true, 8},
		{"very large, counted", 1 << 20, true, 19},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rules := plan.Rules{PageSize: 100, Counted: tt.counted, PageBytes: plan.Limits{}.PageBytes(100, 96<<20, tt.counted)}
			page := plan.Page{Kind: dashboards, State: record.Present}
			for i := range 1900 {
				id := fmt.Sprint(i)
				page.Rows = append(page.Rows, record.Listed{ID: id, State: record.Present})
				if page.Known == nil {
					page.Known = make(map[string]record.Known)
				}
				page.Known[id] = record.Known{State: record.Present, Hash: record.Digest{1}, Size: tt.size}
			}
			if got := len(rules.Plan(page).Asks); got != tt.want {
				t.Errorf("%d calls, want %d", got, tt.want)
			}
		})
	}
}

// TestPagesOf: pages may be a third larger than they should be, and no larger than an answer.
func TestPagesOf(t *testing.T) {
	rules := plan.Rules{PageSize: 100, PageBytes: 2 << 20}
	for most, want := range map[int64]int{24 << 20: 5, 2 << 20: 7, 1 << 20: 13} {
		if got := rules.PagesOf(1820, 7<<10, most); got != want {
			t.Errorf("at most %d bytes: %d pages, want %d", most, got, want)
		}
	}
	if got := rules.PagesOf(800, 5<<10, 1000<<10); got != 4 {
		t.Errorf("just four pages: %d", got)
	}
}

// TestAComparisonIsGoodForThirtyDays: both a run and its forecast go by that number.
func TestAComparisonIsGoodForThirtyDays(t *testing.T) {
	now := time.Date(2026, 3, 31, 2, 0, 0, 0, time.UTC)
	const days = 30 * 24 * time.Hour
	for age, want := range map[time.Duration]bool{days: false, days + time.Second: true} {
		if got := (plan.Limits{}).ProofExpires(now, now.Add(-age)); got != want {
			t.Errorf("after %v: it has expired: %t, want %t", age, got, want)
		}
	}
}
