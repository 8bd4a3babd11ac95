//go:build linux

package testenv

import "testing"

// TestLong: a run of all tests that is given files is no long one, so that its vaults lie in
// memory as well.
func TestLong(t *testing.T) {
	for _, test := range []struct {
		name    string
		environ []string
		want    bool
	}{
		{"nothing", []string{"HOME=/root", "TMPDIR="}, false},
		{"files", []string{spec + "=api.json.gz", corpus + "=/corpus"}, false},
		{"rounds", []string{Seeds + "=20"}, true},
		{"files and rounds", []string{spec + "=api.json.gz", Kills + "=100"}, true},
		{"what a test names itself", []string{"LOOKERVAULT_TEST_MEMORY=all"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := long(test.environ); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
