package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/config"
)

// loadRefresh loads a file with a key refresh, and what is set above it.
func loadRefresh(t *testing.T, file string, environ, set []string) (map[string]time.Duration, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), config.FileName)
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	named := func(err error) error {
		if err == nil {
			return nil
		}
		return errors.New(strings.ReplaceAll(err.Error(), path, "c.yaml"))
	}
	loaded, err := config.Load(config.Sources{Path: path, Environ: environ, Set: set})
	if err != nil {
		return nil, named(err)
	}
	ages, err := loaded.RefreshAges([]string{"content_access", "settings", "themes", "folders"}, map[string]string{"theme": "themes"}, func(kind string) string {
		if kind == "folders" {
			return "other kinds are found by them"
		}
		return ""
	})
	return ages, named(err)
}

// TestRefresh: a table is merged by its keys, layer above layer.
func TestRefresh(t *testing.T) {
	got, err := loadRefresh(t, "refresh: {content_access: 7d, theme: 2w, settings: 36h}\n",
		[]string{"LOOKERVAULT_REFRESH__SETTINGS=0d"}, []string{"refresh.content_access=30d"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]time.Duration{"content_access": 30 * 24 * time.Hour, "themes": 14 * 24 * time.Hour, "settings": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, file := range []string{"refresh: {}\n", "refresh:\n", "kinds: [all]\n"} {
		if got, err := loadRefresh(t, file, nil, nil); err != nil || len(got) > 0 {
			t.Errorf("%q: %v, %v", file, got, err)
		}
	}
}

func TestWrongRefresh(t *testing.T) {
	for _, test := range []struct {
		file, set, want string
	}{
		{"refresh: 7d\n", "", `c.yaml:1: refresh: is a table; write refresh: {content_access: 7d}`},
		{"refresh: {themes: soon}\n", "", `c.yaml:1: refresh.themes: "soon" is not a duration; write it as 90d, 2w or 36h`},
		{"refresh: {themes: 7}\n", "", `c.yaml:1: refresh.themes: "7" has no unit: write 7d for days, 7w for weeks or 7h for hours`},
		{"{}\n", "refresh.themes=30", `--set: refresh.themes: "30" has no unit: write 30d for days, 30w for weeks or 30h for hours`},
		{"refresh:\n  themes: 5m\n", "", `c.yaml:2: refresh.themes: "5m" is out of range; allowed: 0 for every run, 1h to 365d`},
		{"refresh: {themes: [7d]}\n", "", `c.yaml:1: refresh.themes: is a list; a single value is expected`},
		{"refresh: {thems: 7d}\n", "", `c.yaml:1: refresh.thems: thems is not a kind; did you mean themes?`},
		{"refresh: {folders: 7d}\n", "", `c.yaml:1: refresh.folders: other kinds are found by them`},
		{"{}\n", "refresh=7d", `--set: refresh: is a table; set a key in it, as refresh.content_access: 7d`},
		{"{}\n", "refresh.=7d", `--set: refresh.: unknown key; did you mean refresh?`},
	} {
		var set []string
		if test.set != "" {
			set = []string{test.set}
		}
		_, err := loadRefresh(t, test.file, nil, set)
		if err == nil {
			t.Errorf("%q %q is taken", test.file, test.set)
			continue
		}
		if got := err.Error(); got != test.want {
			t.Errorf("%q %q\n got %s\nwant %s", test.file, test.set, got, test.want)
		}
	}
}
