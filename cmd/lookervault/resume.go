package main

import (
	"context"
	"errors"
	"maps"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

var (
	errOtherKinds   = errors.New("--resume continues a run with the kinds that it began with; name those, or none")
	errNotAsItBegan = errors.New("--resume continues a run as it began; leave out --folder-ids, --recursive and --full")
)

// resumesAsItBegan refuses kinds and folders that are named together with
// --resume, unless they are those of the run that it continues.
func resumesAsItBegan(ctx context.Context, c config.Config, o runOptions, selected []*catalogue.Spec) error {
	folders, recursive := o.foldersGiven, o.recursiveGiven
	if !o.resume || len(o.kinds) == 0 && !folders && !recursive {
		return nil
	}
	begun := openScope(ctx, c)
	switch {
	case len(o.kinds) > 0 && (begun == nil || !sameSet(begun.Kinds, catalogue.Kinds(selected))):
		return usage(errOtherKinds)
	case folders && (begun == nil || !sameSet(begun.Folders, c.Folders.IDs)),
		recursive && (begun == nil || begun.Recursive != c.Folders.Recursive):
		return usage(errNotAsItBegan)
	}
	return nil
}

// openScope is the scope of the run that --resume continues, nil where there is
// none.
func openScope(ctx context.Context, c config.Config) *record.Scope {
	instance := c.Looker.Name
	if base, err := looker.NormalizeBaseURL(c.Looker.BaseURL); instance == "" && err == nil {
		instance = base
	}
	// A vault that cannot be read is refused by the run itself, with what to do.
	reader, err := sqlite.OpenReader(ctx, c.Sink.Path)
	if err != nil || instance == "" {
		return nil
	}
	defer reader.Close()
	runs, err := reader.Runs(ctx, instance)
	if err != nil {
		return nil
	}
	run, open := record.Continued(runs)
	if !open {
		return nil
	}
	return &run.Scope
}

// sameSet reports whether two lists hold the same values, in whatever order.
func sameSet[T comparable](a, b []T) bool {
	set := func(values []T) map[T]bool {
		in := make(map[T]bool, len(values))
		for _, v := range values {
			in[v] = true
		}
		return in
	}
	return maps.Equal(set(a), set(b))
}
