package restore

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// What a plan makes anew may have been made since: by another plan of the same, or by hand.
// Looker refuses a second dashboard of a slug. It takes a second schedule of anything, which
// mails everything twice, so that the restore has to look.

// since is what was made on the instance after a plan had looked at it.
type since struct {
	// restored are the documents that other restores have made since for those of the plan.
	restored map[record.Ref]record.Mapping
	// rows are those of the lists of kinds, read again when the level began that makes some.
	rows map[record.Kind][][]byte
	// unread says why a list could not be read.
	unread map[record.Kind]error
	// seen are the documents that the vault knew of when the plan had looked.
	seen map[record.Kind]map[string]bool
}

// newSince finds what other restores have made since the plan.
func newSince(plan record.Restore, mappings []record.Mapping) since {
	s := since{
		restored: make(map[record.Ref]record.Mapping), rows: make(map[record.Kind][][]byte),
		unread: make(map[record.Kind]error), seen: make(map[record.Kind]map[string]bool),
	}
	for _, m := range mappings {
		if m.State == record.MapLive && m.Restore != plan.ID && m.At.After(plan.PlannedAt) {
			s.restored[m.Ref] = m
		}
	}
	return s
}

// listAgain reads the lists of the kinds of which a level makes documents that the server takes
// any number of times, so far as no search finds them.
func (a *applier) listAgain(ctx context.Context, level []record.Action) error {
	clear(a.since.rows)
	clear(a.since.unread)
	for _, action := range level {
		spec, ok := catalogue.Find(action.Kind)
		if !ok || action.Deed != record.DeedCreate || a.since.rows[action.Kind] != nil || a.since.unread[action.Kind] != nil || !listsTell(spec) {
			continue
		}
		rows, err := a.rowsOf(ctx, spec)
		if err != nil && aboutRestore(err) {
			return err
		}
		if err != nil {
			a.since.unread[action.Kind] = fmt.Errorf("see whether it was made since the plan: %w", err)
			continue
		}
		a.since.rows[action.Kind] = rows
	}
	return a.seenByPlan(ctx, level)
}

// listsTell reports whether only the list of a kind tells that a document like another one is
// there.
func listsTell(spec *catalogue.Spec) bool {
	return spec.Write != nil && spec.Write.Find == catalogue.ByNew && !spec.Listing.Route.IsZero() &&
		slices.ContainsFunc(spec.Write.Keys, func(key catalogue.Key) bool { return !key.Unique && key.Search.IsZero() })
}

// rowsOf reads a list to its end.
func (a *applier) rowsOf(ctx context.Context, spec *catalogue.Spec) ([][]byte, error) {
	all, query := [][]byte{}, spec.Listing.Route.Values()
	err := eachPage(spec, query, !spec.Listing.Whole,
		func() ([][]byte, error) { return a.rows(ctx, spec.Listing.Route, query) },
		func(rows [][]byte) (bool, error) {
			all = append(all, rows...)
			return true, nil
		})
	return all, err
}

// rows are the rows that a route answers.
func (a *applier) rows(ctx context.Context, route catalogue.Route, query url.Values) ([][]byte, error) {
	response, err := a.Client.Get(ctx, looker.Request{Route: route.String(), Class: string(route.Activity), Path: route.Path, Query: query})
	if err != nil {
		return nil, err
	}
	rows, err := canon.Rows(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", route, err)
	}
	return rows, nil
}

// seenByPlan finds the documents that were known when the plan had looked, of the kinds of which
// a level makes some.
func (a *applier) seenByPlan(ctx context.Context, level []record.Action) error {
	for _, action := range level {
		if action.Deed != record.DeedCreate || a.since.seen[action.Kind] != nil {
			continue
		}
		seen := make(map[string]bool)
		query := vault.Query{Instance: a.plan.Target, Kind: action.Kind, At: vault.AtRun(a.plan.Look)}
		for _, query.Deleted = range []bool{false, true} {
			for e, err := range a.Reader.Entries(ctx, query) {
				if err != nil {
					return err
				}
				seen[e.ID] = e.State != record.Gone
			}
		}
		a.since.seen[action.Kind] = seen
	}
	return nil
}

// notMadeSince checks that nobody has made what the action is to make since the plan looked. What
// an earlier attempt of the action made, or may have made, the journal tells.
func (t *task) notMadeSince(ctx context.Context) error {
	if slices.ContainsFunc(t.steps, func(s record.Step) bool { return s.Part == string(t.spec.Name) }) {
		return nil
	}
	if m, ok := t.since.restored[t.action.Ref]; ok && t.own == nil {
		return &driftError{fmt.Sprintf("restore %d has made it since the plan, as %s/%s", m.Restore, m.Kind, m.TargetID)}
	}
	if t.spec.Write.Find != catalogue.ByNew {
		return nil // Looker refuses a second one
	}
	if err := t.since.unread[t.spec.Name]; err != nil {
		return err
	}
	for i := range t.spec.Write.Keys {
		key := &t.spec.Write.Keys[i]
		wanted, ok := canon.KeyOf(t.spec.Write, key, t.wanted, t.resolve)
		if !ok {
			continue
		}
		rows, err := t.holdersOf(ctx, key)
		if err != nil {
			return err
		}
		for _, row := range rows {
			is, has := canon.KeyOf(t.spec.Write, key, row, canon.Itself)
			id := canon.Text(canon.Member(row, t.spec.Fields.ID))
			if has && is == wanted && id != "" && !t.since.seen[t.spec.Name][id] && !t.isOurs(id) {
				return &driftError{fmt.Sprintf("%s/%s, which has the same %s, was made on the instance since the plan", t.spec.Name, id, strings.Join(key.Members, ", "))}
			}
		}
	}
	return nil
}

// holdersOf are rows of all documents of the instance that may have a key of the action's.
func (t *task) holdersOf(ctx context.Context, key *catalogue.Key) ([][]byte, error) {
	if key.Search.IsZero() {
		return t.since.rows[t.spec.Name], nil
	}
	members, ok := canon.KeyMembers(t.spec.Write, key, t.wanted, t.resolve)
	query := key.Search.Values()
	for param, member := range key.Params {
		at := slices.Index(key.Members, member)
		if !ok || at < 0 || len(members[at]) != 1 || members[at][0] == "" {
			return nil, nil
		}
		query.Set(param, members[at][0])
	}
	body, err := t.get(ctx, key.Search, key.Search.Path, query)
	if err != nil {
		return nil, err
	}
	return canon.Rows(body)
}

// isOurs reports whether this restore has made a document.
func (t *task) isOurs(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ref, target := range t.ids {
		if ref.Kind == t.spec.Name && target == id {
			return true
		}
	}
	return slices.ContainsFunc(t.plan.Actions, func(a record.Action) bool { return a.Kind == t.spec.Name && a.Target == id })
}

// unknownChanged says that members which the row does not know are others than they were: nothing that this
// program writes. Where an earlier attempt had begun, the server may have changed them along with what that
// wrote: then the result says it, since no write of this program touches them.
func (t *task) unknownChanged(before, now []byte) ([]string, error) {
	was, err := canon.Unknown(t.spec, before)
	if err != nil {
		return nil, err
	}
	is, err := canon.Unknown(t.spec, now)
	if err != nil || bytes.Equal(was, is) {
		return nil, err
	}
	if !t.resumed {
		return []string{unknownMember}, nil
	}
	changes, err := canon.Differences(was, is)
	if err != nil {
		return nil, err
	}
	ownParts := func(c record.Change) bool {
		return strings.Contains(c.Path, "/") && (c.Before == nil || c.After == nil)
	}
	if changes = slices.DeleteFunc(changes, ownParts); len(changes) > 0 {
		t.remark = fmt.Sprintf("%s is another one than the plan saw, and is left so: whether that came with what was written before the restore was cut off, or somebody has changed it, nobody knows", changes[0].Path)
	}
	return nil, nil
}

// unknownMember is what people are told of a member that no row knows.
const unknownMember = "a member that this program does not know"
