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
// What a kind needs is in its row of the catalogue; the package knows no kind by name.
package restore
