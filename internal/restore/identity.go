package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// Ids mean something on one Looker only. Another one may answer at the same address: one that
// was set up anew, or goes on from an old copy of the database. When a document was made never
// changes, so the dates of a few documents tell the two apart.

// madeAt is the member that says when a document was made.
const madeAt = "created_at"

// sampleSize is how many documents of a kind tell one Looker from another, and fewestMissing
// how many have to be missing, if all are.
const sampleSize, fewestMissing = 5, 3

// AnotherError says that another Looker answers than the one that the vault knows.
type AnotherError struct{ why string }

func (e *AnotherError) Error() string {
	return "another Looker answers than the one that was backed up: " + e.why
}

// dated reports whether documents of a kind tell when they were made. Those that are known by
// their names do not: one that is made again has the name of the one that went, and another date.
func dated(spec *catalogue.Spec) bool {
	return spec != nil && spec.Write != nil && slices.Contains(spec.Write.Given, madeAt) && !keepsID(spec)
}

// sameDocument compares a document of the instance in the same way with that of a draft, if it has
// the same id.
func (n *node) sameDocument(now record.Ref, current []byte) error {
	if n.Ref != now || !dated(n.spec) {
		return nil
	}
	return sameMaking(n.Ref, n.body, current)
}

// sameMaking returns an [AnotherError] where two bodies of the document with one id were made
// at different times.
func sameMaking(ref record.Ref, was, is []byte) error {
	before, now := canon.Text(canon.Member(was, madeAt)), canon.Text(canon.Member(is, madeAt))
	if before == "" || now == "" || before == now {
		return nil
	}
	first, err := time.Parse(time.RFC3339Nano, before)
	second, secondErr := time.Parse(time.RFC3339Nano, now)
	if err == nil && secondErr == nil && first.Equal(second) {
		return nil
	}
	return &AnotherError{fmt.Sprintf("%s was made at %s, and here at %s", ref, before, now)}
}

// Identify asks the instance whether it is the Looker that a stored plan saw, and returns an
// [AnotherError] where it is not. It makes one call, one more for each kind of which nothing
// is there any more, and one for the settings where the plan is not for one document. Where it reads what the plan changes first, the answer is returned for
// [ApplyOptions], so that it is not read twice.
func Identify(ctx context.Context, client Looker, reader vault.Reader, plan record.Restore) (first *FirstRead, err error) {
	action, few := firstOfFew(plan.Actions)
	if few {
		if before, err := reader.VersionBody(ctx, action.Before); err != nil {
			return nil, err
		} else if canon.Text(canon.Member(before.Body, madeAt)) != "" {
			return readFirst(ctx, client, action, before.Body)
		}
	}
	if err := askAddress(ctx, client, reader, plan); err != nil {
		return nil, err
	}
	return nil, compareSamples(ctx, client, reader, plan.Target)
}

// telling are the kinds whose documents tell one Looker from another: each has a date of its own,
// and several are asked for by one call.
func telling() []*catalogue.Spec {
	return slices.DeleteFunc(catalogue.All(), func(spec *catalogue.Spec) bool {
		return !dated(spec) || spec.Listing.IDs == "" || spec.Optional
	})
}

// compareSamples compares documents of one kind, or of the next where none of them is there: all
// documents of a kind may have been lost since they were seen, and have been made anew.
func compareSamples(ctx context.Context, client Getter, reader vault.Reader, instance string) error {
	var missing []string
	for _, sampled := range []func(context.Context, vault.Reader, string, record.Kind) ([]vault.Entry, error){backedUp, madeSince} {
		for _, spec := range telling() {
			sample, err := sampled(ctx, reader, instance, spec.Name)
			if err != nil {
				return err
			}
			if len(sample) == 0 {
				continue
			}
			found, err := compareSample(ctx, client, reader, spec, sample)
			if found > 0 || err != nil {
				return err
			}
			for _, e := range sample {
				missing = append(missing, e.Ref.String())
			}
		}
	}
	if len(missing) >= fewestMissing {
		return &AnotherError{"it has none of " + strings.Join(missing, ", ")}
	}
	return nil
}

// FirstRead is the answer to the read of what a plan changes first.
type FirstRead struct {
	seq   int
	body  []byte
	calls int
	used  atomic.Bool
}

// of is what was read of the document that an action is about, once; else nil. Any goroutine
// may call it.
func (f *FirstRead) of(action *record.Action) []byte {
	if f == nil || f.seq != action.Seq || f.used.Swap(true) {
		return nil
	}
	action.Calls += f.calls
	return f.body
}

// firstOfFew is the first of the actions that are still to be done, and true where these are few,
// and all about documents that the plan has seen: then each is compared before it is written.
func firstOfFew(actions []record.Action) (first record.Action, few bool) {
	var open []record.Action
	for _, a := range actions {
		if a.State == record.ActionPlanned || a.State == record.ActionRunning {
			open = append(open, a)
		}
	}
	if len(open) == 0 || len(open) > sampleSize || slices.ContainsFunc(open, func(a record.Action) bool { return a.Before == 0 }) {
		return first, false
	}
	first = slices.MinFunc(open, func(a, b record.Action) int { return cmp.Compare(a.Level, b.Level) })
	spec, _ := catalogue.Find(first.Kind)
	return first, dated(spec) && first.Target != ""
}

func readFirst(ctx context.Context, client Looker, action record.Action, before []byte) (*FirstRead, error) {
	spec, _ := catalogue.Find(action.Kind)
	response, err := client.Get(ctx, singleRequest(spec, action.Target))
	switch {
	case looker.Class(err) == looker.FaultMissing:
		return nil, nil // its action says so
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", action.Ref, err)
	}
	read := &FirstRead{seq: action.Seq, body: response.Body, calls: response.Attempts}
	return read, sameMaking(record.Ref{Kind: action.Kind, ID: action.Target}, before, response.Body)
}

// singleRequest asks for a document alone.
func singleRequest(spec *catalogue.Spec, id string) looker.Request {
	route, path := spec.Single(id)
	query := route.Values()
	if route.Param != "" {
		query.Set(route.Param, id)
	}
	return looker.Request{Route: route.String(), Class: string(route.Activity), Path: path, Query: query}
}

// backedUp are documents of a kind that backups saw last, and that were not in the trash. What looks
// saw does not count: another Looker may have answered.
func backedUp(ctx context.Context, reader vault.Reader, instance string, kind record.Kind) (sample []vault.Entry, err error) {
	for e, err := range reader.Entries(ctx, vault.Query{Instance: instance, Kind: kind, At: vault.Latest(0).OfBackups()}) {
		if errors.Is(err, vault.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if e.State != record.Present {
			continue
		}
		at, _ := slices.BinarySearchFunc(sample, e, func(a, b vault.Entry) int { return cmp.Compare(b.LastRun, a.LastRun) })
		if at == sampleSize {
			continue
		}
		sample = slices.Insert(sample, at, e)
		sample = sample[:min(len(sample), sampleSize)]
	}
	return sample, nil
}

// madeSince are documents of a kind that restores have made since the newest backup, as these read
// them back.
func madeSince(ctx context.Context, reader vault.Reader, instance string, kind record.Kind) (sample []vault.Entry, err error) {
	newest, err := newestBackup(ctx, reader, instance)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	mappings, err := reader.Mappings(ctx, instance, instance)
	if err != nil {
		return nil, err
	}
	for _, m := range mappings {
		if m.Kind != kind || m.State != record.MapLive || m.TargetID == m.ID || len(sample) == sampleSize {
			continue
		}
		versions, err := reader.Versions(ctx, instance, record.Ref{Kind: kind, ID: m.TargetID})
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return nil, err
		}
		if len(versions) > 0 && versions[0].FirstRun > newest {
			sample = append(sample, versions[0])
		}
	}
	return sample, nil
}

// compareSample asks for a few documents by one call, and compares when they were made. It
// returns how many are there.
func compareSample(ctx context.Context, client Getter, reader vault.Reader, spec *catalogue.Spec, sample []vault.Entry) (found int, err error) {
	ids := make([]string, len(sample))
	for i, e := range sample {
		ids[i] = e.ID
	}
	var rows [][]byte
	for _, trash := range []bool{false, true} { // all of them may have gone with their folder
		if len(rows) > 0 || trash && !spec.Listing.Trash {
			break
		}
		if rows, err = listSample(ctx, client, spec, ids, trash); err != nil {
			return 0, fmt.Errorf("see whether it is the Looker that was backed up: %w", err)
		}
	}
	for _, row := range rows {
		i := slices.Index(ids, canon.Text(canon.Member(row, spec.Fields.ID)))
		if i < 0 {
			continue
		}
		found++
		was, err := reader.VersionBody(ctx, sample[i].Version)
		if err != nil {
			return found, err
		}
		if err := sameMaking(sample[i].Ref, was.Body, row); err != nil {
			return found, err
		}
	}
	return found, nil
}

// listSample lists documents by their ids, in the trash or out of it. The last of both lists without
// rows counts only if the server answers lists with some.
func listSample(ctx context.Context, client Getter, spec *catalogue.Spec, ids []string, trash bool) ([][]byte, error) {
	route := spec.Listing.Route
	query := route.Values([2]string{spec.Listing.IDs, strings.Join(ids, ",")}, [2]string{"fields", spec.Fields.ID + "," + madeAt})
	if trash {
		query.Set("deleted", "true")
	}
	response, err := client.Get(ctx, looker.Request{Route: route.String(), Class: string(route.Activity), Path: route.Path, Query: query, Emptied: trash || !spec.Listing.Trash})
	if err != nil {
		return nil, err
	}
	return canon.Rows(response.Body)
}
