package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/lookervault/lookervault/internal/outfile"
)

// manOptions are what man works with.
type manOptions struct {
	variables variables
	root      *cobra.Command // of all that the manual describes
	dir       string
}

// newManCommand makes the command that writes the manual. It is hidden; a program beside
// this one could not import its commands.
func newManCommand(env *environment) *cobra.Command {
	return &cobra.Command{
		Use: "man DIRECTORY", Short: "Write the manual, a page for each command", Hidden: true, Args: arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runMan(manOptions{variables: env.settings.variables, root: cmd.Root(), dir: args[0]})
		},
	}
}

// runMan writes the manual.
func runMan(o manOptions) error {
	at := time.Now()
	// See reproducible-builds.org: the time that a build shows.
	if seconds, err := strconv.ParseInt(o.variables.get("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		at = time.Unix(seconds, 0).UTC()
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	forManual(o.root)
	o.root.Long += "\n\n" + asCode(exitCodes)
	return writePages(o.root, at, o.dir)
}

// option is a flag in a page: its names, with its default as if somebody had to write it,
// and what it does.
var option = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)(?:^\.PP\n)?^((?:\\fB-.\\fP, )?\\fB--([-a-z]+)\\fP).*\n\t.*\n`)
})

// withOptions writes the flags of a page as the help texts do: with a name for the value,
// and the default behind what they do.
func withOptions(page []byte, cmd *cobra.Command) []byte {
	return option().ReplaceAllFunc(page, func(written []byte) []byte {
		parts := option().FindSubmatch(written)
		flag := cmd.Flags().Lookup(string(parts[2]))
		if flag == nil {
			flag = cmd.InheritedFlags().Lookup(string(parts[2]))
		}
		if flag == nil {
			return written
		}
		value, does := flagText(flag)
		if value != "" {
			value = before(value) + `\fI` + value + `\fP`
		}
		does = strings.NewReplacer(`\`, `\\`, "\n", " ").Replace(does)
		return fmt.Appendf(nil, ".TP\n%s%s\n%s\n", parts[1], value, does)
	})
}

// writePages writes the page of a command, and those of all commands below it.
func writePages(cmd *cobra.Command, at time.Time, dir string) error {
	var page bytes.Buffer
	head := doc.GenManHeader{Section: "1", Date: &at, Source: "LookerVault", Manual: "LookerVault"}
	if err := doc.GenMan(cmd, &head, &page); err != nil {
		return err
	}
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
	text := withOptions(page.Bytes(), cmd)
	if err := outfile.Write(cmd.Context(), filepath.Join(dir, name), text, 0o644); err != nil {
		return err
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			if err := writePages(sub, at, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// forManual gets the help texts of a command, and of those below it, ready for a manual.
func forManual(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	cmd.Long = asCode(cmd.Long)
	if note := cmd.Annotations[exitNote]; note != "" {
		cmd.Long += "\n\nExit codes: " + note
	}
	for _, sub := range cmd.Commands() {
		forManual(sub)
	}
}

// asCode indents what is indented by as much as Markdown wants for lines that stay as
// they are.
func asCode(text string) string {
	var lines []string
	code := false
	for line := range strings.SplitSeq(text, "\n") {
		indented := strings.HasPrefix(line, "  ")
		if indented != code && line != "" {
			lines = append(lines, "")
			code = indented
		}
		if indented {
			line = "  " + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
