package simtest

import "testing"

// Cleanup lets a test call a function when it ends, as t.Cleanup does, and lets go of it then.
// The testing package keeps what a parallel test cleaned up, and all that is reached from there,
// until every parallel test beside it is over: of hundreds of seeds that is gigabytes.
func Cleanup(t testing.TB, f func()) {
	t.Helper()
	t.Cleanup(func() {
		f()
		f = nil
	})
}
