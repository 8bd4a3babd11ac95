package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// passedRead is how many of the newest runs are looked at for those that a diff passes over:
// a vault may hold thousands, and their counts with them.
const passedRead = 50

// tellCompared says which runs a diff compares that names none, and which ones between and
// behind them it passes over, and why.
func tellCompared(ctx context.Context, told io.Writer, reader vault.Reader, span vault.Span) error {
	runs, err := reader.NewestRuns(ctx, span.Instance, passedRead)
	if err != nil {
		return err
	}
	var passed []string
	more := false
	for _, run := range runs {
		switch {
		case run.ID <= span.After || run.ID == span.Until:
		case len(passed) < namesShown:
			passed = append(passed, fmt.Sprintf("%d (%s)", run.ID, whyPassed(run)))
		default:
			more = true
		}
	}
	said := fmt.Sprintf("Comparing run %d with run %d", span.After, span.Until)
	if len(passed) > 0 {
		said += ", the last two complete runs of everything; not " + strings.Join(passed, ", ")
	}
	if more {
		said += " and others"
	}
	fmt.Fprintln(told, said+".")
	return nil
}

// whyPassed is why a run is not compared.
func whyPassed(run record.Run) string {
	switch {
	case run.Pruned:
		return "pruned"
	case run.Outcome != record.RunComplete:
		return string(run.Outcome)
	}
	return run.Scope.String()
}
