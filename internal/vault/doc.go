// Package vault is the model of what is stored: documents of Looker instances, every
// version that was seen of them, and the runs that saw it. It has no SQL and no driver.
//
// A [Writer] adds the documents of one run, a [Reader] answers the questions of commands;
// [Answers] are those of them that every engine answers.
// Engines below this folder: sqlite keeps a vault in one file, memory in maps. What every
// engine must decide alike is decided here, by functions that read and write nothing: a
// [Judge] says what a record does to a document, [KeepRules] which runs a prune keeps, and
// [ReadersLeft] which versions.
//
// The model in three sentences. A head says where a document stands now and which
// run settled it last. A version is an interval of runs in which a document was
// seen with one state and one fingerprint; a run in which nothing changed adds no
// row. A body is addressed by the sha256 of its exact bytes and stored once.
package vault
