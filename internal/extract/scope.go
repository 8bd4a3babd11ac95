package extract

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// ErrNoFolder is wrapped by the error about a folder of the scope that is not
// there.
var ErrNoFolder = errors.New("no such folder")

// locate finds out what is within a scope. A stop ends it.
func (f *flow) locate(ctx context.Context, scope record.Scope) (err error) {
	if f.job.Stop != nil {
		cut, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		defer context.AfterFunc(f.job.Stop, func() { cancel(job.ErrInterrupted) })()
		ctx = cut
	}
	f.within, err = f.scope(ctx, scope)
	return err
}

// scope finds the folders of a scope and returns what is within them: looks,
// dashboards and folders. Kinds that lie in no folder are within every scope.
func (f *flow) scope(ctx context.Context, scope record.Scope) (stages.Within, error) {
	if len(scope.Folders) == 0 {
		return nil, nil
	}
	response, err := f.api.client.Get(ctx, looker.Request{
		Route: "GET /folders", Class: "administrative", Path: "/folders", Query: url.Values{"fields": {"id,parent_id"}}, Timeout: slow,
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
	below := make(map[string][]string)
	known := make(map[string]bool)
	for _, folder := range folders {
		id, parent := canon.Text(folder.ID), canon.Text(folder.Parent)
		known[id] = true
		below[parent] = append(below[parent], id)
	}
	in := make(map[string]bool)
	queue := scope.Folders
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if !known[id] {
			return nil, fmt.Errorf("folders.ids: %s: %w", id, ErrNoFolder)
		}
		if !in[id] {
			in[id] = true
			if scope.Recursive {
				queue = append(queue[:len(queue):len(queue)], below[id]...)
			}
		}
	}
	return func(kind record.Kind, id, folder string) bool {
		row, _ := catalogue.Find(kind)
		switch row.Place {
		case catalogue.IsFolder:
			return in[id]
		case catalogue.InFolder:
			return in[folder]
		}
		return true
	}, nil
}
