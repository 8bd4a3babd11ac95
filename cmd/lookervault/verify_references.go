package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// danglingNamed is how many documents verify names whose references of one sort lead
// nowhere. The others are counted.
const danglingNamed = 10

// dangling are references between documents that lead nowhere.
type dangling struct {
	all   int // references
	views []findingView
	named map[sortOfReference]int
}

// sortOfReference is a member of the documents of a kind that names others.
type sortOfReference struct {
	kind, named record.Kind
	path        string
}

// danglingReferences follows the references between the documents of one instance, or of
// all where none is named.
func danglingReferences(ctx context.Context, reader *vault.Reader, instance string, o vault.VerifyOptions) (*dangling, error) {
	found := &dangling{}
	instances, err := reader.Instances(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range instances {
		if instance != "" && i.Name != instance {
			continue
		}
		f := &follower{reader: reader, instance: i.Name, only: len(instances) == 1, options: o, found: found}
		if err := f.follow(ctx); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// follower follows the references between the documents of an instance.
type follower struct {
	reader   *vault.Reader
	instance string
	only     bool // the vault holds no other instance
	options  vault.VerifyOptions
	found    *dangling

	run  int64                           // the run that told what there is
	held map[record.Kind]map[string]bool // the ids of each kind of which the vault holds all
}

// follow looks at what the newest complete run of everything left, if that saw all that
// there is: only then is a document that the vault does not hold one that is nowhere. What
// came later may name what came later.
func (f *follower) follow(ctx context.Context) error {
	complete, err := f.reader.LastComplete(ctx, f.instance, 1)
	if err != nil || len(complete) == 0 {
		return err
	}
	run, err := f.reader.Run(ctx, complete[0].ID)
	if err != nil || run.Caller.Admin == nil || !*run.Caller.Admin {
		return err
	}
	f.run = run.ID
	if err := f.readHeld(ctx, run); err != nil {
		return err
	}
	f.found.named = make(map[sortOfReference]int)
	err = f.reader.Bodies(ctx, func(body func(vault.Entry) ([]byte, error)) error {
		for e, err := range f.reader.Entries(ctx, vault.Query{Instance: f.instance}) {
			if err == nil {
				err = f.document(ctx, e, body)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	f.count()
	return err
}

// readHeld reads the ids of the kinds that strict relations name and a run saw whole.
func (f *follower) readHeld(ctx context.Context, run record.Run) error {
	f.held = make(map[record.Kind]map[string]bool)
	wanted := make(map[record.Kind]bool)
	for _, spec := range catalogue.All() {
		for relation := range strictRelations(spec) {
			wanted[relation.Kind] = true
		}
	}
	for _, kind := range run.Kinds {
		if !wanted[kind.Kind] || kind.Listing != record.Complete || kind.Failed > 0 {
			continue
		}
		ids := make(map[string]bool)
		for e, err := range f.reader.Entries(ctx, vault.Query{Instance: f.instance, Kind: kind.Kind}) {
			if err != nil {
				return err
			}
			ids[e.ID] = true
		}
		f.held[kind.Kind] = ids
	}
	for ref := range excludedBy(run) {
		if ids := f.held[ref.Kind]; ids != nil {
			ids[ref.ID] = true
		}
	}
	return nil
}

// excludedBy yields the documents that the configuration of a run told it to leave out.
func excludedBy(run record.Run) map[record.Ref]bool {
	var config struct {
		Exclude []string `json:"exclude"`
	}
	excluded := make(map[record.Ref]bool)
	if json.Unmarshal(run.Config, &config) != nil {
		return excluded
	}
	for _, entry := range config.Exclude {
		name, id, _ := strings.Cut(entry, "/")
		if full, ok := catalogue.Aliases()[name]; ok {
			name = full
		}
		excluded[record.Ref{Kind: record.Kind(name), ID: id}] = true
	}
	return excluded
}

// strictRelations yields the relations of a kind that verify follows. Kinds that are only
// kept for reference, or only when they are named, are not followed.
func strictRelations(spec *catalogue.Spec) func(yield func(*catalogue.Relation) bool) {
	return func(yield func(*catalogue.Relation) bool) {
		if spec.Reference || spec.OptIn {
			return
		}
		for i := range spec.Relations {
			if r := &spec.Relations[i]; r.Strict() && !yield(r) {
				return
			}
		}
	}
}

// document follows the references of a document that is not in the trash: what lies
// there may have outlived its folder.
func (f *follower) document(ctx context.Context, e vault.Entry, body func(vault.Entry) ([]byte, error)) error {
	if e.State != record.Present || e.FirstRun > f.run || !inSample(e.Ref, f.options) {
		return nil
	}
	spec := specOf(e.Kind)
	var text []byte
	for relation := range strictRelations(spec) {
		held, known := f.held[relation.Kind]
		if !known {
			continue
		}
		var ids []string
		switch relation.Path {
		case spec.Fields.Folder:
			ids = []string{e.Folder}
		case spec.Fields.Owner:
			ids = []string{e.Owner}
		default:
			if text == nil {
				var err error
				if text, err = body(e); err != nil {
					return err
				}
			}
			ids = canon.Named(text, relation)
		}
		for _, id := range ids {
			// The id of a LookML dashboard may stand where those of others do.
			if id == "" || held[id] || strings.Contains(id, "::") {
				continue
			}
			if err := f.note(ctx, e, relation, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// note takes a note of a reference that leads nowhere.
func (f *follower) note(ctx context.Context, e vault.Entry, relation *catalogue.Relation, id string) error {
	f.found.all++
	sort := sortOfReference{e.Kind, relation.Kind, relation.Path}
	if f.found.named[sort]++; f.found.named[sort] > danglingNamed {
		return nil
	}
	ref := record.Ref{Kind: relation.Kind, ID: id}
	since := "which no run has seen"
	versions, err := f.reader.Versions(ctx, f.instance, ref)
	switch {
	case errors.Is(err, vault.ErrNotFound):
	case err != nil:
		return err
	default:
		if last := versions[len(versions)-1]; last.GoneRun != 0 {
			since = fmt.Sprintf("which is gone since run %d", last.GoneRun)
		}
	}
	f.add(e.Kind, e.ID, fmt.Sprintf("names %s (%s), %s", ref, relation.Path, since))
	return nil
}

func (f *follower) add(kind record.Kind, id, problem string) {
	view := findingView{Severity: severityWarning, Kind: string(kind), ID: id, Problem: problem}
	if !f.only {
		view.Instance = f.instance
	}
	f.found.views = append(f.found.views, view)
}

// count adds a finding for the references of each sort that were not named.
func (f *follower) count() {
	sorts := slices.SortedFunc(maps.Keys(f.found.named), func(x, y sortOfReference) int {
		return strings.Compare(string(x.kind)+" "+x.path, string(y.kind)+" "+y.path)
	})
	for _, sort := range sorts {
		if more := f.found.named[sort] - danglingNamed; more > 0 {
			f.add(sort.kind, "", fmt.Sprintf("%s more references to %s that are nowhere (%s)", count(int64(more)), sort.named, sort.path))
		}
	}
}
