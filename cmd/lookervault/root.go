package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/config"
)

// app holds what every command needs and nothing can be changed of.
type app struct {
	stdin   io.Reader
	stdout  io.Writer
	stderr  *terminal
	environ []string
	stop    context.Context // ends with the first interrupt
	kill    context.Context // ends with the second

	configPath string // -c
}

const about = `LookerVault backs up a whole Looker instance into one SQLite file: complete,
with few API calls, resumable, and exact to the byte.

  lookervault run --demo     back up a simulated Looker, to see how it works
  lookervault run            back up the Looker that the configuration names
  lookervault list           what the vault holds
  lookervault cat KIND ID    one document, exactly as Looker sent it`

// execute runs the command that args name.
func (a *app) execute(args []string) error {
	root := &cobra.Command{
		Use: "lookervault", Short: "Back up a Looker instance into one SQLite file", Long: about,
		SilenceErrors: true, SilenceUsage: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVarP(&a.configPath, "config", "c", "", "configuration file (default lookervault.yaml, where there is one)")
	root.SetHelpTemplate(root.HelpTemplate() + "\n" + exitCodes + "\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	root.AddCommand(a.runCommand(), a.runsCommand(), a.listCommand(), a.catCommand(), a.dumpCommand(), a.simCommand(), a.versionCommand())
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(a.stop)
	if err != nil && strings.HasPrefix(err.Error(), "unknown command") {
		// cobra has no type for it.
		return usage(root, err)
	}
	return err
}

// usage is an error about how a command was called.
func usage(cmd *cobra.Command, err error) error {
	return &usageError{text: fmt.Sprintf("%s; see %s --help", err, cmd.CommandPath())}
}

type usageError struct{ text string }

func (e *usageError) Error() string        { return e.text }
func (e *usageError) Is(target error) bool { return target == errUsage }

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
	return config.Load(config.Sources{
		Path: a.configPath, Dir: ".", Flags: cmd.Flags(), FlagKeys: keys, Set: set, Kinds: kinds,
		Environ: a.environ, ReadOnly: readOnly,
	})
}

// logger is the one logger of the program.
func (a *app) logger(c config.Log) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{
		Name: "lookervault", Level: hclog.LevelFromString(c.Level), JSONFormat: c.Format == "json", Output: a.stderr,
		TimeFormat: "2006-01-02T15:04:05.000Z07:00",
	})
}

// oneLine is an error as the user sees it: a line for each problem, no more.
func oneLine(err error) string {
	var problems *config.Problems
	if errors.As(err, &problems) {
		return strings.ReplaceAll(err.Error(), "\n", "\nlookervault: ")
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// isTerminal tells whether a stream is one.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && terminalWidth(file) > 0
}
