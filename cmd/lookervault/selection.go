package main

import (
	"slices"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
)

// selection resolves the kinds to back up and the documents to leave out.
func selection(loaded *config.Loaded) ([]*catalogue.Spec, []record.Ref, error) {
	all := catalogue.All()
	known := catalogue.Names(all)
	wanted, err := loaded.SelectKinds(known, catalogue.Names(catalogue.Default()), catalogue.Aliases())
	if err != nil {
		return nil, nil, err
	}
	ids, err := loaded.ExcludedIDs(known, catalogue.Aliases())
	if err != nil {
		return nil, nil, err
	}
	var exclude []record.Ref
	for _, kind := range known {
		for _, id := range ids[kind] {
			exclude = append(exclude, record.Ref{Kind: record.Kind(kind), ID: id})
		}
	}
	selected := slices.DeleteFunc(all, func(k *catalogue.Spec) bool { return !slices.Contains(wanted, string(k.Name)) })
	return selected, exclude, nil
}

// wrongNames is what is wrong with the kinds that the configuration names anywhere.
func wrongNames(loaded *config.Loaded) []error {
	known := catalogue.Names(catalogue.All())
	_, kinds := loaded.SelectKinds(known, catalogue.Names(catalogue.Default()), catalogue.Aliases())
	_, exclude := loaded.ExcludedIDs(known, catalogue.Aliases())
	_, ages := refreshAges(loaded, false)
	return []error{kinds, exclude, ages}
}

// refreshAges is how old observations may grow, by kind; nil, so that everything is asked
// for, where somebody has named the kinds to back up.
func refreshAges(loaded *config.Loaded, named bool) (map[record.Kind]time.Duration, error) {
	known := append(catalogue.Names(catalogue.All()), string(refresh.Trash))
	found, err := loaded.RefreshAges(known, catalogue.Aliases(), func(kind string) string {
		if kind == string(refresh.Trash) {
			return ""
		}
		return plan.MayRest(catalogue.Lookup(record.Kind(kind)))
	})
	if err != nil || named {
		return nil, err
	}
	ages := make(map[record.Kind]time.Duration, len(found))
	for kind, age := range found {
		ages[record.Kind(kind)] = age
	}
	return ages, nil
}

// scopeOf is what a run sets out to back up.
func scopeOf(c config.Config, kinds []*catalogue.Spec) record.Scope {
	scope := record.Scope{Kinds: catalogue.Kinds(kinds), Folders: c.Folders.IDs}
	scope.Recursive = len(scope.Folders) > 0 && c.Folders.Recursive
	scope.All = catalogue.CoversDefault(scope)
	return scope
}

// instanceName is what keys everything stored.
func instanceName(c config.Config, client *looker.Client) string {
	if c.Looker.Name != "" {
		return c.Looker.Name
	}
	return client.BaseURL()
}
