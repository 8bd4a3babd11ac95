package history

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
)

// deepest is how many folders a path names at most, the innermost ones.
const deepest = 50

// Names tells what the folders and users of a vault are called at one point in time, and
// when its runs began. The zero value knows nothing until it is read.
type Names struct {
	folders map[string]vault.Entry
	users   map[string]string
	runs    map[int64]vault.RunStart
	newest  int64  // of those runs, damaged ones left out
	path    string // of the vault

	// damaged is what kept some runs from being read, and met the first damage that an
	// answer would have needed; see [Names.Damage].
	damaged, met error

	// named reads what the documents of a kind are called, or were called last, by their
	// ids; nil until the names are read. wholes are those that it was asked for.
	named  func(record.Kind) (map[string]string, error)
	wholes map[record.Kind]map[string]string

	// paths are those of folders that [Names.Folder] was asked for.
	paths map[string]string

	// gone are those that were gone by then, as the vault last held them; nil until they
	// are read.
	gone *goneNames
}

type goneNames struct {
	folders map[string]vault.Entry
	users   map[string]string
}

// FolderNames are names of folders alone, by their ids.
func FolderNames(folders map[string]vault.Entry) *Names { return &Names{folders: folders} }

// Read reads the names: of now also those of what is gone, which what is left may still
// name. At another point [Names.ReadGone] does, which takes longer there.
func (b *Names) Read(ctx context.Context, m Moment) error {
	if err := b.ReadHeld(ctx, m); err != nil || !m.At.IsNow() {
		return err
	}
	return b.ReadGone(ctx, m)
}

// ReadHeld reads the names of what there is.
func (b *Names) ReadHeld(ctx context.Context, m Moment) (err error) {
	b.path = m.Reader.Path()
	b.runs, b.damaged = m.Reader.RunStarts(ctx, m.Instance)
	if b.damaged != nil && !errors.Is(b.damaged, vault.ErrCorrupt) {
		return b.damaged
	}
	for run := range b.runs {
		b.newest = max(b.newest, run)
	}
	b.named = func(kind record.Kind) (map[string]string, error) { return namesOfKind(ctx, m, kind) }
	b.paths = nil
	b.folders, b.users, err = namesOf(ctx, vault.Query{Instance: m.Instance, At: m.At}, m.Reader)
	return err
}

// ReadGone reads the names of what is gone, once.
func (b *Names) ReadGone(ctx context.Context, m Moment) (err error) {
	if b.gone != nil {
		return nil
	}
	gone := &goneNames{}
	gone.folders, gone.users, err = namesOf(ctx, vault.Query{Instance: m.Instance, At: m.At, Deleted: true}, m.Reader)
	b.gone, b.paths = gone, nil
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

// User is what a user is called, or was called last, "" where the vault does not know.
func (b *Names) User(id string) string {
	name, ok := b.users[id]
	if !ok && b.gone != nil {
		name = b.gone.users[id]
	}
	return name
}

// Whole is the name of the document that this one is a part of, whose id it has, "" where
// there is none or the vault does not know it: of role_users/2 the name of role 2. The
// names of a kind are read when the first of them is asked for.
func (b *Names) Whole(ref record.Ref) string {
	kind, ok := catalogue.PartOf(ref.Kind)
	if !ok || b.named == nil {
		return ""
	}
	if kind == catalogue.Users {
		return b.User(ref.ID)
	}
	if b.wholes == nil {
		b.wholes = make(map[record.Kind]map[string]string)
	}
	if b.wholes[kind] == nil {
		var err error
		b.wholes[kind], err = b.named(kind)
		b.met = cmp.Or(b.met, err)
	}
	return b.wholes[kind][ref.ID]
}

// namesOfKind are the names of a kind's documents, of those that are gone as well. Where
// some cannot be read, the error comes with the names of the others.
func namesOfKind(ctx context.Context, m Moment, kind record.Kind) (names map[string]string, err error) {
	names = make(map[string]string)
	for _, deleted := range []bool{true, false} {
		query := vault.Query{Instance: m.Instance, Kind: kind, At: m.At, Deleted: deleted}
		for e, failed := range m.Reader.Entries(ctx, query) {
			if failed != nil {
				err = cmp.Or(err, failed)
				break
			}
			names[e.ID] = e.Name
		}
	}
	return names, err
}

// RunTime is when a run began, zero where the vault does not know. For a run that is not
// newer than all that were read, that is damage.
func (b *Names) RunTime(run int64) time.Time {
	start, ok := b.runs[run]
	switch {
	case ok || run == 0 || b.met != nil:
	case b.damaged != nil:
		b.met = b.damaged
	case run < b.newest:
		b.met = vault.DamageOf(b.path, []vault.Finding{{Table: "runs", Key: strconv.FormatInt(run, 10), Problem: "is missing, but documents that it saw are there"}})
	}
	return start.Began
}

// Damage is an ErrCorrupt where a name or a time that was asked for is missing since the
// vault is damaged: the answer that lacks it is not whole. Commands ask when they have
// shown what there is.
func (b *Names) Damage() error { return b.met }

// entryOf is a folder, or what the vault last held of one that is gone.
func (b *Names) entryOf(id string) (folder vault.Entry, ok bool) {
	folder, ok = b.folders[id]
	if !ok && b.gone != nil {
		folder, ok = b.gone.folders[id]
	}
	return folder, ok
}

// allFolders yields the folders that there are, and then those that are gone.
func (b *Names) allFolders() iter.Seq2[string, vault.Entry] {
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

// Folder is the path of a folder, like "Shared / Finance", "" where the vault does
// not know it.
func (b *Names) Folder(id string) string {
	if path, ok := b.paths[id]; ok {
		return path
	}
	var names []string
	for _, id := range b.upwards(id) {
		f, _ := b.entryOf(id)
		names = append(names, f.Name)
	}
	slices.Reverse(names)
	if b.paths == nil {
		b.paths = make(map[string]string)
	}
	b.paths[id] = strings.Join(names, " / ")
	return b.paths[id]
}

// upwards are a folder and those that it lies in, the innermost first.
func (b *Names) upwards(id string) (ids []string) {
	for f, ok := b.entryOf(id); ok && len(ids) < deepest; f, ok = b.entryOf(f.Folder) {
		if at := slices.Index(ids, f.ID); at >= 0 {
			least := slices.MinFunc(ids[at:], table.Compare)
			return ids[:slices.Index(ids, least)+1]
		}
		ids = append(ids, f.ID)
	}
	return ids
}

// Circle are folders that lie in each other, from the one with the least id, which counts as
// that which lies in no other, given one of them.
func Circle(folders map[string]vault.Entry, one string) []string {
	ids := []string{one}
	for at := folders[one].Folder; at != one; at = folders[at].Folder {
		ids = append(ids, at)
	}
	slices.SortFunc(ids, table.Compare)
	return ids
}

// FolderOf is the id of the folder that a document lies in, "" for one that lies in
// none: the parent of other kinds is no folder.
func FolderOf(e vault.Entry) string {
	if catalogue.Lookup(e.Kind).Place == catalogue.Nowhere {
		return ""
	}
	return e.Folder
}

// DeletedRun is the run that found a document in the trash or gone, 0 for one that is
// there. In the trash a document has a version of its own.
func DeletedRun(e vault.Entry) int64 {
	if e.State == record.Trashed {
		return e.FirstRun
	}
	return e.GoneRun
}
