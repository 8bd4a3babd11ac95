package extract_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/memory"
	"github.com/lookervault/lookervault/sinks"
	"github.com/lookervault/lookervault/stages"
)

// compare compares the vault with the server: the same documents, in the same
// states, byte for byte. Documents with redacted values differ in those only.
// Kinds, when there are any, are those that are compared.
func compare(t *testing.T, r *rig, kinds ...record.Kind) {
	t.Helper()
	served, stored := r.served(kinds...), r.stored()
	if kinds != nil {
		maps.DeleteFunc(stored, func(ref record.Ref, _ vault.Document) bool { return !slices.Contains(kinds, ref.Kind) })
	}
	refs := func(set map[record.Ref]bool) []string {
		var names []string
		for ref := range set {
			names = append(names, ref.String())
		}
		slices.Sort(names)
		return names
	}
	want, got := make(map[record.Ref]bool), make(map[record.Ref]bool)
	for ref := range served {
		want[ref] = true
	}
	for ref := range stored {
		got[ref] = true
	}
	if diff := cmp.Diff(refs(want), refs(got)); diff != "" {
		t.Fatalf("documents (-server +vault):\n%s", diff)
	}
	secrets, err := stages.NewSecrets(nil)
	if err != nil {
		t.Fatal(err)
	}
	for ref, item := range served {
		body, paths := secrets[ref.Kind].Redact(r.bodyOf(ref.Kind, item))
		rested := item.State == string(record.Trashed) && r.refresh[refresh.Trash] > 0 // nobody looked
		if !rested && !bytes.Equal(body, stored[ref].Body) {
			t.Errorf("%s: other bytes than the server's (redacted: %v)\n%s", ref, paths, cmp.Diff(string(body), string(stored[ref].Body)))
		}
		if string(stored[ref].State) != item.State {
			t.Errorf("%s is %s, on the server %s", ref, stored[ref].State, item.State)
		}
	}
}

func TestEverythingIsStoredExactly(t *testing.T) {
	t.Parallel()
	servers := map[string]lookersim.Quirks{
		"plays by the rules":   {},
		"no totals":            {NoTotals: true},
		"no order":             {IgnoreSorts: true},
		"short pages":          {PageCap: 7},
		"id lists are ignored": {IgnoreIDs: true},
		"poor rows":            {PoorRows: []string{"dashboards", "users", "roles"}},
		"nothing works":        {NoTotals: true, IgnoreIDs: true, IgnoreSorts: true, PoorRows: []string{"dashboards"}},
	}
	for name, quirks := range servers {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, lookersim.Options{Seed: 7, Quirks: quirks})
			result := r.run(record.RunComplete, start())
			compare(t, r)
			want := make(map[record.Kind]int64)
			for ref := range r.served() {
				want[ref.Kind]++
			}
			for _, k := range result.Run.Kinds {
				if n := want[k.Kind]; k.Listing != record.Complete || k.New != n {
					t.Errorf("%s: %+v, want all %d new", k.Kind, k, n)
				}
			}
			if calls := int64(r.sim.Counts().Calls); calls != total(result.Run.Calls) || calls != result.API.Calls {
				t.Errorf("the server counts %d calls, the run %d, the client %d", calls, total(result.Run.Calls), result.API.Calls)
			}
		})
	}
}

func total(calls []record.Calls) (n int64) {
	for _, c := range calls {
		n += c.N
	}
	return n
}

func TestMemorySinkHoldsTheSame(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 7})
	memory := memory.New()
	r.open = func(context.Context) (sinks.Sink, error) { return memory, nil }
	result := r.run(record.RunComplete, start())
	served := r.served()
	for _, item := range memory.Items() {
		want, _ := mustSecrets(t)[item.Kind].Redact(r.bodyOf(item.Kind, served[item.Ref]))
		if !bytes.Equal(want, item.Body) {
			t.Errorf("%s: other bytes than the server's", item.Ref)
		}
		delete(served, item.Ref)
	}
	if len(served) > 0 {
		t.Errorf("missing: %v", slices.Collect(maps.Keys(served)))
	}
	onDisk := newRig(t, lookersim.Options{Seed: 7})
	if other := onDisk.run(record.RunComplete, start()); other.Run.Digest != result.Run.Digest {
		t.Errorf("digests of the two sinks differ: %s, %s", result.Run.Digest, other.Run.Digest)
	}
}

func mustSecrets(t *testing.T) stages.Secrets {
	t.Helper()
	secrets, err := stages.NewSecrets(nil)
	if err != nil {
		t.Fatal(err)
	}
	return secrets
}

func TestSecondRunAddsNothing(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 3})
	r.run(record.RunComplete, start())
	before := r.stats()
	result := r.run(record.RunComplete, start())
	after := r.stats()
	if before.Bodies != after.Bodies || before.Versions != after.Versions || before.Refs != after.Refs {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
	for _, k := range result.Run.Kinds {
		if k.Same != k.Listed || k.New+k.Changed+k.Gone+k.Failed != 0 {
			t.Errorf("%s: %+v, want all the same", k.Kind, k)
		}
	}
	r.sim.ResetCounts()
	r.run(record.RunComplete, start())
	for id, served := range r.sim.Served("looks") {
		if served != (lookersim.Served{}) {
			t.Errorf("look %s was fetched although its row is the same: %+v", id, served)
		}
	}
	r.sim.ResetCounts()
	full := start()
	full.Full = true
	r.run(record.RunComplete, full)
	for id, served := range r.sim.Served("looks") {
		if served == (lookersim.Served{}) {
			t.Errorf("look %s was not fetched in a full run", id)
		}
	}
}

func TestChangesAreToldApart(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 5, TrashShare: -1})
	r.run(record.RunComplete, start())
	d, l := r.sim.IDs("dashboards"), r.sim.IDs("looks")
	mutate(t, r,
		lookersim.Change{Op: lookersim.OpColour, Kind: "dashboards", ID: d[0], Value: "00ff00"},
		lookersim.Change{Op: lookersim.OpViews, Kind: "dashboards", ID: d[1], Value: "12345"},
		lookersim.Change{Op: lookersim.OpTrash, Kind: "dashboards", ID: d[2]},
		lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: d[3]},
		lookersim.Change{Op: lookersim.OpAdd, Kind: "dashboards"},
		lookersim.Change{Op: lookersim.OpTitle, Kind: "looks", ID: l[0], Value: "Another title"},
		lookersim.Change{Op: lookersim.OpViews, Kind: "looks", ID: l[1], Value: "777"},
		lookersim.Change{Op: lookersim.OpDelete, Kind: "looks", ID: l[2]},
	)
	result := r.run(record.RunComplete, start())
	dashboards, looks := countsOf(t, result, "dashboards"), countsOf(t, result, "looks")
	n := int64(len(d))
	want := record.Counts{Kind: "dashboards", Listing: record.Complete, Listed: n, New: 1, Changed: 2, Same: n - 3, Trashed: 1, Gone: 1, Dates: record.Dates{Stayed: 1}}
	dashboards.Bytes, dashboards.Stored = 0, 0
	if diff := cmp.Diff(want, dashboards); diff != "" {
		t.Errorf("dashboards (-want +got):\n%s", diff)
	}
	n = int64(len(l))
	want = record.Counts{Kind: "looks", Listing: record.Complete, Listed: n - 1, Changed: 1, Same: n - 2, Gone: 1}
	looks.Bytes, looks.Stored = 0, 0
	if diff := cmp.Diff(want, looks); diff != "" {
		t.Errorf("looks (-want +got):\n%s", diff)
	}

	mutate(t, r, lookersim.Change{Op: lookersim.OpRestore, Kind: "dashboards", ID: d[2]})
	result = r.run(record.RunComplete, start("dashboards"))
	if got := countsOf(t, result, "dashboards"); got.Trashed != 0 || got.Changed != 1 {
		t.Errorf("after a restore: %+v", got)
	}
}

func mutate(t *testing.T, r *rig, changes ...lookersim.Change) {
	t.Helper()
	simtest.Mutate(t, r.sim, changes...)
}

func countsOf(t *testing.T, result extract.Result, kind record.Kind) record.Counts {
	t.Helper()
	return simtest.CountsOf(t, result.Run, kind)
}

func TestRunOfSomeKindsSaysNothingOfOthers(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 5})
	r.run(record.RunComplete, start())
	mutate(t, r, lookersim.Change{Op: lookersim.OpDelete, Kind: "users", ID: r.sim.IDs("users")[5]})
	held := len(r.stored())
	result := r.run(record.RunComplete, start("groups"))
	if len(result.Run.Kinds) != 1 || len(r.stored()) != held {
		t.Errorf("%+v, %d documents, want %d", result.Run.Kinds, len(r.stored()), held)
	}
}

func TestFaultsAreRowsAndMakeRunsPartial(t *testing.T) {
	bad := func(id, do string) string { return fmt.Sprintf("route=GET /looks/{id} id=%s %s", id, do) }
	tests := []struct {
		name, do, class string
		status          int
	}{
		{"refused", "status=403", "denied", 403},
		{"server error", "status=500", "server", 500},
		{"throttled item is waited for", "status=429 retry-after=1s times=1", "", 0},
		{"reset", "do=reset", "network", 0},
		{"truncated", "do=truncate", "truncated", 0},
		{"wrong length", "do=length", "truncated", 0},
		{"half a document", "do=json", "truncated", 0},
		{"a page", "do=html", "not_json", 200},
		{"a login page", "do=redirect", "redirect", 302},
		{"another document", "do=swap", "mismatch", 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sizes := simtest.Small()
			sizes.Looks = 3
			r := newRig(t, lookersim.Options{Seed: 2, Sizes: sizes, TrashShare: -1})
			id := r.sim.IDs("looks")[1]
			// Folders are refused, so that looks are asked for one by one.
			r.rules(bad(id, tt.do), "route=GET /folders/{id}/looks status=403")
			want := record.RunPartial
			if tt.class == "" {
				want = record.RunComplete
			}
			result := r.run(want, start("looks"))
			got := countsOf(t, result, "looks")
			if tt.class == "" {
				if got.Failed != 0 || got.New != 3 {
					t.Errorf("%+v", got)
				}
				return
			}
			if got.Failed != 1 || got.New != 2 || got.Listing != record.Complete {
				t.Errorf("%+v, want one failed and two new", got)
			}
			faults := r.faults()
			if len(faults) != 1 || faults[0].ID != id || faults[0].Class != tt.class || faults[0].Status != tt.status || faults[0].Message == "" {
				t.Errorf("faults = %#v, want %s of look %s", faults, tt.class, id)
			}
			if strings.Contains(fmt.Sprint(faults), lookersim.DefaultClientSecret) {
				t.Error("a fault tells the secret")
			}

			// The next run tries it again and resolves it.
			r.rules()
			result = r.run(record.RunComplete, start("looks"))
			if got := countsOf(t, result, "looks"); got.New != 1 || got.Same != 2 {
				t.Errorf("after the fault: %+v", got)
			}
			if faults := r.faults(); len(faults) != 0 {
				t.Errorf("still open: %+v", faults)
			}
			compare(t, r, "looks")
		})
	}
}

func TestExcludedDocuments(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4})
	r.run(record.RunComplete, start("dashboards", "roles"))
	d, roles := r.sim.IDs("dashboards")[3], r.sim.IDs("roles")[0]
	r.rules("kind=dashboards id=" + d + " status=500")
	r.exclude = []record.Ref{{Kind: "dashboards", ID: d}, {Kind: "roles", ID: roles}}
	result := r.run(record.RunComplete, start("dashboards", "roles"))
	for _, kind := range []record.Kind{"dashboards", "roles"} {
		if got := countsOf(t, result, kind); got.Gone != 0 || got.Same != got.Listed-1 && kind == "dashboards" {
			t.Errorf("%s: %+v", kind, got)
		}
	}
	if _, ok := r.stored()[r.exclude[0]]; !ok {
		t.Error("a document that is left out on purpose became gone")
	}
}

func TestEveryKindOfTheCatalogueIsServed(t *testing.T) {
	r := newRig(t, lookersim.Options{Seed: 4})
	for _, k := range catalogue.All() {
		if len(k.Listing.Fixed) == 0 && len(r.sim.IDs(string(k.Name))) == 0 {
			t.Errorf("the simulated Looker holds no %s: nothing is tested of it", k.Name)
		}
	}
}
