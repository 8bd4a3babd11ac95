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
//
// # Where it is decided
//
// Planning:
//   - which documents a request means: selected (select.go); as of which moment: past.go
//   - what the instance holds: present.go; what is still to be looked at: seek.go
//   - what becomes of a document: judge (draft.go); of one that is there: compare and deed (deed.go); of one that
//     somebody has made again: alike.go; of one that nobody may write: guards.go; that no update changes: replace.go; of one that the backup lacks something of: redacted.go
//   - which tile is which: pairs.go; who stays in a set: members.go; what cannot be taken away: lasting.go
//   - what it needs, and what it can be without: require.go, holder.go, stored.go, dead_parts.go; who takes over: orphan, homes.go
//   - what comes back with it: attach.go (what hung on it), belongs.go (lists and members), links.go (what showed it)
//   - what comes and goes with a change: switch.go, taken.go; what follows since ids change: follow.go, texts.go
//   - a name that another document has: rename.go (both stay), room.go and aside.go (it is passed on)
//   - copies: into.go; what stays asleep: asleep.go; which secrets are sent: secrets.go
//   - what an undo takes back: undone.go; what it leaves alone: left.go, unread.go (nothing read the restore back)
//   - in which order: level.go; for how many calls: price.go; what of all this is stored: decisions.go
//
// Applying:
//   - level by level: sentence.go; one action: perform (task.go)
//   - is it as the plan saw it: drifted (task.go), since.go; is it the same Looker: identity.go
//   - what is written in which order: beforehand.go, patch.go, inside.go, sets.go; instead of a deletion: stays.go
//   - a lost answer: post and clearDoubt (write.go), find.go; what arrived twice: twins.go, open_doubts.go
//   - queries that are gone: queries.go; that have to name other ids: queries_following.go
//   - is it back as it was: check (verdict.go); then wake.go, invite.go, dead_links.go
//
// The rehearsal on an instance: probe.go.
package restore
