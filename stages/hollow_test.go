package stages_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// TestWhatCameEmptyIsDoubtedByAResume: of what came empty a resume learns only what was not sure to
// be so when it was committed, and the kind is in doubt until all of that is asked for again.
func TestWhatCameEmptyIsDoubtedByAResume(t *testing.T) {
	const kind = "role_groups"
	at := time.Unix(1000, 0)
	before := func(than time.Time) bool { return than.Before(at) }
	l := stages.NewLedger([]record.Kind{kind})
	if l.InDoubtEmpty(kind, before) {
		t.Error("in doubt before anything came empty")
	}
	l.CameEmpty(record.Ref{Kind: kind, ID: "1"}, record.Present, at.Add(-time.Second))
	l.CameEmpty(record.Ref{Kind: kind, ID: "2"}, record.Present, at)
	l.CameEmpty(record.Ref{Kind: kind}, record.Present, at) // a resume lists again
	l.DoubtEmpty(before)
	lessons := l.Lessons()
	if diff := cmp.Diff([]record.Learnt{{Kind: kind, Code: record.CameEmpty("2")}}, lessons); diff != "" {
		t.Errorf("lessons (-want +got):\n%s", diff)
	}
	sure := func(time.Time) bool { return true }
	if !l.InDoubtEmpty(kind, before) || l.InDoubtEmpty(kind, sure) {
		t.Error("want it in doubt until it is sure")
	}
	resumed := stages.NewLedger([]record.Kind{kind})
	resumed.Recall(lessons, nil, nil)
	if !resumed.CameEmptyBefore(kind) || !resumed.InDoubtEmpty(kind, sure) {
		t.Error("want a resume to doubt it")
	}
}

// answers answers each call with the next of some bodies, as one whose list is in doubt.
type answers struct {
	t      *testing.T
	bodies []string
	calls  int
}

func (a *answers) Get(_ context.Context, call stages.Call) (stages.Answer, error) {
	if !call.Emptied {
		a.t.Errorf("%s: a list that may be empty for an outage is asked for as any other", call.Path)
	}
	a.calls++
	body := a.bodies[a.calls-1]
	if body == "" {
		return stages.Answer{}, stagestest.Failed("server", 500)
	}
	return stages.Answer{Body: []byte(body)}, nil
}

// TestWhatCameEmptyInAnOutage: the list of a kind that came empty then is asked for again, and so is
// that of its trash. A list that is a document is not: its kind is incomplete.
func TestWhatCameEmptyInAnOutage(t *testing.T) {
	began := time.Unix(1000, 0)
	for _, tt := range []struct {
		name       string
		id         string
		at         time.Duration // when it came, after the outage began
		over       bool          // the outage
		bodies     []string
		incomplete bool
	}{
		{name: "before it", at: -1, over: true},
		{name: "empty again", over: true, bodies: []string{"[]", "[]"}},
		{name: "with rows", over: true, bodies: []string{"[]", `[{"id":"1"}]`}, incomplete: true},
		{name: "no list", over: true, bodies: []string{`{"id":"1"}`}, incomplete: true},
		{name: "not told", over: true, bodies: []string{""}, incomplete: true},
		{name: "empty in the same outage", bodies: []string{"[]", "[]"}, incomplete: true},
		{name: "a document", id: "1", over: true, incomplete: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now := began.Add(time.Hour)
			looker := &answers{t: t, bodies: tt.bodies}
			ledger := stages.NewLedger([]record.Kind{"looks"})
			ledger.Ended("looks", record.Complete, "")
			ledger.CameEmpty(record.Ref{Kind: "looks", ID: tt.id}, record.Present, began.Add(tt.at))
			ledger.CameEmpty(record.Ref{Kind: "looks", ID: tt.id}, record.Trashed, began.Add(tt.at))
			o := stages.ListOptions{Log: hclog.NewNullLogger(), Asking: stages.Asking{
				Looker: looker, Ledger: ledger, Now: func() time.Time { return now },
				Hollow: func(at time.Time) bool { return !at.Before(began) && (at.Before(now) || !tt.over) },
			}}
			if err := o.CheckTails(t.Context()); err != nil {
				t.Fatal(err)
			}
			if incomplete := ledger.Ends()[0].Listing == record.Incomplete; incomplete != tt.incomplete || looker.calls != len(tt.bodies) {
				t.Errorf("incomplete: %v after %d calls, want %v after %d", incomplete, looker.calls, tt.incomplete, len(tt.bodies))
			}
		})
	}
}
