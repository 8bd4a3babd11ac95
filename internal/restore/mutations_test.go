package restore_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
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
		[]string{"./internal/restore"}, "TestNoPostBeforeItsIntent",
	},
	{
		"nobody looks before a POST is repeated", "internal/restore/write.go",
		"	if id, found, err = t.lookFor(ctx, c, late); err != nil {", "	if err != nil {",
		[]string{"./internal/restore"}, "TestNoPostIsRepeatedWithoutALook",
	},
	{
		"schedules are woken before the check", "internal/restore/wake.go",
		"	if action.Checked != record.CheckedEqual {\n		return false\n	}\n", "	if action.Seq > 0 {\n		return true\n	}\n",
		[]string{"./internal/restore"}, "TestOnlyWhatIsEqualIsWoken",
	},
	{
		"members are replaced instead of merged", "internal/restore/sets.go",
		"stays := !t.request.ExactMembers || set.Kind", "stays := set.Kind",
		[]string{"./internal/restore"}, "TestMembersAreMerged",
	},
	{
		"parts are deleted before others are made", "internal/restore/inside.go",
		"			if !first {\n", "			if first && !first {\n",
		[]string{"./internal/restore"}, "TestPartsAreDeletedLast",
	},
	{
		"the drift check is dropped", "internal/restore/task.go",
		"	if err != nil || is == t.action.Expect {\n		return err == nil, err\n	}\n", "	if err != nil || is == t.action.Expect || is != t.action.Expect {\n		return err == nil, err\n	}\n",
		[]string{"./internal/restore"}, "TestDriftIsLeftAlone",
	},
	{
		"what a search finds is trusted, which compares as LIKE does", "internal/restore/alike.go",
		"		if ok && has && wanted == is {", "		if ok && has && (wanted == is || wanted != is) {",
		[]string{"./internal/restore"}, "TestASearchIsNotTrusted",
	},
	{
		"what a search finds after a lost answer is trusted", "internal/restore/find.go",
		"			if canon.Holds(t.spec.Write, sent, candidate) {", "			if len(candidate) > 0 {",
		[]string{"./internal/restore"}, "TestASearchIsNotTrusted",
	},
	{
		"the bindings of filters are stripped", "internal/catalogue/parts.go",
		`"result_maker.filterables.name", "result_maker.filterables.listen",`, `"result_maker.filterables.name",`,
		[]string{"./internal/catalogue", "./internal/canon", "./internal/restore"}, "TestFilterBindingsComeBack|TestWritePolicy",
	},
	{
		"bodies go through numbers of the language", "internal/restore/write.go",
		"	t.wrote = true\n	route := c.write.Create\n", "	t.wrote = true\n	var value any\n	if json.Unmarshal(c.body, &value) == nil {\n		c.body, _ = json.Marshal(value)\n	}\n	route := c.write.Create\n",
		[]string{"./internal/restore"}, "TestNumbersAreSentAsTheyStand",
	},
}

// TestMutations makes each fault in turn, and runs the tests that have to notice it. It
// takes minutes, and the go tool: LOOKERVAULT_TEST_MUTATIONS=1 asks for it.
func TestMutations(t *testing.T) {
	t.Parallel()
	if os.Getenv("LOOKERVAULT_TEST_MUTATIONS") == "" {
		t.Skip("LOOKERVAULT_TEST_MUTATIONS is not set")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			file := filepath.Join(root, m.file)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), m.old); n != 1 {
				t.Fatalf("%s holds what is to be replaced %d times, want once", m.file, n)
			}
			folder := t.TempDir()
			faulty := filepath.Join(folder, "faulty.go")
			overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: faulty}})
			if err != nil {
				t.Fatal(err)
			}
			for path, content := range map[string]string{faulty: strings.Replace(string(text), m.old, m.fault, 1), filepath.Join(folder, "overlay.json"): string(overlay)} {
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run := func(more ...string) (string, error) {
				args := append([]string{"test", "-count=1", "-run", m.tests}, more...)
				cmd := exec.CommandContext(t.Context(), "go", append(args, m.packages...)...)
				cmd.Dir = root
				cmd.Env = append(os.Environ(), "LOOKERVAULT_TEST_MUTATIONS=")
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			out, err := run("-overlay", filepath.Join(folder, "overlay.json"))
			if err == nil {
				t.Errorf("no test of %s notices it", m.tests)
			}
			if !strings.Contains(out, "--- FAIL: ") {
				t.Errorf("it does not compile, or no test failed: %s", out)
			}
		})
	}
}
