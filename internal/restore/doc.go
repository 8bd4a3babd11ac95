// Package restore puts documents back on a Looker instance: it looks, plans, applies
// and checks.
//
// A look is an ordinary run of the instance that asks only for what a plan hangs on.
// It is at once the picture that the plan is drawn from and the backup of what the plan
// will change. A plan is the difference between two states that the vault holds, as a
// list of actions; planning writes nothing to Looker. Applying carries out the actions
// of a plan and nothing else, each of them only while the instance is as the look saw
// it. A second look then says whether what came back is what was wanted.
//
// A look proves no absence in the vault. What a document names and what hung on it is planned
// with it, each need on a lower level. An action reads its document, computes what is missing,
// and writes that; so a first attempt, one after a kill and one more are the same code. It makes
// one call at a time, but for updates of parts that touch no other part (inner.go).
//
// POST /dashboards/lookml would make a whole dashboard in one call, but drops alerts, copies
// looks and needs LookML text that no backup holds, so it is not used.
//
// What a kind needs is in its row of the catalogue; the package knows no kind by name.
package restore
