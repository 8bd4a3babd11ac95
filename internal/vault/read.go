package vault

import (
	"context"
	"iter"
	"time"

	"github.com/lookervault/lookervault/internal/record"
)

// A Reader answers the questions that commands ask of a vault, also while a run writes to
// it. Every call sees one state of the vault, whole batches only. It serves any number of
// goroutines, and changes nothing.
//
// An instance may be left empty where the vault holds one.
type Reader interface {
	Answers
	Runs
	Documents
	History
	Index
	Restores
	Checks

	// Path is where the vault is, as the caller named it.
	Path() string
	// OnLog makes the reader tell, in one line each, what somebody should know about a
	// vault that can be read all the same.
	OnLog(warn func(string))
	// Close ends the use of the vault.
	Close() error
}

// Answers are what every engine tells of what it holds: the runs and what these could not
// fetch, documents as they are held now or were known at a point, and what became of them.
// A body that is damaged is an ErrCorrupt that names the document.
type Answers interface {
	// Instances lists the instances by name.
	Instances(ctx context.Context) ([]Instance, error)
	// Resolve finds the instance of a name, and the only one when the name is empty. It
	// returns ErrNotFound or ErrAmbiguous, with the names that there are.
	Resolve(ctx context.Context, name string) (Instance, error)

	// Runs lists the runs of an instance, or of all when the name is empty, the newest
	// first. Those that are damaged are left out, and the error that comes with the
	// others says so: an ErrCorrupt. A run that is marked as running while nobody writes
	// reads as interrupted: its process is dead.
	Runs(ctx context.Context, instance string) ([]record.Run, error)
	// Run returns one run, or ErrNotFound. Id 0 is the newest run of the vault.
	Run(ctx context.Context, id int64) (record.Run, error)
	// RunAt returns the run that a point of the instance means. Where the point is a run's
	// number, the instance may be empty: the run knows its own. It returns ErrNotFound
	// when there is no such run, and ErrPruned when what only that run knew was removed.
	RunAt(ctx context.Context, instance string, p Point) (record.Run, error)

	// Faults lists the faults of a run, or of all when run is 0, by run, kind and id.
	Faults(ctx context.Context, run int64) ([]Fault, error)
	// OpenFaults lists the unresolved faults of an instance, from all its runs.
	OpenFaults(ctx context.Context, instance string) ([]Fault, error)

	// Entries yields documents in the order of kind and id, both bytewise unless the query
	// sorts the ids, without reading bodies. An error ends it.
	Entries(ctx context.Context, query Query) iter.Seq2[Entry, error]
	// Documents yields documents with their bodies in the order of kind and id. An error
	// ends it.
	Documents(ctx context.Context, query Query) iter.Seq2[Document, error]
	// Document returns one document as it was known at a point: now is its newest version,
	// also when it is gone. It returns an [AbsentError], which is an ErrNotFound, when the
	// vault does not hold it, when nobody had seen it by then, and when it was gone by then.
	Document(ctx context.Context, instance string, ref record.Ref, at Point) (Document, error)

	// Versions returns all versions of a document, the oldest first. The state of each is
	// present or trashed; GoneRun is the run that found the document gone after it. It
	// returns ErrNotFound when the vault never held the document.
	Versions(ctx context.Context, instance string, ref record.Ref) ([]Entry, error)
	// Between yields the documents of a span of which the vault knew something else at its
	// end than at its beginning, in the order of kind and id. An error ends it.
	Between(ctx context.Context, span Span) iter.Seq2[Passage, error]
	// Events yields what each run saw change in a span, the newest run first, and within a
	// run in the order of kind and id. An error ends it.
	Events(ctx context.Context, span Span) iter.Seq2[Passage, error]
}

// A RunStart is how a run began.
type RunStart struct {
	Began    time.Time
	SeesLess bool // its key is known to be no administrator's
}

// Runs answers for more of the runs of a vault.
type Runs interface {
	// NewestRuns lists as [Answers.Runs] does so many of the newest runs, all of them where
	// that is 0, and reads no others.
	NewestRuns(ctx context.Context, instance string, limit int) ([]record.Run, error)
	// RunsInBrief is NewestRuns without the lists of what sessions measured: of their stages,
	// of kinds, and in the course of time. They are most of what there is to read.
	RunsInBrief(ctx context.Context, instance string, limit int) ([]record.Run, error)
	// RunStarts returns how the runs of an instance began, by their numbers. Those that
	// are damaged are left out, and an ErrCorrupt comes with the others.
	RunStarts(ctx context.Context, instance string) (map[int64]RunStart, error)
	// LastComplete returns the newest complete runs of an instance that looked at all of
	// it, the newest first, without their counts; there may be fewer than wanted.
	LastComplete(ctx context.Context, instance string, wanted int) ([]record.Run, error)
	// RunsListing returns the newest run of an instance up to a run that listed a kind, and
	// the first one behind it that did; 0 where there is none. A listing that was refused
	// counts.
	RunsListing(ctx context.Context, instance string, kind record.Kind, run int64) (before, after int64, err error)
	// Learnt returns what a run has learnt about how the server serves kinds, by kind and
	// code.
	Learnt(ctx context.Context, run int64) ([]record.Learnt, error)
	// Oldest returns when the run began that made the oldest observation of a kind, of the
	// documents that are not gone: none of them was seen longer ago.
	Oldest(ctx context.Context, instance string) (map[record.Kind]time.Time, error)
	// Dates returns what the runs of an instance on a release of Looker have learnt of
	// whether dates of documents move with their changes, by kind.
	Dates(ctx context.Context, instance, release string) (map[record.Kind]record.DateHistory, error)
	// CallsIn returns the calls that runs of an instance made in the calendar month (UTC)
	// of a time, and restores of which it was the target, by class.
	CallsIn(ctx context.Context, instance string, at time.Time) (map[string]int64, error)
}

// Documents answers for many documents of an instance fast, and for their bodies. A body
// that is damaged is an ErrCorrupt that names the document.
type Documents interface {
	// Current yields what is held now of some kinds, in any order, without reading bodies
	// and without LastRun, and is faster than Entries. An error ends it.
	Current(ctx context.Context, instance string, kinds ...record.Kind) iter.Seq2[Entry, error]

	// Bodies calls fn with a function that returns the exact bytes of an entry's body. The
	// function is for one goroutine and good until fn returns; the bytes are the caller's. An
	// error of fn is returned as it is.
	Bodies(ctx context.Context, fn func(body func(Entry) ([]byte, error)) error) error
	// VersionBody returns one version of a document by the number that its entry has, or
	// ErrNotFound. For many see VersionBodies.
	VersionBody(ctx context.Context, version int64) (Document, error)
	// VersionBodies calls fn with a function that reads versions by their numbers, all of
	// one state of the vault. The function is for one goroutine and good until fn returns;
	// bodies are the caller's. An error of fn is returned as it is.
	VersionBodies(ctx context.Context, fn func(read func(version int64) (Document, error)) error) error
}

// History answers for what became of documents, summed up.
type History interface {
	// Changes lists what changed with a run, by what, kind and id: at most limit documents
	// of each sort, and how many there are of it.
	Changes(ctx context.Context, run int64, limit int) (list []Change, counts map[string]int64, err error)
	// Deletions lists the documents of an instance that were deleted while the vault
	// watched, up to a run: of each the newest deletion, the newest of all first, at most
	// limit of them; and how many there are.
	Deletions(ctx context.Context, instance string, until int64, limit int) (list []Deletion, n int64, err error)
	// Largest lists the documents of an instance that are not gone and whose newest body
	// is the largest, in bytes.
	Largest(ctx context.Context, instance string, limit int) ([]Ranked, error)
	// MostChanged lists the documents of an instance that have the most bodies, those with
	// one left out.
	MostChanged(ctx context.Context, instance string, limit int) ([]Ranked, error)
}

// Index answers for what documents hold.
type Index interface {
	// Candidates yields the documents that meet the needs of a search with their bodies,
	// and others that no index knows of: what is in them is for the caller to say. They
	// come in the order of kind and id; with History in that of the runs that saw them
	// first, the newest first. The bytes of a body are good until the next document. An
	// error ends it.
	Candidates(ctx context.Context, s Search) iter.Seq2[Document, error]
}

// Restores answers for plans to put documents back, and what became of them.
type Restores interface {
	// Restores lists the restores into an instance, or into all when the name is empty,
	// the newest first, without their actions. One that is marked as running while nobody
	// writes reads as interrupted: its process is dead.
	Restores(ctx context.Context, instance string) ([]record.Restore, error)
	// Restore returns one restore with its actions, or ErrNotFound.
	Restore(ctx context.Context, id int64) (record.Restore, error)
	// Mappings lists which documents of the target are which of the source, in the order
	// of kind and id. An empty name stands for all instances.
	Mappings(ctx context.Context, source, target string) ([]record.Mapping, error)
	// Steps lists the POSTs of a restore, those of an action in the order in which they were sent.
	Steps(ctx context.Context, restore int64) ([]record.Step, error)
	// HeldRuns returns the runs that restores need, to be applied or undone, which were
	// planned at a time or later and were not given up before.
	HeldRuns(ctx context.Context, planned time.Time) (map[int64]bool, error)
}

// Checks are the questions whether a vault is as it was written, and how large it is.
type Checks interface {
	// Verify reads everything and checks it. It returns what is wrong, nothing when all is
	// well; an error means that it could not look. Memory does not grow with the vault.
	Verify(ctx context.Context) ([]Finding, error)
	// VerifyWith is Verify of a part of the bodies, or while somebody watches.
	VerifyWith(ctx context.Context, o VerifyOptions) ([]Finding, error)
	// NothingLost returns an ErrCorrupt where a document of a kind, of any where that is
	// empty, was lost, or is there under an id that it never had. It is for whoever reads
	// only the first documents that there are now, and a sixth of reading them all.
	NothingLost(ctx context.Context, instance string, kind record.Kind) error
	// CheckRows checks the rows of some tables and, by counting, that none is missing. It
	// returns an ErrCorrupt that names the first one that is damaged and says how many are.
	// Bodies are not looked at.
	CheckRows(ctx context.Context, groups ...Tables) error
	// Untouched returns the runs, newest first, of which nothing that they hold is damaged,
	// given all that Verify found. It reports false where findings are not about documents:
	// then nobody can tell.
	Untouched(ctx context.Context, findings []Finding) (good []int64, known bool, err error)
	// Stats counts what the vault holds. It reads every row, but no body.
	Stats(ctx context.Context) (Stats, error)
	// WouldPrune counts what a prune would remove.
	WouldPrune(ctx context.Context, p Pruning) (Pruned, error)
}
