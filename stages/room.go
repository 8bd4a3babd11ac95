package stages

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/lookervault/lookervault/internal/record"
)

// A call is never answered with much more than the room that was reserved for
// it: what is larger is cut off. So the answers in the air stay within twice the
// limit, whatever a kind's documents were guessed to be like, and the guess is
// better the next time.
const (
	// slack is by how much an answer may exceed its room.
	slack = 2
	// share is the part of the limit that one ask may be expected to take, so that
	// several fit and none has to wait until all others are done.
	share = 4
)

// small is an answer of a size that every worker may have in the air at once.
func (f *fetcher) small() int64 {
	return max(1, f.Limits.limit.Bytes/int64(2*f.Workers))
}

// most is how many documents of a kind one ask may be for.
func (t *task) most(how record.How) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	most := max(1, min(t.chunk, int(t.Limits.limit.Bytes/share/t.size)))
	switch how {
	case record.Folder:
		return unbounded // it comes whole or not at all
	case record.IDs:
		return min(most, IDsAtOnce)
	}
	return most
}

// get reserves room and makes a call. The room that it returns is that of the
// answer; it is the caller's to release. A call that cannot be made in parts is
// made again when its answer was cut off, with all the room that it takes.
func (t *task) get(ctx context.Context, call Call, want Load, parts bool) (Answer, Load, error) {
	cut := true
	for {
		held, err := t.Limits.Reserve(ctx, want)
		if err != nil {
			return Answer{}, Load{}, err
		}
		call.Size, call.Most = want.Bytes, 0
		if cut {
			call.Most = max(slack*held.Bytes, t.small())
		}
		answer, err := t.Looker.Get(ctx, call)
		if err == nil {
			is := Load{Bytes: int64(len(answer.Body)), Items: held.Items}
			t.Limits.Correct(held, is)
			return answer, is, nil
		}
		t.Limits.Release(held)
		failed := (*Failed)(nil)
		if !errors.As(err, &failed) || failed.Class != faultTooLarge || !cut {
			return Answer{}, Load{}, err
		}
		if parts {
			t.atLeast(max(failed.Size, call.Most), int(want.Items))
			return Answer{}, Load{}, err
		}
		cut = false
		if want.Bytes = failed.Size; want.Bytes == 0 {
			want.Bytes = t.Limits.limit.Bytes
		}
	}
}

// drop gives an answer back that nothing was cut out of, and what was reserved for it.
func (l *Limits) drop(answer Answer, held Load) {
	if answer.Free != nil {
		answer.Free()
	}
	l.Release(held)
}

// room is what an answer takes, until all who share it have left.
type room struct {
	limits *Limits
	bytes  int64
	free   func()
	inside atomic.Int32
}

// share makes the room of an answer, whose bytes are reserved already, that of n
// items. What else was reserved for the answer stays so.
func (l *Limits) share(answer Answer, n int) *room {
	r := &room{limits: l, bytes: int64(len(answer.Body)), free: answer.Free}
	r.inside.Store(int32(n))
	return r
}

// Leave is record.Room.
func (r *room) Leave() {
	if r.inside.Add(-1) > 0 {
		return
	}
	if r.free != nil {
		r.free()
	}
	r.limits.Release(Load{Bytes: r.bytes})
}
