package restore

import (
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// lookup is what a look is to see: documents by their ids, and what holds keys that others
// are to get.
type lookup struct {
	refs     map[record.Ref]bool
	searches map[record.Kind][]record.Search
	lists    map[record.Kind]bool // kinds of which everything is to be seen
}

func (w lookup) empty() bool { return len(w.refs)+len(w.searches)+len(w.lists) == 0 }

// seek asks the next look for whatever holds a key that a document is to get: somebody may
// have made it by hand since the last run. For keys that no search finds the look lists the
// kind. What is made anew has an id that nothing names yet, so nothing can lie in it.
func (d *draft) seek(n *node) {
	if d.present.whole[n.Kind] {
		return
	}
	for i := range n.spec.Write.Keys {
		key := &n.spec.Write.Keys[i]
		members, ok := canon.KeyMembers(n.spec.Write, key, n.body, d.resolverOf(n))
		if key.Search.IsZero() {
			if (ok || !key.Unique) && !n.spec.Owned() && !n.spec.Listing.Route.IsZero() {
				d.lists[n.Kind] = true
			}
			continue
		}
		search := record.Search{Key: i, Params: make(map[string]string)}
		for param, member := range key.Params {
			values := []string(nil)
			if at := slices.Index(key.Members, member); ok && at >= 0 {
				values = members[at]
			}
			if len(values) != 1 || values[0] == "" || strings.HasPrefix(values[0], newID) {
				ok = false
				break
			}
			search.Params[param] = values[0]
		}
		id := searchID(n.Kind, search)
		if !ok || d.present.sought[id] || d.seeking[id] {
			continue
		}
		d.seeking[id] = true
		d.searches[n.Kind] = append(d.searches[n.Kind], search)
	}
}

// searchID tells searches apart.
func searchID(kind record.Kind, search record.Search) string {
	words := []string{string(kind), itoa(search.Key)}
	for _, name := range slices.Sorted(maps.Keys(search.Params)) {
		words = append(words, name, search.Params[name])
	}
	return strings.Join(words, "\x00")
}
