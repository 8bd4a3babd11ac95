package plan

import (
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// perAsk is how many of the documents that are wanted one ask brings.
func (r *Rules) perAsk(kind *catalogue.Spec, want []record.Listed) int {
	return r.PerPage(kind, func(yield func(int64) bool) {
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
		if r.mayBeSmall(kind, want) {
			spread := ask(record.Page, want)
			spread.Offset, spread.Spread = offset, true
			return []record.Ask{spread}
		}
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
			if folder != "" && done[folder] == 0 && r.worthFolder(len(group), folders[folder]) {
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
		for chunk := range slices.Chunk(want, min(size, r.Limits.Usual().IDs)) {
			asks = append(asks, ask(record.IDs, chunk))
		}
		return asks
	}
	for chunk := range slices.Chunk(want, 1) {
		asks = append(asks, ask(record.Single, chunk))
	}
	return asks
}

// Cost is how many calls an ask takes, and of which quota, where the server plays along: one
// that brings many documents, one for each that is asked for alone, none for what is stored.
func Cost(kind *catalogue.Spec, ask record.Ask) (catalogue.Activity, int) {
	switch ask.How {
	case record.Stored:
		return kind.Detail.Activity, 0
	case record.Single:
		route, _ := kind.Single(ask.Want[0].ID)
		return route.Activity, len(ask.Want)
	}
	way := slices.IndexFunc(kind.Many, func(m catalogue.Many) bool { return m.How == ask.How })
	return kind.Many[way].Route.Activity, 1
}

// Can reports whether a kind has a route of that sort for documents in that state.
func Can(kind *catalogue.Spec, how record.How, state record.State) bool {
	return slices.ContainsFunc(kind.Many, func(m catalogue.Many) bool {
		return m.How == how && (m.Trash || state != record.Trashed)
	})
}

// CanBeLookedFor reports whether documents of a kind can be searched for by id in
// the listing that they were missed in.
func CanBeLookedFor(kind *catalogue.Spec) bool { return kind.Listing.IDs != "" }

// CanBeAskedFor reports whether what a listing did not hold can be asked for before it
// counts as gone, each document alone at least.
func CanBeAskedFor(kind *catalogue.Spec) bool {
	route, _ := kind.Single("1")
	return !kind.Listing.Followed && !route.IsZero()
}

// worthFolder reports whether one call for a whole folder is better than single
// ones: it saves calls, and most of what it brings is wanted; or calls are dear, and it
// brings no more than a page.
func (r *Rules) worthFolder(wanted, holds int) bool {
	return wanted >= fewestOfFolder && (r.Limits.Usual().FolderShare*wanted >= holds || r.Counted && holds <= r.PageSize)
}

// fewestOfFolder is the fewest documents for which one call for a folder saves another one.
const fewestOfFolder = 2

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
