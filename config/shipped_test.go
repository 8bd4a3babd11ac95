package config_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lookervault/lookervault/config"
	"go.yaml.in/yaml/v3"
)

// shipped is the file at the root of the repository.
var shipped = filepath.Join("..", config.FileName)

func TestShippedFileIsTheDefaults(t *testing.T) {
	for _, cores := range []int{1, 2, 8} {
		loaded, err := config.Load(config.Sources{Dir: "..", Cores: cores})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(config.Default(cores), loaded.Config); diff != "" {
			t.Errorf("%d cores (-default +file):\n%s", cores, diff)
		}
		if loaded.File != shipped || len(loaded.Warnings) != 0 {
			t.Errorf("File = %q, warnings %q", loaded.File, loaded.Warnings)
		}
	}
}

func TestShippedFileNeedsOnlyTheThreeVariables(t *testing.T) {
	loaded, err := config.Load(config.Sources{Path: shipped, Environ: []string{
		"LOOKERSDK_BASE_URL=https://x.looker.com", "LOOKERSDK_CLIENT_ID=id", "LOOKERSDK_CLIENT_SECRET=secret"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := loaded.Config.RequireLooker(false); err != nil {
		t.Error(err)
	}
}

func TestShippedFileNamesEveryKey(t *testing.T) {
	data, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	// A key whose default cannot be written down stands there as a comment.
	data = regexp.MustCompile(`(?m)^( +)# ([a-z_]+: )`).ReplaceAll(data, []byte("$1$2"))
	var doc map[string]any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Keys(config.Keys()))
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(leaves(doc, "")))); diff != "" {
		t.Errorf("keys (-struct +file):\n%s", diff)
	}
}

// leaves are the paths of all values that are no mappings.
func leaves(section map[string]any, prefix string) []string {
	var keys []string
	for name, value := range section {
		if below, ok := value.(map[string]any); ok && len(below) > 0 {
			keys = append(keys, leaves(below, prefix+name+".")...)
			continue
		}
		keys = append(keys, prefix+name)
	}
	return keys
}
