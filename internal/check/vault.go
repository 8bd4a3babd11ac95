package check

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

const (
	// verifyWhole is how large a vault may be to be verified byte by byte here.
	verifyWhole = 64 << 20
	// sampled is how many documents of a larger one are read.
	sampled = 500
	// spare is the least that should be free on the disk.
	spare = 64 << 20
)

// vault checks the file that a run would write to. Its health is from before anything has opened it.
func (c *Checkup) vault(health vault.Health) {
	path := c.options.Config.Sink.Path
	c.lock(health)
	reader, err := sqlite.OpenReader(c.ctx, path)
	switch {
	case errors.Is(err, vault.ErrMissing):
		if !health.Folder {
			c.Fail(Other, "vault", "make the folder, or set sink.path", "%s: its folder is not there", path)
			return
		}
		// What is wrong with the folder otherwise is for the check of the disk.
		if err := sqlite.Probe(filepath.Dir(path)); errors.Is(err, vault.ErrNoLocks) {
			c.damaged("vault", err)
			return
		}
		c.Pass("vault", "%s is not there yet, the first run makes it", path)
		return
	case errors.Is(err, vault.ErrEmpty):
		c.Pass("vault", "%s is empty, the first run makes it a vault", path)
		return
	case errors.Is(err, vault.ErrTooOld):
		c.Warn("vault", "the next run brings it up to date", "%s has an older schema", path)
		return
	case err != nil:
		c.damaged("vault", err)
		return
	}
	defer reader.Close()
	c.log(path, health)
	c.holdings(reader)
	c.integrity(reader)
}

// log says whether the file alone holds everything. Where it does not, closing the
// reader of this check makes it so, unless another program has the file open.
func (c *Checkup) log(path string, health vault.Health) {
	switch {
	case health.LogBytes == 0:
		c.Pass("log", "empty: the file alone holds everything")
	case health.Held || health.LockErr != nil:
		c.Warn("log", "wait for the run to end before you copy the file", "%s is complete only together with %s (%s)", path, health.Log, ui.Size(health.LogBytes))
	default:
		c.Warn("log", "copy both files, or end what reads the vault and check again",
			"%s is complete only together with %s (%s): a run was cut off, or another program read the vault when it ended",
			path, health.Log, ui.Size(health.LogBytes))
	}
}

// lock checks that nobody writes to the vault.
func (c *Checkup) lock(health vault.Health) {
	const remedy = "wait for it to end, or use another --db"
	err := health.LockErr
	e, isOurs := errors.AsType[*vault.Error](err)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		c.skip("this system has no such locks", "lock")
	case errors.Is(err, vault.ErrMissing):
		c.Pass("lock", "free") // there is no folder that it could be in
	case isOurs:
		c.Fail(Vault, "lock", e.Hint, "%s: %s", e.Path, e.Detail)
	case err != nil:
		c.Fail(Vault, "lock", "make the lock file readable, or remove it while no run is under way", "%s", err)
	case health.Held && health.Holder != 0:
		c.Fail(Vault, "lock", remedy, "process %d is writing to the vault", health.Holder)
	case health.Held:
		c.Fail(Vault, "lock", remedy, "another process is writing to the vault")
	default:
		c.Pass("lock", "free")
	}
}

// holdings says what the vault holds of the instance.
func (c *Checkup) holdings(reader vault.Reader) {
	instance := c.options.Instance
	runs, err := reader.Runs(c.ctx, instance)
	switch {
	case errors.Is(err, vault.ErrNotFound), err == nil && len(runs) == 0:
		c.Pass("vault", "schema %d; nothing of %s yet", sqlite.Schema, choose(instance == "", "any instance", instance))
		return
	case err != nil:
		c.damaged("vault", err)
		return
	}
	c.Pass("vault", "schema %d; %s of %s", sqlite.Schema, ui.Plural(int64(len(runs)), "run", "runs"), runs[0].Instance)
	last, when := runs[0], c.moment(runs[0])
	switch {
	case last.Outcome == record.RunComplete:
		c.Pass("last run", "run %d of %s is %s%s", last.ID, when, last.OutcomeText(),
			choose(ofEverything(last.Scope), "", ", scope "+last.Scope.String()))
	case last.Outcome == record.RunRunning:
		c.Pass("last run", "run %d of %s is under way", last.ID, when)
	case last.Outcome == record.RunPartial:
		c.Warn("last run", c.afterPartial(last), "run %d of %s is incomplete", last.ID, when)
	case last.Refused():
		c.Warn("last run", "next month has its own calls; lookervault run --over-quota makes more", "run %d of %s was refused, as looker.quota is used up", last.ID, when)
	default:
		c.Warn("last run", c.options.Resume, "run %d of %s is %s", last.ID, when, last.Outcome)
	}
	c.lastSuccess(runs)
	if i := slices.IndexFunc(runs, func(r record.Run) bool { return !r.Refused() }); i >= 0 {
		newest := runs[i]
		newest.Looker = cmp.Or(c.release, newest.Looker) // the next run finds what the server is now
		c.dates(reader, newest)
		c.nights(reader, newest)
	}
	faults, err := reader.OpenFaults(c.ctx, last.Instance)
	switch {
	case err != nil:
		c.damaged("faults", err)
	case len(faults) > 0:
		c.Warn("faults", "lookervault faults"+c.options.ReadFlags+" lists them; the next run tries again", "%s not fetched and not settled since",
			ui.Plural(int64(len(faults)), "document or listing was", "documents or listings were"))
	default:
		c.Pass("faults", "none open")
	}
}

// moment is when a run began.
func (c *Checkup) moment(run record.Run) string { return ui.Moment(run.Started, c.options.Terminal) }

// afterPartial says what to do about a run that came to its end and is not complete. Faults
// are of documents and lists that failed; what else is missing stands in the run's notes.
func (c *Checkup) afterPartial(run record.Run) string {
	failed := slices.ContainsFunc(run.Kinds, func(k record.Counts) bool { return k.Failed > 0 || !k.Listing.InOrder() })
	switch {
	case run.Resumable():
		return c.options.Resume
	case failed:
		return "lookervault faults" + c.options.ReadFlags + " shows what is missing; the next run tries again"
	case run.ForThisKey():
		return "use a key of a user with the Admin role, or set looker.partial_view: true if this is wanted"
	}
	return fmt.Sprintf("lookervault runs show %d%s says what is missing", run.ID, c.options.ReadFlags)
}

// lastSuccess says when a run of everything was complete last. Complete runs of
// less, or with a key that sees less, are told apart.
func (c *Checkup) lastSuccess(runs []record.Run) {
	var less *record.Run
	for i, r := range runs {
		switch {
		case r.Outcome != record.RunComplete:
		case ofEverything(r.Scope) && (!r.ForThisKey() || c.options.Config.Looker.PartialView):
			c.Pass("last success", "run %d of %s, of everything%s", r.ID, c.moment(r),
				choose(r.ForThisKey(), " that this key sees", ""))
			return
		case less == nil:
			less = &runs[i]
		}
	}
	besides := ""
	if less != nil {
		besides = fmt.Sprintf("; run %d of %s, scope %s, is %s", less.ID, c.moment(*less), less.Scope, less.OutcomeText())
	}
	c.Warn("last success", "lookervault run without kinds and folders", "no run of everything was complete yet%s", besides)
}

// ofEverything reports whether a run looked at everything. Versions before did not
// write that into the scope.
func ofEverything(scope record.Scope) bool { return scope.All || catalogue.CoversDefault(scope) }

// damaged tells of something in the vault that cannot be read. Who may not read it has no
// vault in trouble.
func (c *Checkup) damaged(what string, err error) {
	found, remedy := splitHint(err)
	where := Vault
	if errors.Is(err, fs.ErrPermission) {
		where = Other
	}
	c.Fail(where, what, remedy, "%s", found)
}

// splitHint parts an error of the vault into what was found and what to do.
func splitHint(err error) (found, remedy string) {
	e, ok := errors.AsType[*vault.Error](err)
	if !ok {
		return err.Error(), ""
	}
	bare := *e
	bare.Hint = ""
	return bare.Error(), e.Hint
}

// integrity reads a small vault byte by byte, and of a larger one every row and
// some documents.
func (c *Checkup) integrity(reader vault.Reader) {
	stats, err := reader.Stats(c.ctx)
	if err == nil && stats.FileBytes+stats.LogBytes <= verifyWhole {
		var findings []vault.Finding
		if findings, err = reader.Verify(c.ctx); err == nil && len(findings) > 0 {
			c.Fail(Vault, "integrity", vault.Remedy(findings), "%s, the first: %s",
				ui.Plural(int64(len(findings)), "thing is wrong", "things are wrong"), findings[0])
			return
		}
		if err == nil {
			c.Pass("integrity", "every byte is as it was written")
			return
		}
	}
	n := 0
	if err == nil {
		n, err = c.sample(reader)
	}
	if err != nil {
		c.Fail(Vault, "integrity", vault.Remedy(nil), "%s", err)
		return
	}
	c.Pass("integrity", "every row and %s read well", ui.Plural(int64(n), "document", "documents"))
}

// sample reads some documents of each instance with their hashes.
func (c *Checkup) sample(reader vault.Reader) (n int, err error) {
	instances, err := reader.Instances(c.ctx)
	if err != nil {
		return 0, err
	}
	for _, instance := range instances {
		read := 0
		for _, err := range reader.Documents(c.ctx, vault.Query{Instance: instance.Name}) {
			if err != nil {
				return n, err
			}
			if n, read = n+1, read+1; read == sampled {
				break
			}
		}
	}
	return n, nil
}

// disk checks that the vault has room to grow and can be written.
func (c *Checkup) disk() {
	path := c.options.Config.Sink.Path
	health := sqlite.HealthOf(path)
	switch {
	case errors.Is(health.DiskErr, errors.ErrUnsupported):
		c.skip("this system does not tell", "disk")
		return
	case health.DiskErr != nil:
		c.skip("the vault's folder is not there", "disk")
		return
	case !health.Writable:
		c.Fail(Other, "disk", "make the folder writable, or set sink.path", "%s cannot be written", filepath.Dir(path))
		return
	}
	const remedy = "free space, or move the vault"
	free, holds := health.Free, health.All()
	switch {
	case free < spare:
		c.Fail(Other, "disk", remedy, "%s free", ui.Size(free))
	case free < holds:
		c.Warn("disk", remedy, "%s free, the vault has %s", ui.Size(free), ui.Size(holds))
	default:
		c.Pass("disk", "%s free, the vault has %s", ui.Size(free), ui.Size(holds))
	}
}
