package main

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
)

// deepest is how many folders a path names at most: parents that go round in a circle
// end there.
const deepest = 50

// nameBook knows what the folders and users of a vault are called, at one point in
// time, and when its runs began.
type nameBook struct {
	folders map[string]vault.Entry
	users   map[string]string
	runs    map[int64]time.Time
}

// read reads the names.
func (b *nameBook) read(ctx context.Context, m moment) (err error) {
	b.folders, b.users = make(map[string]vault.Entry), make(map[string]string)
	if b.runs, err = m.reader.RunTimes(ctx, m.instance); err != nil {
		return err
	}
	for _, kind := range []record.Kind{catalogue.Folders, catalogue.Users} {
		query := vault.Query{Instance: m.instance, Kind: kind, At: m.at}
		for e, err := range m.reader.Entries(ctx, query) {
			switch {
			case err != nil:
				return err
			case kind == catalogue.Folders:
				b.folders[e.ID] = e
			default:
				b.users[e.ID] = e.Name
			}
		}
	}
	return nil
}

// user is what a user is called, "" where the vault does not know.
func (b *nameBook) user(id string) string { return b.users[id] }

// folder is the path of a folder, like "Shared / Finance", "" where the vault does
// not know it.
func (b *nameBook) folder(id string) string {
	var path []string
	for range deepest {
		f, ok := b.folders[id]
		if !ok {
			break
		}
		path = append(path, f.Name)
		id = f.Folder
	}
	slices.Reverse(path)
	return strings.Join(path, " / ")
}

// folderOf is the id of the folder that a document lies in, "" for one that lies in
// none: the parent of other kinds is no folder.
func folderOf(e vault.Entry) string {
	if specOf(e.Kind).Place == catalogue.Nowhere {
		return ""
	}
	return e.Folder
}

// byNumber yields the entries of each kind by their ids as people count them: 9 before
// 10. The entries of one kind follow each other.
func byNumber(entries iter.Seq2[vault.Entry, error]) iter.Seq2[vault.Entry, error] {
	return func(yield func(vault.Entry, error) bool) {
		var kind []vault.Entry
		flush := func() bool {
			slices.SortStableFunc(kind, func(a, b vault.Entry) int { return table.Compare(a.ID, b.ID) })
			for _, e := range kind {
				if !yield(e, nil) {
					return false
				}
			}
			kind = kind[:0]
			return true
		}
		for e, err := range entries {
			if len(kind) > 0 && (err != nil || e.Kind != kind[0].Kind) && !flush() {
				return
			}
			if err != nil {
				yield(e, err)
				return
			}
			kind = append(kind, e)
		}
		flush()
	}
}
