package extract

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/scope"
	"github.com/lookervault/lookervault/stages"
)

// locate finds out what is within a scope. A stop ends it.
func (f *flow) locate(ctx context.Context, wanted record.Scope) (err error) {
	if f.job.Stop != nil {
		cut, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(f.job.Stop, func() { cancel(job.ErrInterrupted) })()
		ctx = cut
	}
	f.within, err = f.scope(ctx, wanted)
	return err
}

// recall finds out anew what an earlier part of a resumed run knew in its memory alone: what is
// within the scope, and what the rows that it stored name back.
func (f *flow) recall(ctx context.Context) error {
	if err := f.locate(ctx, f.begun.Scope); err != nil {
		return err
	}
	list := f.listOptions()
	return list.RecallBacks(ctx, f.kinds)
}

// checkScope finds out whether the list from which the run knows the folders of its scope was
// all of what there is, where it says which folders lie below others.
func (f *flow) checkScope(ctx context.Context, list *stages.ListOptions) error {
	if !f.begun.Scope.Recursive || f.within == nil || f.job.Start.Caller.SeesLess() {
		return nil
	}
	folders, _ := catalogue.Find(catalogue.Folders)
	if !slices.Contains(catalogue.Kinds(f.kinds), folders.Name) {
		f.ledger.OneAnswer(plan.ListTail{Kind: folders.Name, State: record.Present, Rows: len(f.folders)})
	}
	return list.CheckFolders(ctx, folders, f.folders)
}

// scope finds the folders of a scope and returns what is within them: looks,
// dashboards and folders. Kinds that lie in no folder are within every scope.
func (f *flow) scope(ctx context.Context, wanted record.Scope) (scope.Within, error) {
	if len(wanted.Folders) == 0 {
		return nil, nil
	}
	kind, _ := catalogue.Find(catalogue.Folders)
	route := kind.Listing.Route
	response, err := f.api.client.Get(ctx, looker.Request{
		Route: route.String(), Class: string(route.Activity), Path: route.Path, Query: url.Values{"fields": {"id,parent_id"}}, Timeout: f.api.timeoutOf(route),
		Emptied: true,
	})
	if err != nil {
		return nil, fmt.Errorf("find the folders of the scope: %w", err)
	}
	var folders []struct {
		ID     jsontext.Value `json:"id"` // a number on old servers
		Parent jsontext.Value `json:"parent_id"`
	}
	if err := json.Unmarshal(response.Body, &folders, json.MatchCaseInsensitiveNames(false)); err != nil {
		return nil, fmt.Errorf("find the folders of the scope: %w", err)
	}
	f.folders = make(map[string]bool, len(folders))
	for _, folder := range folders {
		f.folders[canon.Text(folder.ID)] = true
	}
	return scope.Of(wanted, func(yield func(id, parent string) bool) {
		for _, folder := range folders {
			if !yield(canon.Text(folder.ID), canon.Text(folder.Parent)) {
				return
			}
		}
	})
}
