package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

// asking asks before something is written to Looker.
type asking struct {
	streams *streams
	yes     bool // --yes: nobody is asked
	json    bool // --json: there is nobody to ask
}

// possible refuses to begin what could not be asked for in the end.
func (a asking) possible() error {
	if a.yes || isTerminal(a.streams.in) && a.streams.err.tty && !a.json {
		return nil
	}
	return usage(errors.New("there is no terminal to ask on: look at the plan by lookervault restore plan, and say --yes to apply it"))
}

// agreed asks whether to go on.
func (a asking) agreed(ctx context.Context) (bool, error) {
	if a.yes {
		return true, nil
	}
	if err := a.possible(); err != nil {
		return false, err
	}
	fmt.Fprint(a.streams.err, "Apply it? Only yes will do: ")
	type line struct {
		text string
		err  error
	}
	lines := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(a.streams.in).ReadString('\n')
		lines <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.streams.err)
		return false, context.Cause(ctx)
	case l := <-lines:
		if strings.TrimSpace(l.text) == "yes" {
			return true, nil
		}
		fmt.Fprintln(a.streams.err, "Nothing was done.")
		return false, nil
	}
}
