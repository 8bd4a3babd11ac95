package main

import (
	"context"
	"sync"
	"time"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/forecast"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// foreseeAfter is how old a run is before it is forecast. One that ends sooner is seen by
// nobody, and every row of the vault is read for a forecast: in a run without limits that
// took a fifth of the processor.
const foreseeAfter = 2 * time.Second

// foreseeing makes the forecast that progress is told by, beside the run: nobody waits
// for it, and a run goes on without one.
type foreseeing struct {
	backup *backup
	ahead  forecast.Ahead
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (b *backup) newForeseeing(ctx context.Context, kinds []*catalogue.Spec, exclude []record.Ref, client *looker.Client) *foreseeing {
	ctx, cancel := context.WithCancel(ctx)
	return &foreseeing{
		backup: b, ctx: ctx, cancel: cancel,
		ahead: forecast.Ahead{
			Config: b.config, Kinds: kinds, Exclude: exclude, Scope: b.start.Scope, Full: b.start.Full, Caller: b.start.Caller, Looker: b.start.Looker,
			Client: client, Instance: b.instance, Refresh: b.refresh, Now: b.options.clock.now(), Told: rolesTold(b.config, kinds),
		},
	}
}

// begin begins the forecast of a run that has begun, where somebody sees it.
func (f *foreseeing) begin(begun record.Begun) {
	if f.backup.watch.mode == "none" && f.backup.watch.events == nil || begun.First {
		return
	}
	f.ahead.Scope, f.ahead.Full = begun.Scope, begun.Full
	if begun.Resumed {
		f.ahead.Resume = begun.Run
	}
	f.done.Go(func() {
		select {
		case <-time.After(foreseeAfter):
		case <-f.ctx.Done():
			return
		}
		if kinds := f.foresee(); kinds != nil {
			f.backup.watch.expect(kinds)
		}
	})
}

// foresee reads the vault beside its writer. What cannot be read is no forecast.
func (f *foreseeing) foresee() map[record.Kind]ui.Expected {
	reader, err := sqlite.OpenReader(f.ctx, f.backup.config.Sink.Path)
	if err != nil {
		return nil
	}
	defer reader.Close()
	f.ahead.Vault = reader
	expected, err := forecast.FromVault(f.ctx, f.ahead)
	if err != nil {
		return nil
	}
	kinds := make(map[record.Kind]ui.Expected, len(expected.Kinds))
	for _, k := range expected.Kinds {
		kinds[k.Kind] = ui.Expected{Things: k.Items.Likely, Calls: k.Calls().Likely}
	}
	return kinds
}

// end ends the reading, before the vault is closed.
func (f *foreseeing) end() {
	f.cancel()
	f.done.Wait()
}
