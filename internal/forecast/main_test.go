package forecast_test

import (
	"os"
	"testing"

	"github.com/lookervault/lookervault/internal/simtest"
)

func TestMain(m *testing.M) {
	simtest.TempInMemory()
	os.Exit(m.Run())
}
