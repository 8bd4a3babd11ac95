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

	// gone are those that were gone by then, as the vault last held them; nil until they
	// are read.
	gone *goneNames
}

type goneNames struct {
	folders map[string]vault.Entry
	users   map[string]string
}

// read reads the names: of now also those of what is gone, which what is left may still
// name. At another point [nameBook.readGone] does, which takes longer there.
func (b *nameBook) read(ctx context.Context, m moment) error {
	if err := b.readHeld(ctx, m); err != nil || !m.at.IsNow() {
		return err
	}
	return b.readGone(ctx, m)
}

// readHeld reads the names of what there is.
func (b *nameBook) readHeld(ctx context.Context, m moment) (err error) {
	if b.runs, err = m.reader.RunTimes(ctx, m.instance); err != nil {
		return err
	}
	b.folders, b.users, err = namesOf(ctx, vault.Query{Instance: m.instance, At: m.at}, m.reader)
	return err
}

// readGone reads the names of what is gone, once.
func (b *nameBook) readGone(ctx context.Context, m moment) (err error) {
	if b.gone != nil {
		return nil
	}
	gone := &goneNames{}
	gone.folders, gone.users, err = namesOf(ctx, vault.Query{Instance: m.instance, At: m.at, Deleted: true}, m.reader)
	b.gone = gone
	return err
}

// namesOf reads the folders and users that a query asks for.
func namesOf(ctx context.Context, query vault.Query, reader vault.Reader) (folders map[string]vault.Entry, users map[string]string, err error) {
	folders, users = make(map[string]vault.Entry), make(map[string]string)
	for _, kind := range []record.Kind{catalogue.Folders, catalogue.Users} {
		query.Kind = kind
		for e, err := range reader.Entries(ctx, query) {
			switch {
			case err != nil:
				return nil, nil, err
			case kind == catalogue.Folders:
				folders[e.ID] = e
			default:
				users[e.ID] = e.Name
			}
		}
	}
	return folders, users, nil
}

// user is what a user is called, or was called last, "" where the vault does not know.
func (b *nameBook) user(id string) string {
	name, ok := b.users[id]
	if !ok && b.gone != nil {
		name = b.gone.users[id]
	}
	return name
}

// entryOf is a folder, or what the vault last held of one that is gone.
func (b *nameBook) entryOf(id string) (folder vault.Entry, ok bool) {
	folder, ok = b.folders[id]
	if !ok && b.gone != nil {
		folder, ok = b.gone.folders[id]
	}
	return folder, ok
}

// allFolders yields the folders that there are, and then those that are gone.
func (b *nameBook) allFolders() iter.Seq2[string, vault.Entry] {
	return func(yield func(string, vault.Entry) bool) {
		for id, f := range b.folders {
			if !yield(id, f) {
				return
			}
		}
		if b.gone == nil {
			return
		}
		for id, f := range b.gone.folders {
			if !yield(id, f) {
				return
			}
		}
	}
}

// folder is the path of a folder, like "Shared / Finance", "" where the vault does
// not know it.
func (b *nameBook) folder(id string) string {
	var path []string
	for range deepest {
		f, ok := b.entryOf(id)
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
