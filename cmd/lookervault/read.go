package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/near"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// demoVault is where run --demo stores, unless --db says otherwise.
const demoVault = "looker-demo.db"

// demoName is what the demo's instance is called in a vault.
const demoName = "demo"

// openVault opens a vault to read it.
type openVault func(context.Context) (vault.Reader, error)

// reading is what the commands that read a vault have in common.
type reading struct {
	open     openVault // the vault that flags and configuration name
	instance string    // of --instance, "" for none
	moment   momentFlags
	now      func() time.Time // what --at is counted from
}

// flags adds --db and --instance. The vault's path is the key sink.path, so that
// the file and the environment can name it as well.
func (r *reading) flags(cmd *cobra.Command, env *environment) {
	r.open, r.now = env.opener(cmd.Flags()), env.clock.now
	cmd.Flags().String("db", "", "the vault (default the configuration's sink.path)")
	cmd.Flags().StringVar(&r.instance, "instance", "", "instance to read, when the vault holds several")
}

// openInstance opens the vault and finds the instance.
func (r *reading) openInstance(ctx context.Context) (vault.Reader, string, error) {
	reader, err := r.open(ctx)
	if err != nil {
		return nil, "", err
	}
	instance, err := reader.Resolve(ctx, r.instance)
	if err != nil {
		return nil, "", errors.Join(err, reader.Close())
	}
	return reader, instance.Name, nil
}

// momentFlags name a point in time.
type momentFlags struct{ run, at givenText }

// add adds --run and --at.
func (f *momentFlags) add(cmd *cobra.Command) {
	cmd.Flags().Var(&f.run, "run", "as it was known by that run: its number, latest, or latest-1 for the one before (default now)")
	cmd.Flags().Var(&f.at, "at", "as it was known at that time, by the newest run that had ended: 2026-03-01, \"2026-03-01 18:00\", or 7d for seven days ago")
}

// point is the point in time that the flags name, now where they name none.
func (f *momentFlags) point(now time.Time) (vault.Point, error) {
	switch {
	case f.run.given && f.at.given:
		return vault.Point{}, usage(errors.New("--run and --at exclude each other"))
	case f.at.given:
		at, err := parseTime(f.at.text, now)
		if err != nil {
			return vault.Point{}, usage(fmt.Errorf("--at: %w", err))
		}
		return vault.AtTime(at), nil
	case f.run.given:
		point, err := vault.ParsePoint(f.run.text)
		if err != nil {
			return point, usage(fmt.Errorf("--run: %w", err))
		}
		return point, nil
	}
	return vault.Point{}, nil
}

// givenText is the text of a flag. An empty one that was given is not the same as none.
type givenText struct {
	text  string
	given bool
}

// Set takes what was given.
func (g *givenText) Set(text string) error {
	g.text, g.given = text, true
	return nil
}

func (g *givenText) String() string { return g.text }

// Type is that of other texts.
func (*givenText) Type() string { return "string" }

// momentArgument reads a moment that stands where a kind may stand too.
func momentArgument(text string, now time.Time) (vault.Point, bool) {
	if point, err := vault.ParsePoint(text); err == nil {
		return point, true
	}
	at, err := parseTime(text, now)
	return vault.AtTime(at), err == nil
}

// pointArgument reads a point in time as people write it.
func pointArgument(text string) (vault.Point, error) {
	point, err := vault.ParsePoint(text)
	if err != nil {
		return point, usage(err)
	}
	return point, nil
}

// backupArgument reads the run that a command takes, by default the newest backup: what a
// restore looked by is meant by its number only.
func backupArgument(args []string) (vault.Point, error) {
	point, err := pointArgument(append(args, "latest")[0])
	return point.OfBackups(), err
}

// openMoment opens the vault at the point that --run names. A run by its number
// knows its instance.
func (r *reading) openMoment(ctx context.Context) (m history.Moment, err error) {
	point, err := r.moment.point(r.now())
	if err != nil {
		return m, err
	}
	if point.IsNow() {
		m.Reader, m.Instance, err = r.openInstance(ctx)
		return m, err
	}
	if m.Reader, err = r.open(ctx); err != nil {
		return m, err
	}
	run, err := m.Reader.RunAt(ctx, r.instance, point)
	if err != nil {
		if errors.Is(err, vault.ErrPruned) {
			err = fmt.Errorf("%w; lookervault runs%s shows what there is", err, dbFlag(m.Reader.Path()))
		}
		return m, errors.Join(absent(err, m.Reader, "runs"), m.Reader.Close())
	}
	m.Instance, m.Run, m.At = run.Instance, run.ID, vault.AtRun(run.ID)
	return m, nil
}

// lookedAt returns an error where no run up to a moment in the past looked at a kind:
// nobody knows then what there was of it. No kind is all of them.
func lookedAt(ctx context.Context, m history.Moment, kind record.Kind) error {
	if m.Run == 0 || kind == "" {
		return nil
	}
	before, after, err := m.Reader.RunsListing(ctx, m.Instance, kind, m.Run)
	if err != nil || before > 0 {
		return err
	}
	instead := "no run has"
	if after > 0 {
		instead = fmt.Sprintf("run %d is the first that did", after)
	}
	return fmt.Errorf("run %d did not look at %s, nor did one before it: %s; lookervault runs%s shows what each looked at", m.Run, kind, instead, dbFlag(m.Reader.Path()))
}

// observations counts documents that come from before the run of a moment.
type observations struct {
	run         int64
	all, before int64
	newest      int64 // the newest run before it that saw one of them
	key         lesserKey
	hidden      int64 // documents of which the run that saw them last may have seen a part
	lacking     int64 // documents of which a part may have been stored
}

// note counts a document.
func (o *observations) note(e vault.Entry) {
	if e.State == record.Gone {
		return
	}
	if o.all++; e.LastRun < o.run {
		o.before++
		o.newest = max(o.newest, e.LastRun)
	}
	switch o.key.inPart(e) {
	case view.SeenInPart:
		o.hidden++
	case view.StoredInPart:
		o.lacking++
	}
}

// tell says on standard error that some documents are older than the run, or a part of them.
func (o *observations) tell(stderr io.Writer) {
	if o.before > 0 {
		fmt.Fprintf(stderr, "Run %d did not look at %s of %s: they are as the newest run before it saw them, run %d at the latest (observed_run in JSON).\n",
			o.run, count(o.before), plural(o.all, "document", "documents"), o.newest)
	}
	if o.hidden > 0 {
		fmt.Fprintf(stderr, "A key that is no administrator's saw %s last: what it may not see of them is as the run saw it that stored them (in_part in JSON).\n",
			plural(o.hidden, "document", "documents"))
	}
	if o.lacking > 0 {
		fmt.Fprintf(stderr, "A run whose key is no administrator's stored %s: what that key does not see is missing in them (in_part in JSON).\n",
			plural(o.lacking, "document", "documents"))
	}
}

// opener returns what opens the vault that flags and the configuration name.
func (env *environment) opener(flags *pflag.FlagSet) openVault {
	load, told := env.settings.reader(flags, dbKey), env.streams.err
	return func(ctx context.Context) (vault.Reader, error) {
		loaded, err := load(nil, nil)
		if err != nil {
			return nil, err
		}
		path := loaded.Config.Sink.Path
		reader, err := sqlite.OpenReader(ctx, path)
		if errors.Is(err, vault.ErrMissing) {
			return nil, fmt.Errorf("%w%s", err, hintDemo(path))
		}
		if err != nil {
			return nil, err
		}
		reader.OnLog(func(text string) { fmt.Fprintln(told, "lookervault: "+text) })
		return reader, nil
	}
}

// absent adds to the error about something that the vault does not hold which
// command shows what it holds.
func absent(err error, reader vault.Reader, command string) error {
	if !errors.Is(err, vault.ErrNotFound) {
		return err
	}
	return fmt.Errorf("%w; lookervault %s%s shows what there is", err, command, dbFlag(reader.Path()))
}

// dbFlag is the flag that names a vault in a command, with a space before it;
// nothing where the vault is the usual one.
func dbFlag(path string) string {
	if path == config.Default(1).Sink.Path {
		return ""
	}
	return " --db " + shellWord(path)
}

// shellWord is a word as a shell takes it for one.
func shellWord(word string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("/._-+:,@%", r)
	}
	if strings.TrimFunc(word, plain) == "" && word != "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// hintDemo points to the demo's vault, which readers do not look for by
// themselves.
func hintDemo(path string) string {
	if path != demoVault && !sqlite.FilesOf(demoVault).Missing {
		return "; for the demo's pass --db " + demoVault
	}
	return ""
}

// kindArgument finds a kind by its name, its singular or another name.
func kindArgument(name string) (record.Kind, error) {
	if full, ok := catalogue.Aliases()[name]; ok {
		name = full
	}
	if kind, ok := catalogue.Find(record.Kind(name)); ok {
		return kind.Name, nil
	}
	for _, v := range catalogue.Views() {
		if v.Name == name {
			return "", usage(fmt.Errorf("%s (%s) are no documents: they are read from %s", v.Name, v.Title, v.From))
		}
	}
	if word, ok := nearKind(name); ok {
		return "", usage(fmt.Errorf("unknown kind %q, did you mean %s?", name, word))
	}
	names := catalogue.Names(catalogue.All())
	slices.Sort(names)
	return "", usage(fmt.Errorf("unknown kind %q; there are %s", name, strings.Join(names, ", ")))
}

// nearKind is the name of a kind that was probably meant.
func nearKind(name string) (string, bool) {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	names := catalogue.Names(catalogue.All())
	slices.Sort(names)
	for _, words := range [][]string{names, slices.Sorted(maps.Keys(catalogue.Aliases()))} {
		if word, ok := near.Word(name, words); ok {
			return word, true
		}
	}
	return "", false
}

// refArgument finds a document by its kind and id, as two words or as KIND/ID.
func refArgument(cmd *cobra.Command, args []string) (ref record.Ref, err error) {
	name, id, _ := strings.Cut(args[0], "/")
	if len(args) == 2 {
		name, id = args[0], args[1]
	}
	ref.ID = id
	if ref.Kind, err = kindArgument(name); err == nil && len(args) < 2 && id == "" {
		words := strings.NewReplacer("[", "", "]", "").Replace(strings.TrimPrefix(cmd.Use, cmd.Name()))
		err = usage(fmt.Errorf("which of the %s? Name its id, as in %s%s", args[0], cmd.CommandPath(), words))
	}
	return ref, err
}
