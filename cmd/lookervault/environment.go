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
	// limitMemory sets the soft limit for the memory of the process; nil: none is set.
	limitMemory func(int64) int64
}

func newEnvironment(stdin io.Reader, stdout, stderr io.Writer, environ []string, interrupts *interrupts) *environment {
	texts, secrets, clock := newTerminal(stderr), secret.NewSet(), &clock{}
	texts.hide(secrets)
	return &environment{
		streams:    &streams{in: stdin, out: stdout, err: texts, variables: environ, now: clock.now},
		settings:   &settings{variables: environ, secrets: secrets},
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
	secrets   *secret.Set // takes in what the configuration keeps secret
}

// loadConfig reads the configuration: set are values of --set, kinds what arguments name.
type loadConfig func(set, kinds []string) (*config.Loaded, error)

// loader returns what reads the configuration for a command, whose flags stand above all
// else; keys names the key that each of them sets.
func (s *settings) loader(flags *pflag.FlagSet, keys map[string]string) loadConfig {
	return func(set, kinds []string) (*config.Loaded, error) {
		sources := s.sources(flags, keys, set, kinds)
		sources.Names = wrongNames
		loaded, err := config.Load(sources)
		if err == nil {
			addSecrets(s.secrets, loaded.Config)
			addProxies(s.secrets, s.variables)
		}
		return loaded, err
	}
}

// reader is loader for commands that only read: they take the configuration as it is,
// without variables and credentials.
func (s *settings) reader(flags *pflag.FlagSet, keys map[string]string) loadConfig {
	return func(set, kinds []string) (*config.Loaded, error) {
		sources := s.sources(flags, keys, set, kinds)
		sources.ReadOnly = true
		return config.Load(sources)
	}
}

func (s *settings) sources(flags *pflag.FlagSet, keys map[string]string, set, kinds []string) config.Sources {
	return config.Sources{Path: s.path, Dir: ".", Flags: flags, FlagKeys: keys, Set: set, Kinds: kinds, Environ: s.variables}
}

// dbKey names the key of the one flag that the commands have which take no other.
var dbKey = map[string]string{"db": "sink.path"}

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
