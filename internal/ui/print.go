package ui

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/lookervault/lookervault/internal/record"
)

// quietAtLeast is how many kinds without news are folded into one row.
const quietAtLeast = 3

// shortBelow is the width of a terminal on which the table of kinds has no column
// for listings: their names, where they are not complete, go with the kind's.
const shortBelow = 90

// Print writes the summary for people. Path is the vault as the user named it.
func (s Summary) Print(out io.Writer, path string) {
	fmt.Fprintf(out, "Run %d of %s: %s.\n", s.Run, s.Instance, record.OutcomeText(s.Outcome, s.PartialView))
	if len(s.Scope.Kinds) > 0 {
		fmt.Fprintf(out, "Scope: %s.\n", s.Scope)
	}
	WriteKinds(out, s.Kinds, s.Notes, true)
	fmt.Fprintln(out)
	fmt.Fprintf(out, "%s in %s (%s), %s, %s (%.3f a document).\n",
		Plural(s.Items, "document", "documents"), lasted(seconds(s.Seconds)),
		perSecond(s.ItemsPerSecond), Size(s.Bytes)+s.rate(), Plural(s.Calls, "call", "calls"), s.CallsPerItem)
	if s.Retries > 0 || s.Throttled > 0 {
		fmt.Fprintln(out, pressure(s.Retries, s.Throttled, s.Paused))
	}
	stored := fmt.Sprintf("Stored in %s (%s, of which this run added %s", path, Size(s.VaultBytes), Size(s.Totals.Stored))
	if s.CompressionRatio > 0 {
		stored += fmt.Sprintf(", compressed %.1f : 1", s.CompressionRatio)
	}
	fmt.Fprintf(out, "%s); memory %s at most.\n", stored, Size(s.PeakMemory))
	if line := knownLine(s.KindUse); line != "" {
		fmt.Fprintln(out, line)
	}
	if line := useLine(s.Stages); line != "" {
		fmt.Fprintln(out, line)
	}
	if s.Advice != "" {
		fmt.Fprintln(out, s.Advice)
	}
	for _, hint := range s.Hints {
		fmt.Fprintln(out, hint)
	}
}

func (s Summary) rate() string {
	if s.BytesPerSecond < 1 {
		return ""
	}
	return fmt.Sprintf(" (%s/s)", Size(int64(s.BytesPerSecond)))
}

// mostKnown is how many kinds are named of those that came and were known.
const mostKnown = 3

// knownLine says what of the documents that were fetched the vault held already, and of which
// kinds, "" when it was nothing.
func knownLine(kinds []record.KindUse) string {
	var known int64
	for _, k := range kinds {
		known += k.Unchanged
	}
	if known == 0 {
		return ""
	}
	most := slices.SortedStableFunc(slices.Values(kinds), func(a, b record.KindUse) int { return cmp.Compare(b.Unchanged, a.Unchanged) })
	var names []string
	for _, k := range most[:min(mostKnown, len(most))] {
		if k.Unchanged > 0 {
			names = append(names, fmt.Sprintf("%s %s", k.Kind, Size(k.Unchanged)))
			known -= k.Unchanged
		}
	}
	line := strings.Join(names, ", ")
	if known > 0 {
		line += ", others " + Size(known)
	}
	return fmt.Sprintf("Fetched, and in the vault already: %s.", line)
}

// useLine says how busy each stage was.
func useLine(stages []record.StageUse) string {
	var parts []string
	for _, u := range stages {
		if u.Busy+u.Blocked+u.Starved > 0 {
			part := u.Name + " " + share(busyShare(u))
			if blocked := u.Blocked / (u.Busy + u.Blocked + u.Starved); blocked >= 0.05 {
				part += fmt.Sprintf(" (held up %s)", share(blocked))
			}
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Busy: " + strings.Join(parts, ", ") + "."
}

// WriteKinds writes a run kind by kind, with the reasons of listings that are not
// complete and with its notes. Folded, kinds without news share a row.
func WriteKinds(out io.Writer, kinds []record.Counts, notes []string, folded bool) {
	width, _ := TerminalSize(out)
	short := width > 0 && width < shortBelow
	t := NewTable(out)
	head := table.Row{"kind", "listing", "listed", "new", "changed", "same", "gone", "failed", "dangling", "bytes"}
	numbers := 3
	dangling := len(head) - 2
	some := TotalsOf(kinds).Dangling > 0
	if !some {
		head = slices.Delete(head, dangling, dangling+1)
	}
	if short {
		head, numbers = slices.Delete(head, 1, 2), 2
	}
	t.AppendHeader(head)
	var columns []table.ColumnConfig
	for i := numbers; i <= len(head); i++ {
		columns = append(columns, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight, AlignFooter: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	kindRow := func(name string, listing record.Listing, n Totals) table.Row {
		row := table.Row{name, listingText(listing), Count(n.Listed), Count(n.New), Count(n.Changed), Count(n.Same), Count(n.Gone), Count(n.FailedDocuments()), Count(n.Dangling), Size(n.Bytes)}
		if !some {
			row = slices.Delete(row, dangling, dangling+1)
		}
		if !short {
			return row
		}
		if listing != "" && listing != record.Complete {
			row[0] = fmt.Sprintf("%s (%s)", name, listingText(listing))
		}
		return slices.Delete(row, 1, 2)
	}
	loud, unchanged, untouched := kinds, []record.Counts(nil), []record.Counts(nil)
	if folded {
		loud, unchanged, untouched = partQuiet(kinds)
	}
	for _, k := range loud {
		t.AppendRow(kindRow(string(k.Kind), k.Listing, TotalsOf([]record.Counts{k})))
	}
	if len(unchanged) > 0 {
		t.AppendRow(kindRow(fmt.Sprintf("%d unchanged", len(unchanged)), record.Complete, TotalsOf(unchanged)))
	}
	if len(untouched) > 0 {
		t.AppendRow(kindRow(fmt.Sprintf("%d not begun", len(untouched)), untouched[0].Listing, TotalsOf(untouched)))
	}
	t.AppendFooter(kindRow("total", "", TotalsOf(kinds)))
	t.Render()
	for _, k := range kinds {
		if k.Reason != "" {
			fmt.Fprintf(out, "%s: %s: %s\n", k.Kind, listingText(k.Listing), PlainText(k.Reason))
		}
	}
	for _, note := range notes {
		fmt.Fprintln(out, PlainText(note))
	}
}

// listingText is how a listing ended, as people read it.
func listingText(listing record.Listing) string {
	return strings.ReplaceAll(string(listing), "_", " ")
}

// partQuiet parts the kinds in which nothing happened from the others, if they
// are many: those that are unchanged, and those that were not begun when the run
// was stopped.
func partQuiet(kinds []record.Counts) (loud, unchanged, untouched []record.Counts) {
	for _, k := range kinds {
		switch done := k.New + k.Changed + k.Gone + k.Failed + k.Dangling + k.Reappeared; {
		case done == 0 && k.Listing == record.Complete:
			unchanged = append(unchanged, k)
		case done+k.Same == 0 && (k.Listing == record.Open || k.Listing == record.NotBegun):
			untouched = append(untouched, k)
		default:
			loud = append(loud, k)
		}
	}
	if len(unchanged) < quietAtLeast {
		loud, unchanged = append(loud, unchanged...), nil
	}
	if len(untouched) < quietAtLeast {
		loud, untouched = append(loud, untouched...), nil
	}
	slices.SortStableFunc(loud, func(a, b record.Counts) int { return cmp.Compare(a.Kind, b.Kind) })
	return loud, unchanged, untouched
}

// WriteSession writes what one process measured of a run.
func WriteSession(out io.Writer, s record.Session) {
	took := seconds(s.Seconds)
	if s.Unfinished {
		fmt.Fprintf(out, "%s, %s until its last commit: it was killed, or is still at work.\n", s.Began.Local().Format(time.DateTime), lasted(took))
		return
	}
	fmt.Fprintf(out, "%s, %s: %s, %s, %s.\n", s.Began.Local().Format(time.DateTime), lasted(took),
		Plural(s.Items, "document", "documents"), Size(s.Bytes), Plural(s.Calls, "call", "calls"))
	if s.Seconds > 0 {
		fmt.Fprintf(out, "%s, %s/s; memory %s at most.\n", perSecond(float64(s.Items)/s.Seconds), Size(int64(float64(s.Bytes)/s.Seconds)), Size(s.Memory))
	}
	if s.Retries > 0 || s.Refused > 0 {
		fmt.Fprintln(out, pressure(s.Retries, s.Refused, s.Paused))
	}
	if line := knownLine(s.Kinds); line != "" {
		fmt.Fprintln(out, line)
	}
	if line := useLine(s.Stages); line != "" {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintln(out, s.Advice)
}

// pressure is what went wrong with calls and was made good.
func pressure(retries, refused int64, paused float64) string {
	return fmt.Sprintf("%s; %s answered with 429, paused %s.", Plural(retries, "retry", "retries"),
		Plural(refused, "call", "calls"), lasted(seconds(paused)))
}
