// Package hooks tells others that a run is over: it runs a command or pings a
// URL, with the summary of the run.
package hooks
