package stagestest

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/lookervault/lookervault/internal/record"
)

// Store is a [stages.Store] that knows what it is told to know.
type Store struct {
	Stored       map[string]record.Known
	FollowedRows []record.Listed // sorted by id
	ParentRefs   []record.Ref    // of whatever is asked for
	UnsettledIDs []string        // sorted
	NamingBodies [][]byte
	Bodies       map[record.Ref][]byte
	AdminBodies  map[record.Ref][]byte
	Names        map[string]string
	Batches      []record.Batch
	KeptRefs     map[record.Ref]bool
	Err          error
	ErrAt        int64 // the call that is answered by Err; 0: all

	calls atomic.Int64
}

// Calls is how many times anything was asked of the store.
func (s *Store) Calls() int64 { return s.calls.Load() }

// err returns Err to the call that fails.
func (s *Store) err() error {
	if call := s.calls.Add(1); s.ErrAt != 0 && s.ErrAt != call {
		return nil
	}
	return s.Err
}

// Known returns all of Stored, whatever ids are asked for.
func (s *Store) Known(_ context.Context, _ record.Kind, ids []string) (map[string]record.Known, error) {
	return s.Stored, s.err()
}

// Followed returns those of FollowedRows behind an id.
func (s *Store) Followed(_ context.Context, _ record.Kind, after string, limit int) ([]record.Listed, error) {
	i := slices.IndexFunc(s.FollowedRows, func(l record.Listed) bool { return l.ID > after })
	if i < 0 {
		return nil, s.err()
	}
	return s.FollowedRows[i:min(len(s.FollowedRows), i+limit)], s.err()
}

// Parents returns ParentRefs, whatever is asked for.
func (s *Store) Parents(_ context.Context, _ record.Ref, limit int) ([]record.Ref, error) {
	return s.ParentRefs[:min(len(s.ParentRefs), limit)], s.err()
}

// Naming returns NamingBodies.
func (s *Store) Naming(context.Context, record.Ref, int) ([][]byte, error) {
	return s.NamingBodies, s.err()
}

// Body returns one of Bodies.
func (s *Store) Body(_ context.Context, ref record.Ref) ([]byte, error) {
	return s.Bodies[ref], s.err()
}

// SeenByAdmin returns one of AdminBodies.
func (s *Store) SeenByAdmin(_ context.Context, ref record.Ref) ([]byte, error) {
	return s.AdminBodies[ref], s.err()
}

// Called returns Names.
func (s *Store) Called(context.Context, record.Kind, []string) (map[string]string, error) {
	return s.Names, s.err()
}

// Unsettled returns those of UnsettledIDs behind an id.
func (s *Store) Unsettled(_ context.Context, _ record.Kind, after string, limit int) ([]string, error) {
	i := slices.IndexFunc(s.UnsettledIDs, func(id string) bool { return id > after })
	if i < 0 {
		return nil, s.err()
	}
	return s.UnsettledIDs[i:min(len(s.UnsettledIDs), i+limit):len(s.UnsettledIDs)], s.err()
}

// Settled returns those of Stored behind an id that are settled.
func (s *Store) Settled(_ context.Context, _ record.Kind, after string, limit int) (ids []string, err error) {
	for id, known := range s.Stored {
		if known.Settled && id > after {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids[:min(limit, len(ids))], s.err()
}

// Keep adds to KeptRefs and returns how many were not among them.
func (s *Store) Keep(_ context.Context, kind record.Kind, ids []string, deferred bool) (added int, err error) {
	if s.KeptRefs == nil {
		s.KeptRefs = make(map[record.Ref]bool)
	}
	for _, id := range ids {
		ref := record.Ref{Kind: kind, ID: id}
		if _, again := s.KeptRefs[ref]; !again {
			s.KeptRefs[ref] = deferred
			added++
		}
	}
	return added, s.err()
}

// Kept returns those of the ids that are among KeptRefs, and whether they were deferred.
func (s *Store) Kept(_ context.Context, kind record.Kind, ids []string) (map[string]bool, error) {
	found := make(map[string]bool)
	for _, id := range ids {
		if deferred, ok := s.KeptRefs[record.Ref{Kind: kind, ID: id}]; ok {
			found[id] = deferred
		}
	}
	return found, s.err()
}

// Holds reports whether the store was told of any document.
func (s *Store) Holds(context.Context, record.Kind) (bool, error) {
	return len(s.Stored)+len(s.UnsettledIDs) > 0, s.err()
}

// Count returns how many of Stored are in a state.
func (s *Store) Count(_ context.Context, _ record.Kind, state record.State) (n int64, err error) {
	for _, known := range s.Stored {
		if known.State == state {
			n++
		}
	}
	return n, s.err()
}

// Commit adds a batch to Batches.
func (s *Store) Commit(_ context.Context, batch record.Batch) error {
	s.Batches = append(s.Batches, slices.Clone(batch))
	return s.err()
}
