package main

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// release is set by the linker for releases.
var release = ""

// toolVersion is the version of this program: a release, the module's version
// when it was installed with go install, else the commit it was built from.
func toolVersion() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}

// revision is a commit in a version that Go made of one: v0.0.0-20260301180000-0123456789ab.
var revision = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`-(?:0\.)?[0-9]{14}-([0-9a-f]{12})(?:\+|$)`) })

// commit is the commit that a program was built from, "" where its build does not
// tell: of a released module only the version is known.
func commit(info *debug.BuildInfo) string {
	id, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			id = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+dirty"
		}
	}
	if id != "" {
		return id + changed
	}
	if match := revision().FindStringSubmatch(info.Main.Version); match != nil {
		return match[1]
	}
	return ""
}

// builtFrom is the commit that this program was built from, "" where it is not known.
func builtFrom() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return commit(info)
}

// versionLine is the version of this program and of what it is made with.
func versionLine() string {
	return fmt.Sprintf("lookervault %s %s/%s %s SQLite %s commit %s",
		toolVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version(), sqlite.Version(), cmp.Or(builtFrom(), "unknown"))
}

// versionText is the version on a line, or on more where a terminal is narrower.
func versionText(out io.Writer) string {
	width, _ := ui.TerminalSize(out)
	return table.WrapLines(versionLine()+"\n", width)
}

// addVersion adds --version to the root command, which prints to out.
func addVersion(root *cobra.Command, out io.Writer) {
	root.Flags().Bool("version", false, "print the version")
	root.Version = versionText(out)
	root.SetVersionTemplate("{{.Version}}")
}

// versionOptions are what version works with.
type versionOptions struct {
	streams *streams
	json    bool
}

func newVersionCommand(env *environment) *cobra.Command {
	o := versionOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: arguments(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error { return runVersion(o) },
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "as one JSON object")
	return cmd
}

// runVersion prints the version.
func runVersion(o versionOptions) error {
	if o.json {
		return o.streams.writeObject(view.Version{
			Version: toolVersion(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(),
			Commit: builtFrom(), SQLite: sqlite.Version(),
		}, table.FormatJSON)
	}
	_, err := fmt.Fprint(o.streams.out, versionText(o.streams.out))
	return err
}
