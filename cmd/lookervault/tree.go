package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/plain"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/table"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/view"
)

// treeOptions are what tree works with.
type treeOptions struct {
	streams *streams
	reading reading
	table   tableFlags
	folder  string // by its id or path; "" for all
	depth   int    // 0 for no end
}

func newTreeCommand(env *environment) *cobra.Command {
	o := treeOptions{streams: env.streams}
	cmd := &cobra.Command{
		Use: "tree [FOLDER]", Short: "Show the folders with what lies in them",
		Long: `Show the folders with what lies in them, how many documents those are and how large:
all of them, or one that is named by its id or its path. What is in the trash is marked.

In a pipe there is a line a folder and document, tab-separated, with the columns path,
kind, id, name, documents, bytes, and so it is with --format tsv or csv, which also say in
which state a document is; with --json or --format yaml one object, folders within folders.
With --columns, --sort or --limit it is a table of folders and documents everywhere.`,
		Example: `  lookervault tree --depth 2
  lookervault tree "Shared / Finance" --at 7d`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.folder = args[0]
			}
			return runTree(cmd.Context(), o)
		},
	}
	o.reading.flags(cmd, env)
	o.reading.moment.add(cmd)
	o.table.add(cmd)
	cmd.Flags().Lookup("json").Usage = "as one JSON object"
	cmd.Flags().Lookup("format").Usage = "table, tsv, csv, json or yaml (default a drawing on a terminal, tab-separated without a head in a pipe)"
	cmd.Flags().IntVar(&o.depth, "depth", 0, "show folders down to this depth (default all); what lies deeper is counted")
	return cmd
}

// runTree shows folders with what lies in them.
func runTree(ctx context.Context, o treeOptions) (err error) {
	if o.depth < 0 {
		return usage(errors.New("--depth is less than 0"))
	}
	choice, err := chosen(&o.table, treeTable)
	if err != nil {
		return err
	}
	m, err := o.reading.openMoment(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, m.Reader)
	trees, homeless, err := readTrees(ctx, m, o.folder)
	if err != nil {
		return err
	}
	if err := showTrees(o.streams, trees, o.depth, choice); err != nil {
		return err
	}
	if homeless > 0 {
		fmt.Fprintf(o.streams.err, "%s in a folder that is not there, so not in a tree: lookervault list%s shows all.\n",
			plural(homeless, "document lies", "documents lie"), dbFlag(m.Reader.Path()))
	}
	return nil
}

// readTrees reads the folders that lie in no other one, or the one that is named. Of all it
// counts the documents, in the trash as a rule, whose folder is not there.
func readTrees(ctx context.Context, m history.Moment, named string) (roots []*view.Folder, homeless int64, err error) {
	entries := make(map[string]vault.Entry)
	var held treeContents
	for e, err := range inFolders(ctx, m) {
		switch {
		case err != nil:
			return nil, 0, err
		case e.Kind == catalogue.Folders:
			entries[e.ID] = e
		case e.Folder != "":
			held.add(e)
		}
	}
	names := history.FolderNames(entries)
	folders := make(map[string]*view.Folder, len(entries))
	for id, e := range entries {
		folders[id] = &view.Folder{ID: id, Name: e.Name, Path: names.Folder(id), Folders: []*view.Folder{}, Documents: []view.FolderDocument{}}
	}
	root := ""
	if named != "" {
		if root, err = names.FindFolder(named); err != nil {
			return nil, 0, absent(err, m.Reader, "tree")
		}
	}
	roots = nest(entries, folders, root)
	if root != "" {
		roots = []*view.Folder{folders[root]}
	} else {
		for id, of := range held.folders {
			if folders[id] == nil {
				homeless += int64(len(of.documents))
			}
		}
	}
	return roots, homeless, held.populate(ctx, roots)
}

// nest puts folders into their parents, and returns those that lie in none: one that is named,
// and of folders that lie in each other, which a run can see while somebody moves them, that of
// the least id.
func nest(entries map[string]vault.Entry, folders map[string]*view.Folder, named string) (roots []*view.Folder) {
	isRoot := make(map[string]bool)
	metFrom := make(map[string]string) // the folder whose parents led to this one first
	for from := range entries {
		at, held := from, true
		for held && metFrom[at] == "" {
			metFrom[at] = from
			at = entries[at].Folder
			_, held = entries[at]
		}
		if held && metFrom[at] == from {
			circle := history.Circle(entries, at)
			isRoot[circle[0]] = !slices.Contains(circle, named)
		}
	}
	isRoot[named] = true
	for id, e := range entries {
		if _, held := entries[e.Folder]; held && !isRoot[id] {
			parent := folders[e.Folder]
			parent.Folders = append(parent.Folders, folders[id])
		} else {
			roots = append(roots, folders[id])
		}
	}
	return roots
}

// inFolders yields the folders and the documents of the kinds that lie in them, in any
// order.
func inFolders(ctx context.Context, m history.Moment) iter.Seq2[vault.Entry, error] {
	kinds := []record.Kind{catalogue.Folders}
	for _, kind := range catalogue.All() {
		if kind.Place == catalogue.InFolder {
			kinds = append(kinds, kind.Name)
		}
	}
	if m.At.IsNow() {
		return m.Reader.Current(ctx, m.Instance, kinds...)
	}
	return func(yield func(vault.Entry, error) bool) {
		for _, kind := range kinds {
			for e, err := range m.Reader.Entries(ctx, vault.Query{Instance: m.Instance, Kind: kind, At: m.At}) {
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

// treeTable is the tree as programs read it.
var treeTable = table.Table[view.TreeLine]{
	One: "line", Many: "lines", View: func(l view.TreeLine) any { return l },
	Columns: []table.Column[view.TreeLine]{
		{Name: "path", Tail: true, Value: func(l view.TreeLine) string { return l.Path }},
		{Name: "kind", Whole: true, Value: func(l view.TreeLine) string { return string(l.Kind) }},
		{Name: "id", Whole: true, Value: func(l view.TreeLine) string { return l.ID }},
		{Name: "name", Value: func(l view.TreeLine) string { return l.Name }},
		numberColumn("documents", func(l view.TreeLine) int64 { return l.Count }),
		{Name: "bytes", Head: "size", Number: true, Amount: func(l view.TreeLine) int64 { return l.Bytes }, Unit: ui.Size},
		{Name: "state", Whole: true, Extra: true, Value: func(l view.TreeLine) string { return string(l.State) }},
	},
}

func showTrees(s *streams, trees []*view.Folder, depth int, choice table.Choice) error {
	width, height := ui.TerminalSize(s.out)
	switch {
	case choice.IsObject() && !choice.Picks():
		for _, root := range trees {
			cutBelow(root, depth, 1)
		}
		return s.writeObject(view.Tree{Folders: append([]*view.Folder{}, trees...)}, choice.Format)
	case choice.Picks(), choice.Format == "" && width == 0:
		return show(s, treeTable, choice, treeLines(trees, depth))
	case choice.Format == table.FormatTabs, choice.Format == table.FormatCSV:
		for _, c := range treeTable.Columns {
			choice.Columns = append(choice.Columns, c.Name)
		}
		return show(s, treeTable, choice, treeLines(trees, depth))
	}
	if width == 0 {
		width, height = math.MaxInt, noPage
	}
	return s.paged(height, func(text *strings.Builder) error {
		w := &treeWriter{out: text, width: width, depth: depth, color: s.colors(s.out)}
		for _, root := range trees {
			w.folder(root, "", "", 1)
		}
		if w.cut {
			fmt.Fprintf(text, "\n%s\n", table.Paint("Names with … are cut (--format tsv shows all).", table.Dim, w.color))
		}
		return nil
	})
}

// cutBelow takes what lies deeper than a depth, 0 for none, out of a folder. It is counted
// all the same.
func cutBelow(f *view.Folder, depth, level int) {
	if level == depth {
		f.Folders, f.Documents = []*view.Folder{}, []view.FolderDocument{}
	}
	for _, below := range f.Folders {
		cutBelow(below, depth, level+1)
	}
}

// treeLines yields folders and what lies in them down to a depth, 0 for all.
func treeLines(trees []*view.Folder, depth int) iter.Seq2[view.TreeLine, error] {
	return func(yield func(view.TreeLine, error) bool) {
		var add func(f *view.Folder, level int) bool
		add = func(f *view.Folder, level int) bool {
			if !yield(view.TreeLine{Path: f.Path, Kind: catalogue.Folders, ID: f.ID, Name: f.Name, Count: f.Count, Bytes: f.Bytes, State: record.Present}, nil) {
				return false
			}
			if level == depth {
				return true
			}
			for _, d := range f.Documents {
				if !yield(view.TreeLine{Path: f.Path, Kind: d.Kind, ID: d.ID, Name: d.Name, Count: 1, Bytes: d.Bytes, State: d.State}, nil) {
					return false
				}
			}
			for _, below := range f.Folders {
				if !add(below, level+1) {
					return false
				}
			}
			return true
		}
		for _, root := range trees {
			if !add(root, 1) {
				return
			}
		}
	}
}

// treeWriter draws folders for people.
type treeWriter struct {
	out          io.Writer
	width, depth int
	color        bool
	cut          bool // a name had no room
}

// folder draws a folder behind a branch, and what lies in it behind the stem.
func (w *treeWriter) folder(f *view.Folder, branch, stem string, level int) {
	about := fmt.Sprintf("  %s, %s", plural(f.Count, "document", "documents"), ui.Size(f.Bytes))
	w.line(branch, fmt.Sprintf("%s (%s)", f.Name, f.ID), about, table.Plain)
	if level == w.depth {
		return
	}
	left := len(f.Documents) + len(f.Folders)
	branches := func() (branch, below string) {
		if left--; left == 0 {
			return stem + "└─ ", stem + "   "
		}
		return stem + "├─ ", stem + "│  "
	}
	for _, d := range f.Documents {
		branch, _ := branches()
		about, tone := "  "+ui.Size(d.Bytes), table.Plain
		if d.State == record.Trashed {
			about, tone = about+", in the trash", table.Unsure
		}
		w.line(branch, fmt.Sprintf("%s/%s %s", d.Kind, d.ID, d.Name), about, tone)
	}
	for _, below := range f.Folders {
		branch, stem := branches()
		w.folder(below, branch, stem, level+1)
	}
}

// line draws one line: a name is cut where the terminal is too narrow.
func (w *treeWriter) line(branch, name, about string, tone table.Tone) {
	whole := plain.Text(name)
	name = table.Cut(whole, max(8, w.width-table.Width(branch)-table.Width(about)))
	w.cut = w.cut || name != whole
	fmt.Fprintf(w.out, "%s%s%s\n", table.Paint(branch, table.Dim, w.color), table.Paint(name, tone, w.color), table.Paint(about, table.Dim, w.color))
}
