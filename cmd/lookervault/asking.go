package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// consent is the flag --yes: nobody is asked. With a value it is the name of the instance that is
// written to.
type consent struct {
	given bool
	name  string // "" where none was said
}

// flag adds the flag.
func (c *consent) flag(f *pflag.FlagSet, usage string) {
	f.VarP(c, "yes", "y", usage+"; `[=NAME]` says the name that a protected instance wants (looker.protected)")
	f.Lookup("yes").NoOptDefVal = "true"
}

// Set is of pflag. "true" and "false" are what a flag without a name can be set to.
func (c *consent) Set(text string) error {
	switch text {
	case "true", "false":
		*c = consent{given: text == "true"}
	case "":
		return errors.New("name the instance")
	default:
		*c = consent{given: true, name: text}
	}
	return nil
}

// String is of pflag.
func (c *consent) String() string {
	if c.name != "" {
		return c.name
	}
	return strconv.FormatBool(c.given)
}

// Type is of pflag.
func (c *consent) Type() string { return "bool" }

// asking asks before something is written to Looker.
type asking struct {
	streams *streams
	yes     consent // nobody is asked
	json    bool    // --json: there is nobody to ask
	// instance is the name of what is written to, "" before it is known; protected says that its
	// name has to be said.
	instance  string
	protected bool
	// before is what to do before --yes is said, as "look at it by ..., and ", and then what that does,
	// as "apply it".
	before, then string
}

// possible refuses to begin what could not be asked for in the end.
func (a asking) possible() error {
	switch {
	case a.yes.name != "" && a.instance != "" && a.yes.name != a.instance:
		return usagef("--yes=%s, but the configuration reaches %s: nothing was written", a.yes.name, a.instance)
	case a.yes.given && a.yes.name == "" && a.protected:
		return usagef("%s is protected (looker.protected), and --yes does not say its name: say --yes=%s", a.instance, shellWord(a.instance))
	case a.yes.given, isTerminal(a.streams.in) && a.streams.err.tty && !a.json:
		return nil
	case a.protected:
		return usagef("there is no terminal to ask on, and %s is protected: %ssay --yes=%s to %s", a.instance, a.before, shellWord(a.instance), a.then)
	}
	return usagef("there is no terminal to ask on: %ssay --yes to %s", a.before, a.then)
}

// agreed asks whether to go on.
func (a asking) agreed(ctx context.Context) (bool, error) {
	if err := a.possible(); err != nil || a.yes.given {
		return err == nil, err
	}
	wanted := "yes"
	if a.protected {
		wanted = a.instance
		fmt.Fprintf(a.streams.err, "Apply it to %s, which is protected? Only its name will do: ", plainText(a.instance))
	} else {
		fmt.Fprint(a.streams.err, "Apply it? Only yes will do: ")
	}
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.streams.in).ReadString('\n') // what cannot be read is no answer
		lines <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.streams.err)
		return false, context.Cause(ctx)
	case line := <-lines:
		if strings.TrimSpace(line) == wanted {
			return true, nil
		}
		fmt.Fprintln(a.streams.err, "Nothing was done.")
		return false, nil
	}
}
