package table_test

import (
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/table"
)

func TestWhen(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	screen := table.Screen{Now: now, Zone: time.FixedZone("east", 14*3600)}
	tests := []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, ""},
		{now, "just now"},
		{now.Add(30 * time.Second), "just now"},
		{now.Add(-59 * time.Second), "just now"},
		{now.Add(-time.Minute), "1 min ago"},
		{now.Add(-59*time.Minute - 59*time.Second), "59 min ago"},
		{now.Add(-47*time.Hour - 59*time.Minute), "47 h ago"},
		{now.Add(-48 * time.Hour), "2 d ago"},
		{now.Add(-30*24*time.Hour + 1), "29 d ago"},
		{now.Add(-30 * 24 * time.Hour), "2026-02-09"},
		{now.Add(time.Hour), "2026-03-11"},
	}
	for _, tt := range tests {
		if got := table.When(tt.at, screen); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.at, got, tt.want)
		}
	}
	if got, want := table.When(now, table.Screen{}), "2026-03-10T12:00:00Z"; got != want {
		t.Errorf("in a pipe: %q, want %q", got, want)
	}
}
