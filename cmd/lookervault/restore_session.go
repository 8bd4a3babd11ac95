package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/check"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/restore"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/sinks"
)

// restoring is a vault that is held, and the instance that documents of it go back to.
type restoring struct {
	options  restoreOptions
	config   config.Config
	log      hclog.Logger
	instance string
	client   *looker.Client
	meter    *extract.Meter
	server   server
	file     *sqlite.File
	stops    []func() error // in reverse order
	demo     bool
	left     map[string]int64 // calls that the month has left, by class; nil where nobody minds
	gives    restore.Secrets  // what no backup holds
	// first is what was read of the document that the plan changes first, nil for nothing.
	first *restore.FirstRead
	// toldNotes are those that were printed with the plan.
	toldNotes []string
}

// openRestoring reads the configuration, opens the vault and logs in: nobody is asked
// anything, and nothing is planned, where one of these does not work.
func openRestoring(ctx context.Context, o restoreOptions) (_ *restoring, err error) {
	if _, err := o.streams.progressMode(o.progress, o.json); err != nil {
		return nil, usage(err)
	}
	loaded, err := o.load(o.set, nil)
	if err != nil {
		return nil, err
	}
	o.streams.err.decouple()
	o.interrupts.begin(o.writes)
	r := &restoring{options: o, config: loaded.Config, log: o.streams.logger(loaded), meter: &extract.Meter{}, demo: o.demo}
	for _, warning := range loaded.Warnings {
		o.streams.warn(r.log, warning)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.gives, err = restoreSecrets(loaded); err != nil {
		return nil, err
	}
	if o.demo {
		stop, err := useDemo(o.streams.err, &r.config, loaded)
		if err != nil {
			return nil, err
		}
		r.stops = append(r.stops, func() error { stop(); return nil })
	}
	if err := r.config.RequireLooker(iniBeside()); err != nil {
		return nil, err
	}
	if err := r.somethingToGive(ctx); err != nil {
		return nil, err
	}
	return r, r.connect(ctx)
}

// somethingToGive refuses what opening for writing would make a vault of.
func (r *restoring) somethingToGive(ctx context.Context) error {
	path := r.config.Sink.Path
	if sqlite.FilesOf(path).Missing {
		return fmt.Errorf("there is no vault at %s to restore from%s", path, cmp.Or(hintDemo(path), "; name it with --db"))
	}
	reader, err := sqlite.OpenReader(ctx, path)
	if errors.Is(err, vault.ErrEmpty) {
		return err
	}
	if err != nil {
		return nil //nolint:nilerr // opening for writing says what is wrong, as with one of an older schema
	}
	return reader.Close()
}

// asking asks before anything is written.
func (r *restoring) asking() asking {
	o := r.options
	look := fmt.Sprintf("lookervault restore show %d%s", o.number, dbFlag(r.config.Sink.Path))
	if o.number == 0 {
		look = "lookervault restore plan " + o.ref.String() + r.where()
	}
	return asking{
		streams: o.streams, yes: o.yes, json: o.json, instance: r.instance, protected: r.config.Looker.Protected,
		before: "look at it by " + look + ", and ", then: "apply it",
	}
}

// connect logs in and opens the vault for writing.
func (r *restoring) connect(ctx context.Context) (err error) {
	callers := max(r.config.Restore.Workers, r.config.Stages.Fetch.Workers) // who applies, and who looks
	if r.client, err = newClientFor(r.config, r.options.secrets, callers, r.log, r.meter); err != nil {
		return &exitError{code: codeUsage, err: err}
	}
	r.stops = append(r.stops, func() error { r.client.Close(); return nil })
	r.instance = instanceName(r.config, r.client)
	if r.options.writes {
		if err = r.asking().possible(); err != nil {
			return r.refused(ctx, err)
		}
	}
	if r.left, err = (licence{r.options.now, r.config, r.instance, r.options.overQuota}).keep(ctx, r.client); err != nil {
		return err
	}
	if r.server, err = login(ctx, r.client); err != nil {
		return connectFailed(ctx, err)
	}
	r.file, err = sqlite.OpenFile(ctx, r.config.Sink.Path, sqlite.Options{Now: r.options.now, Warn: func(text string) { r.options.streams.warn(r.log, text) }})
	if err != nil {
		return err
	}
	r.stops = append(r.stops, r.file.Close)
	return r.findInstance(ctx, r.file.Reader())
}

// refused is the error where nobody could be asked in the end: that the vault does not hold
// what is meant, where it does not. No consent would help with that.
func (r *restoring) refused(ctx context.Context, refusal error) error {
	reader, err := sqlite.OpenReader(ctx, r.config.Sink.Path)
	if err != nil {
		return refusal
	}
	defer closing(&refusal, reader)
	if err := r.findInstance(ctx, reader); errors.Is(err, vault.ErrNotFound) {
		return err
	}
	if r.options.number != 0 {
		if _, err := reader.Restore(ctx, r.options.number); errors.Is(err, vault.ErrNotFound) {
			return noPlan(err, reader)
		}
	}
	if r.options.ref.ID != "" {
		if _, err := reader.Versions(ctx, r.instance, r.options.ref); errors.Is(err, vault.ErrNotFound) {
			return notHeld(err, reader)
		}
		if _, err := r.stateOf(ctx, reader); errors.Is(err, vault.ErrNotFound) {
			return err
		}
	}
	return refusal
}

// askWhoCalls asks the instance whose API key this is.
func (r *restoring) askWhoCalls(ctx context.Context) (err error) {
	reader := r.file.Reader()
	known := check.KnownRoles{
		Seen:   rolesSeen(ctx, reader, r.instance),
		Lesser: func(ids []string) bool { return lesserRoles(ctx, reader, r.instance, ids) },
	}
	if r.server.caller, err = whoCalls(ctx, r.client, known); err != nil {
		return connectFailed(ctx, err)
	}
	return nil
}

// recallWhoCalls takes from a plan whose API key this is, where the plan was made with the
// same key, at the same address and not too long ago; else it asks the instance. A key never
// changes hands. Its user may have lost rights meanwhile, which the instance says at the
// first document that is read or written.
func (r *restoring) recallWhoCalls(ctx context.Context, plan record.Restore) error {
	request, err := restore.RequestOf(plan)
	if err != nil {
		return err
	}
	age := r.options.now().Sub(plan.PlannedAt)
	if request.Key != "" && request.Key == r.key() && age >= 0 && age <= r.config.Restore.MaxAge.Std() && plan.Look != 0 {
		look, err := r.file.Reader().Run(ctx, plan.Look)
		if err != nil {
			return err
		}
		if look.Caller.ID != "" && look.Caller.ID == plan.CallerID && (r.demo || look.BaseURL == r.client.BaseURL()) {
			r.server.caller = look.Caller
			return nil
		}
	}
	return r.askWhoCalls(ctx)
}

// key is a digest of the client id, by which plans know the API key again that they were
// made with. The vault holds no client ids.
func (r *restoring) key() string {
	sum := sha256.Sum256([]byte("API key " + r.config.Looker.ClientID))
	return hex.EncodeToString(sum[:16])
}

// findInstance finds the instance of the vault that the configuration reaches. Giving
// documents back to another one is not what was asked for.
func (r *restoring) findInstance(ctx context.Context, reader vault.Reader) error {
	wanted := r.options.instance
	if wanted != "" && wanted != r.instance {
		return usagef("--instance %s, but the configuration reaches %s; documents go back to the instance that they come from", wanted, r.instance)
	}
	_, err := reader.Resolve(ctx, r.instance)
	switch {
	case errors.Is(err, vault.ErrNotFound) && r.options.number != 0:
		return nil // the plan that is named says for which instance it is
	case errors.Is(err, vault.ErrNotFound):
		return fmt.Errorf("%w: the vault holds nothing of %s, which the configuration reaches; looker.name says under which name it was backed up", err, r.instance)
	}
	return err
}

// close gives everything back.
func (r *restoring) close() error {
	var errs []error
	for _, stop := range slices.Backward(r.stops) {
		errs = append(errs, stop())
	}
	r.stops = nil
	return errors.Join(errs...)
}

// look makes a run that looks at a scope of the instance: an ordinary one, whose
// documents the vault keeps like those of any other.
func (r *restoring) look(_ context.Context, scope record.Scope) (run int64, err error) {
	return r.lookAt(scope, nil)
}

// settling says why nothing happens for a while.
func (r *restoring) settling(d time.Duration) {
	r.options.streams.warn(r.log, fmt.Sprintf("waiting %s: Looker may still carry out what it gave no answer to", d.Round(time.Millisecond)))
}

// lookShown is look where nothing else shows what goes on.
func (r *restoring) lookShown(_ context.Context, scope record.Scope) (run int64, err error) {
	w, err := newLookWatch(r.options.streams, r.config, r.options.progress, r.options.json)
	if err != nil {
		return 0, err
	}
	defer w.close()
	return r.lookAt(scope, w.showing(r.options.interrupts.stop))
}

// lookAt makes a look. Begun, when not nil, is told once how it began.
func (r *restoring) lookAt(scope record.Scope, begun func(record.Begun, *extract.View)) (run int64, err error) {
	writer, err := r.file.Writer()
	if err != nil {
		return 0, err
	}
	sink := sinks.Scrubbed(writer, r.options.secrets.Scrub)
	defer closing(&err, sink)
	kinds := slices.DeleteFunc(catalogue.All(), func(k *catalogue.Spec) bool { return !slices.Contains(scope.Kinds, k.Name) })
	shown, err := json.Marshal(r.config.Redacted())
	if err != nil {
		return 0, err
	}
	result, err := extract.Run(r.options.interrupts.kill, extract.Job{
		Config: r.config, Kinds: kinds, Client: r.client, Sink: sink, Log: r.log.Named("look"), Now: r.options.now,
		Meter: r.meter, Stop: r.options.interrupts.stop, Begun: begun,
		Start: record.Start{
			Origin: record.OriginLook, Scope: scope, Tool: toolVersion(), Instance: r.instance, BaseURL: r.client.BaseURL(),
			Caller: r.server.caller, Looker: r.server.release, At: r.options.now(), Config: shown,
		},
	})
	return result.Run.ID, err
}

// where are the flags that lead a command to the instance and the vault again, with a
// space before each.
func (r *restoring) where() string { return demoFlag(r.demo, r.config.Sink.Path) }

// demoFlag is dbFlag of a command that talks to the instance, which may be the demo's.
func demoFlag(demo bool, path string) string {
	switch {
	case demo && path == demoVault:
		return " --demo"
	case demo:
		return " --demo" + dbFlag(path)
	}
	return dbFlag(path)
}

// affords refuses a plan that takes more calls than there may be made, before anything is
// written.
func (r *restoring) affords(plan record.Restore) error {
	needed, byClass := 0, make(map[string]int64)
	for _, a := range plan.Actions {
		if a.State == record.ActionPlanned || a.State == record.ActionRunning {
			needed += a.PlannedCalls
			byClass[string(catalogue.WriteClass(a.Kind))] += int64(a.PlannedCalls)
		}
	}
	const nothing = "nothing was written"
	if most := int64(r.config.RateLimit.MaxCalls); most > 0 {
		if left := max(most-r.client.Stats().Calls, 0); int64(needed) > left {
			return usagef("plan %d takes about %s, and rate_limit.max_calls (%s) leaves %s: %s; allow more by --max-calls, or plan fewer documents",
				plan.ID, plural(int64(needed), "call", "calls"), count(most), count(left), nothing)
		}
	}
	for _, class := range slices.Sorted(maps.Keys(r.left)) {
		if left := r.left[class]; byClass[class] > left {
			return usagef("plan %d takes about %s %s calls, and looker.quota leaves %s this month: %s; --over-quota makes more, or plan fewer documents",
				plan.ID, count(byClass[class]), class, count(left), nothing)
		}
	}
	return nil
}
