// Package pipeline runs typed stages that are joined by channels. It knows nothing of what flows through them.
//
// A run reads like the sentence that it carries out:
//
//	run := pipeline.NewRun(ctx, pipeline.Options{Grace: 15 * time.Second})
//	asks := pipeline.Then(run, list, pipeline.From(run, kinds))
//	items := pipeline.Then(run, fetch, asks)
//	batches := pipeline.Then(run, batch, items)
//	pipeline.Into(run, write, batches)
//	err := run.Wait()
//
// # Flow
//
//	From ──▶ list ──▶ fetch ──▶ batch ──▶ write
//	  │         Intake             │         │
//	  │        │       │           │         │
//	Stop:    empty their input,   work off everything
//	sends    begin nothing new    that they are given
//	no more
//
// Nothing starts before Wait. Wait starts every stage as a conc pool of exactly Workers long-lived tasks, which all
// take from the stage's input and send to its output. When the last of them has ended the output is closed, and so
// the end of input walks down the line. A send into a full output waits: that is the back pressure. In flight are at
// most the Workers and the Buffer of every stage, and one value in the hand of each source.
//
// # Two ways to end early
//
// Stop ends the intake. Sources send no more, the context of every Do of an Intake stage is cancelled (a request in
// the air is cut), and Intake stages keep emptying their input without working on it. Whatever an Intake stage emits,
// then or later, goes all the way down. A Stop comes from the caller, or from a failure of a source or an Intake
// stage: what is fetched is not lost because the next request cannot be made.
//
// Kill ends everything. Every context is cancelled with the cause, emit gives up, no further Do or Flush begins, and
// values under way are dropped. A Kill comes from the caller, from the parent context, from the end of Options.Grace
// after a Stop, or from a failure of any other stage: what is fetched could not arrive.
//
// No run hangs. A stage takes from its input until that is closed, whatever happened, so after Stop every emit finds
// room in the end, and after Kill every emit gives up: part by part ends and closes its output. Only a Do, a Flush or a
// sequence that ignores that it was cut can hold up Wait.
//
// # What Wait tells
//
// The first of these that there is:
//
//  1. the first failure (error, panic, runtime.Goexit) of a stage that is not an Intake
//  2. the first failure of a source or an Intake stage
//  3. the cause of the Kill: the caller's, the parent context's, or ErrGrace together with the cause of the Stop
//  4. the cause of the caller's Stop
//
// An error that comes back after a cut and is that cut (errors.Is with the Err or the Cause of the context) is not a
// failure but its consequence. Stopped and Killed tell the rest of the story.
//
// # Why conc's plainest pool
//
// conc starts the tasks and knows when all have ended. Its cancel-on-error is not used: it knows one kind of cancel,
// without a cause, which would also cut off the healthy workers of an Intake stage; it tells of a failure only when
// all tasks have ended; and it takes a runtime.Goexit for success. So a worker itself turns its failure
// into a Stop or a Kill, in the moment it happens, and no panic ever reaches the pool.
package pipeline
