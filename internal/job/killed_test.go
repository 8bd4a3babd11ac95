package job_test

import (
	"context"
	"errors"
	"testing"

	"github.com/lookervault/lookervault/internal/job"
)

// TestAKilledWaveIsNotForgotten: what a killed wave dropped is missing, whatever later waves do.
func TestAKilledWaveIsNotForgotten(t *testing.T) {
	waves := job.NewWaves(job.WavesOptions{})
	broken := errors.New("broken")
	kill, killNow := context.WithCancelCause(t.Context())
	if err := waves.Run(kill, stages("work", []int{1}, func(context.Context, int) error { killNow(broken); return nil })); !errors.Is(err, broken) {
		t.Fatalf("got %v, want %v", err, broken)
	}
	if err := waves.Run(t.Context(), stages("work", []int{1}, func(context.Context, int) error { return nil })); err != nil {
		t.Fatal(err)
	}
	if !waves.Killed() {
		t.Error("the job does not know that its first wave was killed")
	}
}
