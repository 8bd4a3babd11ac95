package main

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/sourcegraph/conc"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// treeContents are the documents of folders while they are read, without pointers: the garbage
// collector would follow those of 100,000 documents again and again, and took a tenth of the time
// of tree. The zero value is ready for use.
type treeContents struct {
	folders map[string]*folderContents
	kinds   []record.Kind
	states  []record.State
}

// folderContents are the documents of one folder. Their texts lie beside each other, which are
// looked at together.
type folderContents struct {
	documents []heldDocument
	texts     []byte // of each its id and its name
}

// A heldDocument is a document in a folder.
type heldDocument struct {
	rank           uint64 // of the name
	bytes          int64
	id, name, next uint32 // where its texts begin, and those of the next document
	kind, state    uint8  // places among those that were met
}

// add adds a document to its folder.
func (c *treeContents) add(e vault.Entry) {
	of := c.folders[e.Folder]
	if of == nil {
		if c.folders == nil {
			c.folders = make(map[string]*folderContents)
		}
		of = &folderContents{}
		c.folders[e.Folder] = of
	}
	d := heldDocument{kind: placeOf(&c.kinds, e.Kind), state: placeOf(&c.states, e.State), rank: table.Rank(e.Name), bytes: e.Size}
	d.id = uint32(len(of.texts))
	of.texts = append(of.texts, e.ID...)
	d.name = uint32(len(of.texts))
	of.texts = append(of.texts, e.Name...)
	d.next = uint32(len(of.texts))
	of.documents = append(of.documents, d)
}

// placeOf is the place of a word among those that were met.
func placeOf[T comparable](met *[]T, word T) uint8 {
	place := slices.Index(*met, word)
	if place < 0 {
		place, *met = len(*met), append(*met, word)
	}
	return uint8(place)
}

// populate gives folders, and those below them, what lies in them, sorted and counted.
func (c *treeContents) populate(ctx context.Context, roots []*view.Folder) error {
	all := sortFolders(nil, roots)
	var next atomic.Int64
	var sorters conc.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(all)) {
		sorters.Go(func() {
			var ranked []rankedDocument
			for ctx.Err() == nil {
				place := int(next.Add(1)) - 1
				if place >= len(all) {
					return
				}
				if of := c.folders[all[place].ID]; of != nil {
					ranked = c.fill(all[place], of, ranked)
				}
			}
		})
	}
	sorters.Wait()
	for _, f := range slices.Backward(all) { // what is below a folder comes behind it
		f.Count, f.Bytes = int64(len(f.Documents)), 0
		for _, d := range f.Documents {
			f.Bytes += d.Bytes
		}
		for _, below := range f.Folders {
			f.Count, f.Bytes = f.Count+below.Count, f.Bytes+below.Bytes
		}
	}
	return ctx.Err()
}

// sortFolders sorts folders and those below them, and appends each in front of those below it.
func sortFolders(all, folders []*view.Folder) []*view.Folder {
	slices.SortFunc(folders, func(x, y *view.Folder) int {
		return cmp.Or(table.Compare(x.Name, y.Name), table.Compare(x.ID, y.ID))
	})
	for _, f := range folders {
		all = sortFolders(append(all, f), f.Folders)
	}
	return all
}

// A rankedDocument stands for a document while it is sorted: documents are larger.
type rankedDocument struct {
	rank  uint64 // of the name
	place int
	kind  uint8
}

// fill gives a folder its documents by kind, name and id. The memory of ranked is used again.
func (c *treeContents) fill(f *view.Folder, of *folderContents, ranked []rankedDocument) []rankedDocument {
	texts := string(of.texts)
	ranked = ranked[:0]
	for i, d := range of.documents {
		ranked = append(ranked, rankedDocument{d.rank, i, d.kind})
	}
	slices.SortFunc(ranked, func(x, y rankedDocument) int {
		if x.kind != y.kind {
			return cmp.Compare(c.kinds[x.kind], c.kinds[y.kind])
		}
		if x.rank != y.rank {
			return cmp.Compare(x.rank, y.rank)
		}
		a, b := &of.documents[x.place], &of.documents[y.place]
		return cmp.Or(table.Compare(texts[a.name:a.next], texts[b.name:b.next]), table.Compare(texts[a.id:a.name], texts[b.id:b.name]))
	})
	f.Documents = make([]view.FolderDocument, len(ranked))
	for i, r := range ranked {
		d := &of.documents[r.place]
		f.Documents[i] = view.FolderDocument{Kind: c.kinds[d.kind], ID: texts[d.id:d.name], Name: texts[d.name:d.next], State: c.states[d.state], Bytes: d.bytes}
	}
	*of = folderContents{} // its memory is wanted for the others
	return ranked
}
