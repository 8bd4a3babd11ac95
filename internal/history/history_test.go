package history_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/history"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// documents are what an instance holds, by kind and id: a body, of what lies in the trash
// behind a "-".
type documents map[string]string

// with are documents of which some are others; an empty body takes one away.
func (d documents) with(changes documents) documents {
	all := documents{}
	for _, some := range []documents{d, changes} {
		for ref, body := range some {
			if all[ref] = body; body == "" {
				delete(all, ref)
			}
		}
	}
	return all
}

// office is a small instance: two people, three folders, and what lies in them.
var office = documents{
	"users/1":           `{"id":"1","display_name":"Ann","email":"ann@example.com"}`,
	"users/2":           `{"id":"2","display_name":"Ben","email":"ben@example.com"}`,
	"folders/1":         `{"id":"1","name":"Shared","parent_id":null}`,
	"folders/2":         `{"id":"2","name":"Finance","parent_id":"1"}`,
	"folders/3":         `{"id":"3","name":"Old","parent_id":"2"}`,
	"dashboards/10":     `{"id":"10","title":"Sales","folder_id":"2","user_id":"1","view_count":7}`,
	"dashboards/11":     `{"id":"11","title":"Costs","folder_id":"3","user_id":"2"}`,
	"looks/20":          `{"id":"20","title":"Margin","folder_id":"2","user_id":"1","query_id":"q1"}`,
	"scheduled_plans/5": `{"id":"5","name":"Weekly","user_id":"1","dashboard_id":"11"}`,
}

// backUp makes a vault of one run for each of the snapshots, a day apart.
func backUp(t *testing.T, snapshots ...documents) vault.Reader {
	t.Helper()
	return backUpBy(t, func(int) bool { return true }, snapshots...)
}

// backUpBy is backUp by keys of which admin tells, of each run from 0 on, whether it is an
// administrator's.
func backUpBy(t *testing.T, admin func(int) bool, snapshots ...documents) vault.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "looker.db")
	kinds := []record.Kind{"dashboards", "folders", "looks", "scheduled_plans", "users"}
	for i, snapshot := range snapshots {
		at := time.Date(2026, 3, 1+i, 2, 0, 0, 0, time.UTC)
		w, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		admin := admin(i)
		start := record.Start{Instance: "acme", Origin: "api", Scope: record.Scope{Kinds: kinds, All: true}, Caller: record.Caller{ID: "1", Admin: &admin}, Policy: 1, At: at}
		if _, err := w.Begin(t.Context(), start); err != nil {
			t.Fatal(err)
		}
		var batch record.Batch
		for ref, body := range snapshot {
			batch = append(batch, recordOf(t, ref, body))
		}
		if err := w.Commit(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		finish := record.Finish{At: at.Add(time.Minute)}
		for _, kind := range kinds {
			finish.Kinds = append(finish.Kinds, record.End{Kind: kind, Listing: record.Complete})
		}
		if _, err := w.Finish(t.Context(), finish); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := sqlite.OpenReader(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// recordOf reads a document as a run does.
func recordOf(t *testing.T, name, body string) record.Record {
	t.Helper()
	kind, id, _ := strings.Cut(name, "/")
	state := record.Present
	if text, trashed := strings.CutPrefix(body, "-"); trashed {
		state, body = record.Trashed, text
	}
	doc, err := canon.NewReader().Read(canon.Compile(catalogue.Lookup(record.Kind(kind))), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return record.Record{
		Ref: record.Ref{Kind: record.Kind(kind), ID: id}, State: state, Policy: 1, Codec: record.Plain, Name: doc.Name, Folder: doc.Folder, Owner: doc.Owner,
		Updated: doc.Updated, Fingerprint: doc.Fingerprint, Refs: doc.Refs, Body: []byte(body), Size: int64(len(body)), Hash: sha256.Sum256([]byte(body)),
	}
}

// changes are what became of documents in a span, as lines.
func changes(t *testing.T, r vault.Reader, span vault.Span, volatile bool, filter *history.Filter) (lines []string) {
	t.Helper()
	span.Instance = "acme"
	m := history.Moment{Reader: r, Instance: "acme", At: vault.AtRun(max(span.After, span.Until)), Run: max(span.After, span.Until)}
	names := &history.Names{}
	if err := errors.Join(names.Read(t.Context(), m), names.ReadGone(t.Context(), m)); err != nil {
		t.Fatal(err)
	}
	err := history.Changes(t.Context(), m, names, volatile, func(c *history.Changer) error {
		for made, err := range c.All(history.Between(t.Context(), r, span), filter) {
			if err != nil {
				return err
			}
			lines = append(lines, fmt.Sprintf("%s %s in %s of %s: %s", strings.Join(made.Change, "+"), made.Ref, made.FolderPath, made.OwnerName, made.What))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestChanges(t *testing.T) {
	r := backUp(t, office, office.with(documents{
		"dashboards/10": `{"id":"10","title":"Sales, better","folder_id":"3","user_id":"1","view_count":9}`,
		"dashboards/11": `-{"id":"11","title":"Costs","folder_id":"3","user_id":"2"}`,
		"dashboards/12": `{"id":"12","title":"New","folder_id":"1","user_id":"2"}`,
		"looks/20":      "",
	}), office.with(documents{"dashboards/10": `{"id":"10","title":"Sales","folder_id":"2","user_id":"1","view_count":99}`}))
	forth := []string{
		`changed+moved dashboards/10 in Shared / Finance / Old of Ann: renamed from "Sales", moved to Shared / Finance / Old`,
		"trashed dashboards/11 in Shared / Finance / Old of Ben: moved to the trash",
		"added dashboards/12 in Shared of Ben: new",
		"removed looks/20 in Shared / Finance of Ann: gone",
	}
	if diff := cmp.Diff(forth, changes(t, r, vault.Span{After: 1, Until: 2}, false, &history.Filter{})); diff != "" {
		t.Errorf("from run 1 to 2 (-want +got):\n%s", diff)
	}
	// Backwards everything is the other way round.
	back := changes(t, r, vault.Span{After: 2, Until: 1}, false, &history.Filter{})
	for _, want := range []string{"restored dashboards/11 in Shared / Finance / Old of Ben: taken out of the trash", "removed dashboards/12", "added looks/20"} {
		if !slices.ContainsFunc(back, func(line string) bool { return strings.HasPrefix(line, want) }) {
			t.Errorf("from run 2 back to 1: no %q in %q", want, back)
		}
	}
	if got := changes(t, r, vault.Span{After: 1, Until: 3}, false, &history.Filter{}); len(got) != 0 {
		t.Errorf("from run 1 to 3 only views moved: got %q", got)
	}
	if got := changes(t, r, vault.Span{After: 1, Until: 3}, true, &history.Filter{}); len(got) != 1 || !strings.HasPrefix(got[0], "changed dashboards/10") {
		t.Errorf("with what is volatile: got %q", got)
	}
	ofBen := &history.Filter{Owners: map[string]bool{"2": true}}
	if got := changes(t, r, vault.Span{After: 1, Until: 2}, false, ofBen); len(got) != 2 {
		t.Errorf("of Ben: got %q, want dashboards 11 and 12", got)
	}
}

// TestLosses: who goes takes along what cannot stay, and what is left leads nowhere.
func TestLosses(t *testing.T) {
	r := backUp(t, office, office.with(documents{
		"users/2": "", "folders/3": "", "dashboards/11": "",
	}))
	span := vault.Span{Instance: "acme", After: 1, Until: 2}
	m := history.Moment{Reader: r, Instance: "acme", At: vault.AtRun(1), Run: 1}
	names := &history.Names{}
	if err := names.Read(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	err := history.Changes(t.Context(), m, names, false, func(c *history.Changer) error {
		losses, err := c.Losses(t.Context(), r, span, r.Between(t.Context(), span), &history.Filter{})
		for _, l := range losses {
			told[l.Ref.String()] = fmt.Sprintf("because %v, dependents %v", l.Because, l.Dependents)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"users/2":       "because [], dependents [dashboards/11 Costs]",
		"folders/3":     "because [], dependents [dashboards/11 Costs]",
		"dashboards/11": "because [folders/3 Old users/2 Ben], dependents [scheduled_plans/5 Weekly]",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("losses (-want +got):\n%s", diff)
	}
}

func TestNames(t *testing.T) {
	r := backUp(t, office.with(documents{
		"folders/4": `{"id":"4","name":"Finance","parent_id":null}`,
		"users/3":   `{"id":"3","display_name":"Ann","email":"other@example.com"}`,
		"users/9":   `{"id":"9","display_name":"Zoe","email":"zoe@example.com"}`,
	}), office.with(documents{
		"folders/4": `{"id":"4","name":"Finance","parent_id":null}`,
		"users/3":   `{"id":"3","display_name":"Ann","email":"other@example.com"}`,
	}))
	m := history.Moment{Reader: r, Instance: "acme"}
	names := &history.Names{}
	if err := names.Read(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"3": "3", "Shared / Finance": "2", "shared/finance/old": "3", "Old": "3", "Finance": "4", "/Shared": "1",
	} {
		if got, err := names.FindFolder(text); got != want || err != nil {
			t.Errorf("folder %q: got %q, %v, want %q", text, got, err, want)
		}
	}
	if _, err := names.FindFolder("Nowhere"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("a folder that is not there: got %v", err)
	}
	below := names.Below([]string{"2"})
	if !below["2"] || !below["3"] || below["1"] || below["4"] {
		t.Errorf("below Finance: got %v, want it and Old", below)
	}
	for text, want := range map[string]string{"ben": "2", "BEN@example.com": "2", "2": "2", "Zoe": "9", "zoe@example.com": "9"} {
		if got, err := names.FindUser(t.Context(), m, text); got != want || err != nil {
			t.Errorf("user %q: got %q, %v, want %q", text, got, err, want)
		}
	}
	if _, err := names.FindUser(t.Context(), m, "Ann"); err == nil || errors.Is(err, vault.ErrNotFound) || !strings.Contains(err.Error(), "1") || !strings.Contains(err.Error(), "3") {
		t.Errorf("a name that two have: got %v, want both ids", err)
	}
	if _, err := names.FindUser(t.Context(), m, "Carl"); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("a user who never was: got %v", err)
	}
	if got := names.User("9"); got != "Zoe" {
		t.Errorf("who is gone is called %q, want as before", got)
	}
}

// TestNowhere: references that lead nowhere are found while bodies are read, and told since
// when.
func TestNowhere(t *testing.T) {
	r := backUp(t, office, office.with(documents{"dashboards/11": "", "folders/2": "", "dashboards/10": `{"id":"10","title":"Sales","folder_id":"1"}`}))
	follow, err := history.FollowReferences(t.Context(), r, "")
	if err != nil {
		t.Fatal(err)
	}
	for d, err := range r.Documents(t.Context(), vault.Query{Instance: "acme"}) {
		if err != nil {
			t.Fatal(err)
		}
		follow.Body(d.Hash, d.Body)
	}
	list, all, err := follow.Nowhere(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, n := range list {
		told = append(told, fmt.Sprintf("%s %s -> %s %s", n.From, n.Path, n.To, n.Since))
	}
	want := []string{
		"folders/3 parent_id -> folders/2 which is gone since run 2", "looks/20 folder_id -> folders/2 which is gone since run 2",
		"scheduled_plans/5 dashboard_id -> dashboards/11 which is gone since run 2",
	}
	if diff := cmp.Diff(want, told); diff != "" || all != len(want) {
		t.Errorf("%d lead nowhere (-want +got):\n%s", all, diff)
	}
}
