package extract_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/sinks"
)

// TestNothingIsInFlightAfterARun ends runs by errors and panics in each stage. Runs
// that are stopped and killed are those of TestShutdown; try checks what is in flight
// after every run of this package.
func TestNothingIsInFlightAfterARun(t *testing.T) {
	full := errors.New("disk full")
	committing := func(do func(n int) error) func(*rig) {
		return func(r *rig) {
			r.wrap = func(s sinks.Sink) sinks.Sink {
				return &sinks.Faulty{Sink: s, BeforeCommit: func(_ context.Context, n int, _ record.Batch) error { return do(n) }}
			}
		}
	}
	for _, test := range []struct {
		name string
		set  func(*rig)
	}{
		{"commit fails", committing(func(n int) error {
			if n == 2 {
				return full
			}
			return nil
		})},
		{"commit panics", committing(func(n int) error {
			if n == 2 {
				panic("oh")
			}
			return nil
		})},
		{"serialize fails", func(r *rig) { r.config.Stages.Serialize.Codec = "lzw" }},
		{"fetch panics", func(r *rig) {
			r.rules("route=GET /looks/search status=500", "route=GET /looks/{id} status=404")
			r.log = hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: listener(func(line []byte) {
				if bytes.Contains(line, []byte("looks")) {
					panic("oh")
				}
			})})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 9, Sizes: lookersim.Sizes{Dashboards: 20, Looks: 20, Users: 10}})
			r.config.Stages.Batch.Records = 10
			test.set(r)
			result, err := r.try(start("dashboards", "looks", "users", "folders", "groups"))
			if err == nil {
				t.Fatalf("no error: %+v", result.Run)
			}
			if panicked := (*pipeline.PanicError)(nil); errors.As(err, &panicked) {
				t.Log(panicked)
			}
			if result.Peak.Items == 0 {
				t.Error("nothing ever was in flight")
			}
		})
	}
}
