package main

import "time"

// testNow is the variable that sets the wall clock of a process, for tests of what happens
// over weeks: an RFC 3339 time, at which the process begins. Tokens, limits and timeouts
// go by the monotonic clock and know nothing of it.
const testNow = "LOOKERVAULT_TEST_NOW"

// clock is the wall clock: all that is stored, shown or compared as a date goes by it. The
// zero clock is the machine's.
type clock struct {
	set func() time.Time // what a test has set, nil where none has
}

// setBy takes the wall clock that a test has set by a variable.
func (c *clock) setBy(v variables) error {
	text := v.get(testNow)
	if text == "" {
		return nil
	}
	began := time.Now()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return usagef("%s=%s is no time; write it as 2026-04-01T02:00:00Z", testNow, text)
	}
	c.set = func() time.Time { return at.Add(time.Since(began)) }
	return nil
}

func (c *clock) now() time.Time {
	if c.set != nil {
		return c.set()
	}
	return time.Now()
}
