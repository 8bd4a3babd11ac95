// Package sinktest holds the conformance suite of sinks: what an extraction
// relies on, whatever it writes to. A new sink passes [Suite] before it is used.
package sinktest
