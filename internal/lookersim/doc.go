// Package lookersim is a simulated Looker 4.0 server: seeded content, the routes
// that a backup reads and those that a restore writes, paging and filters as
// Looker documents them, faults on demand, and counts of what was asked. Tests,
// the demo and work by hand run against it over real HTTP.
//
// # What it promises
//
//   - The same [Options] give the same bytes, in every process; another seed
//     gives other content.
//   - A document has the same bytes on every route that gives it whole. Rows
//     of an array are joined by a comma and nothing else, so what lies between
//     two separators is exactly what the single route answers, white space of
//     a pretty-printed document included.
//   - Bodies are made when they are asked for, from templates drawn at [New];
//     nothing that grows with the size of a body is kept.
//   - Ids that a body names exist, but for the documented exceptions: one
//     merge query in a hundred answers 404 (see [Server.Dangling]), and
//     documents of a corpus name whatever they name.
//
// # Writes
//
// A write changes documents of the generated world in place of the seed: an
// override is what the row says from then on, and every reading path goes
// through it. What documents repeat of others (a folder in its dashboards, a
// look in its tiles) is brought up to date when it is read. As long as nothing
// was written, one atomic load tells so. New ids are never given again. A test
// sees what was written in [Server.Writes], and what that did to the world
// outside in [Server.Effects].
//
// # Layout
//
// One file a concern: the server and its pipeline (server.go, call.go,
// answer.go), the table of routes (routes*.go), lists (paging.go, filter.go,
// view.go), JSON cut without re-encoding (scan.go, fields.go, splice.go),
// login (auth.go), refusals and faults (limit.go, rule.go, fault.go), changes
// at run time (mutate.go), writes through the API (write_*.go), the world's tables (world.go, corpus.go, items.go),
// and one gen_*.go a family of documents.
//
// Paths and shapes follow the OpenAPI document of Looker 4.0 (sdk-codegen,
// spec/Looker.4.0.oas.json); paging headers follow sdk-codegen docs/paging.md.
package lookersim
