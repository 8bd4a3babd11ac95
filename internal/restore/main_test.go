package restore_test

import (
	"os"
	"testing"

	"github.com/lookervault/lookervault/internal/simtest"
)

func TestMain(m *testing.M) {
	simtest.TempInMemory()
	simtest.WaitTogether()
	os.Exit(m.Run())
}
