package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/lookervault/lookervault/config"
)

// shipped reads a file of the repository.
func shipped(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// deployed are the files that install, schedule and publish the program.
func deployed(t *testing.T) (names []string) {
	t.Helper()
	root := filepath.Join("..", "..")
	for _, dir := range []string{"deploy", ".github", "packaging"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, err := filepath.Rel(root, file)
			names = append(names, filepath.ToSlash(name))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return append(names, "Dockerfile")
}

// yamlOf decodes every document of a YAML file.
func yamlOf(t *testing.T, name string) (documents []map[string]any) {
	t.Helper()
	for d := yaml.NewDecoder(strings.NewReader(shipped(t, name))); ; {
		var document map[string]any
		err := d.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		documents = append(documents, document)
	}
}

// below is what lies in a document below names and indexes, like "spec", 0.
func below(t *testing.T, document any, at ...any) any {
	t.Helper()
	for _, step := range at {
		switch step := step.(type) {
		case string:
			object, _ := document.(map[string]any)
			document = object[step]
		case int:
			list, _ := document.([]any)
			if step >= len(list) {
				t.Fatalf("there is no element %d below %v", step, at)
			}
			document = list[step]
		}
	}
	return document
}

// called is a call of the program: in a shell, in a unit, in JSON or in YAML.
var called = regexp.MustCompile(`(?m)(?:^|[\s/"'])lookervault ((?:[a-z]+|-)[^\n"'` + "`" + `|;&]*)`)

// Whatever a file calls the program with is there: commands, flags and arguments.
func TestDeployedCalls(t *testing.T) {
	tests := map[string][]string{ // calls that are written as lists
		"Dockerfile":                     {"run --progress plain"},
		"deploy/kubernetes/cronjob.yaml": {"run --db /vault/looker.db --progress plain"},
	}
	if want := `CMD ["run", "--progress", "plain"]`; !strings.Contains(shipped(t, "Dockerfile"), want) {
		t.Errorf("the Dockerfile has no %s", want)
	}
	pod := below(t, yamlOf(t, "deploy/kubernetes/cronjob.yaml")[1], "spec", "jobTemplate", "spec", "template", "spec", "containers", 0)
	if diff := cmp.Diff([]any{"run", "--db", "/vault/looker.db", "--progress", "plain"}, below(t, pod, "args")); diff != "" {
		t.Errorf("the pod calls (-want +got):\n%s", diff)
	}
	calls := 0
	for _, name := range deployed(t) {
		found := tests[name]
		for line := range strings.Lines(shipped(t, name)) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") || strings.Contains(line, "kubectl") || strings.HasPrefix(line, "description") {
				continue
			}
			for _, match := range called.FindAllStringSubmatch(line, -1) {
				found = append(found, strings.TrimSpace(match[1]))
			}
		}
		for _, call := range found {
			calls++
			if wrong := wrongCall(strings.Fields(call)); wrong != "" {
				t.Errorf("%s calls lookervault %s: %s", name, call, wrong)
			}
		}
	}
	if calls < 4 {
		t.Errorf("found %d calls, so this shows nothing", calls)
	}
}

// wrongCall is what the program would say of a call before it does anything.
func wrongCall(args []string) string {
	root := newEnvironment(nil, io.Discard, io.Discard, nil, &interrupts{}).root(nil)
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err.Error()
	}
	if cmd == root {
		return "no command"
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err.Error()
	}
	if mode, err := cmd.Flags().GetString("progress"); err == nil && !slices.Contains(progressModes, mode) {
		return "no mode of progress: " + mode
	}
	if err := cmd.ValidateArgs(cmd.Flags().Args()); err != nil {
		return err.Error()
	}
	return ""
}

// A call that the program would refuse is noticed.
func TestWrongCall(t *testing.T) {
	for _, call := range []string{"runn", "run --no-such-flag", "run --progress loud", "runs show 1 2", "--db a.db"} {
		if wrongCall(strings.Fields(call)) == "" {
			t.Errorf("lookervault %s passes", call)
		}
	}
}

// Every YAML file is one, and what workflows may do and use is bounded.
func TestDeployedYAML(t *testing.T) {
	pinned := regexp.MustCompile(`^actions/[a-z-]+@v\d+$`)
	workflows := 0
	for _, name := range deployed(t) {
		if ext := path.Ext(name); ext != ".yml" && ext != ".yaml" {
			continue
		}
		documents := yamlOf(t, name)
		if len(documents) == 0 {
			t.Errorf("%s is empty", name)
			continue
		}
		jobs, ok := documents[0]["jobs"].(map[string]any)
		if !ok {
			continue
		}
		workflows++
		if below(t, documents[0], "permissions", "contents") != "read" {
			t.Errorf("%s may do more than read", name)
		}
		for job, about := range jobs {
			if below(t, about, "timeout-minutes") == nil {
				t.Errorf("%s: job %s has no limit in time", name, job)
			}
			steps, _ := below(t, about, "steps").([]any)
			for i := range steps {
				if uses, ok := below(t, steps, i, "uses").(string); ok && !pinned.MatchString(uses) {
					t.Errorf("%s: job %s uses %s, which is not pinned", name, job, uses)
				}
			}
		}
	}
	if workflows != 3 {
		t.Errorf("looked at %d workflows, want 3", workflows)
	}
}

// The exit codes that files quote mean what they say.
func TestDeployedExitCodes(t *testing.T) {
	quoted := regexp.MustCompile(`[Ee]xit code (\d+)[,)]? ?([a-z ]*)`)
	seen := 0
	for _, name := range append(deployed(t), "README.md") {
		text := strings.ReplaceAll(shipped(t, name), "\n#", "")
		for _, match := range quoted.FindAllStringSubmatch(text, -1) {
			seen++
			if !regexp.MustCompile(`(?m)^  ` + match[1] + ` {2,}`).MatchString(exitCodes) {
				t.Errorf("%s quotes exit code %s, which there is not", name, match[1])
			}
			if strings.Contains(match[0], "incomplete") && match[1] != "4" {
				t.Errorf("%s: %s", name, match[0])
			}
		}
	}
	if seen == 0 {
		t.Error("found none, so this shows nothing")
	}
	if exitCode(errPartial) != 4 {
		t.Errorf("an incomplete run exits with %d; deploy/ says 4", exitCode(errPartial))
	}
}

// The unit, the packages, the image and the pod agree on what lies where, and the
// variables for the key are those that the program reads.
func TestDeployedPaths(t *testing.T) {
	unit := shipped(t, "deploy/systemd/lookervault.service")
	packaged := yamlOf(t, "packaging/nfpm.yaml")[0]
	installed := map[string]string{}
	contents, _ := packaged["contents"].([]any)
	for i := range contents {
		dst, _ := below(t, contents, i, "dst").(string)
		src, _ := below(t, contents, i, "src").(string)
		installed[dst] = src
		if src != "" && !strings.HasPrefix(src, "${STAGE}/") {
			shipped(t, src)
		}
	}
	program := regexp.MustCompile(`(?m)^ExecStart=(\S+)`).FindStringSubmatch(unit)[1]
	file := regexp.MustCompile(`--config (\S+)`).FindStringSubmatch(unit)[1]
	for _, path := range []string{program, file, "/usr/lib/systemd/system/lookervault.service", "/usr/lib/systemd/system/lookervault.timer"} {
		if installed[path] == "" {
			t.Errorf("the packages do not install %s", path)
		}
	}
	for _, dir := range []string{"/etc/lookervault", "/usr/share/doc/lookervault"} {
		if _, ok := installed[dir]; !ok {
			t.Errorf("%s stays where the package is removed", dir)
		}
	}
	state := "/var/lib/" + regexp.MustCompile(`(?m)^StateDirectory=(\S+)`).FindStringSubmatch(unit)[1]
	if !strings.Contains(unit, "--db "+state+"/") || !strings.Contains(unit, "WorkingDirectory="+state+"\n") {
		t.Errorf("the unit may write to %s alone, and the vault is elsewhere", state)
	}
	image := shipped(t, "Dockerfile")
	if !strings.Contains(image, `ENTRYPOINT ["`+program+`"]`) || !strings.Contains(image, "/out/lookervault "+program+"\n") {
		t.Errorf("the image has the program elsewhere than %s", program)
	}
	user := regexp.MustCompile(`(?m)^USER (\d+):`).FindStringSubmatch(image)[1]
	spec := below(t, yamlOf(t, "deploy/kubernetes/cronjob.yaml")[1], "spec", "jobTemplate", "spec", "template", "spec")
	if got := below(t, spec, "securityContext", "runAsUser"); user == "0" || got != 65532 || user != "65532" {
		t.Errorf("the image runs as %s, the pod as %v", user, got)
	}
	volume := regexp.MustCompile(`(?m)^VOLUME (\S+)`).FindStringSubmatch(image)[1]
	if got := below(t, spec, "containers", 0, "volumeMounts", 0, "mountPath"); got != volume {
		t.Errorf("the image's volume is %s, the pod mounts %v", volume, got)
	}
}

// TestPackageScripts: the timer ends with the package, and not with an upgrade, for dpkg as for
// rpm. What was backed up stays.
func TestPackageScripts(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell")
	}
	const reload, disable = "daemon-reload\n", "disable --now lookervault.timer\n"
	for _, tt := range []struct{ script, argument, want string }{
		{"postinstall", "configure", reload},
		{"postinstall", "1", reload},
		{"preremove", "remove", disable},
		{"preremove", "0", disable},
		{"preremove", "upgrade", ""},
		{"preremove", "1", ""},
		{"postremove", "purge", reload},
		{"postremove", "0", reload},
	} {
		name, _ := below(t, yamlOf(t, "packaging/nfpm.yaml")[0], "scripts", tt.script).(string)
		text := strings.ReplaceAll(shipped(t, name), "/run/systemd/system", t.TempDir())
		const systemctl = "systemctl() { echo \"$*\"; return 1; }\n"
		got, err := exec.CommandContext(t.Context(), shell, "-eu", "-c", systemctl+text, "script", tt.argument).CombinedOutput()
		if err != nil || string(got) != tt.want {
			t.Errorf("%s %s: %q, %v; want %q", tt.script, tt.argument, got, err, tt.want)
		}
	}
}

// Secrets come from the environment under names that the program reads, and no file holds
// one.
func TestDeployedSecrets(t *testing.T) {
	variables := regexp.MustCompile(`\b(?:LOOKERSDK|LOOKERVAULT)_[A-Z_]+\b`)
	assigned := regexp.MustCompile(`LOOKERSDK_CLIENT_(?:ID|SECRET)[=:] *(\S+)`)
	for _, name := range deployed(t) {
		text := shipped(t, name)
		for _, variable := range variables.FindAllString(text, -1) {
			// One that is not known is an error of the configuration.
			_, err := config.Load(config.Sources{Environ: []string{
				variable + "=a", "LOOKERSDK_BASE_URL=https://a.example", "LOOKERSDK_CLIENT_ID=a", "LOOKERSDK_CLIENT_SECRET=b",
			}})
			if err != nil {
				t.Errorf("%s names %s: %v", name, variable, err)
			}
		}
		for _, match := range assigned.FindAllStringSubmatch(text, -1) {
			if value := strings.Trim(match[1], `"`); value != "..." && !strings.HasPrefix(value, "$") {
				t.Errorf("%s holds a secret: %s", name, match[0])
			}
		}
	}
	for _, name := range []string{"deploy/systemd/lookervault.service", "deploy/kubernetes/cronjob.yaml", "deploy/github-actions/backup.yml"} {
		if !strings.Contains(shipped(t, name), "LOOKERSDK_CLIENT_SECRET") {
			t.Errorf("%s does not tell where the secret comes from", name)
		}
	}
}
