package restore_test

import (
	"context"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
)

// keeping is a client whose first update is cut off on its way: the server has it, and carries it out later.
type keeping struct {
	restore.Looker
	kept *looker.Write
}

func (k *keeping) Send(ctx context.Context, w looker.Write) (*looker.Response, error) {
	if k.kept == nil {
		k.kept = &w
		return nil, context.Canceled
	}
	return k.Looker.Send(ctx, w)
}

// An update that was cut off can reach a document after whoever goes on, or takes the restore back, has looked.
// Both let the server settle first, so that the document is as the look saw it when all is undone.
func TestAnUpdateThatWasCutOffIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		goesOn bool
	}{{"the restore goes on", true}, {"it is taken back", false}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r, run := newBackedUpRig(t)
			look := record.Ref{Kind: "looks", ID: "3"}
			r.do("PATCH", "/looks/3", `{"title":"Broken"}`)
			plan := r.plan(restore.Request{Items: []record.Ref{look}, Run: run})
			client := &keeping{}
			r.settle = time.Hour
			r.wrap = func(l restore.Looker) restore.Looker {
				client.Looker = l
				return client
			}
			done, err := r.tryApply(t.Context(), plan)
			if err == nil || client.kept == nil || done.State != record.RestoreInterrupted {
				t.Fatalf("the restore is %s, %v", done.State, err)
			}
			arrived := false
			arrive := func() {
				if !arrived {
					arrived = true
					r.do(client.kept.Method, client.kept.Path, string(client.kept.Body))
				}
			}
			r.paused = arrive
			if test.goesOn {
				done = r.apply(plan)
				complete(t, done)
			}
			complete(t, r.apply(r.plan(restore.Request{Undo: done.ID})))
			arrive()
			if title := canon.Text(canon.Member(r.sim.Document("looks", "3"), "title")); title != "Broken" {
				t.Errorf("the look is called %q after the undo", title)
			}
		})
	}
}

// Where nothing was under way nothing is waited for.
func TestARestoreThatBeginsDoesNotWait(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	r.do("PATCH", "/looks/3", `{"title":"Broken"}`)
	r.paused = func() { t.Error("the restore lets the server settle") }
	complete(t, r.apply(r.plan(restore.Request{Items: []record.Ref{{Kind: "looks", ID: "3"}}, Run: run})))
}

// TestAStopEndsTheWait: who stops a restore that lets the server settle need not wait for that, and nothing is
// written.
func TestAStopEndsTheWait(t *testing.T) {
	t.Parallel()
	r, run := newBackedUpRig(t)
	r.do("PATCH", "/looks/3", `{"title":"Broken"}`)
	plan := r.plan(restore.Request{Items: []record.Ref{{Kind: "looks", ID: "3"}}, Run: run})
	if _, err := r.applyCutOff(plan, 1); err == nil {
		t.Fatal("the restore was not cut off")
	}
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.stop, r.settle = stop, time.Hour
	told := time.Duration(0)
	r.settling = func(d time.Duration) {
		told = d
		cancel()
	}
	r.sending = func(w looker.Write) { t.Errorf("%s %s was sent", w.Method, w.Path) }
	if done, err := r.tryApply(t.Context(), plan); done.State != record.RestoreInterrupted || told != time.Hour {
		t.Errorf("it is %s after a wait of %s, %v", done.State, told, err)
	}
}
