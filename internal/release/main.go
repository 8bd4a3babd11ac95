// Command release makes what is published of LookerVault for the platform that it runs
// on: an archive, packages, a bill of materials, checksums. SQLite needs a C compiler for
// the target, so that each platform makes its own.
//
// The same commit, Go and C compiler give the same bytes: all times are the commit's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	dir := flag.String("dir", "dist", "put everything into this directory")
	tools := flag.Bool("tools", true, "also make what other tools make: bill of materials, deb and rpm")
	flag.Parse()
	err := makeRelease(ctx, *dir, *tools)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// build is one release in the making.
type build struct {
	dir     string // where the results go
	stage   string // where their parts are
	version string // as git describes it
	at      time.Time
}

// makeRelease makes a release of the working tree into dir.
func makeRelease(ctx context.Context, dir string, tools bool) error {
	b := build{dir: dir, stage: filepath.Join(dir, "stage")}
	var err error
	if b.version, err = output(ctx, nil, "git", "describe", "--tags", "--always", "--dirty"); err != nil {
		return err
	}
	seconds, err := output(ctx, nil, "git", "log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("read the time of the commit: %w", err)
	}
	b.at = time.Unix(unix, 0).UTC()
	// What an earlier release left must not be taken for this one's.
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(b.stage, 0o755); err != nil {
		return err
	}
	steps := []func(context.Context) error{b.program, b.completions, b.manual, b.archive}
	if tools {
		steps = append(steps, b.materials, b.packages)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(b.stage); err != nil {
		return err
	}
	return sums(dir)
}

// binary is the path of the program that was built.
func (b build) binary() string { return filepath.Join(b.stage, "lookervault") }

// name is what all files of the release begin with.
func (b build) name() string {
	return fmt.Sprintf("lookervault_%s_%s_%s", strings.TrimPrefix(b.version, "v"), runtime.GOOS, runtime.GOARCH)
}

func (b build) program(ctx context.Context) error {
	_, err := output(ctx, []string{"CGO_ENABLED=1"}, "go", "build", "-trimpath", "-buildvcs=true",
		"-ldflags", "-s -w -X main.release="+b.version, "-o", b.binary(), "./cmd/lookervault")
	return err
}

func (b build) completions(ctx context.Context) error {
	dir := filepath.Join(b.stage, "completions")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for shell, name := range map[string]string{"bash": "lookervault.bash", "zsh": "_lookervault", "fish": "lookervault.fish"} {
		script, err := output(ctx, nil, b.binary(), "completion", shell)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script+"\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (b build) manual(ctx context.Context) error {
	_, err := output(ctx, []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(b.at.Unix(), 10)}, b.binary(), "man", filepath.Join(b.stage, "man"))
	return err
}

// documents are the files of the repository that go with the program.
func documents() []string {
	return []string{"README.md", "LICENSE", "CHANGELOG.md", "lookervault.yaml"}
}

func (b build) archive(context.Context) error {
	files := []string{b.binary()}
	for _, pattern := range []string{"completions/*", "man/*"} {
		found, err := filepath.Glob(filepath.Join(b.stage, pattern))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("there is nothing to pack in %s", pattern)
		}
		files = append(files, found...)
	}
	var members []member
	for _, file := range files {
		name, err := filepath.Rel(b.stage, file)
		if err != nil {
			return err
		}
		members = append(members, member{name: b.name() + "/" + filepath.ToSlash(name), file: file, program: file == b.binary()})
	}
	for _, file := range documents() {
		members = append(members, member{name: b.name() + "/" + file, file: file})
	}
	return pack(filepath.Join(b.dir, b.name()+".tar.gz"), members, b.at)
}

// materials makes the bill of materials from what is in the program, without a serial
// number and a time, which would differ each time. Licences are read from the modules
// that the program was built from: nothing is asked of a proxy, which may know the release
// or not yet.
func (b build) materials(ctx context.Context) error {
	tool := filepath.Join(b.stage, "cyclonedx-gomod")
	if _, err := output(ctx, nil, "go", "build", "-modfile=tools/cyclonedx-gomod/go.mod", "-o", tool,
		"github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod"); err != nil {
		return err
	}
	_, err := output(ctx, []string{"GOPROXY=off"}, tool, "bin", "-json", "-licenses", "-std", "-noserial", "-notimestamp",
		"-version", b.version, "-output", filepath.Join(b.dir, b.name()+".cdx.json"), b.binary())
	return err
}

// described takes apart what git says of a commit: a release, perhaps one before it
// (rc.1), and what came since.
var described = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(?:-([a-z]+[.\d]*?))??((?:-\d+-g[0-9a-f]+)?(?:-dirty)?)$`)

// packageVersion is the version of the packages, in which ~ is before and + behind a
// release. Without any release it is lower than the first one's, and higher the later the
// commit.
func (b build) packageVersion() string {
	match := described.FindStringSubmatch(b.version)
	if match == nil {
		return "0.0.0~" + b.at.Format("20060102150405") + "." + strings.ReplaceAll(b.version, "-", ".")
	}
	version := match[1]
	if match[2] != "" {
		version += "~" + match[2]
	}
	if since := strings.TrimPrefix(match[3], "-"); since != "" {
		version += "+" + strings.ReplaceAll(since, "-", ".")
	}
	return version
}

// packages makes deb and rpm, which are Linux's alone.
func (b build) packages(ctx context.Context) error {
	if runtime.GOOS != "linux" {
		return nil
	}
	template, err := os.ReadFile("packaging/nfpm.yaml")
	if err != nil {
		return err
	}
	libc, err := leastLibc(b.binary())
	if err != nil {
		return err
	}
	values := map[string]string{
		"STAGE": b.stage, "VERSION": b.packageVersion(), "ARCH": runtime.GOARCH, "LIBC": libc, "COMMIT_TIME": b.at.Format(time.RFC3339),
	}
	description := filepath.Join(b.stage, "nfpm.yaml")
	text := os.Expand(string(template), func(name string) string { return values[name] })
	if err := os.WriteFile(description, []byte(text), 0o600); err != nil {
		return err
	}
	environ := []string{"SOURCE_DATE_EPOCH=" + strconv.FormatInt(b.at.Unix(), 10)}
	for _, kind := range []string{"deb", "rpm"} {
		if _, err := output(ctx, environ, "go", "tool", "-modfile=tools/nfpm/go.mod", "nfpm", "package",
			"--config", description, "--packager", kind, "--target", filepath.Join(b.dir, b.name()+"."+kind)); err != nil {
			return err
		}
	}
	return nil
}

// output runs a command and returns what it prints, without the line break behind it.
func output(ctx context.Context, environ []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), environ...)
	printed, err := cmd.Output()
	if err != nil {
		if failed, ok := errors.AsType[*exec.ExitError](err); ok {
			return "", fmt.Errorf("run %s: %w\n%s%s", name, err, printed, failed.Stderr)
		}
		return "", fmt.Errorf("run %s: %w", name, err)
	}
	return strings.TrimSuffix(string(printed), "\n"), nil
}
