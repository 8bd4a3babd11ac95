// Package ui shows a job to people and to programs: bars on a terminal, lines in
// a log, events as JSON lines; and of a backup the summary at the end and the advice
// in it.
//
// A [Tracker] turns snapshots of a job, of a [Subject], into a [Frame]: numbers, rates
// and shares as they are shown. [Bars], [Plain] and [EventLog] show frames; none of
// them reads a clock or starts a goroutine, so whoever calls them decides when.
// [Backup] and [Events] are what a backup says besides. Another job brings its own
// subject, its own events beside those of its frames and, where a frame is not what it
// shows, its own [Screen].
package ui
