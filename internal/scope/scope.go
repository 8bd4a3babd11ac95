// Package scope says which documents lie in the folders that a run is restricted to. It is
// pure: callers bring the folders, from the server or from a vault.
package scope

import (
	"errors"
	"fmt"
	"iter"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// ErrNoFolder is wrapped by the error about a folder of the scope that is not
// there.
var ErrNoFolder = errors.New("no such folder")

// Within reports whether a document is in the scope of a run: its folder is "" for
// kinds that are in none. A nil Within lets everything in.
type Within func(kind record.Kind, id, folder string) bool

// Has is Within, also where that is nil.
func (w Within) Has(kind record.Kind, id, folder string) bool {
	return w == nil || w(kind, id, folder)
}

// Of returns what is within a scope, given the id and the parent's id of every folder that
// there is: looks, dashboards and folders. Kinds that lie in no folder are within every
// scope. It returns nil for a scope without folders.
func Of(scope record.Scope, folders iter.Seq2[string, string]) (Within, error) {
	if len(scope.Folders) == 0 {
		return nil, nil
	}
	there := make(map[string]bool)
	for id := range folders {
		there[id] = true
	}
	in := make(map[string]bool)
	for _, id := range scope.Folders {
		if !there[id] {
			return nil, fmt.Errorf("folders.ids: %s: %w", id, ErrNoFolder)
		}
		in[id] = true
	}
	if scope.Recursive {
		in = Below(scope.Folders, folders)
	}
	places := make(map[record.Kind]catalogue.Place)
	for _, kind := range catalogue.All() {
		places[kind.Name] = kind.Place
	}
	return func(kind record.Kind, id, folder string) bool {
		switch places[kind] {
		case catalogue.IsFolder:
			return in[id]
		case catalogue.InFolder:
			return in[folder]
		}
		return true
	}, nil
}

// Below returns the folders of ids and those in them, at any depth, given the id and the
// parent's id of every folder that there is. Folders that lie in each other are no problem.
func Below(ids []string, folders iter.Seq2[string, string]) map[string]bool {
	children := make(map[string][]string)
	for id, parent := range folders {
		children[parent] = append(children[parent], id)
	}
	in := make(map[string]bool)
	queue := append([]string(nil), ids...)
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		if in[id] {
			continue
		}
		in[id] = true
		queue = append(queue, children[id]...)
	}
	return in
}
