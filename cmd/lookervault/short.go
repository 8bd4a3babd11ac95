package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// namesShown is how many documents the short summary names of each sort.
const namesShown = 3

// sumUp says how a run ended: shortly on a terminal, in whole where somebody keeps what
// is said or asked for more, and not at all where all is well and nobody wants to know.
func (b *backup) sumUp(ctx context.Context, s view.Summary, run record.Run) {
	o, path := b.options, b.config.Sink.Path
	well := s.Outcome == record.RunComplete && s.ExitCode == 0
	switch {
	case o.streams.quiet && well:
	case o.streams.quiet:
		b.sumUpShortly(ctx, o.streams.err.loud(), s, run)
	case o.streams.err.tty && o.streams.verbose == 0:
		b.sumUpShortly(ctx, o.streams.err, s, run)
	default:
		ui.PrintSummary(o.streams.err, s, path)
		if b.config.Looker.Quota.Counted() {
			fmt.Fprintf(o.streams.err, "%s.\n", b.ofTheMonth(ctx, s))
		}
		if next := b.next(ctx, s, run); next != "" {
			fmt.Fprintln(o.streams.err, next)
		}
	}
}

// sumUpShortly says in few lines how a run ended: what came, changed and went, by the
// first names, what failed, what it cost, and what there is to do.
func (b *backup) sumUpShortly(ctx context.Context, out io.Writer, s view.Summary, run record.Run) {
	color := b.options.streams.colors(b.options.streams.err)
	well := s.Outcome == record.RunComplete
	notes := func() {
		for _, note := range s.Notes {
			fmt.Fprintln(out, table.Paint("Note: ", table.Unsure, color)+plainText(note))
		}
	}
	if !b.options.streams.quiet {
		notes()
	}
	tone := map[record.Outcome]table.Tone{record.RunComplete: table.Good, record.RunFailed: table.Bad}[s.Outcome]
	if tone == table.Plain {
		tone = table.Unsure
	}
	verdict := table.Paint(record.OutcomeText(s.Outcome, s.PartialView), tone, color)
	fmt.Fprintf(out, "Run %d of %s is %s: %s, %s.\n", s.Run, plainText(s.Instance), verdict, plural(s.Totals.Settled(), "document", "documents"), whatCame(s.Totals))
	details := b.details(ctx, run)
	for _, change := range details.changes {
		line := change.line
		if change.what == "gone" {
			head, _, _ := strings.Cut(line, ":")
			line = table.Paint(head, table.Bad, color) + strings.TrimPrefix(line, head)
		}
		fmt.Fprintln(out, line)
	}
	if !well {
		short := incomplete(s.Kinds)
		for _, line := range short {
			fmt.Fprintln(out, line)
		}
		if b.options.streams.quiet && len(short) == 0 && s.Totals.Failed == 0 {
			notes() // nothing else says what is missing
		}
	}
	if len(details.failed) > 0 {
		more := ""
		if left := details.failures - len(details.failed); left > 0 {
			more = fmt.Sprintf(" and %d more", left)
		}
		fmt.Fprintf(out, "%s: %s%s; lookervault faults%s says why.\n", table.Paint(fmt.Sprintf("Failed %d", details.failures), table.Bad, color),
			strings.Join(details.failed, ", "), more, b.readFlags(ctx))
	}
	if !well && s.Totals.Failed > 0 && len(details.failed) == 0 {
		fmt.Fprintf(out, "lookervault faults%s says what could not be fetched, and why.\n", b.readFlags(ctx))
	}
	if !b.options.streams.quiet {
		fmt.Fprintf(out, "%s in %s, %s; stored in %s (%s).\n", plural(s.Calls, "call", "calls"), duration.Seconds(s.Seconds),
			b.ofTheMonth(ctx, s), plainText(b.config.Sink.Path), ui.Size(s.VaultBytes))
	}
	if !well {
		fmt.Fprintln(out, b.next(ctx, s, run))
	}
}

// whatCame says in a few words what became of the documents.
func whatCame(t view.Totals) string {
	var said []string
	for _, part := range []struct {
		n    int64
		what string
	}{{t.New, "new"}, {t.Changed, "changed"}, {t.Reappeared, "back"}, {t.Gone, "gone"}} {
		if part.n > 0 {
			said = append(said, fmt.Sprintf("%s %s", count(part.n), part.what))
		}
	}
	if len(said) == 0 {
		return "nothing changed"
	}
	return strings.Join(said, ", ")
}

// ofTheMonth says what was called this month, as far as the vault knows, and of which quota: "310
// calls this month", "300 of 1,000 administrative and 10 query calls this month". Where the
// vault cannot be read, it is the month in which the run began.
func (b *backup) ofTheMonth(ctx context.Context, s view.Summary) string {
	quota := b.config.Looker.Quota
	calls, err := b.licence().madeThisMonth(ctx)
	if err != nil || calls == nil {
		calls = s.CallsMonth
	}
	if !quota.Counted() {
		return plural(sum(calls), "call", "calls") + " this month"
	}
	part := func(class catalogue.Activity, included int) string {
		n := count(calls[string(class)])
		if included > 0 {
			n += " of " + count(int64(included))
		}
		return n + " " + string(class)
	}
	return part(catalogue.Administrative, quota.Administrative) + " and " + part(catalogue.Query, quota.Query) + " calls this month"
}

func sum(calls map[string]int64) (n int64) {
	for _, of := range calls {
		n += of
	}
	return n
}

// incomplete are the kinds that did not come to their end as they should, a line each,
// at most namesShown.
func incomplete(kinds []record.Counts) []string {
	short := slices.DeleteFunc(slices.Clone(kinds), func(k record.Counts) bool { return k.Listing.InOrder() })
	var lines []string
	told := 0
	for _, s := range record.Shortfalls(short) {
		if len(lines) == namesShown {
			lines = append(lines, fmt.Sprintf("%s more are not complete.", plural(int64(len(short)-told), "kind", "kinds")))
			break
		}
		lines = append(lines, s.Who(namesShown)+": "+plainText(s.Why()))
		told += len(s.Kinds)
	}
	return lines
}

// runDetails are the documents that a short summary names.
type runDetails struct {
	changes  []changeText
	failed   []string
	failures int // documents, without listings
}

// changeText is a line about what became of some documents.
type changeText struct{ what, line string }

// details reads the first names of what a run saw change, and of what failed. What
// cannot be read is left out: the summary has the numbers.
func (b *backup) details(ctx context.Context, run record.Run) (d runDetails) {
	ctx = context.WithoutCancel(ctx)
	reader, err := sqlite.OpenReader(ctx, b.config.Sink.Path)
	if err != nil {
		return d
	}
	defer reader.Close()
	faults, err := reader.Faults(ctx, run.ID)
	if err != nil {
		return d
	}
	slices.SortStableFunc(faults, func(a, b vault.Fault) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), table.Compare(a.ID, b.ID))
	})
	for _, f := range faults {
		if f.Resolved != 0 || f.ID == "" {
			continue
		}
		if d.failures++; len(d.failed) < namesShown {
			d.failed = append(d.failed, named(ctx, reader, run.Instance, f.Ref))
		}
	}
	if view.TotalsOf(run.Kinds).Same == 0 {
		return d // the first run: everything is new
	}
	list, counts, err := reader.Changes(ctx, run.ID, namesShown)
	if err != nil {
		return d
	}
	for i, c := range list {
		list[i].Name = cmp.Or(c.Name, partName(ctx, reader, run.Instance, c.Ref))
	}
	// Out of the trash is back too; so a summary has seven lines at most.
	counts["back"] += counts["restored"]
	for i := range list {
		if list[i].What == "restored" {
			list[i].What = "back"
		}
	}
	for _, what := range []string{"new", "changed", "back", "trashed", "gone"} {
		owner := func(vault.Change) string { return "" }
		if what == "trashed" || what == "gone" {
			owner = func(c vault.Change) string { return ownerOf(ctx, reader, run.Instance, c) }
		}
		if line := changeLine(what, list, counts[what], owner); line != "" {
			d.changes = append(d.changes, changeText{what, line})
		}
	}
	return d
}

// lastName is how the vault last knew a document, gone or not, "" where it does not.
func lastName(ctx context.Context, reader vault.Reader, instance string, ref record.Ref) string {
	versions, err := reader.Versions(ctx, instance, ref)
	if err != nil || len(versions) == 0 {
		return ""
	}
	return plainText(versions[len(versions)-1].Name)
}

// partName is what a document without a name is called by the one that it is a part of:
// "Admin (role_users)". "" where it is a part of none.
func partName(ctx context.Context, reader vault.Reader, instance string, ref record.Ref) string {
	kind, ok := catalogue.PartOf(ref.Kind)
	if !ok {
		return ""
	}
	name := lastName(ctx, reader, instance, record.Ref{Kind: kind, ID: ref.ID})
	if name == "" {
		return ""
	}
	return fmt.Sprintf("%s (%s)", name, ref.Kind)
}

// named is a document by name and reference, as far as the vault knows it.
func named(ctx context.Context, reader vault.Reader, instance string, ref record.Ref) string {
	name := lastName(ctx, reader, instance, ref)
	if kind, ok := catalogue.PartOf(ref.Kind); ok && name == "" {
		name = lastName(ctx, reader, instance, record.Ref{Kind: kind, ID: ref.ID})
	}
	if name != "" {
		return fmt.Sprintf("%s (%s)", name, plainText(ref.String()))
	}
	return plainText(ref.String())
}

// ownerOf is who owned a document last, by name, "" where nobody is known.
func ownerOf(ctx context.Context, reader vault.Reader, instance string, c vault.Change) string {
	if c.Owner == "" {
		return ""
	}
	if name := lastName(ctx, reader, instance, record.Ref{Kind: catalogue.Users, ID: c.Owner}); name != "" {
		return name
	}
	return "user " + plainText(c.Owner)
}

// changeLine is "Changed 3: Sales Overview, Churn, ARR", with the owner behind each name
// where one is told.
func changeLine(what string, list []vault.Change, n int64, owner func(vault.Change) string) string {
	var named []string
	for _, c := range list {
		if c.What != what || c.Name == "" {
			continue
		}
		name := plainText(c.Name)
		if of := owner(c); of != "" {
			name += " (of " + of + ")"
		}
		if !slices.Contains(named, name) {
			named = append(named, name)
		}
	}
	said := map[string]string{
		"new": "New", "changed": "Changed", "back": "Back", "trashed": "In the trash", "gone": "Gone",
	}[what]
	switch {
	case n == 0:
		return ""
	case len(named) == 0:
		return fmt.Sprintf("%s %s.", said, count(n))
	case n > int64(len(named)):
		return fmt.Sprintf("%s %s: %s, ...", said, count(n), strings.Join(named, ", "))
	}
	return fmt.Sprintf("%s %s: %s.", said, count(n), strings.Join(named, ", "))
}
