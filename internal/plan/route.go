package plan

import (
	"iter"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

const (
	// MostPerAsk is how many documents one ask brings at most, however small they are.
	MostPerAsk = 1000
	// IDsAtOnce is how many ids one call asks for at most, which keeps them within what
	// servers take as an address.
	IDsAtOnce = 250
	// FollowedAtOnce is how many documents that others point to are planned together.
	FollowedAtOnce = 1000
	// ThriftyPage is how many bytes one answer may have where calls are counted: a page of
	// a hundred large dashboards has more.
	ThriftyPage = 8 << 20
)

// PageBytes is how many bytes an ask for small documents may bring: 0 where calls need not
// be saved.
func PageBytes(counted bool) int64 {
	if !counted {
		return 0
	}
	return ThriftyPage
}

// PerAsk is how many of some documents of a kind one ask brings: page, and of small ones
// more, until it has so many bytes; they are as large as those of which that is known.
func PerAsk(page int, bytes int64, kind *catalogue.Spec, some iter.Seq[int64]) int {
	n, sum := int64(0), int64(0)
	for size := range some {
		if size > 0 {
			n, sum = n+1, sum+size
		}
	}
	size := max(kind.Size, 1)
	if n > 0 {
		size = max(sum/n, 1)
	}
	return max(page, int(min(bytes/size, MostPerAsk)))
}

// perAsk is how many of the documents that are wanted one ask brings.
func (r *Rules) perAsk(kind *catalogue.Spec, want []record.Listed) int {
	return PerAsk(r.PageSize, r.PageBytes, kind, func(yield func(int64) bool) {
		for _, w := range want {
			if !yield(w.Size) {
				return
			}
		}
	})
}

// asks chooses the cheapest route for what is wanted: whole pages where
// everything in them is, id lists elsewhere, folders that hold several and
// nothing that this run has fetched before, single documents for the rest.
func (r *Rules) asks(page Page, parts sifted) []record.Ask {
	kind, state, offset := page.Kind, page.State, page.Offset
	want, size := parts.want, r.perAsk(page.Kind, parts.want)
	ask := func(how record.How, want []record.Listed) record.Ask {
		return record.Ask{Kind: kind.Name, How: how, State: state, Want: want}
	}
	var asks []record.Ask
	if Can(kind, record.Page, state) && offset != Nowhere && len(want) == len(page.Rows) {
		for chunk := range slices.Chunk(want, size) {
			page := ask(record.Page, chunk)
			page.Offset = offset
			asks = append(asks, page)
			offset += len(chunk)
		}
		return asks
	}
	if Can(kind, record.Folder, state) {
		folders, done := perFolder(page.Rows), perFolder(parts.settled)
		var rest []record.Listed
		for _, group := range groupByFolder(want) {
			folder := group[0].Folder
			if folder != "" && done[folder] == 0 && worthFolder(len(group), folders[folder]) {
				f := ask(record.Folder, group)
				f.Folder = folder
				asks = append(asks, f)
				continue
			}
			rest = append(rest, group...)
		}
		want = rest
	}
	if Can(kind, record.IDs, state) {
		for chunk := range slices.Chunk(want, size) {
			asks = append(asks, ask(record.IDs, chunk))
		}
		return asks
	}
	for chunk := range slices.Chunk(want, 1) {
		asks = append(asks, ask(record.Single, chunk))
	}
	return asks
}

// Can reports whether a kind has a route of that sort for documents in that state.
func Can(kind *catalogue.Spec, how record.How, state record.State) bool {
	return slices.ContainsFunc(kind.Many, func(m catalogue.Many) bool {
		return m.How == how && (m.Trash || state != record.Trashed)
	})
}

// CanBeLookedFor reports whether documents of a kind can be searched for by id in
// the listing that they were missed in.
func CanBeLookedFor(kind *catalogue.Spec) bool {
	l := kind.Listing
	return !l.Whole && !l.Followed && len(l.Fixed) == 0 && l.IDs != ""
}

// CanBeAskedFor reports whether what a listing did not hold can be asked for before it
// counts as gone: by a search for ids, or each document alone.
func CanBeAskedFor(kind *catalogue.Spec) bool {
	if kind.Listing.Followed || len(kind.Listing.Fixed) > 0 {
		return false
	}
	route, _ := kind.Single("1")
	return CanBeLookedFor(kind) || !route.IsZero()
}

// worthFolder reports whether one call for a whole folder is better than single
// ones: it saves calls, and most of what it brings is wanted.
func worthFolder(wanted, holds int) bool { return wanted >= 2 && 4*wanted >= holds }

func perFolder(rows []record.Listed) map[string]int {
	n := make(map[string]int)
	for _, r := range rows {
		n[r.Folder]++
	}
	return n
}

// groupByFolder groups rows by folder, in the order in which folders appear.
func groupByFolder(rows []record.Listed) [][]record.Listed {
	index := make(map[string]int)
	var groups [][]record.Listed
	for _, r := range rows {
		i, ok := index[r.Folder]
		if !ok {
			i = len(groups)
			index[r.Folder] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups
}
