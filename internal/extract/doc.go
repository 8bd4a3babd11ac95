// Package extract is the main job: it wires the stages, the API client and a
// sink into one run and says how that run ended.
//
// # Waves
//
// Some documents are listed, others are only reachable through those: the sources of a merged
// result, the access rules of a folder, the users of a role. A body's references are stored
// with it, and when everything listed is committed the same sentence runs again over the
// references that this run has not settled, and once more for what those point to. There is no
// cycle of channels, children are found below parents that did not change, and a child that
// failed last time is tried again.
//
// What the vault holds of a kind and its complete listing did not is looked for once more, by
// id and in every state, before it counts as gone: a document that leaves the trash while the
// list is read is in neither pass. Where a list comes in one answer, or holds nothing at all,
// the document itself is asked for: a list that is not that of its kind, or not all of it, makes
// nothing gone. A run of some folders looks for what lay in them too: nothing of it becomes
// gone, but its kind is not complete.
//
// # Lists that are cut off
//
// How many rows a server gives at once is a guess of the planner (internal/plan/ends.go): of the
// answers of a run the longest page tells, and the longest whole list. What stands behind each
// takes one call of a first run, and none where a part of the list came with the number of the
// whole; each list of that length is asked, until one shows that it was cut off; where none tells,
// the kind is not complete, or a note says so: the server serves no such call, or a run before has
// stored the same. Of a list in one answer that was cut off alone, only what other documents name
// in its kind tells (stages/mentions.go): a few that it does not hold are asked for alone. In a
// first run nothing tells of a cut list of boards, connections, projects, datagroups or homepage
// sections, nor of user attributes, colour collections, integrations or integration hubs that no
// document names: there is no page behind it, no total, and nothing stored before. Later runs ask
// alone for what they held. GET /boards/search has pages, but nobody promises that it gives the
// boards that GET /boards gives, and no others: a row behind their number there would prove
// nothing, and make runs partial for ever where it gives more.
package extract
