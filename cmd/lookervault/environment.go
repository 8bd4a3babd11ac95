package main

import (
	"io"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/secret"
)

// environment is what commands are made from. A constructor takes of it what its command
// uses and names that in the command's options; no command gets the whole.
type environment struct {
	streams    *streams
	settings   *settings
	interrupts *interrupts
	clock      *clock
}

func newEnvironment(stdin io.Reader, stdout, stderr io.Writer, environ []string, interrupts *interrupts) *environment {
	texts, clock := newTerminal(stderr), &clock{}
	return &environment{
		streams:    &streams{in: stdin, out: stdout, err: texts, variables: environ, now: clock.now},
		settings:   &settings{variables: environ, hide: texts.hide},
		interrupts: interrupts,
		clock:      clock,
	}
}

// streams are where a command reads and writes, and how much of what it may write there.
type streams struct {
	in        io.Reader
	out       io.Writer
	err       *terminal
	variables variables
	now       func() time.Time

	noColor bool // --no-color
	noPager bool // --no-pager
	quiet   bool // --quiet: nothing to say when all is well
	verbose int  // how often --verbose: logs on a terminal, then each request
}

// settings says where the configuration is read from.
type settings struct {
	path      string // -c
	variables variables
	secrets   *secret.Set       // what nothing may show; nil before a configuration with secrets was loaded
	hide      func(*secret.Set) // keeps them out of what is written
}

// load reads the configuration. Reading commands take it as it is, without
// variables and credentials.
func (s *settings) load(flags *pflag.FlagSet, readOnly bool, keys map[string]string, set, kinds []string) (*config.Loaded, error) {
	loaded, err := config.Load(config.Sources{
		Path: s.path, Dir: ".", Flags: flags, FlagKeys: keys, Set: set, Kinds: kinds,
		Environ: s.variables, ReadOnly: readOnly,
	})
	if err == nil && !readOnly {
		s.secrets = secretsOf(loaded.Config)
		addProxies(s.secrets, s.variables)
		s.hide(s.secrets)
	}
	return loaded, err
}

// variables are those of the environment, each as NAME=VALUE.
type variables []string

// get returns a variable, "" when it is not set.
func (v variables) get(name string) string {
	value := ""
	for _, entry := range v {
		if key, set, _ := strings.Cut(entry, "="); key == name {
			value = set
		}
	}
	return value
}
