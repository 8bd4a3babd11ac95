package stages

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// overviewPage is how many rows a page of an overview asks for.
const overviewPage = 5000

// Overviews are the lists of a run that tell what many documents hold, see
// [catalogue.Overview]. Each is asked for once. They are safe for use by many goroutines.
type Overviews struct {
	mu             sync.Mutex
	read           map[string]*overview // by path
	contradictions int                  // documents that did not hold what an overview tells of them, asked for twice
}

// mostContradictions is after how many contradictions a document that does not hold what an
// overview tells of it is not asked for again: this server's lists tell something else.
const mostContradictions = 3

// Doubtful reports whether it may be a document, and not the overview, that is wrong where
// they contradict each other.
func (o *Overviews) Doubtful() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.contradictions < mostContradictions
}

// Contradicted records that a document contradicts an overview whenever it is asked for.
func (o *Overviews) Contradicted() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.contradictions++
}

// overview is a list that was read, or why it was not.
type overview struct {
	rows [][]byte
	err  error
}

// stamped gives documents the stamp that an overview tells of them. Where the overview
// cannot be had, or does not hold all that it should, they have none and are fetched.
func (l *lister) stamped(ctx context.Context, kind *catalogue.Spec, rows []record.Listed) ([]record.Listed, error) {
	of := kind.Listing.Overview
	if of == nil || l.Overviews == nil || !l.ProvesAbsence || len(rows) == 0 || l.Ledger.Knows(kind.Name, record.StampsOff) {
		return rows, nil
	}
	// An overview that leaves out a part of the instance does not tell of its changes.
	if !l.Ledger.readWhole(of.Of) {
		return rows, nil
	}
	stamps, err := l.Overviews.stamps(ctx, l.Looker, kind, l.Ledger.SoFar(of.Of), false)
	var failed *Failed
	switch {
	case errors.As(err, &failed), errors.Is(err, ErrUncounted), errors.Is(err, ErrBudget):
		l.Log.Info("an overview cannot be had, each document is asked for", "kind", kind.Name, "route", of.Route.String(), "error", err)
		return rows, nil
	case err != nil:
		return nil, err
	}
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Stamp = stamps.of(rows[i].ID)
	}
	return rows, nil
}

// NoParts is the stamp of a document of which an overview tells no part.
var NoParts = record.Digest(sha256.Sum256(nil))

// stampsOf are the stamps of documents by their ids; one that is not there has no parts.
type stampsOf map[string]record.Digest

func (s stampsOf) of(id string) record.Digest {
	if stamp, ok := s[id]; ok {
		return stamp
	}
	return NoParts
}

// stamps works out what the overview of a kind tells of its documents. It must hold so many
// rows. again asks for it once more.
func (o *Overviews) stamps(ctx context.Context, looker Looker, kind *catalogue.Spec, rows int, again bool) (stampsOf, error) {
	of := kind.Listing.Overview
	list := o.get(ctx, looker, kind, rows, again)
	if list.err != nil {
		return nil, list.err
	}
	rules := canon.Compile(&catalogue.Spec{
		Name: kind.Name, Fields: catalogue.Fields{ID: "id"}, Volatile: slices.Concat(kind.Volatile, []string{of.Member}, of.Beside),
	})
	reader := canon.NewReader()
	parts := make(map[string][]string)
	for _, row := range list.rows {
		doc, err := reader.Read(rules, row)
		if err != nil {
			return nil, Broken(err)
		}
		ids, err := owners(of, row)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			parts[id] = append(parts[id], doc.ID+" "+doc.Fingerprint.String())
		}
	}
	stamps := make(stampsOf, len(parts))
	for id, held := range parts {
		slices.Sort(held)
		stamps[id] = sha256.Sum256([]byte(strings.Join(held, "\n")))
	}
	return stamps, nil
}

// Again asks for the overview of a kind once more, and returns what it tells of a document
// now. It must hold so many rows.
func (o *Overviews) Again(ctx context.Context, looker Looker, kind *catalogue.Spec, rows int, id string) (record.Digest, error) {
	stamps, err := o.stamps(ctx, looker, kind, rows, true)
	return stamps.of(id), err
}

// owners are the ids of the documents that a row is part of.
func owners(of *catalogue.Overview, row []byte) (ids []string, err error) {
	raw := canon.Member(row, of.Member)
	if raw == nil {
		return nil, fmt.Errorf("%w: a row of %s has no %s", ErrUncounted, of.Route, of.Member)
	}
	if string(raw) == "null" {
		return nil, nil
	}
	values, err := canon.Rows(raw)
	if err != nil {
		return nil, Broken(err)
	}
	for _, value := range values {
		ids = append(ids, canon.Text(value))
	}
	return ids, nil
}

// get reads an overview, or returns what was read of it before.
func (o *Overviews) get(ctx context.Context, looker Looker, kind *catalogue.Spec, rows int, again bool) *overview {
	o.mu.Lock()
	defer o.mu.Unlock()
	path := kind.Listing.Overview.Route.Path
	if list := o.read[path]; list != nil && !again {
		return list
	}
	list := &overview{}
	list.rows, list.err = readOverview(ctx, looker, kind, rows)
	if o.read == nil {
		o.read = make(map[string]*overview)
	}
	if ctx.Err() == nil {
		o.read[path] = list
	}
	return list
}

// readOverview reads the pages of an overview, until all rows are there.
func readOverview(ctx context.Context, looker Looker, kind *catalogue.Spec, want int) (rows [][]byte, err error) {
	route := kind.Listing.Overview.Route
	seen := make(map[string]bool)
	for len(rows) < want {
		call := Call{Kind: kind.Name, Route: route, Path: route.Path, Check: IsArray, Query: route.Values(
			[2]string{"limit", strconv.Itoa(overviewPage)}, [2]string{"offset", strconv.Itoa(len(rows))}, [2]string{"sorts", "id"})}
		call.Emptied = len(rows) == 0
		answer, err := looker.Get(ctx, call)
		if err != nil {
			return nil, err
		}
		page, err := canon.Rows(answer.Body)
		if err != nil {
			return nil, Broken(err)
		}
		if len(page) == 0 {
			break
		}
		for _, row := range page {
			id := canon.Text(canon.Member(row, "id"))
			if id == "" || seen[id] {
				return nil, fmt.Errorf("%w: %s holds a row twice, or one without an id", ErrUncounted, route)
			}
			seen[id] = true
			rows = append(rows, slices.Clone(row))
		}
		if answer.Free != nil {
			answer.Free()
		}
	}
	if len(rows) != want {
		return nil, fmt.Errorf("%w: %s has %d rows, and there are %d %s", ErrUncounted, route, len(rows), want, kind.Listing.Overview.Of)
	}
	return rows, nil
}

// Tells reports whether the rows of an overview that name a document are the parts that a
// body of it holds: the same ones, equal in the members that both have.
func (o *Overviews) Tells(kind *catalogue.Spec, id string, body []byte) bool {
	o.mu.Lock()
	list := o.read[kind.Listing.Overview.Route.Path]
	o.mu.Unlock()
	parts, err := canon.Rows(body)
	if list == nil || list.err != nil || err != nil {
		return false
	}
	rules := canon.Compile(kind)
	told := make(map[string][]byte)
	for _, row := range list.rows {
		if ids, err := owners(kind.Listing.Overview, row); err == nil && slices.Contains(ids, id) {
			told[canon.Text(canon.Member(row, "id"))] = row
		}
	}
	for _, part := range parts {
		row, ok := told[canon.Text(canon.Member(part, "id"))]
		if !ok || !sameCommon(rules, part, row) {
			return false
		}
	}
	return len(parts) == len(told)
}

// sameCommon reports whether two objects are equal in the members that both have and that
// matter.
func sameCommon(rules *canon.Rules, one, other []byte) bool {
	has := canon.Members(rules, other)
	for name := range canon.Members(rules, one) {
		if _, both := has[name]; both && !bytes.Equal(canon.Member(one, name), canon.Member(other, name)) {
			return false
		}
	}
	return true
}
