// Package looker is a client of Looker's API 4.0: raw bytes in, raw bytes out, typed
// errors.
//
// One [Client] serves a whole run and any number of goroutines. It logs in with
// an API key, renews its token before it ends, keeps one rate limit for all
// callers, repeats what can be repeated, counts every call and notices when the
// server is gone. A caller needs nothing but [Client.Get], [Client.Send] and a look
// at the error: [Class] gives the stable word for a table of faults, [ErrBudget],
// [ErrDown] and [ErrLogin] are the errors that concern the run and not one item.
//
// # What is repeated
//
// 429, 500, 502, 503, 504, failed connections, timeouts, bodies that end too
// early and pages that are not JSON, up to [Retry].Attempts times in all; no
// other status. A 401 renews the token and repeats once, on top of that.
// Refusals (429) cost no attempt: they pause all callers and lower the shared
// rate, or the number of calls in the air where that is what a server limits. A
// single one that nothing confirms is forgotten within seconds. A call ends as throttled only when it was refused ten times, over at
// least two minutes, while other calls were being answered.
//
// A write that must not be made twice is repeated only where nothing can have
// happened: after 429 and 401, and where nothing was sent. Any other failure is a
// [DoubtError], which the caller has to clear up, see [Client.Send].
//
// # What ends a run
//
// Failures in a row, over all callers and without one good answer in between,
// make the client suspicious: 20 of them, or two that span a minute. Then
// everybody waits while one of them asks GET /versions, which costs no quota. An
// answer lets all go on where they were, so a restart of the server costs no
// item. None within Retry.MaxWait, or 400 failures in a row from a server that
// does answer /versions, is [ErrDown] for everybody at once. So is ten minutes
// of nothing but refusals, which is what a used-up quota looks like.
//
// # Layout
//
// get.go and send.go are the calls, retry.go judges what an attempt means, attempt.go makes it.
// What a call waits for: gate.go (places in the air), limiter.go with pace.go (calls by the
// second) and width.go (calls in the air), told apart by crowds.go, and breaker.go. What a 404
// is worth is in absence.go, what an empty list is in hollow.go, a write that may have been carried
// out in doubt.go, tokens in auth.go.
package looker
