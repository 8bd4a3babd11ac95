package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// sight is what the looks of a plan say of a document.
type sight uint8

const (
	unseen   sight = iota // no look has asked for it
	there                 // a look saw it, in the trash or not
	unlisted              // a list of its kind lacks it, and nobody has asked for it alone
	absent                // a look asked for it, and the instance does not have it
	unknown               // a look asked for it, and could not find out
)

// present is what an instance holds now, as far as the looks of a plan tell.
type present struct {
	reader   vault.Reader
	instance string
	before   int64 // the newest run that is no look
	proves   bool  // what the caller does not see is not there

	asked  map[record.Ref]bool
	sought map[string]bool      // searches that were made
	whole  map[record.Kind]bool // kinds that were listed
	faults map[record.Ref]string
	kinds  map[record.Kind]map[string]vault.Entry
	names  map[record.Kind]map[string][]vault.Entry // by name in lower case, each by id
	keyed  map[string]map[string][]vault.Entry      // what the looks saw, by kind and key, then by its value
	// mapped are the ids of documents that earlier restores made for others, which are gone.
	mapped map[record.Ref]string
	// partsMapped are the lists of parts of which some were made anew, by name.
	partsMapped map[record.Kind]bool
	// made are these, and the documents that a draft takes for others.
	made map[record.Ref]string
	// copies are the documents that restores made, and what each was made for. They are so
	// also when they are gone.
	copies map[record.Ref]record.Ref
	// damaged are restores that cannot be read any more.
	damaged []int64
	// renamed are the documents that restores made under other names than the backup has.
	renamed map[record.Ref]renamed
	// beside are the actions that made something beside a document that stayed, or copied it.
	beside map[record.Ref][]besideAction
	// arrived are the folders that documents came into which restores brought back elsewhere than
	// to where they were; "" for the old place.
	arrived map[record.Ref]string
}

// besideAction is an action that made something of a document that stayed.
type besideAction struct {
	record.Action
	into string // the folder that it was copied into, "" where it was made beside the document
}

func newPresent(ctx context.Context, reader vault.Reader, instance string, before int64, proves bool) (*present, error) {
	p := &present{
		reader: reader, instance: instance, before: before, proves: proves,
		asked: make(map[record.Ref]bool), sought: make(map[string]bool), whole: make(map[record.Kind]bool), faults: make(map[record.Ref]string),
		kinds: make(map[record.Kind]map[string]vault.Entry), names: make(map[record.Kind]map[string][]vault.Entry), keyed: make(map[string]map[string][]vault.Entry), mapped: make(map[record.Ref]string), partsMapped: make(map[record.Kind]bool),
		copies: make(map[record.Ref]record.Ref), beside: make(map[record.Ref][]besideAction), renamed: make(map[record.Ref]renamed), arrived: make(map[record.Ref]string),
	}
	mappings, err := reader.Mappings(ctx, instance, instance)
	if err != nil {
		return nil, err
	}
	for ref, id := range targetsOf(mappings) {
		if id != ref.ID {
			p.mapped[ref] = id
			p.partsMapped[ref.Kind] = true
		}
	}
	if err := p.readCopies(ctx); err != nil {
		return nil, err
	}
	p.joinFamilies(mappings)
	p.reset()
	return p, nil
}

// targetsOf are what documents and parts of a backup are called on the instance, as far as
// restores have entered it. What stands for one may have been lost as well, and have been
// made anew under the id that it had by then: the last one counts.
func targetsOf(mappings []record.Mapping) map[record.Ref]string {
	live := make(map[record.Ref]string, len(mappings))
	for _, m := range mappings {
		if m.State == record.MapLive {
			live[m.Ref] = m.TargetID
		}
	}
	last := make(map[record.Ref]string, len(live))
	for ref, id := range live {
		for range live { // a circle ends here
			next, ok := live[record.Ref{Kind: ref.Kind, ID: id}]
			if !ok || next == id {
				break
			}
			id = next
		}
		last[ref] = id
	}
	return last
}

// reset forgets what a draft has taken for what.
func (p *present) reset() { p.made = maps.Clone(p.mapped) }

// readCopies finds what all earlier restores made, and for what: also what was deleted
// and made once more since.
func (p *present) readCopies(ctx context.Context) error {
	restores, err := p.reader.Restores(ctx, p.instance)
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(restores) { // the oldest first
		if r.State == record.RestorePlanned {
			continue // it has made nothing
		}
		whole, err := p.reader.Restore(ctx, r.ID)
		if errors.Is(err, vault.ErrCorrupt) { // the map of ids still tells most of it
			p.damaged = append(p.damaged, r.ID)
			continue
		}
		if err != nil {
			return err
		}
		request, err := RequestOf(whole)
		if err != nil {
			p.damaged = append(p.damaged, r.ID)
			continue
		}
		for _, a := range whole.Actions {
			if a.Target != "" && (a.Deed == record.DeedCreate || a.Deed == record.DeedUndelete) && !request.beside(a.Ref) {
				p.arrived[record.Ref{Kind: a.Kind, ID: a.Target}] = request.IntoID
			}
			if a.Deed != record.DeedCreate || a.Target == "" || a.Target == a.ID {
				continue
			}
			if request.beside(a.Ref) {
				p.beside[a.Ref] = append(p.beside[a.Ref], besideAction{a, request.IntoID})
				continue
			}
			if overrides := lastingOverrides(a.Kind, request.Overrides[a.Ref.String()]); len(overrides) > 0 && request.Undo == 0 {
				p.renamed[record.Ref{Kind: a.Kind, ID: a.Target}] = renamed{overrides, request.Without[a.Ref.String()]}
			}
			of := a.Ref
			if first, again := p.copies[of]; again {
				of = first
			}
			p.copies[record.Ref{Kind: a.Kind, ID: a.Target}] = of
		}
	}
	return nil
}

// lastingOverrides are those that hold for what was made as long as it is there: not those of what
// the instance did not know then, and may know by now.
func lastingOverrides(kind record.Kind, overrides map[string]json.RawMessage) map[string]json.RawMessage {
	spec, ok := catalogue.Find(kind)
	if !ok || spec.Write == nil || len(spec.Write.Words) == 0 {
		return overrides
	}
	lasting := maps.Clone(overrides)
	for _, v := range spec.Write.Words {
		delete(lasting, v.Path)
	}
	return lasting
}

// looked takes in what a run saw that looked for a scope.
func (p *present) looked(ctx context.Context, run int64, scope record.Scope) error {
	clear(p.kinds)
	clear(p.names)
	clear(p.keyed)
	for _, kind := range scope.Kinds {
		if scope.Refs == nil || scope.Refs[kind] == nil {
			p.whole[kind] = true
		}
	}
	for kind, ids := range scope.Refs {
		for _, id := range ids {
			p.asked[record.Ref{Kind: kind, ID: id}] = true
		}
	}
	for kind, searches := range scope.Find {
		for _, search := range searches {
			p.sought[searchID(kind, search)] = true
		}
	}
	unread, err := unreadIn(ctx, p.reader, run)
	if err != nil {
		return err
	}
	maps.Copy(p.faults, unread)
	ended, err := lookOf(ctx, p.reader, run)
	if err != nil {
		return err
	}
	for _, k := range ended.Kinds {
		if k.Listing != record.Complete && (p.whole[k.Kind] || !k.Listing.InOrder()) {
			p.faults[record.Ref{Kind: k.Kind}] = string(k.Listing) + " " + k.Reason
		}
	}
	return nil
}

// lookOf is a look that came to its end. One whose calls were used up has not seen what it
// was to see: nothing that it lacks is missing on the instance.
func lookOf(ctx context.Context, reader vault.Reader, run int64) (record.Run, error) {
	ended, err := reader.Run(ctx, run)
	if err == nil && ended.Resumable() {
		err = fmt.Errorf("look at the instance (run %d): %w", run, looker.ErrBudget)
	}
	return ended, err
}

// all returns the newest that is known of every document of a kind, by id, what is gone
// included.
func (p *present) all(ctx context.Context, kind record.Kind) (map[string]vault.Entry, error) {
	if held, ok := p.kinds[kind]; ok {
		return held, nil
	}
	held := make(map[string]vault.Entry)
	query := vault.Query{Instance: p.instance, Kind: kind}
	for _, query.Deleted = range []bool{false, true} {
		for e, err := range p.reader.Entries(ctx, query) {
			if err != nil {
				return nil, err
			}
			held[e.ID] = e
		}
	}
	p.kinds[kind] = held
	return held, nil
}

// called returns what is known of the documents of a kind that have a name, in whatever
// case; none for no name.
func (p *present) called(ctx context.Context, kind record.Kind, name string) ([]vault.Entry, error) {
	if name == "" {
		return nil, nil
	}
	if p.names[kind] == nil {
		held, err := p.all(ctx, kind)
		if err != nil {
			return nil, err
		}
		names := make(map[string][]vault.Entry, len(held))
		for _, id := range sortedKeys(held) {
			lower := strings.ToLower(held[id].Name)
			names[lower] = append(names[lower], held[id])
		}
		p.names[kind] = names
	}
	return p.names[kind][strings.ToLower(name)], nil
}

// target is the id under which a document of the past is on the instance now.
func (p *present) target(ref record.Ref) record.Ref {
	if id, ok := p.made[ref]; ok {
		return record.Ref{Kind: ref.Kind, ID: id}
	}
	return ref
}

// find returns what is known of a document of the past: the newest version of what it is
// now, and what the looks say of it.
func (p *present) find(ctx context.Context, ref record.Ref) (vault.Entry, sight, error) {
	ref = p.target(ref)
	held, err := p.all(ctx, ref.Kind)
	if err != nil {
		return vault.Entry{}, unknown, err
	}
	e, seen := p.sight(ref, held)
	return e, seen, nil
}

// sight returns what is known of a document by its id on the instance, of all that is held of its kind.
func (p *present) sight(ref record.Ref, held map[string]vault.Entry) (vault.Entry, sight) {
	e, ok := held[ref.ID]
	switch {
	case ok && e.State != record.Gone && e.LastRun > p.before:
		return e, there
	case p.faults[ref] != "", (p.asked[ref] || p.whole[ref.Kind]) && p.faults[record.Ref{Kind: ref.Kind}] != "":
		return e, unknown
	case !p.asked[ref] && !p.whole[ref.Kind]:
		return e, unseen
	case !p.proves:
		return e, unknown
	case !p.asked[ref] && askable(ref.Kind):
		return e, unlisted
	}
	return e, absent
}

// askable reports whether the instance can be asked for one document of a kind. One list
// that lacks a document does not prove that it is not there: what is made anew because
// the list of that hour was short is there twice.
func askable(kind record.Kind) bool {
	spec, ok := catalogue.Find(kind)
	return ok && (!spec.Detail.IsZero() || spec.Listing.IDs != "")
}

// reason says why nothing is known of a document.
func (p *present) reason(ref record.Ref) string {
	ref = p.target(ref)
	for _, r := range []record.Ref{ref, {Kind: ref.Kind}} {
		if f := p.faults[r]; f != "" {
			return "it could not be looked at: " + f
		}
	}
	return "the API key is not an administrator's, so what it does not see may be there all the same"
}

// manyRefs is from how many documents of a kind on the whole kind is listed instead.
const manyRefs = 60

// fewRefs is up to how many documents are asked for alone of a kind that has no search
// for lists of ids.
const fewRefs = 3

// isListed reports whether a look for so many documents of a kind, and by so many
// searches, lists all of it.
func isListed(kind *catalogue.Spec, refs, searches int) bool {
	l := kind.Listing
	switch {
	case l.Followed, len(l.Fixed) > 0:
		return false
	case l.Whole:
		return refs+searches > 1
	case l.IDs == "":
		return refs > fewRefs || searches > manyRefs
	}
	return refs > manyRefs || searches > manyRefs
}

// scopeOf is the scope of a look for some documents: a kind that is listed by one call is
// listed, of others the documents are asked for by their ids, and of those that were listed
// already.
func scopeOf(w lookup, listed map[record.Kind]bool) record.Scope {
	var scope record.Scope
	ids := make(map[record.Kind][]string)
	for ref := range w.refs {
		ids[ref.Kind] = append(ids[ref.Kind], ref.ID)
	}
	for _, kind := range catalogue.All() {
		wanted, searches := ids[kind.Name], w.searches[kind.Name]
		if len(wanted)+len(searches) == 0 && !w.lists[kind.Name] {
			continue
		}
		scope.Kinds = append(scope.Kinds, kind.Name)
		if w.lists[kind.Name] {
			continue
		}
		if isListed(kind, len(wanted), len(searches)) && (!listed[kind.Name] || !askable(kind.Name)) {
			continue
		}
		if scope.Refs == nil {
			scope.Refs = make(map[record.Kind][]string)
		}
		scope.Refs[kind.Name] = append([]string{}, sortedIDs(wanted)...)
		if len(searches) > 0 {
			if scope.Find == nil {
				scope.Find = make(map[record.Kind][]record.Search)
			}
			scope.Find[kind.Name] = searches
		}
	}
	return scope
}
