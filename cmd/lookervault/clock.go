package main

import (
	"strings"
	"time"
)

// testNow is the variable that sets the wall clock of a process, for tests of what happens
// over weeks: an RFC 3339 time, at which the process begins. Tokens, limits and timeouts
// go by the monotonic clock and know nothing of it.
const testNow = "LOOKERVAULT_TEST_NOW"

// setClock reads the wall clock that a test has set.
func (a *app) setClock() error {
	began := time.Now()
	for _, entry := range a.environ {
		text, ok := strings.CutPrefix(entry, testNow+"=")
		if !ok || text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return usagef("%s=%s is no time; write it as 2026-04-01T02:00:00Z", testNow, text)
		}
		a.clock = func() time.Time { return at.Add(time.Since(began)) }
	}
	return nil
}

// now is the wall clock: all that is stored, shown or compared as a date goes by it.
func (a *app) now() time.Time {
	if a.clock != nil {
		return a.clock()
	}
	return time.Now()
}
