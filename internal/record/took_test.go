package record_test

import (
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

func TestTook(t *testing.T) {
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name     string
		sessions []record.Session
		want     time.Duration
	}{
		{"not measured", nil, time.Hour},
		{"one session", []record.Session{{Seconds: 12.345}}, 12345 * time.Millisecond},
		{"resumed: nobody worked in between", []record.Session{{Seconds: 2}, {Seconds: 3.5}}, 5500 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			run := record.Run{Started: began, Finished: began.Add(time.Hour), Sessions: test.sessions}
			if got := run.Took(); got != test.want {
				t.Errorf("took %s, want %s", got, test.want)
			}
		})
	}
}
