package stages

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// fewEnough is how many documents are asked for one by one on a server that does
// not honour lists of ids.
const fewEnough = 20

// Samples is how many rows of an answer are compared, until one comparison tells.
const Samples = 3

// missing looks for what the store holds and the listing did not, before it counts
// as gone: a document that is taken out of the trash between the two passes of a
// listing is in neither, and a list in one answer may be that of a moment, or of
// another route. What is found is planned like any other.
func (l *lister) missing(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	if err := l.mentioned(ctx, kind, emit); err != nil {
		return err
	}
	search := plan.CanBeLookedFor(kind)
	trusted := true
	left, err := l.unlisted(ctx, kind, func(ids []string) ([]string, error) {
		if !search {
			return ids, nil
		}
		left, finds, err := l.searchFor(ctx, kind, ids, emit)
		trusted = trusted && finds
		return left, err
	})
	if errors.Is(err, errPlanned) {
		return nil
	}
	if err != nil {
		return err
	}
	witnesses := l.Planner.Limits.Usual().IDs
	switch {
	case search && trusted && !l.Ledger.CountsMore(kind.Name):
		return nil // two answers agree, and the search is one that finds something
	case search, l.Planner.Within != nil:
		witnesses = Samples
	}
	return l.missed(ctx, kind, left, witnesses, emit)
}

// missed asks alone for documents that a list did not hold, for so many witnesses first.
// Where they are there, the kind is incomplete, and they are planned.
func (l *lister) missed(ctx context.Context, kind *catalogue.Spec, ids []string, witnesses int, emit pipeline.Emit[record.Ask]) error {
	found, err := l.stillThere(ctx, kind, ids, witnesses)
	if err != nil {
		return l.notProven(kind, record.Present, err, emit)
	}
	l.leavesOut(kind, found, "are there")
	return l.planAlone(ctx, kind, record.Present, found, emit)
}

// leavesOut records that a list does not hold documents that are there; how says how that is
// known.
func (l *lister) leavesOut(kind *catalogue.Spec, found []record.Listed, how string) {
	if len(found) == 0 {
		return
	}
	reason := fmt.Sprintf("%s leaves out %d that %s, and may leave out others: %s", kind.Listing.Route, len(found), how, FirstFew(idsOf(found)))
	l.Log.Warn("the list is not proven to be whole, the kind is incomplete", "kind", kind.Name, "reason", reason)
	l.Ledger.Ended(kind.Name, record.Incomplete, reason)
}

// planAlone plans documents that are not asked for in pages or by lists of ids.
func (l *lister) planAlone(ctx context.Context, kind *catalogue.Spec, state record.State, found []record.Listed, emit pipeline.Emit[record.Ask]) error {
	if len(found) == 0 {
		return nil
	}
	alone := kind.With(func(k *catalogue.Spec) { k.Many = nil })
	return l.plan(ctx, alone, state, plan.Nowhere, found, emit)
}

// errPlanned means that a search failed, and that this was said.
var errPlanned = errors.New("the search failed")

// unlisted hands what the store holds, the run should and did not settle to look, in portions,
// and returns what that leaves. In a run of some folders, where nothing becomes gone, one
// portion tells enough: it is asked for in each run.
func (l *lister) unlisted(ctx context.Context, kind *catalogue.Spec, look func(ids []string) (left []string, err error)) (left []string, err error) {
	most := l.Planner.Limits.Usual().IDs
	var some []string
	for after, last := "", false; ; {
		if !last && len(some) < most {
			ids, err := l.Store.Unsettled(ctx, kind.Name, after, most)
			if err != nil {
				return nil, fmt.Errorf("find %s that were not listed: %w", kind.Name, err)
			}
			if last = len(ids) < most; len(ids) > 0 {
				after = ids[len(ids)-1]
			}
			if ids, err = l.wanted(ctx, kind, ids); err != nil {
				return nil, err
			}
			some = append(some, ids...)
			continue
		}
		if len(some) == 0 {
			return left, nil
		}
		portion := some[:min(len(some), most)]
		some = some[len(portion):]
		ids, err := look(slices.Clone(portion))
		if err != nil {
			return nil, err
		}
		if left = append(left, ids...); l.Planner.Within != nil {
			return left, nil
		}
	}
}

// wanted are those of stored documents that this run should have settled: they are not
// deferred and not excluded, and lay in the folders of the run when they were seen last.
func (l *lister) wanted(ctx context.Context, kind *catalogue.Spec, ids []string) ([]string, error) {
	deferred, err := l.deferredOf(ctx, kind.Name, ids)
	if err != nil {
		return nil, err
	}
	var known map[string]record.Known
	if l.Planner.Within != nil {
		if known, err = l.Store.Known(ctx, kind.Name, ids); err != nil {
			return nil, fmt.Errorf("look up %s: %w", kind.Name, err)
		}
	}
	return slices.DeleteFunc(ids, func(id string) bool {
		return deferred[id] || !l.Planner.Wants(kind.Name, id, known[id].Folder)
	}), nil
}

// searchFor searches for documents by their ids and plans those that it finds. It
// returns those that are still to be asked for alone, and whether the search finds what is
// there in every state: a server that answers every list with none for a while, or that of the
// trash alone, finds nothing, and what it does not find is not gone for that.
func (l *lister) searchFor(ctx context.Context, kind *catalogue.Spec, ids []string, emit pipeline.Emit[record.Ask]) (left []string, finds bool, err error) {
	finds = true
	for _, state := range States(kind) {
		witness := l.Ledger.Witness(kind.Name, state, ids...)
		finds = finds && witness != ""
		found, answer, err := l.lookFor(ctx, kind, state, ids, witness)
		if err == nil && answer == idsIgnored && len(ids) <= fewEnough {
			found, err = l.askFor(ctx, kind, ids)
		}
		if err != nil {
			if err := l.notProven(kind, state, err, emit); err != nil {
				return nil, false, err
			}
			return nil, false, errPlanned
		}
		if err := l.turnedUp(ctx, kind, state, found, emit); err != nil {
			return nil, false, err
		}
		if answer == idsIgnored {
			return nil, true, nil // asked for alone, a document comes in whatever state it is
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(idsOf(found), id) })
		if answer == witnessMissed {
			return ids, false, nil
		}
	}
	return ids, finds, nil
}

// stillThere asks for documents alone, and returns those that are there. Of very many it
// asks for as many as there are witnesses first, spread over all of them: where none
// of these is there, the list is believed.
func (l *lister) stillThere(ctx context.Context, kind *catalogue.Spec, ids []string, witnesses int) ([]record.Listed, error) {
	if len(ids) <= witnesses {
		return l.askFor(ctx, kind, ids)
	}
	first := spread(ids, witnesses)
	found, err := l.askFor(ctx, kind, first)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	others, err := l.askFor(ctx, kind, slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(first, id) }))
	return slices.Concat(found, others), err
}

// spread returns so many of some documents, spread over all of them.
func spread(ids []string, n int) []string {
	if len(ids) <= n {
		return ids
	}
	some := make([]string, n)
	for i := range some {
		some[i] = ids[i*len(ids)/n]
	}
	return some
}

// turnedUp plans documents that the list did not hold.
func (l *lister) turnedUp(ctx context.Context, kind *catalogue.Spec, state record.State, found []record.Listed, emit pipeline.Emit[record.Ask]) error {
	// What has moved out of the folders of the run was listed elsewhere.
	found = slices.DeleteFunc(found, func(row record.Listed) bool { return !l.Planner.Wants(kind.Name, row.ID, row.Folder) })
	if len(found) == 0 {
		return nil
	}
	l.Log.Warn("the list did not hold what is there", "kind", kind.Name, "documents", len(found), "first", found[0].ID)
	l.Ledger.LeftOut(kind.Name, state, len(found))
	l.Ledger.Note(kind.Name, fmt.Sprintf("%d came back, or moved, while the list was read: %s", len(found), FirstFew(idsOf(found))))
	return l.plan(ctx, kind, state, plan.Nowhere, found, emit)
}

// searchAnswer is what an answer to a search by ids is worth.
type searchAnswer uint8

const (
	idsHonoured   searchAnswer = iota // it brought nothing but what was asked for
	idsIgnored                        // it brought other documents
	witnessMissed                     // it did not bring the one that is there, or not all that the server counts
)

// lookFor searches for documents by their ids, and with them for another one that is known to be
// there, where witness is its id.
func (l *lister) lookFor(ctx context.Context, kind *catalogue.Spec, state record.State, ids []string, witness string) (found []record.Listed, worth searchAnswer, err error) {
	if len(ids) == 0 {
		return nil, idsHonoured, nil
	}
	asked := ids
	if witness != "" {
		asked = append(slices.Clone(ids), witness)
	}
	call := ListCall(kind, state, 0, len(asked))
	call.Query.Set(kind.Listing.IDs, strings.Join(asked, ","))
	answer, err := l.Looker.Get(ctx, call)
	if err != nil {
		return nil, worth, err
	}
	rows, err := l.rows(kind, state, answer.Body)
	if err != nil {
		return nil, worth, err
	}
	ignored, brought := false, witness == ""
	for _, r := range rows {
		switch {
		case r.wrong != "":
		case r.ID == witness:
			brought = true
		case slices.Contains(ids, r.ID):
			found = append(found, r.Listed)
		default:
			ignored = true
		}
	}
	switch {
	case ignored:
		worth = idsIgnored
	case !brought, answer.HasTotal && answer.Total > len(rows):
		worth = witnessMissed
	}
	return found, worth, nil
}

// Listing is what lists tell of a document that does not answer alone.
type Listing uint8

// What lists tell.
const (
	Unlisted   Listing = iota // they do not hold it any more
	Listed                    // they hold it
	NoListTold                // they do not tell: the search by ids finds nothing of what is there
)

// StillListed searches the lists of every state for a document that this run has seen listed.
func (o *ListOptions) StillListed(ctx context.Context, kind *catalogue.Spec, want record.Listed) (Listing, error) {
	l := &lister{ListOptions: *o, reader: canon.NewReader()}
	told := Unlisted
	for _, state := range States(kind) {
		witness := o.Ledger.Witness(kind.Name, state, want.ID)
		found, answer, err := l.lookFor(ctx, kind, state, []string{want.ID}, witness)
		if err == nil && len(found) == 0 && witness == "" && state == want.State {
			found, err = l.only(ctx, kind, want)
		}
		switch {
		case err != nil:
			return NoListTold, err
		case len(found) > 0:
			return Listed, nil
		case answer != idsHonoured:
			told = NoListTold
		}
	}
	return told, nil
}

// only lists the documents of a kind once more of which this run has seen one alone, and
// returns that where it is still there.
func (l *lister) only(ctx context.Context, kind *catalogue.Spec, want record.Listed) (found []record.Listed, err error) {
	answer, err := l.Looker.Get(ctx, ListCall(kind, want.State, 0, mostWitnesses))
	if err != nil {
		return nil, err
	}
	rows, err := l.rows(kind, want.State, answer.Body)
	for _, r := range rows {
		if r.wrong == "" && r.ID == want.ID {
			found = append(found, r.Listed)
		}
	}
	return found, err
}

// askFor asks for each document alone, and returns those that are there. Their
// bodies are fetch's to bring.
func (l *lister) askFor(ctx context.Context, kind *catalogue.Spec, ids []string) (found []record.Listed, err error) {
	for _, id := range ids {
		route, path := kind.Single(id)
		if route.IsZero() {
			return nil, nil
		}
		answer, err := l.Looker.Get(ctx, Call{Kind: kind.Name, Route: route, Path: path, Query: route.Values()})
		var failed *Failed
		switch {
		case errors.As(err, &failed) && failed.Class == record.FaultMissing:
		case err != nil:
			return nil, err
		case string(canon.Member(answer.Body, "deleted")) == "true" && !kind.Listing.Trash:
			// Some kinds are served for a while after they were deleted.
		default:
			row := record.Listed{ID: id, State: record.Present}
			if kind.Place == catalogue.InFolder {
				row.Folder = canon.Text(canon.Member(answer.Body, kind.Fields.Folder))
			}
			if l.Planner.Wants(kind.Name, id, row.Folder) { // else it has moved
				found = append(found, row)
			}
		}
	}
	return found, nil
}

func idsOf(rows []record.Listed) []string {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids
}
