// Package ui shows a run to people and to programs: bars on a terminal, lines in
// a log, events as JSON lines, the summary at the end and the advice in it.
//
// A [Tracker] turns snapshots of a run into a [Frame]: numbers, rates and shares
// as they are shown. [Bars], [Plain] and [Events] show frames; none of them reads
// a clock or starts a goroutine, so whoever calls them decides when.
package ui
