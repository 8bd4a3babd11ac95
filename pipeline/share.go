package pipeline

import (
	"sync"
	"sync/atomic"

	"github.com/sourcegraph/conc/pool"
)

// Share calls a function for each of values, for at most so many at once, and returns when all calls have ended. Each
// of its goroutines makes a function of its own, so that it may have state without a lock. After an error no further
// value is begun; the first one is returned. When a call panics, so does Share, with the stack of the call.
//
// A worker that finds a lot to do in one value shares it out like this within its Do. The functions must not call its
// Emit at the same time: see [OneAtATime].
func Share[T any](most int, values []T, newFunc func() func(T) error) error {
	var (
		next   atomic.Int64
		failed atomic.Bool
		once   sync.Once
		first  error
	)
	workers := pool.New()
	for range max(1, min(most, len(values))) {
		workers.Go(func() {
			call := newFunc()
			for !failed.Load() {
				i := int(next.Add(1)) - 1
				if i >= len(values) {
					return
				}
				if err := call(values[i]); err != nil {
					once.Do(func() { first = err })
					failed.Store(true)
				}
			}
		})
	}
	workers.Wait()
	return first
}

// OneAtATime makes an Emit that several goroutines may call. Within Do only: see [Share].
func OneAtATime[Out any](emit Emit[Out]) Emit[Out] {
	var mu sync.Mutex
	return func(v Out) error {
		mu.Lock()
		defer mu.Unlock()
		return emit(v)
	}
}
