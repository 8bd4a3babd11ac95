package main

import (
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/extract"
)

// TestARunBoundsTheMemory: a run limits the memory of its process and lifts the limit at its
// end, unless GOMEMLIMIT is set.
func TestARunBoundsTheMemory(t *testing.T) {
	bound := extract.MemoryLimit(config.Default(1))
	for name, test := range map[string]struct {
		environ []string
		want    []int64
	}{
		"default":    {want: []int64{bound, math.MaxInt64}},
		"GOMEMLIMIT": {environ: []string{"GOMEMLIMIT=1GiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			var limits []int64
			code := runProcess([]string{"run", "datagroups", "--demo", "--quiet"}, strings.NewReader(""), io.Discard, io.Discard, test.environ,
				func(limit int64) int64 {
					limits = append(limits, limit)
					return math.MaxInt64
				})
			if code != 0 {
				t.Fatalf("exit code %d", code)
			}
			if diff := cmp.Diff(test.want, limits); diff != "" {
				t.Errorf("limits (-want +got):\n%s", diff)
			}
		})
	}
}
