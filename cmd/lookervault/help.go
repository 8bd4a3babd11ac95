package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
)

// The groups of commands, in the order of the help.
const (
	groupBackUp   = "back-up"
	groupLook     = "look"
	groupGiveBack = "give-back"
	groupKeep     = "keep"
	groupRehearse = "rehearse"
	groupMore     = "more"
)

var groups = []*cobra.Group{
	{ID: groupBackUp, Title: "Back up"},
	{ID: groupLook, Title: "Look"},
	{ID: groupGiveBack, Title: "Give back"},
	{ID: groupKeep, Title: "Keep"},
	{ID: groupRehearse, Title: "Rehearse"},
	{ID: groupMore, Title: "More"},
}

// helpWidth is how wide a help text is where there is no terminal.
const helpWidth = 100

// inGroup puts commands into a group of the help.
func inGroup(group string, commands ...*cobra.Command) []*cobra.Command {
	for _, cmd := range commands {
		cmd.GroupID = group
	}
	return commands
}

// printHelp writes the help of a command: what it does, examples, usage, commands,
// flags.
func printHelp(cmd *cobra.Command, _ []string) {
	out := cmd.OutOrStdout()
	width, _ := ui.TerminalSize(out)
	width = cmp.Or(width, helpWidth)
	fmt.Fprint(out, reflow(cmp.Or(cmd.Long, cmd.Short), width))
	if cmd.HasExample() {
		fmt.Fprintf(out, "\nExamples:\n%s", wrapExamples(cmd.Example, width))
	}
	if cmd.Runnable() || cmd.HasAvailableSubCommands() {
		fmt.Fprintf(out, "\nUsage:\n%s", table.WrapLines("  "+cmd.UseLine()+"\n", width))
		if cmd.HasAvailableSubCommands() && !strings.Contains(cmd.UseLine(), "COMMAND") {
			fmt.Fprintf(out, "  %s COMMAND\n", cmd.CommandPath())
		}
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(out, "\nAlso called: %s\n", strings.Join(cmd.Aliases, ", "))
	}
	printCommands(out, cmd, width)
	printFlags(out, "Flags", cmd.LocalFlags(), width)
	printFlags(out, "Flags of every command", cmd.InheritedFlags(), width)
	if !cmd.HasParent() {
		fmt.Fprint(out, table.WrapLines(fmt.Sprintf("\n%s help COMMAND tells more of a command; help exit-codes says what those mean.\n", cmd.Name()), width))
	}
}

// reflow lays the paragraphs of a text out anew where one of its lines is wider than the
// screen; indented lines keep their ends.
func reflow(text string, width int) string {
	var b strings.Builder
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteString("\n")
		}
		wide := slices.ContainsFunc(strings.Split(paragraph, "\n"), func(line string) bool { return table.Width(line) > width })
		if wide && !strings.HasPrefix(paragraph, " ") && !strings.Contains(paragraph, "\n ") {
			paragraph = strings.Join(table.Wrap(paragraph, width), "\n")
		}
		b.WriteString(table.WrapLines(paragraph+"\n", width))
	}
	return b.String()
}

// wrapExamples parts examples that are wider than the screen as a shell continues them: with
// a backslash, between words that no quotes hold together. So a copied one still works.
func wrapExamples(examples string, width int) string {
	var b strings.Builder
	for line := range strings.SplitSeq(examples, "\n") {
		column, room := 0, width-len(` \`)
		if table.Width(line) <= width {
			room = width
		}
		for _, word := range shellWords(line) {
			if column > 2 && column+table.Width(word) > room {
				b.WriteString("\\\n    ")
				column = 4
			}
			b.WriteString(word)
			column += table.Width(word)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// shellWords parts a command line behind the blanks that stand outside quotes.
func shellWords(line string) []string {
	var words []string
	quote, from := rune(0), 0
	for at, char := range line {
		switch {
		case quote == 0 && (char == '\'' || char == '"'):
			quote = char
		case char == quote:
			quote = 0
		case quote == 0 && char == ' ':
			words = append(words, line[from:at+1])
			from = at + 1
		}
	}
	return append(words, line[from:])
}

// printCommands writes the commands below cmd by group, in lines of at most width columns.
func printCommands(out io.Writer, cmd *cobra.Command, width int) {
	widest := 0
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			widest = max(widest, len(below.Name()))
		}
	}
	sections := append([]*cobra.Group{}, cmd.Groups()...)
	for _, group := range append(sections, &cobra.Group{Title: "Commands"}) {
		title := "\n" + group.Title + ":\n"
		for _, below := range cmd.Commands() {
			if below.IsAvailableCommand() && below.GroupID == group.ID {
				name := below.Name()
				for _, part := range table.Wrap(below.Short, max(20, width-widest-4)) {
					fmt.Fprintf(out, "%s  %-*s  %s\n", title, widest, name, part)
					title, name = "", ""
				}
			}
		}
	}
}

// printFlags writes flags with what they do, in lines of at most width columns.
func printFlags(out io.Writer, title string, flags *pflag.FlagSet, width int) {
	type line struct{ name, does string }
	var lines []line
	widest := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, does := flagText(f)
		name := "    --" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", --" + f.Name
		}
		name += before(value) + value
		lines = append(lines, line{name, does})
		widest = max(widest, len(name))
	})
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "\n%s:\n", title)
	for _, l := range lines {
		name := l.name
		for _, part := range table.Wrap(l.does, max(20, width-widest-4)) {
			fmt.Fprintf(out, "  %-*s  %s\n", widest, name, part)
			name = ""
		}
	}
}

// flagText is what the value of a flag is called, "" for a switch, and what the flag does.
func flagText(f *pflag.Flag) (value, does string) {
	value, does = pflag.UnquoteUsage(f)
	if named, ok := placeholders[value]; ok {
		value = named
		if named, ok := valueNames[f.Name]; ok {
			value = named
		}
	}
	if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "[]" {
		does += fmt.Sprintf(" (default %s)", f.DefValue)
	}
	return value, does
}

// before is what stands between a flag and its value: nothing where they are one word.
func before(value string) string {
	if value == "" || strings.HasPrefix(value, "[=") {
		return ""
	}
	return " "
}

// placeholders are what the value of a flag is called by its type, where neither the flag's
// usage nor valueNames names it. A flag that counts is a switch.
var placeholders = map[string]string{"strings": "A,B", "stringArray": "VALUE", "string": "VALUE", "int": "N", "float": "N", "duration": "DURATION", "count": ""}

// valueNames are what the value of a flag is called by the flag's name.
var valueNames = map[string]string{
	"db": "PATH", "output": "FILE", "metrics-file": "FILE", "metrics-listen": "ADDRESS", "listen": "ADDRESS",
	"set": "KEY=VALUE", "progress": "MODE", "format": "FORMAT", "sort": "COLUMN", "instance": "INSTANCE",
	"run": "RUN", "at": "DATE", "changed-since": "RUN|DATE", "kind": "KIND", "folder": "FOLDER", "owner": "USER", "user": "USER",
	"owners": "OLD=NEW", "orphans-to": "USER", "name": "PATTERN", "look": "ID", "field": "VIEW.FIELD", "explore": "MODEL::EXPLORE",
	"model": "MODEL", "sample": "PERCENT", "keep-deleted": "AGE", "state": "FILE", "corpus": "FOLDER", "fault": "RULE",
	"into": "FOLDER", "wake": "HOW", "links": "HOW", "trash": "HOW", "conflict": "HOW", "exclude": "KIND[/ID]",
}

// exitNote is the annotation of a command that says what its exit codes mean. It is for the
// manual: help exit-codes has them for all commands.
const exitNote = "exit codes"

// helpCommand is help, which cobra's own prints also for a command that there is
// not.
func helpCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "help [COMMAND]", Short: "Tell more of a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usage(err)
			}
			if len(rest) > 0 {
				if word, ok := nearCommand(cmd, rest[0]); ok && about == cmd.Root() {
					return usagef("unknown command %q for %q, did you mean %s?; see %s --help", rest[0], cmd.CommandPath(), word, about.CommandPath())
				}
				return noSuchCommand(about, rest)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var offered []cobra.Completion
			about, rest, err := cmd.Root().Find(args)
			for _, below := range about.Commands() {
				if err == nil && len(rest) == 0 && below.IsAvailableCommand() && strings.HasPrefix(below.Name(), word) {
					offered = append(offered, cobra.CompletionWithDesc(below.Name(), below.Short))
				}
			}
			return offered, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use: "exit-codes", Short: "What the exit codes mean", Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			width, _ := ui.TerminalSize(cmd.OutOrStdout())
			_, err := fmt.Fprint(cmd.OutOrStdout(), table.WrapLines(exitCodes+"\n", width))
			return err
		},
	})
	return cmd
}
