package pipeline

import (
	"sync/atomic"

	"github.com/sourcegraph/conc/pool"
)

// Each calls do for the values, at most that many at the same time, and waits for all calls
// that it has begun. After the first error it begins no more. It returns the errors by the
// place of their value: nil for those that went well, and for those that were not begun.
// When do panics, so does Each, after all other calls have ended.
func Each[T any](most int, values []T, do func(T) error) []error {
	errs := make([]error, len(values))
	var failed atomic.Bool
	calls := pool.New().WithMaxGoroutines(max(1, most))
	for i, value := range values {
		calls.Go(func() {
			if failed.Load() {
				return
			}
			if errs[i] = do(value); errs[i] != nil {
				failed.Store(true)
			}
		})
	}
	calls.Wait()
	return errs
}
