package looker

import (
	"context"
	"slices"
	"sync"
)

// gate bounds how many calls are in the air at once. A caller holds one place
// from before it waits for the rate until its answer is read; what it needs on
// the way, a login or a look whether the server lives, goes out under the same
// place. So nobody who holds a place ever waits for a second one.
//
// Callers enter in the order in which they came. The zero value lets nobody in.
type gate struct {
	mu     sync.Mutex
	size   int
	inside int
	queue  []chan struct{} // each closed when its caller is inside
}

func newGate(size int) *gate { return &gate{size: size} }

// enter waits for a place. It returns ctx's error, without a place, when ctx ends
// first.
func (g *gate) enter(ctx context.Context) error {
	g.mu.Lock()
	if len(g.queue) == 0 && g.inside < g.size {
		g.inside++
		g.mu.Unlock()
		return nil
	}
	inside := make(chan struct{})
	g.queue = append(g.queue, inside)
	g.mu.Unlock()
	select {
	case <-inside:
		return nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.queue, inside); i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
		return ctx.Err()
	}
	// It was let in at the same moment: the place goes to the next one.
	g.inside--
	g.admit()
	return ctx.Err()
}

// leave gives a place back.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.admit()
}

// admit lets callers in while there is room. It needs g.mu.
func (g *gate) admit() {
	for len(g.queue) > 0 && g.inside < g.size {
		close(g.queue[0])
		g.queue = g.queue[1:]
		g.inside++
	}
}
