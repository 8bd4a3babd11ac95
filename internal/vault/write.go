package vault

import (
	"context"

	"github.com/lookervault/lookervault/internal/record"
)

// A Writer adds the documents of one run to a vault: Begin, then any number of Known and
// Commit, then Finish, then Close.
//
// Begin, Commit and Finish are called from one goroutine at a time; Known, Followed,
// Parents, Unsettled, Settled, Holds and Count may be called from many at once and while a Commit is under way.
type Writer interface {
	// Begin begins a run, or continues the newest open one. It returns
	// [ErrNothingOpen] when a resume finds none.
	Begin(ctx context.Context, start record.Start) (record.Begun, error)

	// Known returns what is held of the listed ids of a kind; ids never seen are
	// absent. It answers for what is committed, a batch under way may be missing.
	Known(ctx context.Context, kind record.Kind, ids []string) (map[string]record.Known, error)

	// Followed returns ids of a kind that stored documents point to, at most limit
	// of them, sorted bytewise, those behind after only. Documents that are gone
	// point to nothing; in a run with a scope, only those count that it settled.
	// Folder is what the document in the owner's folder points to in that kind,
	// where there is one. Named is set where this run has settled a document that
	// points to it, Dangled where an open fault says that it is not there.
	Followed(ctx context.Context, kind record.Kind, after string, limit int) ([]record.Listed, error)

	// Parents returns documents that point to a document and are not gone, at most
	// limit of them: those first that this run has settled, and of these the first by
	// kind and id.
	Parents(ctx context.Context, ref record.Ref, limit int) ([]record.Ref, error)

	// Naming returns the bodies of the documents that Parents returns.
	Naming(ctx context.Context, ref record.Ref, limit int) ([][]byte, error)

	// Body returns the newest body that is stored of a document, the caller's own, and
	// nil when there is none or it cannot be read.
	Body(ctx context.Context, ref record.Ref) ([]byte, error)

	// SeenByAdmin returns the newest body of a document, as Body does, where that version
	// was there when a run with an administrator's key read its kind whole, and nil
	// otherwise.
	SeenByAdmin(ctx context.Context, ref record.Ref) ([]byte, error)

	// Called returns the ids of documents of a kind that are not gone, by the names
	// of the given ones that they have. Of several with one name, the first by id.
	Called(ctx context.Context, kind record.Kind, names []string) (map[string]string, error)

	// Unsettled returns ids of a kind that are held as present or in the trash and
	// that this run has neither settled nor failed to fetch, at most limit of them,
	// sorted bytewise, those behind after only: what Finish would make gone.
	Unsettled(ctx context.Context, kind record.Kind, after string, limit int) ([]string, error)

	// Settled returns ids of a kind that are held as present or in the trash and that this run
	// has settled, at most limit of them, sorted bytewise, those behind after only.
	Settled(ctx context.Context, kind record.Kind, after string, limit int) ([]string, error)

	// Keep records documents of a kind that this run will not settle and that must not become gone:
	// they were not asked for again (deferred), or are not there and prove nothing by that. It
	// returns how many of them were not kept yet; those stay as they were kept first. What is kept
	// is forgotten with the writer: a resumed run keeps anew.
	Keep(ctx context.Context, kind record.Kind, ids []string, deferred bool) (added int, err error)

	// Kept returns those of some documents of a kind that are kept, and of each whether it was
	// deferred.
	Kept(ctx context.Context, kind record.Kind, ids []string) (map[string]bool, error)

	// Holds reports whether a document of a kind is held as present or in the trash.
	Holds(ctx context.Context, kind record.Kind) (bool, error)

	// Count returns how many documents of a kind are held in a state.
	Count(ctx context.Context, kind record.Kind, state record.State) (int64, error)

	// Commit stores a batch whole or not at all. Nil means that it is durable.
	// The writer does not keep the batch or its bytes after it returns. A record
	// whose document is settled in this run already changes nothing.
	Commit(ctx context.Context, batch record.Batch) error

	// Finish ends the run: documents that a complete, unscoped listing no longer
	// holds become gone, unless the run proves no absence, dangling references that
	// no document names any more are resolved, the outcome is derived and the run is
	// sealed.
	Finish(ctx context.Context, finish record.Finish) (record.Run, error)

	// Close gives back the vault. An unfinished run stays open and can be resumed.
	Close() error
}
