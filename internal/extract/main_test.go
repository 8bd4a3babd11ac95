package extract_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/testenv"
)

// TestMain checks after all runs of these tests that the rows of the catalogue, which
// everybody shares, are what they were.
func TestMain(m *testing.M) {
	testenv.TempInMemory()
	simtest.WaitTogether()
	before := rowsOfCatalogue()
	code := m.Run()
	if rowsOfCatalogue() != before {
		fmt.Fprintln(os.Stderr, "a run has changed rows of the catalogue")
		code = 1
	}
	os.Exit(code)
}

func rowsOfCatalogue() string {
	var all strings.Builder
	for _, kind := range catalogue.All() {
		fmt.Fprintf(&all, "%+v\n", *kind)
	}
	return all.String()
}
