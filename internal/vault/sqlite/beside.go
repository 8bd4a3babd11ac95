package sqlite

import (
	"context"
	"errors"
	"runtime"

	"github.com/sourcegraph/conc"

	"github.com/lookervault/lookervault/internal/vault"
)

// mostBeside is how many connections read one answer at most. Each keeps 2 MB of pages.
const mostBeside = 4

// besideFrom is how many versions make it worth while to open other connections, which
// takes two milliseconds each.
const besideFrom = 10_000

// sideBySide calls fn with connections that see one state of the vault: that of a
// snapshot, which comes first, and others where there are processors for them and much to
// read. While a run commits there may be the first one only. They are good until fn
// returns.
func (r *Reader) sideBySide(ctx context.Context, fn func(q querier, conns []*conn) error) (err error) {
	others, err := r.openCompanions(ctx)
	defer func() { err = errors.Join(err, classify(r.path, others.close())) }()
	usable := others
	if err = classify(r.path, err); errors.Is(err, vault.ErrCorrupt) {
		usable = nil // the first one alone meets the same damage, if it has to read there
	} else if err != nil {
		return err
	}
	return r.snapshot(ctx, func(q querier) error {
		first, err := rawOf(q)
		if err != nil {
			return err
		}
		// BEGIN alone does not fix what a snapshot sees, the first reading does.
		if _, err := first.number("SELECT count(*) FROM runs WHERE id = 0"); err != nil {
			return err
		}
		same, err := usable.begin()
		if err != nil {
			return err
		}
		return fn(q, append([]*conn{first}, same...))
	})
}

// A companion is a connection that reads beside a snapshot. Its data_version moves when
// another connection has committed between two looks at it.
type companion struct {
	*conn
	version int64 // before the snapshot began
}

type companions []companion

// openCompanions opens them before the snapshot begins: none where little is to be read.
func (r *Reader) openCompanions(ctx context.Context) (open companions, err error) {
	versions, err := number(ctx, r.db, `SELECT max(id) FROM versions`)
	if err != nil || versions < besideFrom {
		return nil, err
	}
	for range min(mostBeside, runtime.GOMAXPROCS(0)) - 1 {
		c, err := r.connector.connect()
		if err != nil {
			return open, err
		}
		open = append(open, companion{conn: c})
		if open[len(open)-1].version, err = c.number("PRAGMA data_version"); err != nil {
			return open, err
		}
	}
	return open, nil
}

// begin begins their transactions once the snapshot has begun. It returns those that see
// what the snapshot sees: nobody has committed since before it.
func (all companions) begin() (same []*conn, err error) {
	for _, c := range all {
		if err := c.exec("BEGIN"); err != nil {
			return nil, err
		}
		version, err := c.number("PRAGMA data_version")
		if err != nil {
			return nil, err
		}
		if version == c.version {
			same = append(same, c.conn)
		}
	}
	return same, nil
}

func (all companions) close() (err error) {
	for _, c := range all {
		err = errors.Join(err, c.rollback(), c.conn.close())
	}
	return err
}

// versionsAtOnce is how many versions make a part of an answer, and mostParts how many parts
// there are, whatever the newest version is.
const (
	versionsAtOnce = 200
	mostParts      = 1 << 16
)

// An entrySpan are versions by their ids: after, up to and including last.
type entrySpan struct{ after, last int64 }

// partsOf cuts the versions up to the newest into parts. The first one has no beginning: a
// damaged id may be one that nobody expects. The last one ends at the newest, which its
// size would reach too, but not without an overflow.
func partsOf(newest int64) []entrySpan {
	size := max(versionsAtOnce, newest/mostParts+1)
	parts := make([]entrySpan, max(newest, 0)/size+1)
	for i := range parts {
		parts[i] = entrySpan{after: int64(i) * size, last: int64(i+1) * size}
	}
	parts[0].after, parts[len(parts)-1].last = -always, newest
	return parts
}

// A partReader appends the entries of a part, those in front of an error, and returns the
// error. It serves one goroutine.
type partReader[P any] func(entries []vault.Entry, part P) ([]vault.Entry, error)

// eachBeside reads parts with several readers at the same time, and calls fn with the
// entries in the order of the parts, in the caller's goroutine, until it returns false; each is
// good until fn returns. It reports whether fn has seen them all. An error comes behind the
// entries in front of it.
func eachBeside[P any](ctx context.Context, readers []partReader[P], parts []P, fn func(*vault.Entry) bool) (whole bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	ahead := make(chan chan partRead, len(readers)) // what is read and not yet wanted
	toRead := make(chan func(partReader[P]))
	free := make(chan []vault.Entry, 2*len(readers)+1) // memory of those that were read
	var beside conc.WaitGroup
	for _, read := range readers {
		beside.Go(func() {
			for part := range toRead {
				part(read)
			}
		})
	}
	beside.Go(func() {
		defer close(ahead)
		defer close(toRead)
		for _, part := range parts {
			done := make(chan partRead, 1)
			if !send(ctx, ahead, done) || !send(ctx, toRead, func(read partReader[P]) {
				var entries []vault.Entry
				select {
				case entries = <-free:
				default:
				}
				entries, err := read(entries, part)
				done <- partRead{entries, err}
			}) {
				return
			}
		}
	})
	// The readers end before their connections do, also when fn panics.
	defer beside.Wait()
	defer cancel()
	for done := range ahead {
		select {
		case part := <-done:
			for i := range part.entries {
				if !fn(&part.entries[i]) {
					return false, nil
				}
			}
			if part.err != nil {
				return false, part.err
			}
			select {
			case free <- part.entries[:0]:
			default:
			}
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	return true, ctx.Err()
}

// A partRead is what a partReader has read.
type partRead struct {
	entries []vault.Entry
	err     error
}

// send sends a value unless ctx ends before somebody takes it.
func send[T any](ctx context.Context, to chan<- T, value T) bool {
	select {
	case to <- value:
		return true
	case <-ctx.Done():
		return false
	}
}
