package stages

import (
	"context"
	"fmt"
	"hash/maphash"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// idFilter is a set of ids of bounded size: it may hold one that was not added, and never lacks
// one that was. The zero value is empty.
type idFilter struct {
	seed maphash.Seed
	bits []uint64
	all  bool
}

// filterBits is how many bits a filter has: 64 KiB. Of 10,000 ids that were not added, with as many
// that were, it holds 190.
const filterBits = 1 << 19

func (f *idFilter) add(id string) {
	if f.bits == nil {
		f.seed, f.bits = maphash.MakeSeed(), make([]uint64, filterBits/64)
	}
	bit := maphash.String(f.seed, id) % filterBits
	f.bits[bit/64] |= 1 << (bit % 64)
}

// addAll adds every id that there is.
func (f *idFilter) addAll() { f.all = true }

func (f *idFilter) has(id string) bool {
	if f.all || f.bits == nil {
		return f.all
	}
	bit := maphash.String(f.seed, id) % filterBits
	return f.bits[bit/64]&(1<<(bit%64)) != 0
}

// rowDoubts are what is in doubt of the rows of a kind's lists.
type rowDoubts struct {
	unclear   []record.Listed          // documents of which a list holds two rows that differ, or may
	unasked   map[string]record.Digest // rows that came and were not asked for
	fromLists idFilter                 // documents that are settled without a fetch of their own
	doubted   bool                     // some of fromLists may be poorer than their documents
}

// FromList records a document that is settled without a fetch of its own: by the row of a list, or
// because a list says that it is the same.
func (l *Ledger) FromList(ref record.Ref) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds[ref.Kind].rows.fromLists.add(ref.ID)
}

// Doubted reports whether this run stored rows of a kind's lists before it found that rows are
// poorer than documents, and can fetch all that is in doubt alone. It cannot where documents of the
// kind rest: earlier runs may have stored rows of these.
func (l *Ledger) Doubted(kind record.Kind) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.kinds[kind]
	return a.rows.doubted && a.deferred == 0 && !a.trashRested
}

// Assured records that what was in doubt of a kind was fetched alone. Where some of that was not
// answered, it stays in doubt.
func (l *Ledger) Assured(kind record.Kind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.kinds[kind]; a.answered >= a.asked {
		a.rows.doubted, a.rows.fromLists = false, idFilter{}
		l.learn(kind, record.RowsAssured)
	}
}

// doubted asks alone for what rows of lists have settled of a kind whose rows were found to be
// poor. What is fetched takes their place.
func (l *lister) doubted(ctx context.Context, kind *catalogue.Spec, emit pipeline.Emit[record.Ask]) error {
	again, atOnce := 0, l.Planner.Limits.Usual().Followed
	for after, last := "", false; !last; {
		ids, err := l.Store.Settled(ctx, kind.Name, after, atOnce)
		if err != nil {
			return fmt.Errorf("find %s that are settled: %w", kind.Name, err)
		}
		if last = len(ids) < atOnce; !last {
			after = ids[len(ids)-1]
		}
		known, err := l.Store.Known(ctx, kind.Name, ids)
		if err != nil {
			return fmt.Errorf("look up %s: %w", kind.Name, err)
		}
		var rows []record.Listed
		for _, id := range ids {
			if l.Ledger.isFromList(record.Ref{Kind: kind.Name, ID: id}) {
				rows = append(rows, record.Listed{ID: id, Stamp: known[id].Stamp})
			}
		}
		again += len(rows)
		if err := l.settleAnew(kind, rows, known, emit); err != nil {
			return err
		}
	}
	l.Log.Warn("rows were stored that may be poorer than documents, fetching these alone", "kind", kind.Name, "documents", again)
	l.Ledger.Note(kind.Name, fmt.Sprintf("%d that were stored as rows before that was found were fetched alone", again))
	return nil
}

func (l *Ledger) isFromList(ref record.Ref) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kinds[ref.Kind].rows.fromLists.has(ref.ID)
}
