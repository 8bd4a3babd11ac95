package vaulttest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
)

func atomic(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	err := s.Commit(t.Context(), record.Batch{Doc(dashboards, "1", "One"), Fault(dashboards, "2", "server", 5), Same(dashboards, "3")})
	if err == nil {
		t.Fatal("a batch with a bad record went well")
	}
	if known := s.known(dashboards, "1"); len(known) != 0 {
		t.Errorf("a part of the batch was stored: %v", known)
	}
	s.commit(Doc(dashboards, "1", "One"))
	run := s.complete(Ended(dashboards, 1))
	ended(t, run, record.RunComplete)
	counted(t, run, record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, New: 1})
}

func badRecords(t *testing.T, store Store) {
	noBody := Doc(dashboards, "1", "One")
	noBody.Hash, noBody.Body = record.Digest{}, nil
	noState := Doc(dashboards, "1", "One")
	noState.State = ""
	s := store.begin(t, kinds(dashboards))
	defer s.close()
	for name, rec := range map[string]record.Record{
		"same, but not held": Same(dashboards, "1"),
		"no body":            noBody,
		"no state":           noState,
		"no id":              Doc(dashboards, "", "One"),
	} {
		if err := s.Commit(t.Context(), record.Batch{rec}); err == nil {
			t.Errorf("%s: went well", name)
		}
	}
	if known := s.known(dashboards, "1", ""); len(known) != 0 {
		t.Errorf("got %v, want nothing", known)
	}
}

func cancelled(t *testing.T, store Store) {
	s := store.begin(t, kinds(dashboards))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Commit(ctx, record.Batch{Doc(dashboards, "1", "One")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	s.commit(Doc(dashboards, "1", "One"))
	counted(t, s.complete(Ended(dashboards, 1)), record.Counts{Kind: dashboards, Listing: record.Complete, Listed: 1, New: 1})
}

// content is a fixed set of documents as the server holds them.
func content() []record.Record {
	var all []record.Record
	for i := range 60 {
		more := []func(*record.Record){Pointing(record.Ref{Kind: looks, ID: fmt.Sprint(i % 7)}, record.Ref{Kind: looks, ID: fmt.Sprint(i % 3)})}
		if i%5 == 0 {
			more = append(more, Trash)
		}
		all = append(all, Doc(dashboards, fmt.Sprint(i), fmt.Sprint("Dashboard ", i), more...))
		all = append(all, Doc(looks, fmt.Sprint(i), fmt.Sprint("Look ", i%9)))
	}
	return all
}

func orderDoesNotMatter(t *testing.T, store Store) {
	ends := []record.End{Ended(dashboards, 60), Ended(looks, 60)}
	var want record.Run
	for i, size := range []int{120, 1, 7, 50} {
		all := content()
		random := rand.New(rand.NewPCG(uint64(size), 4))
		if i > 0 {
			random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		}
		s := store.begin(t, instance(fmt.Sprint("batches of ", size)))
		for batch := range slices.Chunk(all, size) {
			s.commit(batch...)
		}
		run := s.complete(ends...)
		if i == 0 {
			want = run
			continue
		}
		if run.Digest != want.Digest {
			t.Errorf("batches of %d: the digest is another", size)
		}
		if diff := cmp.Diff(want.Kinds, run.Kinds, withoutBytes); diff != "" {
			t.Errorf("batches of %d: counts (-want +got):\n%s", size, diff)
		}
	}
}

func interruptedEquals(t *testing.T, store Store) {
	ends := []record.End{Ended(dashboards, 60), Ended(looks, 60)}
	s := store.begin(t, instance("in one go"))
	s.commit(content()...)
	want := s.complete(ends...)

	s = store.begin(t, instance("in pieces"))
	for i := range 4 {
		if i > 0 {
			s = store.begin(t, instance("in pieces"), resume)
		}
		// Everything is asked for again; what is settled is left out, a few come
		// a second time all the same.
		for batch := range slices.Chunk(content()[i*20:], 7) {
			ids := map[record.Kind][]string{}
			for _, rec := range batch {
				ids[rec.Kind] = append(ids[rec.Kind], rec.ID)
			}
			for kind, list := range ids {
				for id, known := range s.known(kind, list...) {
					if known.State == record.Gone {
						t.Errorf("%s/%s is gone", kind, id)
					}
				}
			}
			s.commit(batch...)
			if i < 3 {
				break
			}
		}
		if i == 1 {
			s.finish(record.Finish{Outcome: record.RunInterrupted})
		} else if i < 3 {
			s.close()
		}
	}
	s.commit(content()...)
	got := s.complete(ends...)
	if got.Digest != want.Digest {
		t.Error("the digest is not that of an uninterrupted run")
	}
	if diff := cmp.Diff(want.Kinds, got.Kinds, withoutBytes); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func batchIsCallers(t *testing.T, store Store) {
	first := store.first(t)
	s := store.begin(t, instance("reused"), kinds(dashboards))
	batch := record.Batch{Doc(dashboards, "1", "One"), Doc(dashboards, "2", "Two"), Doc(dashboards, "3", "Three")}
	s.commit(batch...)
	for i := range batch {
		clear(batch[i].Body)
		batch[i] = record.Record{}
	}
	if run := s.complete(Ended(dashboards, 3)); run.Digest != first.Digest {
		t.Error("the digest followed the caller's memory")
	}
	// A fingerprint under new rules is computed from what was really stored.
	s = store.begin(t, instance("reused"), kinds(dashboards), policy(2))
	s.commit(Doc(dashboards, "1", "One", Under(2), Views(3)))
	counted(t, s.finish(record.Finish{Outcome: record.RunInterrupted}), record.Counts{Kind: dashboards, Listing: record.Open, Same: 1})
}

func knownWhileCommitting(t *testing.T, store Store) {
	s := store.begin(t)
	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				known, err := s.Known(t.Context(), dashboards, []string{"0", "1", "59"})
				if err != nil {
					t.Errorf("known: %v", err)
					return
				}
				for id, k := range known {
					if !k.Settled {
						t.Errorf("%s is not settled, but there", id)
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for batch := range slices.Chunk(content(), 10) {
		s.commit(batch...)
	}
	close(done)
	wg.Wait()
	s.complete(Ended(dashboards, 60), Ended(looks, 60))
}
