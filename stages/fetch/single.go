package fetch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// single asks for one document.
func (t *task) single(ctx context.Context, want record.Listed) error {
	route, _ := t.kind.Single(want.ID)
	if route.IsZero() {
		return t.fault(want, record.Fault{Class: record.FaultMissing, Message: "the list no longer holds it and no route brings it alone"})
	}
	call := t.detailCall(want.ID)
	byAlias := !t.kind.ByAlias.IsZero() // then it has other names to be asked for by
	// What an earlier run did not find is asked for once, to see whether it is there now.
	once := want.Unseen || want.Dangled
	call.Twice = !byAlias && !once
	call.Emptied = t.hasRows(want)
	call.Refused = len(t.kind.Listing.Fixed) > 0 && t.Admin && !once
	err := t.bring(ctx, want, call)
	failed := (*stages.Failed)(nil)
	if !errors.As(err, &failed) {
		return err
	}
	if failed.Class == record.FaultMissing && byAlias {
		if done, err := t.otherwise(ctx, want); done || err != nil {
			return err
		}
		if failed.Attempts < 2 && !once {
			if err := t.bring(ctx, want, call); !errors.As(err, &failed) {
				return err
			}
		}
	}
	return t.refused(ctx, want, failed)
}

// bring makes a call for one document and settles it. A [*stages.Failed] says that the
// call did not bring it; then nothing is settled.
func (t *task) bring(ctx context.Context, want record.Listed, call stages.Call) error {
	b, err := t.askForRows(ctx, &want, call)
	if err != nil {
		return err
	}
	if !call.Emptied {
		t.cameEmpty(want, b.answer.Body)
	}
	agrees := t.agrees(want, b.answer.Body)
	if !agrees && t.Overviews.Doubtful() {
		// A node that lags may have answered, or a mix-up emptied the answer.
		b.lease.Release()
		if b, err = t.askForRows(ctx, &want, call); err != nil {
			return err
		}
		if agrees = t.agrees(want, b.answer.Body); !agrees {
			t.Overviews.Contradicted()
		}
	}
	if err := t.believe(ctx, want, b.alone); err != nil {
		b.lease.Release()
		return err
	}
	if !agrees {
		want.Stamp = record.Digest{} // the next run asks again
	}
	t.learn(int64(len(b.answer.Body)), 1)
	t.holdAgainstBacks(want, b.answer.Body)
	if b.same {
		date := t.newDate(want, b.answer.Body)
		b.lease.Release()
		item := t.item(want, nil, nil, call.Route, t.Now())
		item.Same, item.Size, item.Stamp = true, want.Size, cmp.Or(item.Stamp, date)
		return t.settle(item)
	}
	if err := t.holdAgainstRow(ctx, want, b.answer.Body); err != nil {
		b.lease.Release()
		return err
	}
	item := t.item(want, b.answer.Body, b.lease, call.Route, t.Now())
	item.Read, item.Alias = b.doc, want.Alias
	return t.settle(item)
}

// hasRows reports whether a list that is a document of its own should have rows: an overview
// tells of some, or more is stored of it, or nothing, and such lists have some.
func (t *task) hasRows(want record.Listed) bool {
	switch listing := t.kind.Listing; {
	case listing.Overview != nil && !want.Stamp.IsZero():
		return want.Stamp != stages.NoParts
	case want.Size == 0:
		return listing.Filled
	}
	return want.Size > int64(len(emptyList))
}

// emptyList is a list without rows.
const emptyList = "[]"

// cameEmpty records a list that is a document of its own and came without rows, where nothing
// tells that it has none.
func (t *task) cameEmpty(want record.Listed, body []byte) {
	told := t.kind.Listing.Overview != nil && !want.Stamp.IsZero()
	if route, _ := t.kind.Single(want.ID); route.Array && want.Size == 0 && !told && string(bytes.TrimSpace(body)) == emptyList {
		t.Ledger.CameEmpty(record.Ref{Kind: t.ask.Kind, ID: want.ID}, want.State, t.Now())
	}
}

// brought is the answer to a call for one document, which is that document.
type brought struct {
	alone
	answer stages.Answer
	lease  *budget.Lease
}

// askAlone makes a call for one document. It notes in want by which alias the document
// answers.
func (t *task) askAlone(ctx context.Context, want *record.Listed, call stages.Call) (b brought, err error) {
	if !addressable(call.Path) {
		return b, &stages.Failed{Fault: record.Fault{Class: record.FaultMissing, Message: "no address can name it"}, Err: errNoAddress}
	}
	var unread error // the store could not be asked
	call.Check = func(body []byte) (failed *stages.Failed) {
		unread = t.noteAlias(ctx, want, body)
		if unread == nil {
			b.alone, failed = t.readAlone(*want, body)
		}
		return failed
	}
	b.answer, b.lease, err = t.get(ctx, call, budget.Load{Bytes: t.guess(1), Items: 1}, false)
	if err == nil && unread != nil {
		b.lease.Release()
		err = unread
	}
	return b, err
}

// errNoAddress means that a document has an id that no address can name.
var errNoAddress = errors.New("no address can name it")

// addressable reports whether a path leads to where it says: a document called ".." would be what
// stands above its kind.
func addressable(path string) bool {
	return !slices.ContainsFunc(strings.Split(path, "/"), func(part string) bool { return part == "." || part == ".." })
}

// refused decides about a document that a single call did not bring.
func (t *task) refused(ctx context.Context, want record.Listed, failed *stages.Failed) error {
	ref := record.Ref{Kind: t.ask.Kind, ID: want.ID}
	missing, denied := failed.Class == record.FaultMissing, failed.Class == record.FaultDenied
	switch {
	case want.Asked && missing:
		t.Ledger.Answered(t.ask.Kind, 1)
		return t.Absent(ctx, ref)
	case len(t.kind.Listing.Fixed) > 0 && (missing || denied) && want.Held && t.Admin:
		t.Ledger.Lost(ref)
		return t.fault(want, failed.Fault)
	case len(t.kind.Listing.Fixed) > 0 && (missing || denied),
		t.kind.Listing.Followed && missing && !t.Admin: // which may mean: not for this key
		if len(t.kind.Listing.Fixed) > 0 && missing && t.Admin {
			t.Ledger.Learn(t.kind.Name, record.NotServed(want.ID))
		}
		t.Ledger.Answered(t.ask.Kind, 1)
		return t.Absent(ctx, ref)
	case t.kind.Listing.Followed && missing && !want.Named:
		// What names it is not known to be there either. Where that turns out to be
		// gone, this is gone with it.
		t.Ledger.Orphan(ref)
		t.Ledger.Answered(t.ask.Kind, 1)
		return nil
	case t.kind.Loose() && missing:
		return t.dangling(ctx, want, failed)
	case t.kind.Owned() && missing && want.Presumed:
		return t.ownerRests(ctx, ref)
	case t.kind.Owned() && missing:
		// Its owner was listed in this run, so the document is there as well.
		t.Ledger.Withheld(ref)
		return t.fault(want, failed.Fault)
	case missing:
		return t.missing(ctx, want, failed)
	}
	return t.fault(want, failed.Fault)
}

// ownerRests enters a part into the ledger that is not there, and of whose owner this run
// has not asked whether it is. What is stored of it stays as it was seen before.
func (t *task) ownerRests(ctx context.Context, ref record.Ref) error {
	stored, err := t.Store.Known(ctx, ref.Kind, []string{ref.ID})
	if err != nil {
		return fmt.Errorf("look up %s: %w", ref, err)
	}
	if known, held := stored[ref.ID]; held && known.State != record.Gone {
		if err := t.Defer(ctx, ref.Kind, []plan.Deferral{{ID: ref.ID, Seen: known.Observed}}); err != nil {
			return err
		}
	}
	t.Ledger.OwnerRests(ref)
	t.Ledger.Answered(t.ask.Kind, 1)
	return nil
}

// dangling decides about a document that a stored one names and that the server
// does not have, by any way to ask for it.
func (t *task) dangling(ctx context.Context, want record.Listed, failed *stages.Failed) error {
	ref := record.Ref{Kind: t.ask.Kind, ID: want.ID}
	if t.kind.Listing.Unserved && want.Hash.IsZero() {
		t.Ledger.Unserved(ref)
		t.Ledger.Answered(t.ask.Kind, 1)
		return nil
	}
	parents, err := t.Store.Parents(ctx, ref, 2)
	if err != nil {
		return fmt.Errorf("find what names %s: %w", ref, err)
	}
	t.Ledger.Dangling(ref)
	fault := failed.Fault
	fault.Class = record.FaultDangling
	fault.Message = named(parents) + ": " + fault.Message
	return t.fault(want, fault)
}

// named says which documents name one: "named by dashboards/17 and others".
func named(parents []record.Ref) string {
	switch len(parents) {
	case 0:
		return "named by a document that is not stored any more"
	case 1:
		return "named by " + parents[0].String()
	}
	return "named by " + parents[0].String() + " and others"
}

// missing decides about a document that was listed and then answered 404, which
// means either that it is gone or that the key may not see it. It is gone only
// if the listing no longer holds it.
func (t *task) missing(ctx context.Context, want record.Listed, failed *stages.Failed) error {
	if t.kind.Listing.IDs == "" {
		t.Ledger.AddNotThere(t.kind.Name)
		return t.fault(want, failed.Fault)
	}
	still, err := t.listing().StillListed(ctx, t.kind, want)
	switch {
	case errors.As(err, new(*stages.Failed)):
		return t.fault(want, failed.Fault)
	case err != nil:
		return err
	case still == stages.Unlisted:
		return t.settle(record.Item{Ref: record.Ref{Kind: t.ask.Kind, ID: want.ID}, State: record.Gone, Replaces: want.Replaces, At: t.Now()})
	}
	fault := failed.Fault
	if still == stages.Listed {
		fault.Class = record.FaultDenied
	}
	return t.fault(want, fault)
}

func (t *task) detailCall(id string) stages.Call {
	route, path := t.kind.Single(id)
	query := route.Values()
	if route.Param != "" {
		query.Set(route.Param, id)
	}
	return stages.Call{Kind: t.kind.Name, Route: route, Path: path, Query: query, Size: t.guess(1)}
}

// alone is what was read of the answer to a call for one document.
type alone struct {
	same bool             // it is, byte for byte, the body that is stored
	doc  *record.Document // nil when it is the same
}

// readAlone reads the answer to a call for one document. A [*stages.Failed] says why it is
// not that document.
func (t *task) readAlone(want record.Listed, body []byte) (alone, *stages.Failed) {
	if int64(len(body)) == want.Size && begins(body, &want) {
		return alone{same: true}, nil
	}
	doc, err := t.reader.Read(t.rules, body)
	if err != nil {
		return alone{}, stages.Broken(err)
	}
	if failed := stages.StrangerAlone(t.kind, want, doc, body); failed != nil {
		return alone{}, failed
	}
	return alone{doc: &doc}, nil
}
