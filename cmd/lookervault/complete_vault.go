package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// restores offers the numbers of plans and restores, the newest first.
func (c completion) restores() ([]cobra.Completion, cobra.ShellCompDirective) {
	var offered []cobra.Completion
	c.inVault(func(ctx context.Context, reader vault.Reader, instance string) error {
		all, err := reader.Restores(ctx, instance)
		for _, r := range all {
			if number := strconv.FormatInt(r.ID, 10); strings.HasPrefix(number, c.word) {
				offered = append(offered, described(number, fmt.Sprintf("%s %s", r.Purpose, r.State)))
			}
		}
		return err
	})
	return offered, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// columnNames are the columns of a command's table.
func (c completion) columnNames() []string {
	switch c.cmd.Name() {
	case "show": // of runs
		return ui.KindTable().Names()
	case "tree":
		return treeTable.Names()
	case "list":
		return entryTable(&history.Names{}, &lesserKey{}, false).Names()
	case "runs":
		return runTable.Names()
	case "faults":
		return faultTable.Names()
	case "run":
		return table.Table[view.KindForecast]{Columns: forecastColumns(true), View: func(k view.KindForecast) any { return k }}.Names()
	case "kinds":
		return kindTable.Names()
	case "check":
		return findingTable.Names()
	case "verify", "salvage":
		return damageTable.Names()
	case "prune":
		return keepingTable.Names()
	case "find":
		return hitTable(true).Names()
	case "stats":
		return kindSizes.Names()
	case "status":
		if len(c.cmd.Flags().Args()) == 0 {
			return restoresTable.Names()
		}
		return actionTable.Names()
	case "log":
		return changeTable(true).Names()
	case "diff":
		if stat, _ := c.cmd.Flags().GetBool("stat"); stat {
			return statTable.Names()
		}
		if lost, _ := c.cmd.Flags().GetBool("lost"); lost {
			return lossTable.Names()
		}
		return changeTable(false).Names()
	}
	return nil
}

// columns offers columns behind the last comma, without those that are named already.
func (c completion) columns() ([]cobra.Completion, cobra.ShellCompDirective) {
	return c.list(func(c completion) []cobra.Completion {
		offered, _ := c.fixed(c.columnNames())
		return offered
	})
}

// folderList offers folders behind the last comma.
func (c completion) folderList() ([]cobra.Completion, cobra.ShellCompDirective) {
	return c.list(func(c completion) []cobra.Completion {
		offered, _ := c.documents(catalogue.Folders, "")
		return offered
	})
}

// reading is what the flags say of the vault.
func (c completion) reading() *reading {
	text := func(name string) string {
		if flag := c.cmd.Flags().Lookup(name); flag != nil {
			return flag.Value.String()
		}
		return ""
	}
	moment := func(name string) givenText { return givenText{text: text(name), given: c.cmd.Flags().Changed(name)} }
	return &reading{
		open: c.env.opener(c.cmd.Flags()), now: c.env.clock.now, instance: text("instance"),
		moment: momentFlags{run: moment("run"), at: moment("at")},
	}
}

// inMoment calls fn with the vault at the moment that the flags name. Where there is none
// or it cannot be read, nothing happens.
func (c completion) inMoment(fn func(ctx context.Context, m history.Moment) error) {
	c.patiently(func(ctx context.Context) error {
		m, err := c.reading().openMoment(ctx)
		if err != nil {
			return err
		}
		m.Reader.OnLog(func(string) {})
		return errors.Join(fn(ctx, m), m.Reader.Close())
	})
}

// inVault is inMoment for what needs no moment. instance is the one that a flag names, ""
// for none.
func (c completion) inVault(fn func(ctx context.Context, reader vault.Reader, instance string) error) {
	c.patiently(func(ctx context.Context) error {
		r := c.reading()
		reader, err := r.open(ctx)
		if err != nil {
			return err
		}
		reader.OnLog(func(string) {})
		return errors.Join(fn(ctx, reader, r.instance), reader.Close())
	})
}

// patiently calls fn, which may take as long as somebody waits for a shell. Its error is
// dropped: a shell could show it nowhere.
func (c completion) patiently(fn func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(c.cmd.Context(), offerPatience)
	defer cancel()
	_ = fn(ctx)
}

// documents offers the ids of a kind's documents, which begin as what was typed, with
// their names; before stands before each.
func (c completion) documents(kind record.Kind, before string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var found []vault.Entry
	c.inMoment(func(ctx context.Context, m history.Moment) error {
		for e, err := range m.Reader.Entries(ctx, vault.Query{Instance: m.Instance, Kind: kind, At: m.At}) {
			if err != nil || len(found) == mostOffered {
				return err
			}
			if strings.HasPrefix(e.ID, c.word) {
				found = append(found, e)
			}
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b vault.Entry) int { return table.Compare(a.ID, b.ID) })
	var offered []cobra.Completion
	for _, e := range found {
		offered = append(offered, described(before+e.ID, e.Name))
	}
	return offered, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// runs offers latest and the numbers of the runs, newest first, with when they began and
// how they ended. No two descriptions are equal: zsh puts equal ones together, and sorts
// everything then.
func (c completion) runs() ([]cobra.Completion, cobra.ShellCompDirective) {
	return c.runsThat(func(record.Run) bool { return true })
}

// readableRuns is runs without those that were pruned, which cannot be read any more.
func (c completion) readableRuns() ([]cobra.Completion, cobra.ShellCompDirective) {
	return c.runsThat(func(run record.Run) bool { return !run.Pruned })
}

func (c completion) runsThat(suit func(record.Run) bool) ([]cobra.Completion, cobra.ShellCompDirective) {
	var offered []cobra.Completion
	c.inVault(func(ctx context.Context, reader vault.Reader, instance string) error {
		runs, err := reader.RunsInBrief(ctx, instance, mostOffered)
		for _, run := range runs {
			if !suit(run) {
				continue
			}
			about := run.Started.Local().Format("2006-01-02 15:04:05") + ", " + string(run.Outcome)
			if len(offered) == 0 {
				offered = append(offered, described("latest", fmt.Sprintf("run %d, %s", run.ID, about)))
			}
			offered = append(offered, described(fmt.Sprint(run.ID), about))
		}
		return err
	})
	return slices.DeleteFunc(offered, func(value string) bool { return !strings.HasPrefix(value, c.word) }),
		cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// instances offers the instances of the vault with their addresses.
func (c completion) instances() ([]cobra.Completion, cobra.ShellCompDirective) {
	var offered []cobra.Completion
	c.inVault(func(ctx context.Context, reader vault.Reader, _ string) error {
		instances, err := reader.Instances(ctx)
		for _, i := range instances {
			if strings.HasPrefix(i.Name, c.word) {
				offered = append(offered, described(i.Name, i.BaseURL))
			}
		}
		return err
	})
	return offered, cobra.ShellCompDirectiveNoFileComp
}
