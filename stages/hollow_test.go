package stages_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
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
