package pipeline

import "github.com/sourcegraph/conc/panics"

// Async calls f in a goroutine of its own and returns a function that waits for the
// result, as often as it is called. When f panics, so does that function, with the
// stack of f: a worker that waits for what it began panics as if it had called f
// itself, which ends the run like any other panic.
func Async[T any](f func() T) (wait func() T) {
	var (
		result  T
		catcher panics.Catcher
	)
	done := make(chan struct{})
	go func() {
		defer close(done)
		catcher.Try(func() { result = f() })
	}()
	return func() T {
		<-done
		catcher.Repanic()
		return result
	}
}
