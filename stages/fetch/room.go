package fetch

import (
	"context"
	"errors"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/plan"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// A call is never answered with much more than the room that was reserved for
// it: what is larger is cut off. So the answers in the air stay within twice the
// limit, whatever a kind's documents were guessed to be like, and the guess is
// better the next time.
//
// slack is by how much an answer may exceed its room.
const slack = 2

// small is an answer of a size that every worker may have in the air at once.
func (f *fetcher) small() int64 {
	return max(1, f.Budget.Limit().Bytes/int64(2*f.Workers))
}

// atOnce is how many of want one call may be for.
func (t *task) atOnce(how record.How, want []record.Listed) int {
	if how == record.Folder {
		return len(want) // it comes whole or not at all
	}
	size := max(1, t.expect(want)/int64(len(want)))
	n := min(len(want), t.upTo(t.Budget.Limit().Bytes/plan.InFlightShare, size))
	if how == record.IDs {
		n = min(n, t.Planner.Limits.Usual().IDs)
	}
	return n
}

// get reserves room and makes a call. The lease that it returns is that of the
// answer and of the memory of that; it is the caller's to release. A call that cannot be made in parts is
// made again when its answer was cut off, with all the room that it takes.
func (t *task) get(ctx context.Context, call stages.Call, want budget.Load, parts bool) (stages.Answer, *budget.Lease, error) {
	cut := true
	for {
		lease, err := t.Budget.Reserve(ctx, want)
		if err != nil {
			return stages.Answer{}, nil, err
		}
		taken := lease.Load()
		call.Size, call.Most = want.Bytes, 0
		if cut {
			call.Most = max(slack*taken.Bytes, t.small())
		}
		answer, err := t.call(ctx, call, lease)
		if err == nil {
			lease.Resize(budget.Load{Bytes: int64(len(answer.Body)), Items: taken.Items})
			lease.Attach(answer.Free)
			return answer, lease, nil
		}
		failed := (*stages.Failed)(nil)
		if !errors.As(err, &failed) || failed.Class != stages.FaultTooLarge || !cut {
			return stages.Answer{}, nil, err
		}
		if parts {
			t.atLeast(max(failed.Size, call.Most), int(want.Items))
			return stages.Answer{}, nil, err
		}
		cut = false
		if want.Bytes = failed.Size; want.Bytes == 0 {
			want.Bytes = t.Budget.Limit().Bytes
		}
	}
}

// call makes a call, and releases the lease unless there is an answer: also when the
// client, or a check of the answer, panics.
func (t *task) call(ctx context.Context, call stages.Call, lease *budget.Lease) (answer stages.Answer, err error) {
	answered := false
	defer func() {
		if !answered {
			lease.Release()
		}
	}()
	answer, err = t.Looker.Get(ctx, call)
	answered = err == nil
	return answer, err
}
