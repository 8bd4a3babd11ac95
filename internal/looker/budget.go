package looker

import "sync/atomic"

// budget bounds the number of calls. A call is reserved before it waits for
// anything, so nobody waits for a call that may not be made.
type budget struct {
	most  int64 // 0: no bound
	taken atomic.Int64
}

func (b *budget) take() bool {
	if b.most == 0 {
		return true
	}
	if b.taken.Add(1) <= b.most {
		return true
	}
	b.taken.Add(-1)
	return false
}

// giveBack undoes take for a call that was not made.
func (b *budget) giveBack() {
	if b.most != 0 {
		b.taken.Add(-1)
	}
}
