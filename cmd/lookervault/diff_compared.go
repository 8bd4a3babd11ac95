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
	runs, err := runsPassed(ctx, reader, span)
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

// runsPassed are the newest runs, as many as reach back to the first one that a diff compares,
// but no more than passedRead. Mostly those are the two that it compares.
func runsPassed(ctx context.Context, reader vault.Reader, span vault.Span) ([]record.Run, error) {
	const compared = 2
	runs, err := reader.RunsInBrief(ctx, span.Instance, compared)
	if err != nil || len(runs) == compared && runs[compared-1].ID <= span.After {
		return runs, err
	}
	return reader.RunsInBrief(ctx, span.Instance, passedRead)
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
