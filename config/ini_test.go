package config_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/config"
)

// A file with the client secret that others can read is told of.
func TestReadableByOthers(t *testing.T) {
	for _, test := range []struct {
		name, text string
		mode       os.FileMode
		want       bool
	}{
		{"everybody", "[Looker]\nclient_secret=s\n", 0o644, true},
		{"the group", "[Looker]\nclient_secret=s\n", 0o640, true},
		{"its owner", "[Looker]\nclient_secret=s\n", 0o600, false},
		{"no secret", "[Looker]\nbase_url=https://x\n", 0o644, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, "looker.ini", test.text)
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			loaded, err := config.Load(config.Sources{Set: []string{"looker.ini=" + path}})
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			if test.want {
				want = []string{path + ": others can read it, and it holds the client secret; chmod 600 " + path + " keeps it to you"}
			}
			if diff := cmp.Diff(want, loaded.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
