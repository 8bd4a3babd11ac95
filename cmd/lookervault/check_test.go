package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

func TestCheckOfAHealthyServer(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	tr.must("run")
	tr.sim.ResetCounts()
	findings := tr.check(0)
	if diff := cmp.Diff(map[string]string{}, standing(findings)); diff != "" {
		t.Errorf("not ok (-want +got):\n%s", diff)
	}
	for check, want := range map[string]string{
		"config": "LOOKERSDK_BASE_URL", "version": "26.12.3", "caller": "administrator", "kind looks": "documents", "last run": "complete",
		"integrity": "every byte", "kind role_users": "GET /roles/{role_id}/users",
	} {
		if got := lineOf(findings, check).Found; !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", check, got, want)
		}
	}
	// Who calls is told by the roles too.
	twice := []string{"GET /roles"}
	for _, kind := range catalogue.Default() {
		if kind.Listing.Trash {
			twice = append(twice, kind.Listing.Route.String())
		}
	}
	for route, n := range tr.sim.Counts().Routes {
		if n > 2 || n > 1 && !slices.Contains(twice, route) {
			t.Errorf("%s was asked %d times", route, n)
		}
	}
}

func TestCheckWithoutAVault(t *testing.T) {
	tr := trialHere(t, lookersim.Options{Seed: 3})
	findings := tr.check(0)
	if got := lineOf(findings, "vault"); got.Status != "ok" || !strings.Contains(got.Found, "not there yet") {
		t.Errorf("vault: %+v", got)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("check left %v (%v)", entries, err)
	}
	tr.environ = append(tr.environ, "LOOKERVAULT_SINK__PATH=nowhere/looker.db")
	if got := lineOf(tr.check(1), "vault"); got.Status != "fail" || got.Remedy == "" {
		t.Errorf("vault in a folder that is not there: %+v", got)
	}
}

func TestCheckOfServersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	html := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><body>Please sign in</body></html>")
	})
	expired := certificateUntil(t, time.Now().Add(-24*time.Hour))
	for _, tt := range []struct {
		name, failed, found string
		also                map[string]string
		set                 func(*trial)
	}{
		{
			name: "wrong key", failed: "login", found: "refused the api key",
			set: func(tr *trial) { tr.environ = append(tr.environ, "LOOKERVAULT_LOOKER__CLIENT_SECRET=another secret") },
		},
		{name: "a proxy that answers html", failed: "login", found: "no looker api answers there", set: func(tr *trial) { tr.serve(html, nil) }},
		{
			name: "expired certificate", failed: "tls", found: "the certificate is valid from",
			set: func(tr *trial) { tr.serve(tr.sim, expired); tr.trust(expired) },
		},
		{
			name: "unknown authority", failed: "tls", found: "unknown authority",
			set: func(tr *trial) { tr.serve(tr.sim, certificateUntil(t, time.Now().Add(1000*time.Hour))) },
		},
		{name: "no such host", failed: "dns", set: func(tr *trial) { tr.point("https://looker.invalid") }},
		{name: "nobody listens", failed: "connect", found: "refused", set: func(tr *trial) { tr.point("http://" + closedPort(t)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, lookersim.Options{Seed: 3})
			tt.set(tr)
			findings := tr.check(3)
			if diff := cmp.Diff(unconnected(tt.failed, tt.also), standing(findings)); diff != "" {
				t.Errorf("not ok (-want +got):\n%s", diff)
			}
			got := lineOf(findings, tt.failed)
			if !strings.Contains(got.Found, tt.found) || got.Remedy == "" {
				t.Errorf("%+v, want %q and a remedy", got, tt.found)
			}
		})
	}
}

func TestCheckOfACertificateThatEndsSoon(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	soon := certificateUntil(t, time.Now().Add(48*time.Hour))
	tr.serve(tr.sim, soon)
	tr.trust(soon)
	if got := lineOf(tr.check(0), "tls"); got.Status != "warn" || !strings.Contains(got.Found, "ends on") {
		t.Errorf("%+v", got)
	}
	tr.environ = append(tr.environ, "LOOKERSDK_VERIFY_SSL=false")
	if got := lineOf(tr.check(0), "tls"); got.Status != "warn" || !strings.Contains(got.Found, "not verified") {
		t.Errorf("%+v", got)
	}
}

func TestCheckOfAClockThatIsWrong(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	tr.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		tr.sim.ServeHTTP(w, r)
	}), nil)
	if got := lineOf(tr.check(0), "clock"); got.Status != "warn" || !strings.Contains(got.Found, "behind the server's") {
		t.Errorf("%+v", got)
	}
}

func TestCheckWithoutAdmin(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3, Restricted: true})
	findings := tr.check(0)
	caller := lineOf(findings, "caller")
	for _, want := range []string{"users", "color_collections", "alerts", "no administrator"} {
		if caller.Status != "warn" || !strings.Contains(caller.Found, want) {
			t.Errorf("%+v, want %q", caller, want)
		}
	}
	for check, want := range map[string]string{"kind color_collections": "warn", "kind alerts": "warn", "kind dashboards": "ok"} {
		if got := lineOf(findings, check); got.Status != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}

func TestCheckOfKindsThatAreRefused(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	simtest.SetRules(t, tr.sim, "route=GET /boards status=403", "route=GET /themes status=404", "route=GET /groups status=500")
	findings := tr.check(1)
	for check, want := range map[string]string{
		"kind boards": "fail", "kind themes": "ok", "kind groups": "fail", "kind group_groups": "not checked", "kind users": "ok",
	} {
		if got := lineOf(findings, check); got.Status != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}

// TestCheckOfAListThatIsTooLong: a run would read it in pages, so it is no failure.
func TestCheckOfAListThatIsTooLong(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	simtest.SetRules(t, tr.sim, "route=GET /scheduled_plans status=504 body=page")
	want := fmt.Sprintf("in pages: %d documents", len(tr.sim.IDs("scheduled_plans")))
	if got := lineOf(tr.check(0), "kind scheduled_plans"); got.Status != "warn" || !strings.Contains(got.Found, "504") || !strings.HasSuffix(got.Found, want) {
		t.Errorf("%+v, want a warning that ends with %q", got, want)
	}
}

func TestCheckOfConfiguration(t *testing.T) {
	tr := trialHere(t, lookersim.Options{Seed: 3})
	tr.must("run")
	if err := os.WriteFile("lookervault.yaml", []byte("stages: {fetch: {wokers: 3}}\nlog: {level: loud}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	findings := tr.check(2)
	n := 0
	for _, f := range findings {
		if f.Check == "config" && f.Status == "fail" {
			n++
		}
	}
	if n != 2 || lineOf(findings, "login").Status != "not checked" {
		t.Errorf("%d problems, want 2: %+v", n, findings)
	}
	if err := os.Remove("lookervault.yaml"); err != nil {
		t.Fatal(err)
	}
	tr.environ = nil
	findings = tr.check(2)
	if got := lineOf(findings, "config"); got.Status != "fail" || !strings.Contains(got.Found, "LOOKERSDK_CLIENT_ID") {
		t.Errorf("%+v", got)
	}
	if got := lineOf(findings, "integrity"); got.Status != "ok" {
		t.Errorf("the vault is not checked without credentials: %+v", got)
	}
}

func TestCheckOfALockedVault(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	tr.must("run")
	writer, err := sqlite.Open(t.Context(), tr.file("looker.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := lineOf(tr.check(5), "lock"); got.Status != "fail" || !strings.Contains(got.Found, "is writing") {
		t.Errorf("%+v", got)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if got := lineOf(tr.check(0), "lock"); got.Status != "ok" {
		t.Errorf("%+v", got)
	}
}

// A run that did not end leaves a log; check says so, and its reader writes the log
// into the file.
func TestCheckOfAVaultWithALog(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	tr.must("run")
	writer, err := sqlite.Open(t.Context(), tr.file("looker.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	start := record.Start{Instance: "other", BaseURL: "https://other.looker.com", Origin: "api", At: time.Unix(0, 0)}
	if _, err := writer.Begin(t.Context(), start); err != nil {
		t.Fatal(err)
	}
	if got := lineOf(tr.check(5), "log"); got.Status != "warn" || !strings.Contains(got.Found, "looker.db-wal") {
		t.Errorf("during a run: %+v", got)
	}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(tr.file("looker.db" + suffix))
		if err == nil {
			err = os.WriteFile(tr.file("killed.db"+suffix), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if got := lineOf(tr.check(0, "--db", tr.file("killed.db")), "log"); got.Status != "warn" || !strings.Contains(got.Found, "only together with killed.db-wal") {
		t.Errorf("after a kill: %+v", got)
	}
	for _, path := range []string{"killed.db", "looker.db"} {
		if got := lineOf(tr.check(0, "--db", tr.file(path)), "log"); got.Status != "ok" {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func TestCheckOfADamagedVault(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		damage func([]byte) []byte
		check  string
	}{
		{"flipped bytes", func(file []byte) []byte {
			// Wherever it stands: a page may have an old copy of a row that nobody reads.
			return bytes.ReplaceAll(file, []byte("GET /dashboards"), []byte("GET /cashboards"))
		}, "integrity"},
		{"no database", func([]byte) []byte { return []byte("something else entirely") }, "vault"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tr := newTrial(t, lookersim.Options{Seed: 3})
			tr.must("run")
			file, err := os.ReadFile(tr.file("looker.db"))
			if err == nil {
				err = os.WriteFile(tr.file("looker.db"), tt.damage(file), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			findings := tr.check(5)
			if got := lineOf(findings, tt.check); got.Status != "fail" || got.Remedy == "" {
				t.Errorf("%+v", findings)
			}
		})
	}
}

func TestCheckTellsOfARunThatIsIncomplete(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	if code, _, stderr := tr.do("run", "--max-calls", "20"); code != 4 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if got := lineOf(tr.check(0), "last run"); got.Status != "warn" || !strings.Contains(got.Remedy, "--resume") {
		t.Errorf("%+v", got)
	}
}

func TestCheckInAPipe(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, lookersim.Options{Seed: 3})
	for line := range strings.Lines(tr.must("check")) {
		if n := strings.Count(line, "\t"); n != 3 {
			t.Errorf("%q has %d columns, want 4", line, n+1)
		}
	}
}
