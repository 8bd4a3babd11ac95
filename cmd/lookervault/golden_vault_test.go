package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/find"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/pipeline"
	"github.com/lookervault/lookervault/stages"
)

// pastRun is a run of the golden vault: what it saw, fault or body by kind and id.
type pastRun struct {
	scope  record.Scope
	bodies map[string]string
	faults []string
}

// sales is a dashboard with a tile for each of the titles.
func sales(title, region string, views int, tiles ...string) string {
	var elements []string
	for i, tile := range tiles {
		elements = append(elements, fmt.Sprintf(`{"id":"%d","title":%q,"query":{"model":"shop","view":"orders","fields":["orders.total","orders.day"],"sorts":["orders.total desc"]}}`, i+1, tile))
	}
	return fmt.Sprintf(`{"id":"10","title":%q,"folder":{"id":"2","name":"Finance"},"folder_id":"2","user_id":"1","deleted":false,"view_count":%d,"last_updater_name":"Ann","dashboard_filters":[{"id":"1","title":"Region","default_value":%q}],"dashboard_elements":[%s]}`,
		title, views, region, strings.Join(elements, ","))
}

// prunedRun is one of the golden runs that is kept as a number only.
const prunedRun = 5

// goldenRuns are six runs in which everything happens.
func goldenRuns() []pastRun {
	const long = "A name that is as long as names of dashboards get when whoever makes them wants to say everything in one line"
	dashboard := func(id, title, folder string) string {
		return fmt.Sprintf(`{"id":%q,"title":%q,"folder_id":%q,"user_id":"2","deleted":false}`, id, title, folder)
	}
	look := func(id, title string, deleted bool) string {
		return fmt.Sprintf(`{"id":%q,"title":%q,"folder":{"id":"2"},"folder_id":"2","user_id":"1","deleted":%t,"query":{"model":"shop","view":"orders","fields":["orders.total"]}}`, id, title, deleted)
	}
	all := record.Scope{All: true}
	first := map[string]string{
		"folders/1": `{"id":"1","name":"Shared","parent_id":null}`, "folders/2": `{"id":"2","name":"Finance","parent_id":"1"}`,
		"folders/3": `{"id":"3","name":"Ops","parent_id":"1"}`,
		"users/1":   `{"id":"1","display_name":"Ann","email":"ann@example.com"}`, "users/2": `{"id":"2","display_name":"Bob","email":"bob@example.com"}`,
		"dashboards/10": sales("Sales", "EMEA", 1, "Revenue"), "dashboards/11": dashboard("11", long, "3"), "dashboards/12": dashboard("12", "Retired", "3"),
		"looks/20": look("20", "Revenue by day", false), "looks/21": look("21", "Costs", false),
		"roles/40": `{"id":"40","name":"Admin"}`, "role_users/40": `[{"id":"1","display_name":"Ann"},{"id":"2","display_name":"Bob"}]`,
		"scheduled_plans/30": `{"id":"30","name":"Mail revenue","look_id":"20","user_id":"1","enabled":true}`,
	}
	next := func(before map[string]string, changes ...string) map[string]string {
		after := make(map[string]string)
		maps.Copy(after, before)
		for i := 0; i < len(changes); i += 2 {
			if after[changes[i]] = changes[i+1]; changes[i+1] == "" {
				delete(after, changes[i])
			}
		}
		return after
	}
	second := next(first, "dashboards/10", sales("Sales", "APAC", 2, "Revenue", "Orders"), "looks/21", look("21", "Costs", true), "dashboards/12", "")
	third := map[string]string{"dashboards/10": sales("Sales overview", "APAC", 3, "Revenue", "Orders")}
	fourth := next(next(second, "dashboards/10", third["dashboards/10"]), "dashboards/11", dashboard("11", long, "2"), "looks/21", look("21", "Costs", false), "looks/20", "")
	fifth := next(fourth, "dashboards/12", dashboard("12", "Retired", "3"), "dashboards/13", dashboard("13", "Newcomer", "2"),
		"folders/3", `{"id":"3","name":"Operations","parent_id":"1"}`, "scheduled_plans/30", "")
	sixth := next(fifth, "dashboards/10", sales("Sales overview", "APAC", 99, "Revenue", "Orders"), "dashboards/13", dashboard("13", "Newcomer of sales", "2"), "users/2", "",
		"role_users/40", `[{"id":"1","display_name":"Ann"}]`)
	return []pastRun{
		{scope: all, bodies: first},
		{scope: all, bodies: second},
		{scope: record.Scope{Folders: []string{"2"}, Kinds: []record.Kind{"dashboards"}}, bodies: third},
		{scope: all, bodies: fourth, faults: []string{"looks/20"}},
		{scope: all, bodies: fifth},
		{scope: all, bodies: sixth},
	}
}

// goldenVault makes the vault of the golden files in a folder of its own, which the test
// runs in from then on.
func goldenVault(t *testing.T) {
	t.Helper()
	vaultOf(t, goldenRuns())
	w, err := sqlite.Open(t.Context(), "looker.db", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Prune(t.Context(), vault.Pruning{Instance: "acme", Runs: []int64{prunedRun}}, nil)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
}

// vaultOf makes a vault of runs in a folder of its own, which the test runs in from then
// on.
func vaultOf(t *testing.T, runs []pastRun) {
	t.Helper()
	t.Chdir(t.TempDir())
	policies := make(map[record.Kind]int)
	for _, kind := range catalogue.All() {
		policies[kind.Name] = 1
	}
	worker := stages.Serialize(stages.SerializeOptions{Workers: 1, Codec: record.Zstd, Policies: policies}).New()
	for i, past := range runs {
		at := time.Date(2020, 3, 1+i, 4, 30, 0, 0, time.UTC)
		kinds := past.scope.Kinds
		for _, kind := range catalogue.All() {
			if past.scope.All {
				kinds = append(kinds, kind.Name)
			}
		}
		past.scope.Kinds = kinds
		admin := true
		w, err := sqlite.Open(t.Context(), "looker.db", sqlite.Options{Now: func() time.Time { return at }})
		if err != nil {
			t.Fatal(err)
		}
		calls := []record.Calls{{Route: "GET /dashboards/search", Class: "administrative", N: int64(10 + i)}}
		if _, err := w.Begin(t.Context(), record.Start{
			Instance: "acme", BaseURL: "https://acme.looker.com", Origin: "api", Scope: past.scope, Caller: record.Caller{ID: "1", Admin: &admin},
			Looker: "26.4.0", Tool: "1.0.0", At: at, Policy: 1, Policies: policies, TermRules: find.TermRules, Terms: canon.Terms(),
			Calls: func() []record.Calls { defer func() { calls = nil }(); return calls },
		}); err != nil {
			t.Fatal(err)
		}
		batch, counts := recordsOf(t, worker, past, at)
		finish := record.Finish{At: at.Add(90 * time.Second)}
		for _, kind := range kinds {
			finish.Kinds = append(finish.Kinds, record.End{Kind: kind, Listing: record.Complete, Listed: counts[kind]})
		}
		if err := w.Commit(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Finish(t.Context(), finish); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// recordsOf makes what a past run committed, and counts its documents by kind.
func recordsOf(t *testing.T, worker pipeline.Worker[record.Item, record.Record], past pastRun, at time.Time) (batch record.Batch, counts map[record.Kind]int64) {
	t.Helper()
	counts = make(map[record.Kind]int64)
	for _, ref := range slices.Sorted(maps.Keys(past.bodies)) {
		body := past.bodies[ref]
		kind, id, _ := strings.Cut(ref, "/")
		counts[record.Kind(kind)]++
		item := record.Item{Ref: record.Ref{Kind: record.Kind(kind), ID: id}, State: record.Present, Body: []byte(body), Route: "GET /" + kind + "/{id}", At: at}
		if err := worker.Do(t.Context(), item, func(rec record.Record) error {
			batch = append(batch, rec)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, ref := range past.faults {
		kind, id, _ := strings.Cut(ref, "/")
		batch = append(batch, record.Record{Ref: record.Ref{Kind: record.Kind(kind), ID: id}, Fault: &record.Fault{
			Class: "server", Status: 502, Attempts: 5, Message: "GET /looks/20: 502 Bad Gateway",
		}})
	}
	return batch, counts
}
