package restore_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mutation is a fault that somebody might make, and the tests of which at least one has to
// notice it.
type mutation struct {
	name, file string // of the module
	old, fault string // what stands in the file once, and what takes its place
	packages   []string
	tests      string
	imports    string // what the fault needs besides, as "encoding/json"; may be empty
}

var mutations = []mutation{
	{
		"the intent is noted after the POST", "internal/restore/write.go",
		`		if err := t.advance(ctx, &step); err != nil {
			return made{}, err
		}
		answer, err := t.postOnce(ctx, c)
`,
		`		answer, err := t.postOnce(ctx, c)
		if err := t.advance(ctx, &step); err != nil {
			return made{}, err
		}
`,
		[]string{"./internal/restore"}, "TestNoPostBeforeItsIntent", "",
	},
	{
		"nobody looks before a POST is repeated", "internal/restore/write.go",
		"	if id, found, err = t.lookFor(ctx, c, late); err != nil {", "	if err != nil {",
		[]string{"./internal/restore"}, "TestNoPostIsRepeatedWithoutALook", "",
	},
	{
		"schedules are woken before the check", "internal/restore/wake.go",
		"	if action.Checked != record.CheckedEqual {\n		return false\n	}\n", "	if action.Seq > 0 {\n		return true\n	}\n",
		[]string{"./internal/restore"}, "TestOnlyWhatIsEqualIsWoken", "",
	},
	{
		"members are replaced instead of merged", "internal/restore/sets.go",
		"stays := !t.request.ExactMembers || t.request", "stays := t.request",
		[]string{"./internal/restore"}, "TestMembersAreMerged", "",
	},
	{
		"parts are deleted before others are made", "internal/restore/inside.go",
		"			if !first {\n", "			if first && !first {\n",
		[]string{"./internal/restore"}, "TestPartsAreDeletedLast", "",
	},
	{
		"the drift check is dropped", "internal/restore/task.go",
		"	if err != nil || is == t.action.Expect {\n		return err == nil, err\n	}\n", "	if err != nil || is == t.action.Expect || is != t.action.Expect {\n		return err == nil, err\n	}\n",
		[]string{"./internal/restore"}, "TestDriftIsLeftAlone", "",
	},
	{
		"what a search finds is trusted, which compares as LIKE does", "internal/restore/alike.go",
		"		if ok && has && wanted == is {", "		if ok && has && (wanted == is || wanted != is) {",
		[]string{"./internal/restore"}, "TestASearchIsNotTrusted", "",
	},
	{
		"what a search finds after a lost answer is trusted", "internal/restore/find.go",
		"			if canon.Holds(t.spec.Write, sent, candidate) {", "			if len(candidate) > 0 {",
		[]string{"./internal/restore"}, "TestASearchIsNotTrusted", "",
	},
	{
		"the bindings of filters are stripped", "internal/catalogue/parts.go",
		`"result_maker.filterables.name", "result_maker.filterables.listen",`, `"result_maker.filterables.name",`,
		[]string{"./internal/catalogue", "./internal/canon", "./internal/restore"}, "TestFilterBindingsComeBack|TestWritePolicy", "",
	},
	{
		"bodies go through numbers of the language", "internal/restore/write.go",
		"	t.wrote = true\n	route := c.write.Create\n", "	t.wrote = true\n	var value any\n	if json.Unmarshal(c.body, &value) == nil {\n		c.body, _ = json.Marshal(value)\n	}\n	route := c.write.Create\n",
		[]string{"./internal/restore"}, "TestNumbersAreSentAsTheyStand", "encoding/json",
	},
}

// in makes the fault in the text of its file.
func (m *mutation) in(t *testing.T, text string) string {
	t.Helper()
	if n := strings.Count(text, m.old); n != 1 {
		t.Fatalf("%s: %s holds what is to be replaced %d times, want once", m.name, m.file, n)
	}
	text = strings.Replace(text, m.old, m.fault, 1)
	if m.imports != "" {
		text = strings.Replace(text, "import (\n", "import (\n\t\""+m.imports+"\"\n", 1)
	}
	return text
}

// overlay writes files that the go tool takes instead of others, and returns the flags for it.
func overlay(t *testing.T, files map[string]string) []string {
	t.Helper()
	folder := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	replace := make(map[string]string)
	for path, text := range files {
		replace[path] = write(fmt.Sprintf("%d.go", len(replace)), []byte(text))
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	return []string{"-overlay", write("overlay.json", list)}
}

// module is the folder of the module.
func module(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// goTool runs the go tool in the module.
func goTool(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = module(t)
	cmd.Env = append(os.Environ(), "LOOKERVAULT_TEST_MUTATIONS=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// read is the text of a file of the module.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestMutationsCompile: a fault that does not compile would be noticed by no test, whatever it does.
func TestMutationsCompile(t *testing.T) {
	t.Parallel()
	files, packages := make(map[string]string), make(map[string]bool)
	for _, m := range mutations {
		path := filepath.Join(module(t), m.file)
		if files[path] == "" {
			files[path] = read(t, path)
		}
		files[path] = m.in(t, files[path])
		packages["./"+filepath.Dir(m.file)] = true
	}
	args := slices.Concat([]string{"build"}, overlay(t, files), slices.Sorted(maps.Keys(packages)))
	if out, err := goTool(t, args...); err != nil {
		t.Errorf("all faults together: %v: %s", err, out)
	}
}

// TestMutations makes each fault in turn, and runs the tests that have to notice it. It
// takes minutes, and the go tool: LOOKERVAULT_TEST_MUTATIONS=1 asks for it.
func TestMutations(t *testing.T) {
	t.Parallel()
	if os.Getenv("LOOKERVAULT_TEST_MUTATIONS") == "" {
		t.Skip("LOOKERVAULT_TEST_MUTATIONS is not set")
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			file := filepath.Join(module(t), m.file)
			args := slices.Concat([]string{"test", "-count=1", "-run", m.tests}, overlay(t, map[string]string{file: m.in(t, read(t, file))}), m.packages)
			out, err := goTool(t, args...)
			if err == nil {
				t.Errorf("no test of %s notices it", m.tests)
			}
			if !strings.Contains(out, "--- FAIL: ") {
				t.Errorf("it does not compile, or no test failed: %s", out)
			}
		})
	}
}
