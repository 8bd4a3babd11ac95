package extract_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// lessonsOf are the lessons that the vault holds of a run about a kind.
func (r *rig) lessonsOf(kind record.Kind) (codes []record.Lesson) {
	r.t.Helper()
	sink, err := r.open(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	defer sink.Close()
	s := start(kind)
	s.Resume = true
	begun, err := sink.Begin(r.t.Context(), s)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, lesson := range begun.Lessons {
		if lesson.Kind == kind {
			codes = append(codes, lesson.Code)
		}
	}
	return codes
}

// TestResumeKnowsThatRowsArePoor: the rows of dashboards have no tiles. The resume
// cannot compare any at first, as single documents are refused three times.
func TestResumeKnowsThatRowsArePoor(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9, Quirks: lookersim.Quirks{PoorRows: []string{"dashboards"}}})
	r.config.Stages.Batch.Records, r.config.Stages.Fetch.Workers, r.config.Limits.InFlightItems = 5, 1, 10
	r.stopAt(3, true)
	if _, err := r.try(start("dashboards")); !errors.Is(err, job.ErrInterrupted) {
		t.Fatal(err)
	}
	r.undisturbed()
	if diff := cmp.Diff([]record.Lesson{record.RowsPoor}, r.lessonsOf("dashboards")); diff != "" {
		t.Errorf("lessons (-want +got):\n%s", diff)
	}
	r.rules("route=GET /dashboards/{id} times=3 status=403")
	r.run(record.RunPartial, resume()) // three are faults, no other is lost
	truth := r.served("dashboards")
	for ref, document := range r.stored() {
		if string(document.Body) != string(truth[ref].Body) {
			t.Errorf("%s is stored as a poor row", ref)
		}
	}
	if faults := r.faults(); len(faults) != 3 {
		t.Errorf("%d faults, want 3", len(faults))
	}
	r.rules()
	r.run(record.RunComplete, start("dashboards"))
	compare(t, r, "dashboards")
}

// TestResumeKnowsWhichRoutesDoNotWork: a list of ids that the server does not honour
// is not asked for again.
func TestResumeKnowsWhichRoutesDoNotWork(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9, Quirks: lookersim.Quirks{IgnoreIDs: true}})
	r.config.Stages.Batch.Records, r.config.Stages.Fetch.Workers, r.config.Limits.InFlightItems = 5, 1, 10
	r.exclude = []record.Ref{{Kind: "users", ID: "2"}} // so that pages are asked for as lists of ids
	r.stopAt(2, true)
	if _, err := r.try(start("users")); !errors.Is(err, job.ErrInterrupted) {
		t.Fatal(err)
	}
	r.undisturbed()
	codes := r.lessonsOf("users")
	if diff := cmp.Diff([]record.Lesson{record.IDsOff, record.RowsStored}, codes); diff != "" {
		t.Fatalf("lessons (-want +got):\n%s", diff)
	}
	r.sim.ResetCounts()
	r.run(record.RunComplete, resume())
	if lists := r.sim.Counts().Routes["GET /users"]; lists > 2 {
		t.Errorf("%d lists of users were asked for, want the enumeration and what stands behind it alone", lists)
	}
}

// TestPoorRowsThatAreFoundLate: the first part of a run stored rows in good faith. When its
// resume finds that rows are poor, it fetches those documents alone. Where one of them cannot be
// had, the run is not complete, and the next one makes up for it.
func TestPoorRowsThatAreFoundLate(t *testing.T) {
	poor := lookersim.Options{Seed: 9, Quirks: lookersim.Quirks{PoorRows: []string{"dashboards"}}}
	tests := []struct {
		name   string
		refuse func(stored string) string
		want   record.Outcome
	}{
		{"all can be had", nil, record.RunComplete},
		{"one is refused", func(stored string) string { return "route=GET /dashboards/{id} id=" + stored + " status=403" }, record.RunPartial},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 9})
			r.config.Stages.Batch.Records, r.config.Stages.Fetch.Workers, r.config.Limits.InFlightItems = 5, 1, 10
			r.stopAt(3, true)
			if _, err := r.try(start("dashboards")); !errors.Is(err, job.ErrInterrupted) {
				t.Fatal(err)
			}
			r.undisturbed()
			other := newRig(t, poor)
			other.path, other.config = r.path, r.config
			for ref := range r.stored() {
				if tt.refuse != nil {
					other.rules(tt.refuse(ref.ID))
				}
			}
			result := other.run(tt.want, resume())
			c := countsOf(t, result, "dashboards")
			if c.New != c.Listed || c.Changed+c.Same+c.Gone > 0 || c.Failed > 0 != (tt.refuse != nil) {
				t.Errorf("%+v, want each document new, and a fault where one is refused", c)
			}
			other.rules()
			if tt.refuse == nil {
				compare(t, other, "dashboards")
			}
			for range 2 {
				other.run(record.RunComplete, start("dashboards"))
				compare(t, other, "dashboards")
			}
		})
	}
}

// TestPoorRowsAndASmallBudget: where the calls of a run do not suffice to fetch alone what is in
// doubt, the run after it does that, over as many parts as that takes.
func TestPoorRowsAndASmallBudget(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 9})
	r.config.Stages.Batch.Records, r.config.Stages.Fetch.Workers, r.config.Limits.InFlightItems = 5, 1, 10
	r.stopAt(3, true)
	if _, err := r.try(start("dashboards")); !errors.Is(err, job.ErrInterrupted) {
		t.Fatal(err)
	}
	r.undisturbed()
	other := newRig(t, lookersim.Options{Seed: 9, Quirks: lookersim.Quirks{PoorRows: []string{"dashboards"}}})
	other.path, other.config = r.path, r.config
	other.config.RateLimit.MaxCalls = 30
	s, fresh := resume(), 0
	for part := 1; ; part++ {
		result, err := other.try(s)
		if err != nil || part > 8 {
			t.Fatalf("part %d: %v, %+v", part, err, result.Run.Kinds)
		}
		if result.Run.Outcome == record.RunComplete {
			break
		}
		if s = resume(); !result.Run.Resumable() {
			s, fresh = start("dashboards"), fresh+1
		}
	}
	if fresh != 1 {
		t.Errorf("%d runs more, want one that fetches everything alone", fresh)
	}
	compare(t, other, "dashboards")
}
