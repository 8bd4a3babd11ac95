package fetch_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// slowLooker takes a second for each call and counts how many are in the air.
type slowLooker struct {
	stages.Looker
	mu           sync.Mutex
	inside, most int
}

func (s *slowLooker) Get(ctx context.Context, call stages.Call) (stages.Answer, error) {
	s.enter(1)
	defer s.enter(-1)
	time.Sleep(time.Second)
	return s.Looker.Get(ctx, call)
}

func (s *slowLooker) enter(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside += n
	s.most = max(s.most, s.inside)
}

// TestWorkersShareWhatAPageLeaves fetches one page that is refused, so that each of
// its documents is asked for alone.
func TestWorkersShareWhatAPageLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const documents, workers = 40, 8
		fake := &stagestest.Looker{Things: stagestest.Things(documents)}
		fake.Before = func(_ int, call stages.Call) error {
			if strings.HasSuffix(call.Path, "/search") {
				return stagestest.Failed("client", 400)
			}
			return nil
		}
		server := &slowLooker{Looker: fake}
		r := stagestest.NewRig(fake, stagestest.KindOf(t, "dashboards"))
		r.Server = server
		items := r.FetchBy(t, workers, stagestest.PageAsk(0, stagestest.Numbers(1, documents)...))
		got := stagestest.IDs(items, stagestest.HasBody)
		want := stagestest.Numbers(1, documents)
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("documents (-want +got):\n%s", diff)
		}
		if most := server.most; most != workers {
			t.Errorf("%d calls in the air at once, want %d", most, workers)
		}
	})
}
