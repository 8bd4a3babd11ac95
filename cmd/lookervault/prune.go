package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// pruneFlags names the key of the configuration that each flag sets.
var pruneFlags = map[string]string{
	"db":           "sink.path",
	"keep-last":    "prune.keep_last",
	"keep-daily":   "prune.keep_daily",
	"keep-weekly":  "prune.keep_weekly",
	"keep-monthly": "prune.keep_monthly",
	"keep-yearly":  "prune.keep_yearly",
	"keep-deleted": "prune.keep_deleted",
}

// pruneOptions are what prune works with.
type pruneOptions struct {
	streams     *streams
	load        loadConfig
	now         func() time.Time
	instance    string // "" for all
	table       tableFlags
	dryRun, yes bool
}

func newPruneCommand(env *environment) *cobra.Command {
	o := pruneOptions{streams: env.streams, now: env.clock.now}
	cmd := &cobra.Command{
		Use: "prune", Short: "Remove old runs from the vault, by rules that say what stays",
		Long: `Remove old runs from the vault, by rules that say which ones stay: a run stays when any
rule keeps it. Days, weeks, months and years are those of the calendar, and of each stays
the newest run that is complete. The newest complete run of an instance stays whatever the
rules say. The rules of the configuration (prune) hold as well.

What goes are versions of documents that only removed runs knew: every run that stays reads
as before, and of a removed one the numbers stay. What a restore of the last 90 days needs
(restore.keep), to be applied or undone, stays as well. What is gone from Looker stays too,
as the vault may be the only place that still has it: until its time is up (--keep-deleted).

On a terminal it asks before it removes anything. Ctrl-C leaves a sound vault, and the next
prune goes on. Freed space is given back to the disk.

In a pipe the columns are keep, run, instance, started, outcome, scope, reasons; with --json
one array.`,
		Example: `  lookervault prune --keep-daily 14 --keep-weekly 8 --keep-monthly 12 --dry-run
  lookervault prune --keep-last 30 --keep-deleted 90d
  lookervault prune --keep-last 10 --dry-run --json | jq '.[] | select(.keep | not) | .run'`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return runPrune(cmd.Context(), o) },
	}
	o.load = env.settings.reader(cmd.Flags(), pruneFlags)
	o.table.add(cmd)
	f := cmd.Flags()
	f.String("db", "", "the vault (default the configuration's sink.path)")
	f.StringVar(&o.instance, "instance", "", "only runs of this instance, when the vault holds several")
	f.Int("keep-last", 0, "the newest `N` runs stay (prune.keep_last)")
	f.Int("keep-daily", 0, "a run of each of the newest `N` days that have one stays (prune.keep_daily)")
	f.Int("keep-weekly", 0, "the same by weeks (prune.keep_weekly)")
	f.Int("keep-monthly", 0, "the same by months (prune.keep_monthly)")
	f.Int("keep-yearly", 0, "the same by years (prune.keep_yearly)")
	f.String("keep-deleted", "", "documents that are gone for longer, and in no run that stays, go: 90d; 0d at once (default never)")
	f.BoolVar(&o.dryRun, "dry-run", false, "only show what would stay and what would go")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return cmd
}

var keepingTable = table.Table[vault.Keeping]{
	One: "run", Many: "runs", View: func(k vault.Keeping) any { return view.KeepingOf(k) },
	Columns: []table.Column[vault.Keeping]{
		{
			Name: "keep", Head: " ", Whole: true, Value: func(k vault.Keeping) string { return map[bool]string{true: "keep", false: "remove"}[k.Keep()] },
			Tone: func(k vault.Keeping) table.Tone {
				return map[bool]table.Tone{true: table.Good, false: table.Bad}[k.Keep()]
			},
		},
		{Name: "run", Number: true, Value: func(k vault.Keeping) string { return strconv.FormatInt(k.Run.ID, 10) }},
		{Name: "instance", Varies: true, Obvious: true, Spare: 2, Value: func(k vault.Keeping) string { return k.Run.Instance }},
		{Name: "started_at", Head: "started", Whole: true, Time: func(k vault.Keeping) time.Time { return k.Run.Started }},
		{Name: "outcome", Whole: true, Value: func(k vault.Keeping) string { return k.Run.OutcomeText() }, Tone: func(k vault.Keeping) table.Tone { return outcomeTone(k.Run) }},
		{Name: "scope", Spare: 1, Varies: true, Value: func(k vault.Keeping) string { return k.Run.Scope.String() }},
		{Name: "reasons", Head: "because it is", Value: func(k vault.Keeping) string { return strings.Join(k.Reasons, ", ") }},
	},
}

// errNoRule is a prune without a rule.
var errNoRule = errors.New("no rule says which runs stay: give one, as --keep-daily 14, or set prune.keep_daily")

// runPrune removes old runs.
func runPrune(ctx context.Context, o pruneOptions) error {
	choice, err := chosen(&o.table, keepingTable)
	if err != nil {
		return err
	}
	loaded, err := o.load(nil, nil)
	if err != nil {
		return err
	}
	if !loaded.Config.Prune.HasRule() {
		return usage(errNoRule)
	}
	plan, err := readPrunePlan(ctx, o.now(), loaded.Config, o.instance)
	if errors.Is(err, vault.ErrMissing) {
		return fmt.Errorf("%w%s", err, hintDemo(loaded.Config.Sink.Path))
	}
	if err != nil {
		return err
	}
	if o.dryRun || !o.streams.quiet || choice.Format != "" {
		if err := show(o.streams, keepingTable, choice, table.Each(plan.runs)); err != nil {
			return err
		}
	}
	if o.dryRun {
		text := plan.told("Would remove")
		if !plan.empty() {
			text += " Nothing was changed."
		}
		fmt.Fprintln(o.streams.err, text)
		return nil
	}
	if err := o.confirm(ctx, plan); err != nil {
		return err
	}
	return carryOut(ctx, o.streams, o.now, plan)
}

// prunePlan is what is to be pruned of a vault.
type prunePlan struct {
	path     string
	runs     []vault.Keeping // of all instances, each newest first
	prunings []vault.Pruning
	would    vault.Pruned
}

// readPrunePlan applies the rules of a configuration to a vault: to one instance, or to
// each when none is named.
func readPrunePlan(ctx context.Context, now time.Time, c config.Config, instance string) (p prunePlan, err error) {
	p.path = c.Sink.Path
	var lostBefore time.Time
	if c.Prune.KeepDeleted != "" {
		age, err := config.ParseAge(c.Prune.KeepDeleted)
		if err != nil {
			return p, err
		}
		lostBefore = now.Add(-age)
	}
	reader, err := sqlite.OpenReader(ctx, p.path)
	if err != nil {
		return p, err
	}
	defer closing(&err, reader)
	var instances []vault.Instance
	if instance == "" {
		instances, err = reader.Instances(ctx)
	} else {
		var found vault.Instance
		found, err = reader.Resolve(ctx, instance)
		instances = []vault.Instance{found}
	}
	if err != nil {
		return p, err
	}
	restoresBefore := now.Add(-c.Restore.Keep.Std())
	needed, err := reader.HeldRuns(ctx, restoresBefore)
	if err != nil {
		return p, err
	}
	rules := vault.KeepRules{
		Last: c.Prune.KeepLast, Daily: c.Prune.KeepDaily, Weekly: c.Prune.KeepWeekly, Monthly: c.Prune.KeepMonthly, Yearly: c.Prune.KeepYearly,
	}
	for _, i := range instances {
		runs, err := reader.Runs(ctx, i.Name)
		if err != nil {
			return p, err
		}
		pruning := vault.Pruning{Instance: i.Name, LostBefore: lostBefore, RestoresBefore: restoresBefore}
		for _, k := range rules.Choose(runs, time.Local) {
			if needed[k.Run.ID] {
				k.Reasons = append(k.Reasons, vault.KeptRestore)
			}
			p.runs = append(p.runs, k)
			if !k.Keep() {
				pruning.Runs = append(pruning.Runs, k.Run.ID)
			}
		}
		would, err := reader.WouldPrune(ctx, pruning)
		if err != nil {
			return p, err
		}
		p.would = addPruned(p.would, would)
		p.prunings = append(p.prunings, pruning)
	}
	return p, nil
}

func addPruned(a, b vault.Pruned) vault.Pruned {
	return vault.Pruned{
		Runs: a.Runs + b.Runs, Documents: a.Documents + b.Documents, Versions: a.Versions + b.Versions,
		Bodies: a.Bodies + b.Bodies, Bytes: a.Bytes + b.Bytes, HeldBack: a.HeldBack + b.HeldBack,
	}
}

// empty reports whether there is nothing to remove.
func (p prunePlan) empty() bool { return p.would.Runs == 0 && p.would.Versions == 0 }

// told says in a sentence what is removed; beginning is "Would remove" or the like.
func (p prunePlan) told(beginning string) string { return toldPruned(beginning, p.would, len(p.runs)) }

func toldPruned(beginning string, did vault.Pruned, of int) string {
	if did.Runs == 0 && did.Versions == 0 {
		return fmt.Sprintf("Nothing to remove: the rules keep %s.", plural(int64(of), "run", "runs"))
	}
	if did.Versions == 0 {
		return fmt.Sprintf("%s %s of %s; none of them knew anything that the others do not.", beginning, count(did.Runs), plural(int64(of), "run", "runs"))
	}
	text := fmt.Sprintf("%s %s of %s: %s", beginning, count(did.Runs), plural(int64(of), "run", "runs"), plural(did.Versions, "version", "versions"))
	text += fmt.Sprintf(" and %s, %s", plural(did.Bodies, "body", "bodies"), ui.Size(did.Bytes))
	if did.Documents > 0 {
		text += fmt.Sprintf("; of %s that Looker does not have any more nothing stays", plural(did.Documents, "document", "documents"))
	}
	return text + "."
}

// confirm asks on a terminal whether to go on. Without one it asks nothing.
func (o pruneOptions) confirm(ctx context.Context, plan prunePlan) error {
	if o.yes || plan.empty() || !isTerminal(o.streams.in) || !o.streams.err.tty {
		return nil
	}
	fmt.Fprintf(o.streams.err.loud(), "%s\nIt cannot be taken back. Go on? [y/N] ", plan.told("This removes"))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(o.streams.in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(o.streams.err.loud())
		return context.Cause(ctx)
	case word := <-answer:
		if word == "y" || word == "yes" {
			return nil
		}
	}
	return errors.New("nothing was removed")
}

// carryOut prunes, gives the space back, and says what it did.
func carryOut(ctx context.Context, s *streams, now func() time.Time, plan prunePlan) (err error) {
	w, err := sqlite.Open(ctx, plan.path, sqlite.Options{Now: now, Warn: func(text string) { fmt.Fprintln(s.err, "lookervault: "+text) }})
	if err != nil {
		return err
	}
	defer closing(&err, w)
	var did vault.Pruned
	progress := &stepProgress{streams: s}
	for _, p := range plan.prunings {
		pruned, err := w.Prune(ctx, p, progress.step("Removing: %d%% looked at"))
		did = addPruned(did, pruned)
		progress.clear()
		if err != nil {
			return prunedInPart(s, err, plan, did)
		}
	}
	shrunk, err := w.Shrink(ctx, progress.step("Giving back space: %d%%"))
	progress.clear()
	if err != nil {
		return prunedInPart(s, err, plan, did)
	}
	text := toldPruned("Removed", did, len(plan.runs))
	if shrunk.Freed > 0 {
		text += fmt.Sprintf(" %s is %s smaller.", plan.path, ui.Size(shrunk.Freed))
	}
	fmt.Fprintln(s.err, text)
	if shrunk.WhyLeft != "" {
		fmt.Fprintf(s.err, "Note: %s of the file hold nothing, and the next runs fill them: %s.\n", ui.Size(shrunk.Left), shrunk.WhyLeft)
	}
	if did.HeldBack > 0 {
		fmt.Fprintf(s.err.loud(), "lookervault: %s whose newest version is damaged kept everything; lookervault verify%s names them\n",
			plural(did.HeldBack, "document", "documents"), dbFlag(plan.path))
	}
	return nil
}

// prunedInPart says of a prune that was stopped that no harm is done.
func prunedInPart(s *streams, err error, plan prunePlan, did vault.Pruned) error {
	if exitCode(err) == codeInterrupted {
		fmt.Fprintf(s.err.loud(), "%s The vault is sound; the next prune goes on.\n", toldPruned("Removed so far", did, len(plan.runs)))
	}
	return err
}

// stepProgress shows on a terminal how far long work is.
type stepProgress struct {
	streams *streams
	last    time.Time
}

// step returns what is to be told of progress, which shows it by a format for percents.
func (p *stepProgress) step(format string) func(done, total int64) {
	return func(done, total int64) {
		now := time.Now()
		if !p.streams.err.tty || p.streams.quiet || total == 0 || now.Sub(p.last) < tick {
			return
		}
		p.last = now
		fmt.Fprintf(p.streams.err.out, "\r\x1b[K"+format, 100*done/total)
	}
}

func (p *stepProgress) clear() {
	if !p.last.IsZero() {
		fmt.Fprint(p.streams.err.out, "\r\x1b[K")
	}
	p.last = time.Time{}
}

// prune removes by the configuration's rules what they do not keep, after a complete run.
func (b *backup) prune(ctx context.Context, s view.Summary) error {
	if !b.config.After.Prune || s.Outcome != record.RunComplete || s.ExitCode != 0 {
		return nil
	}
	plan, err := readPrunePlan(ctx, b.options.clock.now(), b.config, b.instance)
	if err == nil {
		err = carryOut(ctx, b.options.streams, b.options.clock.now, plan)
	}
	if err != nil {
		return fmt.Errorf("after.prune: %w", err)
	}
	return nil
}
