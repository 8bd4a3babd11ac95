package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/near"
	"github.com/lookervault/lookervault/internal/ui"
)

const about = `LookerVault backs up a whole Looker instance into one SQLite file: complete,
with few API calls, resumable, and exact to the byte.

  lookervault run --demo     back up a simulated Looker, to see how it works
  lookervault run            back up the Looker that the configuration names
  lookervault list           what the vault holds
  lookervault cat KIND ID    one document, exactly as Looker sent it`

// execute runs the command that args name.
func (env *environment) execute(args []string) error {
	if err := env.clock.setBy(env.settings.variables); err != nil {
		return err
	}
	root := env.root(args)
	root.SetArgs(sortValues(args))
	cmd, err := root.ExecuteContextC(env.interrupts.stop)
	if e, ok := errors.AsType[*exitError](err); ok && e.hint {
		return usagef("%s; see %s --help", err, cmd.CommandPath())
	}
	return err
}

// root is the program with all its commands.
func (env *environment) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use: "lookervault", Short: "Back up a Looker instance into one SQLite file", Long: about,
		SilenceErrors: true, SilenceUsage: true, Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVarP(&env.settings.path, "config", "c", "", "configuration `FILE` (default lookervault.yaml, where there is one)")
	root.PersistentFlags().BoolVarP(&env.streams.quiet, "quiet", "q", false, "say nothing when all is well, for cron; else in few lines what is not")
	root.PersistentFlags().CountVarP(&env.streams.verbose, "verbose", "v", "say more: logs on a terminal and the whole summary; twice, a line for each request")
	root.PersistentFlags().BoolVar(&env.streams.noColor, "no-color", false, "no colours, as NO_COLOR says it too")
	root.PersistentFlags().BoolVar(&env.streams.noPager, "no-pager", false, "no pager for what is longer than the terminal")
	addVersion(root, env.streams.out)
	root.SetHelpFunc(printHelp)
	root.SetFlagErrorFunc(wrongFlag)
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		if err := noneEmpty(cmd, args); err != nil {
			return err
		}
		switch {
		case env.streams.quiet && env.streams.verbose > 0:
			return usage(errors.New("--quiet and --verbose exclude each other"))
		case env.streams.quiet:
			env.streams.err.hush()
		}
		return nil
	}
	root.AddGroup(groups...)
	root.AddCommand(inGroup(groupBackUp, newRunCommand(env), newCheckCommand(env), newKindsCommand(env))...)
	root.AddCommand(inGroup(groupLook, newListCommand(env), newTreeCommand(env), newCatCommand(env), newDumpCommand(env), newLogCommand(env), newDiffCommand(env), newFindCommand(env), newRunsCommand(env), newFaultsCommand(env), newReportCommand(env))...)
	root.AddCommand(inGroup(groupGiveBack, newRestoreCommand(env))...)
	root.AddCommand(inGroup(groupKeep, newVerifyCommand(env), newStatsCommand(env), newPruneCommand(env), newSalvageCommand(env), newReindexCommand(env))...)
	root.AddCommand(inGroup(groupRehearse, newSimCommand(env))...)
	root.AddCommand(inGroup(groupMore, newVersionCommand(env), newManCommand(env))...)
	root.SetHelpCommand(helpCommand())
	root.SetHelpCommandGroupID(groupMore)
	root.SetIn(env.streams.in)
	root.SetOut(env.streams.out) // before the completion command, which takes what is set then
	root.SetErr(env.streams.err)
	root.SetCompletionCommandGroupID(groupMore)
	root.InitDefaultCompletionCmd(args...)
	checkCompletion(root)
	env.completeValues(root)
	if isCompletion(args) {
		plainUsages(root)
	}
	return root
}

// neverEmpty are flags that choose: documents, what becomes of them, and what is shown. An
// empty value, that of a variable which is not set, would choose all of them or the default.
var neverEmpty = []string{"folder", "owner", "changed-since", "kind", "sample", "name", "user", "look", "model", "explore", "field", "exclude", "owners",
	"folder-ids", "lost", "changed", "into", "orphans-to", "instance", "config", "columns", "sort", "format"}

// noneEmpty refuses arguments and values that are empty.
func noneEmpty(cmd *cobra.Command, args []string) (err error) {
	if slices.Contains(args, "") && cmd.Name() != cobra.ShellCompRequestCmd && cmd.Name() != cobra.ShellCompNoDescRequestCmd {
		return usage(errors.New("an argument is empty; is a variable not set?"))
	}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if empty := flag.Value.String() == "" || flag.Value.String() == "[]"; empty && slices.Contains(neverEmpty, flag.Name) {
			err = usage(fmt.Errorf("--%s is empty; is a variable not set?", flag.Name))
		}
	})
	return err
}

// wrongFlag is the error about a flag that there is not, with the nearest one; or about the
// command before it, where that is what there is not: its flags are those of another.
func wrongFlag(cmd *cobra.Command, err error) error {
	if args := cmd.Flags().Args(); cmd.HasAvailableSubCommands() && len(args) > 0 {
		_, notKind := kindArgument(args[0])
		if wrong := cmd.ValidateArgs(args); wrong != nil && (notKind != nil || !cmd.HasParent()) {
			return wrong
		}
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		add := func(flag *pflag.Flag) { names = append(names, flag.Name) }
		cmd.Flags().VisitAll(add)
		cmd.InheritedFlags().VisitAll(add)
		if word, ok := near.Word(unknown.GetSpecifiedName(), names); ok {
			return usage(fmt.Errorf("%w, did you mean --%s?", err, word))
		}
	}
	return usage(err)
}

// otherNames are commands by what other programs call them.
var otherNames = map[string]string{
	"backup": "run", "sync": "run", "pull": "run", "ls": "list", "show": "cat", "get": "cat", "view": "cat", "export": "dump",
	"status": "runs", "history": "log", "plan": "restore plan", "apply": "restore apply", "init": "check", "login": "check",
	"fsck": "verify", "search": "find", "grep": "find", "compare": "diff", "forget": "prune", "gc": "prune", "repair": "salvage",
}

// noSuchCommand refuses what is left when no command was found: the name of one
// that there is not.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if word, ok := nearCommand(cmd, args[0]); ok {
		hint = ", did you mean " + word + "?"
	}
	return usagef("unknown command %q for %q%s; see %s --help", args[0], cmd.CommandPath(), hint, cmd.CommandPath())
}

// slipsInCommand is how many letters of a command somebody may get wrong.
const slipsInCommand = 2

// nearCommand is the command below cmd that was probably meant: the one with the fewest
// other letters, else the first that begins as what was written.
func nearCommand(cmd *cobra.Command, written string) (string, bool) {
	var names []string
	for _, below := range cmd.Commands() {
		if below.IsAvailableCommand() {
			names = append(names, append(below.Aliases, below.Name())...)
		}
	}
	written = strings.ToLower(written)
	if word, ok := otherNames[written]; ok && !cmd.HasParent() {
		return word, true
	}
	if word, ok := near.Within(written, names, min(slipsInCommand, len(written)/2)); ok {
		return word, true
	}
	slices.Sort(names)
	at := slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(name, written) })
	if at < 0 {
		return "", false
	}
	return names[at], true
}

// checkCompletion lets the completion command refuse a shell that it does not
// know.
func checkCompletion(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.Args = noSuchCommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// usage is an error about how a command was called. The user is pointed to the help of
// that command.
func usage(err error) error { return &exitError{code: codeUsage, hint: true, err: err} }

// usagef is an error about what somebody asked for, which says itself what to do.
func usagef(format string, args ...any) error {
	return &exitError{code: codeUsage, err: fmt.Errorf(format, args...)}
}

// arguments makes a failed check of arguments an error of usage, which names what is
// missing or too much.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		wanted := strings.Fields(cmd.Use)[1:]
		needed := slices.DeleteFunc(slices.Clone(wanted), func(word string) bool { return strings.ContainsAny(word, "[]") })
		line := strings.TrimSuffix(cmd.UseLine(), " [flags]")
		if _, said := errors.AsType[*exitError](err); err == nil || said {
			return err
		}
		switch {
		case cmd.HasSubCommands() && len(wanted) == 0:
			return noSuchCommand(cmd, args)
		case len(args) < len(needed):
			return usage(fmt.Errorf("%s is missing: %s", needed[len(args)], line))
		case len(args) > len(wanted):
			return usage(fmt.Errorf("unexpected argument %q: %s", args[len(wanted)], line))
		}
		return usage(err)
	}
}

// oneLine is an error as the user sees it: a line for each problem, no more.
func oneLine(err error) string {
	var problems *config.Problems
	if errors.As(err, &problems) {
		return strings.ReplaceAll(err.Error(), "\n", "\nlookervault: ")
	}
	return config.StripPasswords(strings.Join(strings.Fields(plainText(err.Error())), " "))
}

// isTerminal reports whether a stream is one.
func isTerminal(stream any) bool {
	width, _ := ui.TerminalSize(stream)
	return width > 0
}
