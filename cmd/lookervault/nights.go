package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
)

// nightsAhead is how many nightly runs a dry run forecasts: the longest month.
const nightsAhead = 31

// foreseeNights forecasts a month of nightly runs, nil where the vault tells nothing, and
// looks for ages that make them fit the licence.
func foreseeNights(ctx context.Context, ahead forecast.Ahead) (*view.Nights, error) {
	ahead.Resume, ahead.Full = 0, false
	month, known, err := forecast.Nights(ctx, ahead, nightsAhead)
	if err != nil || !known {
		return nil, err
	}
	v := &view.Nights{
		Nights: nightsAhead, Calls: byName(month.Calls), Changes: byName(month.Changes), Observed: int64(math.Round(month.Observed.Hours() / 24)),
		Quota: quotaOf(ahead.Config.Looker.Quota), Refresh: map[record.Kind]string{}, RefreshCalls: map[string]int64{},
	}
	quota := make(map[catalogue.Activity]int64, len(v.Quota))
	for class, calls := range v.Quota {
		quota[catalogue.Activity(class)] = calls
	}
	if v.Fits = month.Within(quota, 0); v.Fits {
		return v, nil
	}
	proposal, err := forecast.Propose(ctx, ahead, nightsAhead, quota)
	if err != nil {
		return nil, err
	}
	v.RefreshCalls, v.RefreshFits = byName(proposal.Calls), proposal.Fits
	for kind, age := range proposal.Ages {
		v.Refresh[kind] = inDays(age)
	}
	return v, nil
}

// inDays is an age as refresh takes it.
func inDays(age time.Duration) string {
	const day = 24 * time.Hour
	if age%day == 0 {
		return fmt.Sprintf("%dd", age/day)
	}
	return config.Duration(age).String()
}

func byName(calls map[catalogue.Activity]int64) map[string]int64 {
	named := make(map[string]int64, len(calls))
	for class, n := range calls {
		named[string(class)] = n
	}
	return named
}

// writeNights says what the nights cost, and what to do where that is too much, given what was
// made of the month.
func writeNights(out io.Writer, v *view.Nights, made map[string]int64) {
	if v == nil {
		return
	}
	administrative, query := string(catalogue.Administrative), string(catalogue.Query)
	fmt.Fprintf(out, "%d such nights: about %s administrative and %s query calls, %s.\n",
		v.Nights, count(v.Calls[administrative]), count(v.Calls[query]), v.ForChanges())
	if len(v.Quota) == 0 {
		return
	}
	var included []string
	for _, class := range slices.Sorted(maps.Keys(v.Quota)) {
		included = append(included, fmt.Sprintf("%s %s", count(v.Quota[class]), class))
	}
	if v.Fits {
		fmt.Fprintf(out, "looker.quota includes %s: that fits.\n", strings.Join(included, " and "))
		return
	}
	fmt.Fprintf(out, "looker.quota includes %s, which is less. ", strings.Join(included, " and "))
	writeProposal(out, v)
	if made[administrative]+made[query] > 0 {
		fmt.Fprintf(out, "That is for a whole month: of this one %s and %s calls are made already.\n", count(made[administrative]), count(made[query]))
	}
}

// writeProposal says what to write into the configuration so that the nights fit, or come nearest,
// as YAML to paste; nothing where they fit.
func writeProposal(out io.Writer, v *view.Nights) {
	if v == nil || len(v.Refresh) == 0 {
		return
	}
	administrative, query := string(catalogue.Administrative), string(catalogue.Query)
	if v.RefreshFits {
		fmt.Fprintf(out, "With this in the configuration it is about %s and %s:\n\n", count(v.RefreshCalls[administrative]), count(v.RefreshCalls[query]))
	} else {
		fmt.Fprintf(out, "No age makes it fit; with this in the configuration it is about %s and %s:\n\n", count(v.RefreshCalls[administrative]), count(v.RefreshCalls[query]))
	}
	fmt.Fprintln(out, "refresh:")
	for _, kind := range slices.Sorted(maps.Keys(v.Refresh)) {
		fmt.Fprintf(out, "  %s: %s\n", kind, v.Refresh[kind])
	}
	fmt.Fprintln(out)
}
