package vaulttest_test

import (
	"os"
	"runtime/debug"
	"testing"

	"github.com/lookervault/lookervault/internal/testenv"
)

// TestMain lets the heap grow to five times what lives: that is little, so the collector took
// up to a third of the processor time of these tests.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	testenv.TempInMemory()
	os.Exit(m.Run())
}
