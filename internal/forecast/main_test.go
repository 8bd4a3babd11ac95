package forecast_test

import (
	"os"
	"testing"

	"github.com/lookervault/lookervault/internal/testenv"
)

func TestMain(m *testing.M) {
	testenv.TempInMemory()
	os.Exit(m.Run())
}
