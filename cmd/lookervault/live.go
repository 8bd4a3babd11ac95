package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/secret"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
	"github.com/lookervault/lookervault/sinks"
	"github.com/lookervault/lookervault/stages"
)

// live is a vault as it would be after a run now: a copy, which is thrown away, with a
// real run in it. The vault itself is only read.
type live struct {
	streams  *streams
	vault    string       // as the user named it
	folder   string       // of the copy
	reader   vault.Reader // of the copy; nil before the run
	instance string
	before   int64 // the newest run of the instance in the vault
	run      record.Run
	refs     map[record.Kind][]string // that were asked for by their ids; nil where lists were
	notSeen  []record.Ref             // of these, those that a key without the Admin role does not see, or that are gone
}

// looking is what a look at the instance takes.
type looking struct {
	streams    *streams
	interrupts *interrupts
	load       loadConfig
	secrets    *secret.Set
	now        func() time.Time
}

func newLooking(env *environment, flags *pflag.FlagSet) looking {
	return looking{
		streams: env.streams, interrupts: env.interrupts, load: env.settings.loader(flags, dbKey), secrets: env.settings.secrets, now: env.clock.now,
	}
}

// lookNow runs against the instance: for some documents, or for whole kinds. Of kinds
// that cannot be asked for by ids all are looked at. instance is what the vault calls it, ""
// for what the configuration does.
func (o looking) lookNow(ctx context.Context, instance string, set map[record.Kind][]string, kinds []record.Kind) (_ *live, err error) {
	loaded, err := o.load(nil, kindWords(kinds))
	if err != nil {
		return nil, err
	}
	c := loaded.Config
	if err := c.RequireLooker(iniBeside()); err != nil {
		return nil, err
	}
	selected, exclude, err := selection(loaded)
	if err != nil {
		return nil, err
	}
	l := &live{streams: o.streams, refs: set, instance: instance, vault: c.Sink.Path}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if err := l.copyVault(ctx, c.Sink.Path); err != nil {
		return nil, err
	}
	scope := scopeOf(c, selected)
	if set != nil {
		scope = record.Scope{Kinds: slices.Sorted(maps.Keys(set)), Refs: set}
		selected = slices.DeleteFunc(selected, func(k *catalogue.Spec) bool { return set[k.Name] == nil })
	}
	c.Sink.Path = filepath.Join(l.folder, "copy.db")
	return l, l.look(ctx, o, c, scope, selected, exclude)
}

func kindWords(kinds []record.Kind) (words []string) {
	for _, kind := range kinds {
		words = append(words, string(kind))
	}
	return words
}

// copyVault makes the copy, in a folder that nobody else can look into.
func (l *live) copyVault(ctx context.Context, path string) (err error) {
	reader, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	if l.folder, err = os.MkdirTemp("", "lookervault-"); err != nil {
		return err
	}
	if free, need := sqlite.HealthOf(filepath.Join(l.folder, "copy.db")).Free, sqlite.FilesOf(path).All(); free > 0 && free < need {
		return fmt.Errorf("a copy of %s needs %d MB in %s, where %d MB are free: set TMPDIR", path, need>>20, os.TempDir(), free>>20)
	}
	return reader.CopyTo(ctx, filepath.Join(l.folder, "copy.db"))
}

// look makes the run, and opens the copy.
func (l *live) look(ctx context.Context, o looking, c config.Config, scope record.Scope, kinds []*catalogue.Spec, exclude []record.Ref) error {
	log := o.streams.quietLogger()
	meter := &extract.Meter{}
	client, err := newClient(c, o.secrets, log, meter)
	if err != nil {
		return &exitError{code: codeUsage, err: err}
	}
	defer client.Close()
	if l.instance == "" {
		l.instance = instanceName(c, client)
	}
	server, err := connect(ctx, client, knownRoles(ctx, c.Sink.Path, l.instance))
	if err != nil {
		return connectFailed(ctx, err)
	}
	if err := l.findNewest(ctx, c.Sink.Path); err != nil {
		if !errors.Is(err, vault.ErrNotFound) {
			return err
		}
		// The vault says so in words about itself, not about the copy.
		return fmt.Errorf("%w; --instance compares with one of those", cmp.Or(l.findNewest(ctx, l.vault), err))
	}
	sink, err := sinks.OpenSQLite(ctx, c.Sink.Path, sqlite.Options{Now: o.now})
	if err != nil {
		return err
	}
	o.streams.err.decouple()
	shown, err := newLookWatch(o.streams, c, "auto", false)
	if err != nil {
		return errors.Join(err, sink.Close())
	}
	result, err := extract.Run(o.interrupts.kill, extract.Job{
		Begun:  shown.showing(ctx),
		Config: c, Kinds: kinds, Exclude: exclude, Client: client, Sink: sink, Log: log, Now: o.now, Meter: meter, Stop: ctx,
		Start: record.Start{
			Origin: "api", Scope: scope, Tool: toolVersion(), Instance: l.instance, BaseURL: client.BaseURL(),
			Caller: server.caller, Looker: server.release, At: o.now(),
		},
	})
	shown.close()
	if err = errors.Join(err, sink.Close()); err != nil {
		return err
	}
	l.run = result.Run
	reader, err := sqlite.OpenReader(ctx, c.Sink.Path)
	if err != nil {
		return err
	}
	l.reader = reader
	return nil
}

// findNewest finds the newest run of the instance in a vault.
func (l *live) findNewest(ctx context.Context, path string) (err error) {
	reader, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		return err
	}
	defer closing(&err, reader)
	newest, err := reader.RunAt(ctx, l.instance, vault.Latest(0))
	l.before = newest.ID
	return err
}

// holdsOne checks that there is something to compare of the document that a span names:
// in the vault, or on the instance.
func (l *live) holdsOne(ctx context.Context, span vault.Span) error {
	if span.ID == "" {
		return nil
	}
	ref := record.Ref{Kind: span.Kind, ID: span.ID}
	versions, err := l.reader.Versions(ctx, l.instance, ref)
	if errors.Is(err, vault.ErrNotFound) {
		return fmt.Errorf("%s is %w, neither in the vault nor on the instance", ref, vault.ErrNotFound)
	}
	if err != nil {
		return err
	}
	if newest := versions[len(versions)-1]; newest.GoneRun != 0 && newest.GoneRun <= l.before {
		return fmt.Errorf("%s is %w: gone since run %d, and not back on the instance", ref, vault.ErrNotFound, newest.GoneRun)
	}
	return nil
}

// Close throws the copy away.
func (l *live) Close() error {
	var err error
	if l.reader != nil {
		err = l.reader.Close()
	}
	if l.folder == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(l.folder))
}

// passages yields what differs between the vault's newest and the instance now.
func (l *live) passages(ctx context.Context, span vault.Span) iter.Seq2[vault.Passage, error] {
	span.Instance, span.After, span.Until = l.instance, l.before, 0
	return func(yield func(vault.Passage, error) bool) {
		for p, err := range l.reader.Between(ctx, span) {
			if !yield(p, err) || err != nil {
				return
			}
		}
		for _, kind := range slices.Sorted(maps.Keys(l.refs)) {
			for _, id := range l.refs[kind] {
				p, gone, err := l.absence(ctx, record.Ref{Kind: kind, ID: id})
				if (gone || err != nil) && !yield(p, err) {
					return
				}
			}
		}
	}
}

// absence is the passage of a document that was asked for by its id and that the
// instance does not have; false for one that it has, or that could not be had.
func (l *live) absence(ctx context.Context, ref record.Ref) (p vault.Passage, gone bool, err error) {
	d, err := l.reader.Document(ctx, l.instance, ref, vault.Point{})
	if errors.Is(err, vault.ErrNotFound) {
		return p, false, nil
	}
	if err != nil || d.State == record.Gone || d.LastRun >= l.run.ID {
		return p, false, err
	}
	faults, err := l.reader.Faults(ctx, l.run.ID)
	failed := slices.ContainsFunc(faults, func(f vault.Fault) bool { return f.Kind == ref.Kind && f.ID == ref.ID })
	if err == nil && !failed && l.run.Caller.SeesLess() {
		l.notSeen = append(l.notSeen, ref) // which is no proof that it is not there
		return p, false, nil
	}
	return vault.Passage{Ref: ref, Before: &d.Entry}, err == nil && !failed, err
}

// tellCalls says what the look took: nothing keeps count of it.
func (l *live) tellCalls() {
	fmt.Fprintf(l.streams.err, "This look took %s, which the vault does not count.\n", plural(view.Calls(l.run.Calls), "API call", "API calls"))
}

// incomplete says what could not be compared, and is the error about that; nil where
// everything was.
func (l *live) incomplete() error {
	failed := view.TotalsOf(l.run.Kinds).Failed
	if l.run.Outcome == record.RunComplete || l.refs != nil && failed == 0 {
		return nil
	}
	fmt.Fprintf(l.streams.err.loud(), "lookervault: not everything could be compared: the look at the instance is %s, %s failed\n",
		l.run.OutcomeText(), plural(failed, "document", "documents"))
	return said(errPartial)
}

// partlySeen says which documents the key did not see that were asked for by their ids, and is the
// error about that; nil where it saw all.
func (l *live) partlySeen() error {
	if len(l.notSeen) == 0 {
		return nil
	}
	ids := make([]string, len(l.notSeen))
	for i, ref := range l.notSeen {
		ids[i] = ref.String()
	}
	fmt.Fprintf(l.streams.err.loud(), "lookervault: not seen by this key, which is no administrator's and proves nothing gone: %s\n", stages.FirstFew(ids))
	return said(errPartial)
}

// canBeAskedFor reports whether a document of a kind can be had by its id alone.
func canBeAskedFor(kind record.Kind) bool {
	spec, known := catalogue.Find(kind)
	return known && plan.CanBeAskedFor(spec)
}
