package simtest_test

import (
	"runtime"
	"testing"
	"weak"

	"github.com/lookervault/lookervault/internal/simtest"
)

// TestCleanupLetsGo: what a parallel test cleaned up is garbage while its parent still goes on.
func TestCleanupLetsGo(t *testing.T) {
	t.Run("parent", func(t *testing.T) {
		var cleaned int
		var held weak.Pointer[[1 << 20]byte]
		t.Cleanup(func() { // after the parallel test, which the parent still knows
			runtime.GC()
			if cleaned != 1 {
				t.Errorf("cleaned up %d times", cleaned)
			}
			if held.Value() != nil {
				t.Error("what was cleaned up is still held")
			}
		})
		t.Run("parallel", func(t *testing.T) {
			t.Parallel()
			large := new([1 << 20]byte)
			held = weak.Make(large)
			simtest.Cleanup(t, func() {
				large[0]++
				cleaned += int(large[0])
			})
		})
	})
}
