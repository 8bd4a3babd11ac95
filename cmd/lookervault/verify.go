package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// verifyOptions are what verify works with.
type verifyOptions struct {
	streams *streams
	reading reading
	looking looking
	table   tableFlags
	sample  float64 // the part of the documents that is read; 0 for all
	remote  bool
}

func newVerifyCommand(env *environment) *cobra.Command {
	o := verifyOptions{streams: env.streams}
	sample := ""
	cmd := &cobra.Command{
		Use: "verify", Short: "Read the whole vault and check every byte of it",
		Long: `Read the whole vault and check it: SQLite's own structures, the checksum of every
row, that every id leads somewhere, the hash of every document, and the digest that the
newest run was sealed with. Nothing is changed, and without --remote no Looker is asked.

Where something is damaged each finding names the table, the row and the document. A run
with --full heals what the instance still has.

Of a sound vault the references between documents are followed as well: a tile whose look
is gone, a schedule without its dashboard. Each that leads nowhere is a warning: the
instance is so, and the vault tells it. Ten of each sort are named.

With --remote the vault is then compared with the instance now: all of it by as few calls
as a run makes, or with --sample 5% a part of those that can be asked for by their ids,
another part every day. What differs is named; views and the like do not count.

With --sample 5% every row is checked and a part of the documents, another part every
day: after 20 days all of them were read.`,
		Annotations: map[string]string{exitNote: "0 when everything is as it was written, whatever leads nowhere; 5 when something is damaged; 6 when the instance differs with --remote."},
		Example: `  lookervault verify
  lookervault verify --sample 5% --db nightly.db
  lookervault verify --remote --sample 2%
  lookervault verify --json | jq -r '.[] | "\(.kind)/\(.id): \(.problem)"'`,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if sample != "" {
				if o.sample, err = shareOf(sample); err != nil {
					return usage(fmt.Errorf("--sample: %w", err))
				}
			}
			return runVerify(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.looking = newLooking(env, cmd.Flags())
	o.table.add(cmd)
	cmd.Flags().BoolVar(&o.remote, "remote", false, "also compare what the newest run saw with the instance now")
	cmd.Flags().StringVar(&sample, "sample", "", "read this part of the documents, as 5%; another part every day")
	return cmd
}

func findingTone(f view.Finding) table.Tone {
	if f.Severity == view.Damage {
		return table.Bad
	}
	return table.Unsure
}

var damageTable = verifyTable(false)

// verifyTable is the table of findings. Documents alone are in no table of the vault.
func verifyTable(documents bool) table.Table[view.Finding] {
	return table.Table[view.Finding]{
		One: "finding", Many: "findings", View: func(f view.Finding) any { return f },
		Columns: []table.Column[view.Finding]{
			{Name: "table", Whole: true, Varies: documents, Value: func(f view.Finding) string { return f.Table }},
			{Name: "kind", Whole: true, Varies: !documents, Value: func(f view.Finding) string { return f.Kind }},
			{Name: "id", Whole: true, Varies: true, Value: func(f view.Finding) string { return f.ID }},
			{Name: "problem", Wraps: true, Value: func(f view.Finding) string { return f.Problem }, Tone: findingTone},
			{Name: "key", Wraps: true, Varies: true, Value: func(f view.Finding) string { return f.Key }},
		},
	}
}

// runVerify checks the vault.
func runVerify(ctx context.Context, o verifyOptions) (err error) {
	choice, err := chosen(&o.table, damageTable)
	if err != nil {
		return err
	}
	options := vault.VerifyOptions{Turn: o.reading.now().Unix() / (24 * 60 * 60), Sample: o.sample}
	reader, err := o.reading.open(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	if o.reading.instance != "" {
		if _, err := reader.Resolve(ctx, o.reading.instance); err != nil && !errors.Is(err, vault.ErrCorrupt) {
			return err // damage is for the verification to say
		}
	}
	began := time.Now()
	progress := &verifyProgress{streams: o.streams, began: began}
	options.Progress = progress.show
	references, err := history.FollowReferences(ctx, reader, o.reading.instance)
	if err != nil {
		return err
	}
	options.Body = references.Body
	findings, err := reader.VerifyWith(ctx, options)
	progress.clear()
	took := time.Since(began)
	if err != nil {
		return err
	}
	views, leadNowhere := view.DamageOf(findings), 0
	if len(findings) == 0 {
		var warnings []history.Nowhere
		if warnings, leadNowhere, err = references.Nowhere(ctx); err != nil {
			return err
		}
		views = append(views, warningViews(warnings)...)
	}
	remote := o.remote && len(findings) == 0 // which shows the warnings as well
	if !remote && (len(views) > 0 || choice.Format != "") {
		if err := show(o.streams, verifyTable(leadNowhere > 0), choice, table.Each(views)); err != nil {
			return err
		}
	}
	if err := verified(ctx, o.streams, reader, findings, options, progress.total, took); err != nil {
		return err
	}
	if leadNowhere > 0 {
		fmt.Fprintf(o.streams.err.loud(), "lookervault: warning: %s nowhere: the vault holds what the instance gave, and that is not whole.\n",
			plural(int64(leadNowhere), "reference between documents leads", "references between documents lead"))
	}
	if remote {
		return verifyRemote(ctx, o, reader, options, choice, views)
	}
	return nil
}

// warningViews are references that lead nowhere as findings.
func warningViews(warnings []history.Nowhere) []view.Finding {
	var views []view.Finding
	for _, w := range warnings {
		problem := fmt.Sprintf("names %s (%s), %s", w.To, w.Path, w.Since)
		if w.More > 0 {
			problem = fmt.Sprintf("%s more references to %s that are nowhere (%s)", count(int64(w.More)), w.To.Kind, w.Path)
		}
		views = append(views, view.Finding{Severity: view.Warning, Instance: w.Instance, Kind: string(w.From.Kind), ID: w.From.ID, Problem: problem})
	}
	return views
}

// verified says what verify found, and returns what decides about the exit code.
func verified(ctx context.Context, s *streams, reader vault.Reader, findings []vault.Finding, o vault.VerifyOptions, size int64, took time.Duration) error {
	path, read := reader.Path(), ui.Size(size)
	if o.Sample > 0 && o.Sample < 1 {
		read = fmt.Sprintf("%.3g%% of %s", 100*o.Sample, read)
	}
	if len(findings) == 0 {
		speed := ""
		if o.Sample == 0 && took > time.Millisecond {
			speed = fmt.Sprintf(", %s/s", ui.Size(int64(float64(size)/took.Seconds())))
		}
		fmt.Fprintf(s.err, "%s is sound: %s of documents and every row checked in %s%s.\n", path, read, duration.Text(took), speed)
		return nil
	}
	remedy := "lookervault run --full" + dbFlag(path) + " stores again what Looker still has"
	if other := vault.Remedy(findings); other != vault.Remedy(nil) {
		remedy = other
	}
	fmt.Fprintf(s.err.loud(), "lookervault: %s is damaged: %s; %s\n", path, plural(int64(len(findings)), "finding", "findings"), remedy)
	fmt.Fprintf(s.err.loud(), "%slookervault salvage NEW.db%s copies everything that is sound into a new vault.\n", goodRuns(ctx, reader, findings), dbFlag(path))
	return said(vault.ErrCorrupt)
}

// goodRunsShown is how many runs are named that are not damaged.
const goodRunsShown = 5

// goodRuns says in a sentence which runs can still be relied on; nothing where nobody can
// tell.
func goodRuns(ctx context.Context, reader vault.Reader, findings []vault.Finding) string {
	good, known, err := reader.Untouched(ctx, findings)
	switch {
	case err != nil || !known:
		return ""
	case len(good) == 0:
		return "Every run holds something of it. "
	}
	var names []string
	for _, run := range good[:min(len(good), goodRunsShown)] {
		names = append(names, strconv.FormatInt(run, 10))
	}
	text := strings.Join(names, ", ")
	if more := len(good) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d older ones", more)
	}
	return "Whole are still the runs " + text + " (--run N). "
}

// shareOf reads a share, as 5% or 0.05.
func shareOf(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		share /= 100
	}
	if err != nil || !(share > 0 && share <= 1) {
		return 0, fmt.Errorf("%q is no part of the whole: give 5%% or 0.05", text)
	}
	return share, nil
}

// verifyProgress shows on a terminal how far a verification has come.
type verifyProgress struct {
	streams *streams
	began   time.Time
	last    time.Time
	total   int64
}

func (p *verifyProgress) show(done, total int64) {
	p.total = total
	now := time.Now()
	if !p.streams.err.tty || p.streams.quiet || now.Sub(p.last) < tick || total == 0 {
		return
	}
	p.last = now
	left := ""
	if took := now.Sub(p.began); done > 0 {
		left = fmt.Sprintf(", %s left", duration.Text(time.Duration(float64(took)*float64(total-done)/float64(done)).Round(time.Second)))
	}
	fmt.Fprintf(p.streams.err.out, "\r\x1b[K%d%% of %s%s", 100*done/total, ui.Size(total), left)
}

func (p *verifyProgress) clear() {
	if !p.last.IsZero() {
		fmt.Fprint(p.streams.err.out, "\r\x1b[K")
	}
}
