package looker

import "sync/atomic"

// budget bounds the number of calls: of all, and of each class that has a bound. A call is
// reserved before it waits for anything, so that none is made that the budget does not
// allow.
type budget struct {
	all     bound
	classes map[string]*bound // set before the first call
}

// bound is a number of calls that may be made.
type bound struct {
	limited bool
	most    int64
	taken   atomic.Int64
}

func (b *bound) take() bool {
	if b == nil || !b.limited || b.taken.Add(1) <= b.most {
		return true
	}
	b.taken.Add(-1)
	return false
}

func (b *bound) giveBack() {
	if b != nil && b.limited {
		b.taken.Add(-1)
	}
}

// force takes a call that was made without being asked for, even beyond the bounds.
func (b *budget) force(class string) {
	for _, bound := range []*bound{&b.all, b.classes[class]} {
		if bound != nil && bound.limited {
			bound.taken.Add(1)
		}
	}
}

// take reserves a call of a class. It returns the class whose bound does not allow it, ""
// where that is the bound of all.
func (b *budget) take(class string) (spent string, ok bool) {
	if !b.all.take() {
		return "", false
	}
	if !b.classes[class].take() {
		b.all.giveBack()
		return class, false
	}
	return "", true
}

// giveBack undoes take for a call that was not made.
func (b *budget) giveBack(class string) {
	b.all.giveBack()
	b.classes[class].giveBack()
}

// Bound lets the client make so many more calls of each class that is named, at most. It
// must be called before the first call, by the goroutine that makes it.
func (c *Client) Bound(calls map[string]int64) {
	c.budget.classes = make(map[string]*bound, len(calls))
	for class, n := range calls {
		c.budget.classes[class] = &bound{limited: true, most: max(n, 0)}
	}
}
