package ui_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/view"
)

// unread is a pipe of so many bytes that nobody reads.
type unread struct {
	room  int
	fixed bool // nothing makes room
	lines []string
}

func (u *unread) Write([]byte) (int, error) { return 0, errors.New("not by Write") }

func (u *unread) WriteLine(ctx context.Context, line string) error {
	if len(line) > u.room {
		<-ctx.Done()
		return job.ErrUndelivered
	}
	u.room -= len(line)
	u.lines = append(u.lines, line)
	return nil
}

func (u *unread) MakeRoom(n int) bool {
	if !u.fixed {
		u.room += n
	}
	return !u.fixed
}

// TestReaderOfEventsStalls ends runs whose events nobody reads.
func TestReaderOfEventsStalls(t *testing.T) {
	for _, test := range []struct {
		name string
		out  *unread
		want []string
		err  error
	}{
		{"room is made for the last event", &unread{room: 900}, []string{"run_started", "fault", "fault", "run_finished"}, ui.ErrUnread},
		{"nothing makes room", &unread{room: 900, fixed: true}, []string{"run_started", "fault", "fault"}, ui.ErrUnread},
		{"there is room for all", &unread{room: 1 << 20}, []string{"run_started", "fault", "fault", "fault", "fault", "run_finished"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				events := ui.NewEvents(test.out, time.Now)
				events.Started(1, view.Started{Instance: "demo"})
				for range 4 {
					events.Committed(record.Batch{{
						Ref: record.Ref{Kind: "looks", ID: "1"}, Fault: &record.Fault{Class: "server", Message: strings.Repeat("x", 100)},
					}})
				}
				if time.Since(began) != 0 {
					t.Error("an event waits for its reader")
				}
				patience, cancel := context.WithTimeout(t.Context(), 4*time.Second)
				defer cancel()
				err := events.Finished(patience, view.Summary{Event: "run_finished", ExitCode: 0}, 5, func(s *view.Summary) { s.ExitCode = 130 })
				if !errors.Is(err, test.err) || test.err == nil && err != nil {
					t.Fatalf("got %v, want %v", err, test.err)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("ends after %v", took)
				}
				var got []string
				var last struct {
					Event    string
					ExitCode int   `json:"exit_code"`
					Dropped  int64 `json:"events_dropped"`
				}
				for _, line := range test.out.lines {
					if err := json.Unmarshal([]byte(line), &last); err != nil {
						t.Fatal(err)
					}
					got = append(got, last.Event)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				want := map[bool]int64{true: 5, false: 5 + 2}[test.err == nil] // what others dropped, and two faults
				if last.Event == "run_finished" && (last.Dropped != want || last.ExitCode == 130 != (test.err != nil)) {
					t.Errorf("events_dropped %d, exit code %d; want %d", last.Dropped, last.ExitCode, want)
				}
			})
		})
	}
}
