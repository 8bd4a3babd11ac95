package sqlite

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

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
	if err != nil {
		return classify(r.path, err)
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
		same, err := others.begin()
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

// entriesAtATime is how many entries go from one goroutine to another together.
const entriesAtATime = 256

// partsBeside is how many parts an answer is cut into, so that all connections have
// something to do until the end.
const partsBeside = 64

// An entrySpan are versions by their ids: after, up to and including last.
type entrySpan struct{ after, last int64 }

// partsOf cuts the versions up to the newest into parts. The first one has no beginning: a
// damaged id may be one that nobody expects. The last one ends at the newest, which its
// size would reach too, but not without an overflow.
func partsOf(newest int64) []entrySpan {
	size := newest/partsBeside + 1
	parts := make([]entrySpan, partsBeside)
	for i := range parts {
		parts[i] = entrySpan{after: int64(i) * size, last: int64(i+1) * size}
	}
	parts[0].after, parts[partsBeside-1].last = -always, newest
	return parts
}

// A partReader reads the entries of a part and emits them. It ends without an error when
// emit returns errEnough. It serves one goroutine.
type partReader func(part entrySpan, emit func(vault.Entry) error) error

// eachBeside reads parts with several readers at the same time, and calls fn with the
// entries in any order, in the caller's goroutine, until it returns false. It reports
// whether fn has seen them all. Of several errors it returns that of the first part.
func eachBeside(ctx context.Context, readers []partReader, parts []entrySpan, fn func(vault.Entry) bool) (whole bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	s := &sharedParts{
		ctx: ctx, parts: parts, errs: make([]error, len(parts)),
		ready: make(chan []vault.Entry, 2*len(readers)), free: make(chan []vault.Entry, 4*len(readers)),
	}
	s.end.Store(int64(len(parts)))
	var workers, closer conc.WaitGroup
	for _, read := range readers {
		workers.Go(func() { s.work(read) })
	}
	closer.Go(func() {
		defer close(s.ready)
		workers.Wait()
	})
	// The readers end before their connections do, also when fn panics.
	defer closer.Wait()
	defer cancel()
	for some := range s.ready {
		for _, e := range some {
			if !fn(e) {
				return false, nil
			}
		}
		select {
		case s.free <- some[:0]:
		default:
		}
	}
	for _, err := range s.errs {
		if err != nil {
			return false, err
		}
	}
	return true, ctx.Err()
}

// sharedParts are parts that several goroutines take from.
type sharedParts struct {
	ctx   context.Context
	parts []entrySpan
	next  atomic.Int64 // the part that nobody has taken yet
	end   atomic.Int64 // the first part that need not be read, as one before it has failed
	errs  []error      // by part
	ready chan []vault.Entry
	free  chan []vault.Entry // memory of those that were read
}

// work reads parts until there are none.
func (s *sharedParts) work(read partReader) {
	some := make([]vault.Entry, 0, entriesAtATime)
	emit := func(e vault.Entry) error {
		if some = append(some, e); len(some) < entriesAtATime {
			return nil
		}
		if !s.send(some) {
			return errEnough
		}
		select {
		case some = <-s.free:
		default:
			some = make([]vault.Entry, 0, entriesAtATime)
		}
		return nil
	}
	for s.ctx.Err() == nil {
		i := s.next.Add(1) - 1
		if i >= s.end.Load() {
			break
		}
		if s.errs[i] = read(s.parts[i], emit); s.errs[i] != nil {
			for end := s.end.Load(); i < end && !s.end.CompareAndSwap(end, i); end = s.end.Load() {
			}
		}
	}
	s.send(some)
}

func (s *sharedParts) send(some []vault.Entry) bool {
	select {
	case s.ready <- some:
		return true
	case <-s.ctx.Done():
		return false
	}
}
