package ui

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/view"
)

// quietAtLeast is how many kinds without news are folded into one row.
const quietAtLeast = 3

// PrintSummary writes the summary of a run for people. Path is the vault as the user named
// it.
func PrintSummary(out io.Writer, s view.Summary, path string) {
	fmt.Fprintf(out, "Run %d of %s: %s.\n", s.Run, s.Instance, record.OutcomeText(s.Outcome, s.PartialView))
	if len(s.Scope.Kinds) > 0 {
		fmt.Fprintf(out, "Scope: %s.\n", s.Scope)
	}
	width, _ := TerminalSize(out)
	_ = WriteKinds(table.Output{Out: out, Screen: &table.Screen{Width: width}}, table.Choice{}, s.Kinds, s.Notes, true) // as a log, it may be lost
	fmt.Fprintln(out)
	fmt.Fprintln(out, amounts(s))
	if s.Retries > 0 || s.Throttled > 0 {
		fmt.Fprintln(out, pressure(s.Retries, s.Throttled, s.Paused))
	}
	stored := fmt.Sprintf("Stored in %s (%s; documents of this run take %s", path, Size(s.VaultBytes), Size(s.Totals.Stored))
	if s.CompressionRatio > 0 {
		stored += fmt.Sprintf(", compressed %.1f : 1", s.CompressionRatio)
		if s.Resumed {
			stored += " after the resume"
		}
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

// amounts tells the amounts of a run and how fast they came. After a resume the rates are of
// what came since, which is then told besides.
func amounts(s view.Summary) string {
	all, documents := Plural(s.Items, "document", "documents"), Plural(s.SessionItems, "document", "documents")
	calls := fmt.Sprintf("%s (%.3f a document)", Plural(s.Calls, "call", "calls"), s.CallsPerItem)
	took, bytes := duration.Seconds(s.Seconds), ""
	if s.BytesPerSecond >= 1 {
		bytes = Size(int64(s.BytesPerSecond)) + "/s"
	}
	if s.Resumed {
		rates := strings.TrimSuffix(perSecond(s.ItemsPerSecond)+", "+bytes, ", ")
		return fmt.Sprintf("%s, %s, %s; after the resume %s in %s (%s).", all, Size(s.Bytes), calls, documents, took, rates)
	}
	if bytes != "" {
		bytes = " (" + bytes + ")"
	}
	return fmt.Sprintf("%s in %s (%s), %s%s, %s.", all, took, perSecond(s.ItemsPerSecond), Size(s.Bytes), bytes, calls)
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

// folds are kinds in which nothing happened; many that are so for one reason share a row.
var folds = []struct {
	name string
	is   func(record.Counts) bool
}{
	{"unchanged", func(k record.Counts) bool { return happened(k) == 0 && k.Listing == record.Complete }},
	{"not asked for", func(k record.Counts) bool { return happened(k) == 0 && k.Listing == record.Deferred }},
	{"not begun", func(k record.Counts) bool { // when the run was stopped
		return happened(k)+k.Same == 0 && (k.Listing == record.Open || k.Listing == record.NotBegun)
	}},
}

// partQuiet parts the kinds in which nothing happened from the others, where they are many.
// folded are those of each of the folds.
func partQuiet(kinds []record.Counts) (loud []record.Counts, folded [][]record.Counts) {
	folded = make([][]record.Counts, len(folds))
	for _, k := range kinds {
		if i := foldOf(k); i >= 0 {
			folded[i] = append(folded[i], k)
		}
	}
	for _, k := range kinds {
		if i := foldOf(k); i < 0 || len(folded[i]) < quietAtLeast {
			loud = append(loud, k)
		}
	}
	for i := range folded {
		if len(folded[i]) < quietAtLeast {
			folded[i] = nil
		}
	}
	return loud, folded
}

// foldOf is the number of the fold of a kind, -1 where it has none.
func foldOf(k record.Counts) int {
	for i, fold := range folds {
		if fold.is(k) {
			return i
		}
	}
	return -1
}

// happened counts what is news of a kind.
func happened(k record.Counts) int64 {
	return k.New + k.Changed + k.Gone + k.Failed + k.Dangling + k.Reappeared
}

// WriteSession writes what one process measured of a run; terminal says whether people read
// it on one.
func WriteSession(out io.Writer, s record.Session, terminal bool) {
	took := seconds(s.Seconds)
	if s.Unfinished {
		fmt.Fprintf(out, "%s, %s until its last commit: it was killed, or is still at work.\n", Moment(s.Began, terminal), duration.Text(took))
		return
	}
	fmt.Fprintf(out, "%s, %s: %s, %s, %s.\n", Moment(s.Began, terminal), duration.Text(took),
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
		Plural(refused, "call", "calls"), duration.Seconds(paused))
}
