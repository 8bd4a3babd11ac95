package restore_test

import (
	"os"
	"testing"

	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.TempInMemory()
	simtest.WaitTogether()
	os.Exit(m.Run())
}
