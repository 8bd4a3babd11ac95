package extract_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lookervault/lookervault/internal/job"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault/memory"
)

// TestCutShortWhileEveryListIsEmpty: a run is cut short while the server answers every list without
// rows, and resumed after that. A resume that says complete holds what the server does.
func TestCutShortWhileEveryListIsEmpty(t *testing.T) {
	var want map[record.Ref]string
	synctest.Test(t, func(t *testing.T) {
		b := hollowBubble(t)
		if result, err := b.run(nil); err != nil || result.Run.Outcome != record.RunComplete {
			t.Fatalf("%v %+v", err, result.Run)
		}
		want = b.bodies()
	})
	moments := []string{
		"GET /roles/3/users", "GET /roles/2/groups", "GET /content_metadata_access", "GET /user_attributes/2/group_values",
		"GET /legacy_features", "GET /groups/search/with_hierarchy", "GET /boards",
	}
	for _, moment := range moments {
		for _, requests := range []int{1, 3, 6, 12, 24} { // between the first empty list and the stop
			for _, killed := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d requests later/killed %v", moment, requests, killed), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { cutInEmpty(t, moment, requests, killed, want) })
				})
			}
		}
	}
}

// unsealed is a store of a process that ends before a run is sealed.
type unsealed struct{ *memory.Vault }

var errKilled = errors.New("killed")

func (unsealed) Finish(context.Context, record.Finish) (record.Run, error) {
	return record.Run{}, errKilled
}

func cutInEmpty(t *testing.T, moment string, requests int, killed bool, want map[record.Ref]string) {
	b := hollowBubble(t)
	if killed {
		b.sink = unsealed{b.memory}
	}
	rule, err := lookersim.ParseRule("route=GET /* do=none")
	if err != nil {
		t.Fatal(err)
	}
	stop, now := context.WithCancel(t.Context())
	defer now()
	b.stop = stop
	begin := sync.OnceFunc(func() {
		if err := b.wire.sim.SetRules(rule); err != nil {
			t.Error(err)
		}
	})
	var mu sync.Mutex
	since := -1
	cut, err := b.run(func(what string, _ int) {
		mu.Lock()
		defer mu.Unlock()
		if what == moment {
			begin()
			since = max(since, 0)
		}
		if since >= 0 {
			if since++; since == requests {
				now()
			}
		}
	})
	if since < 0 {
		t.Fatal("there was no outage")
	}
	if err != nil && !errors.Is(err, job.ErrInterrupted) && !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if err == nil && cut.Run.Outcome == record.RunComplete {
		t.Fatalf("complete while every list was empty")
	}
	// What the run says of itself is true before it is resumed as well.
	b.named(want, cut.Run)
	if err == nil {
		t.Fatal("the run was over before the stop")
	}
	if err := b.wire.sim.SetRules(); err != nil {
		t.Fatal(err)
	}
	b.sink, b.stop, b.resumes = nil, nil, true
	result, err := b.run(nil)
	if err != nil || result.Run.ID != cut.Begun.Run || result.Run.Outcome != record.RunComplete {
		t.Fatalf("%v, outcome %s, want the run complete: %+v", err, result.Run.Outcome, result.Run.Kinds)
	}
	b.named(want, result.Run)
}

// named fails where what the store holds is not what is wanted and the run does not say so.
func (b *bubble) named(want map[record.Ref]string, run record.Run) {
	b.t.Helper()
	var differs []string
	have := b.bodies()
	for ref, body := range have {
		if want[ref] != body {
			differs = append(differs, ref.String())
		}
	}
	for ref := range want {
		if _, ok := have[ref]; !ok {
			differs = append(differs, ref.String())
		}
	}
	nothingMissingSilently(b.t, run.Kinds, differs)
}
