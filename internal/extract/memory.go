package extract

import "github.com/lookervault/lookervault/config"

// MemoryLimit is a soft limit for the memory of a process that makes runs with
// that configuration, for [runtime/debug.SetMemoryLimit]. Bodies in flight are
// large and short-lived: left alone, the collector lets twice as much of them pile
// up. What is in flight twice over, for answers are copied row by row, and a
// little for everything else is enough for it to keep up: 200 dashboards of 10 MB
// took 422 MB without it and 254 MB with it.
func MemoryLimit(c config.Config) int64 {
	const (
		rest  = 16 << 20
		least = 128 << 20 // below which collecting would be all there is
	)
	return max(least, 2*int64(c.Limits.InFlightBytes)+rest)
}
