package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/near"
	"github.com/lookervault/lookervault/internal/secret"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
)

// app holds what every command needs and nothing can be changed of.
type app struct {
	stdin   io.Reader
	stdout  io.Writer
	stderr  *terminal
	environ []string
	stop    context.Context // ends with the first interrupt
	kill    context.Context // ends with the second
	// graceful is true of a command that ends in order after the first interrupt and
	// hurries after the second. Others have nothing to hurry with.
	graceful atomic.Bool
	waiting  context.Context // see patience; nil before that was called
	secrets  *secret.Set     // what nothing may show; nil before a configuration with secrets was loaded

	configPath string // -c
	noColor    bool   // --no-color
	noPager    bool   // --no-pager
	quiet      bool   // --quiet: nothing to say when all is well
	verbose    int    // how often --verbose: logs on a terminal, then each request

	clock func() time.Time // the wall clock of a test; nil: the machine's
}

const about = `LookerVault backs up a whole Looker instance into one SQLite file: complete,
with few API calls, resumable, and exact to the byte.

  lookervault run --demo     back up a simulated Looker, to see how it works
  lookervault run            back up the Looker that the configuration names
  lookervault list           what the vault holds
  lookervault cat KIND ID    one document, exactly as Looker sent it`

// execute runs the command that args name.
func (a *app) execute(args []string) error {
	if err := a.setClock(); err != nil {
		return err
	}
	root := a.root(args)
	root.SetArgs(args)
	return root.ExecuteContext(a.stop)
}

// root is the program with all its commands.
func (a *app) root(args []string) *cobra.Command {
	root := &cobra.Command{
		Use: "lookervault", Short: "Back up a Looker instance into one SQLite file", Long: about,
		SilenceErrors: true, SilenceUsage: true, Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVarP(&a.configPath, "config", "c", "", "configuration `FILE` (default lookervault.yaml, where there is one)")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "say nothing when all is well, for cron; else in few lines what is not")
	root.PersistentFlags().CountVarP(&a.verbose, "verbose", "v", "say more: logs on a terminal and the whole summary; twice, a line for each request")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "no colours, as NO_COLOR says it too")
	root.PersistentFlags().BoolVar(&a.noPager, "no-pager", false, "no pager for what is longer than the terminal")
	addVersion(root)
	root.SetHelpFunc(printHelp)
	root.SetFlagErrorFunc(wrongFlag)
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		if err := noneEmpty(cmd, args); err != nil {
			return err
		}
		switch {
		case a.quiet && a.verbose > 0:
			return usage(cmd, errors.New("--quiet and --verbose exclude each other"))
		case a.quiet:
			a.stderr.hush()
		}
		return nil
	}
	root.AddGroup(groups...)
	root.AddCommand(in(groupBackUp, newRunCommand(a), newCheckCommand(a), newKindsCommand(a))...)
	root.AddCommand(in(groupLook, newListCommand(a), newTreeCommand(a), newCatCommand(a), newDumpCommand(a), newLogCommand(a), newDiffCommand(a), newFindCommand(a), newRunsCommand(a), newFaultsCommand(a), newReportCommand(a))...)
	root.AddCommand(in(groupGiveBack, newRestoreCommand(a))...)
	root.AddCommand(in(groupKeep, newVerifyCommand(a), newStatsCommand(a), newPruneCommand(a), newSalvageCommand(a), newReindexCommand(a))...)
	root.AddCommand(in(groupRehearse, newSimCommand(a))...)
	root.AddCommand(in(groupMore, newVersionCommand(a), newManCommand(a))...)
	root.SetHelpCommand(helpCommand())
	root.SetHelpCommandGroupID(groupMore)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout) // before the completion command, which takes what is set then
	root.SetErr(a.stderr)
	root.SetCompletionCommandGroupID(groupMore)
	root.InitDefaultCompletionCmd(args...)
	checkCompletion(root)
	a.completeValues(root)
	return root
}

// narrowing are flags that choose documents: an empty value, that of a variable which is
// not set, would choose all of them.
var narrowing = []string{"folder", "owner", "changed-since", "kind", "sample", "name", "user", "look", "model", "explore", "field", "exclude", "owners"}

// noneEmpty refuses arguments and values that are empty.
func noneEmpty(cmd *cobra.Command, args []string) (err error) {
	if slices.Contains(args, "") && cmd.Name() != cobra.ShellCompRequestCmd && cmd.Name() != cobra.ShellCompNoDescRequestCmd {
		return usage(cmd, errors.New("an argument is empty; is a variable not set?"))
	}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if empty := flag.Value.String() == "" || flag.Value.String() == "[]"; empty && slices.Contains(narrowing, flag.Name) {
			err = usage(cmd, fmt.Errorf("--%s is empty; is a variable not set?", flag.Name))
		}
	})
	return err
}

// wrongFlag is the error about a flag that there is not, with the nearest one.
func wrongFlag(cmd *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		add := func(flag *pflag.Flag) { names = append(names, flag.Name) }
		cmd.Flags().VisitAll(add)
		cmd.InheritedFlags().VisitAll(add)
		if word, ok := near.Word(unknown.GetSpecifiedName(), names); ok {
			return usage(cmd, fmt.Errorf("%w, did you mean --%s?", err, word))
		}
	}
	return usage(cmd, err)
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
	return usage(cmd, fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), hint))
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

// usage is an error about how a command was called.
func usage(cmd *cobra.Command, err error) error {
	return usagef("%s; see %s --help", err, cmd.CommandPath())
}

// usagef is an error about what somebody asked for, which says itself what to do.
func usagef(format string, args ...any) error {
	return &exitError{code: codeUsage, err: fmt.Errorf(format, args...)}
}

// arguments makes a failed check of arguments an error of usage.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage(cmd, err)
		}
		return nil
	}
}

// load reads the configuration. Reading commands take it as it is, without
// variables and credentials.
func (a *app) load(cmd *cobra.Command, readOnly bool, keys map[string]string, set, kinds []string) (*config.Loaded, error) {
	loaded, err := config.Load(config.Sources{
		Path: a.configPath, Dir: ".", Flags: cmd.Flags(), FlagKeys: keys, Set: set, Kinds: kinds,
		Environ: a.environ, ReadOnly: readOnly,
	})
	if err == nil && !readOnly {
		a.secrets = secretsOf(loaded.Config)
		addProxies(a.secrets, a.environ)
		a.stderr.hide(a.secrets)
	}
	return loaded, err
}

// logger is the one logger of the program. On a terminal nobody wants time-stamped lines
// unless they ask for them: by --verbose, or by log.level. A file that only spells out the
// default, as the one that comes with the program does, asks for nothing.
func (a *app) logger(loaded *config.Loaded) hclog.Logger {
	c := loaded.Config.Log
	level := hclog.LevelFromString(c.Level)
	switch {
	case a.quiet:
		level = hclog.Off
	case a.verbose > 1:
		level = min(level, hclog.Debug)
	case a.verbose == 1:
		level = min(level, hclog.Info)
	case a.stderr.tty && c.Level == config.Default(1).Log.Level && !loaded.SetByHand("log.level"):
		level = hclog.Off
	}
	return hclog.New(&hclog.LoggerOptions{
		Name: "lookervault", Level: level, JSONFormat: c.Format == "json", Output: a.stderr,
		TimeFormat: "2006-01-02T15:04:05.000Z07:00",
	})
}

// warn logs a warning; where nobody reads logs it is a sentence.
func (a *app) warn(log hclog.Logger, text string) {
	if log.IsWarn() {
		log.Warn(text)
		return
	}
	fmt.Fprintln(a.stderr, table.Paint("Note: ", table.Unsure, a.colors(a.stderr))+plainText(text))
}

// oneLine is an error as the user sees it: a line for each problem, no more.
func oneLine(err error) string {
	var problems *config.Problems
	if errors.As(err, &problems) {
		return strings.ReplaceAll(err.Error(), "\n", "\nlookervault: ")
	}
	return config.StripPasswords(strings.Join(strings.Fields(plainText(err.Error())), " "))
}

// isTerminal tells whether a stream is one.
func isTerminal(stream any) bool {
	width, _ := ui.TerminalSize(stream)
	return width > 0
}
