package duration_test

import (
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/duration"
)

func TestText(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{
		{-time.Second, "0 ms"},
		{0, "0 ms"},
		{400 * time.Microsecond, "0 ms"},
		{261*time.Millisecond + 400*time.Microsecond, "261 ms"},
		{999*time.Millisecond + 600*time.Microsecond, "1 s"},
		{time.Second, "1 s"},
		{12_340 * time.Millisecond, "12.3 s"},
		{59_960 * time.Millisecond, "1 min"},
		{90 * time.Second, "1 min 30 s"},
		{time.Hour - 400*time.Millisecond, "1 h"},
		{time.Hour + 2*time.Minute + 29*time.Second, "1 h 2 min"},
		{24*time.Hour - 20*time.Second, "1 d"},
		{76 * time.Hour, "3 d 4 h"},
	} {
		if got := duration.Text(tt.d); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.d, got, tt.want)
		}
	}
	if got := duration.Seconds(0.261); got != "261 ms" {
		t.Errorf("0.261 seconds: %q", got)
	}
}
