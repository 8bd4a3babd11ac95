package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	"github.com/lookervault/lookervault/internal/view"
)

// trial is a simulated Looker and the environment that points to it, in an empty
// working directory.
type trial struct {
	t       *testing.T
	sim     *lookersim.Server
	environ []string
}

func newTrial(t *testing.T, o lookersim.Options) *trial {
	t.Helper()
	t.Chdir(t.TempDir())
	o.SmallTiles = true
	if o.Sizes == (lookersim.Sizes{}) {
		o.Sizes = lookersim.Sizes{Dashboards: 10, Looks: 10, Folders: 8, MergedTiles: 2, MergeQueries: 2, SourceQueries: 4, ColorCollections: 2, Themes: 2, Boards: 3, UserAttributes: 3, ScheduledPlans: 20}
	}
	sim, url := simtest.New(t, o)
	tr := &trial{t: t, sim: sim}
	tr.point(url)
	return tr
}

// environOf is the environment of a program that uses the simulated Looker at an address, as fast
// as it can.
func environOf(url string) []string {
	return []string{
		"LOOKERSDK_BASE_URL=" + url, "LOOKERSDK_CLIENT_ID=" + lookersim.DefaultClientID, "LOOKERSDK_CLIENT_SECRET=" + lookersim.DefaultClientSecret,
		"LOOKERVAULT_RATE_LIMIT__PER_SECOND=0",
	}
}

// point sets the address of the Looker.
func (tr *trial) point(url string) {
	tr.environ = append(environOf(url), "LOOKERVAULT_RATE_LIMIT__ADAPTIVE=false")
}

// serve serves the simulator, or whatever else, in another way and points to it.
func (tr *trial) serve(handler http.Handler, certificate *tls.Certificate) {
	tr.t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = nil
	if certificate == nil {
		server.Start()
	} else {
		server.TLS = &tls.Config{Certificates: []tls.Certificate{*certificate}}
		server.StartTLS()
	}
	tr.t.Cleanup(server.Close)
	tr.point(server.URL)
}

// do runs the program.
func (tr *trial) do(args ...string) (code int, stdout, stderr string) {
	tr.t.Helper()
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &errs, tr.environ)
	return code, out.String(), errs.String()
}

// must runs the program, which must succeed.
func (tr *trial) must(args ...string) string {
	tr.t.Helper()
	code, stdout, stderr := tr.do(args...)
	if code != 0 {
		tr.t.Fatalf("%v: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout
}

// check runs check and returns its lines.
func (tr *trial) check(want int, args ...string) []view.Check {
	tr.t.Helper()
	code, stdout, stderr := tr.do(append([]string{"check", "--json"}, args...)...)
	var findings []view.Check
	if err := json.Unmarshal([]byte(stdout), &findings); err != nil {
		tr.t.Fatalf("%v: %s%s", err, stdout, stderr)
	}
	if code != want {
		tr.t.Errorf("exit code %d, want %d\n%s%s", code, want, stdout, stderr)
	}
	for _, secret := range []string{lookersim.DefaultClientSecret, "another secret"} {
		if strings.Contains(stdout+stderr, secret) {
			tr.t.Errorf("the secret is shown:\n%s%s", stdout, stderr)
		}
	}
	return findings
}

// standing tells how each check stands, those that are in order left out.
func standing(findings []view.Check) map[string]string {
	not := make(map[string]string)
	for _, f := range findings {
		if f.Status != "ok" {
			not[f.Check] = f.Status
		}
	}
	return not
}

func lineOf(findings []view.Check, check string) view.Check {
	i := slices.IndexFunc(findings, func(f view.Check) bool { return f.Check == check })
	if i < 0 {
		return view.Check{}
	}
	return findings[i]
}

// unconnected is what is not checked where a step to the login failed.
func unconnected(failed string, also map[string]string) map[string]string {
	want := map[string]string{"version": "not checked", "clock": "not checked", "caller": "not checked", "kinds": "not checked"}
	steps := []string{"dns", "connect", "tls", "login"}
	for _, step := range steps[slices.Index(steps, failed)+1:] {
		want[step] = "not checked"
	}
	want[failed] = "fail"
	maps.Copy(want, also)
	return want
}

func TestCheckOfAHealthyServer(t *testing.T) {
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
	tr := newTrial(t, lookersim.Options{Seed: 3})
	findings := tr.check(0)
	if got := lineOf(findings, "vault"); got.Status != "ok" || !strings.Contains(got.Found, "not there yet") {
		t.Errorf("vault: %+v", got)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("check left %v (%v)", entries, err)
	}
	tr.environ = append(tr.environ, "LOOKERVAULT_SINK__PATH=nowhere/looker.db")
	if got := lineOf(tr.check(5), "vault"); got.Status != "fail" || got.Remedy == "" {
		t.Errorf("vault in a folder that is not there: %+v", got)
	}
}

func TestCheckOfServersThatCannotBeUsed(t *testing.T) {
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
	tr := newTrial(t, lookersim.Options{Seed: 3})
	simtest.SetRules(t, tr.sim, "route=GET /scheduled_plans status=504 body=page")
	want := fmt.Sprintf("in pages: %d documents", len(tr.sim.IDs("scheduled_plans")))
	if got := lineOf(tr.check(0), "kind scheduled_plans"); got.Status != "warn" || !strings.Contains(got.Found, "504") || !strings.HasSuffix(got.Found, want) {
		t.Errorf("%+v, want a warning that ends with %q", got, want)
	}
}

func TestCheckOfConfiguration(t *testing.T) {
	tr := newTrial(t, lookersim.Options{Seed: 3})
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
	tr := newTrial(t, lookersim.Options{Seed: 3})
	tr.must("run")
	writer, err := sqlite.Open(t.Context(), "looker.db", sqlite.Options{})
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
	tr := newTrial(t, lookersim.Options{Seed: 3})
	tr.must("run")
	writer, err := sqlite.Open(t.Context(), "looker.db", sqlite.Options{})
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
		b, err := os.ReadFile("looker.db" + suffix)
		if err == nil {
			err = os.WriteFile("killed.db"+suffix, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if got := lineOf(tr.check(0, "--db", "killed.db"), "log"); got.Status != "warn" || !strings.Contains(got.Found, "only together with killed.db-wal") {
		t.Errorf("after a kill: %+v", got)
	}
	for _, path := range []string{"killed.db", "looker.db"} {
		if got := lineOf(tr.check(0, "--db", path), "log"); got.Status != "ok" {
			t.Errorf("%s: %+v", path, got)
		}
	}
}

func TestCheckOfADamagedVault(t *testing.T) {
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
			tr := newTrial(t, lookersim.Options{Seed: 3})
			tr.must("run")
			file, err := os.ReadFile("looker.db")
			if err == nil {
				err = os.WriteFile("looker.db", tt.damage(file), 0o600)
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
	tr := newTrial(t, lookersim.Options{Seed: 3})
	if code, _, stderr := tr.do("run", "--max-calls", "20"); code != 4 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if got := lineOf(tr.check(0), "last run"); got.Status != "warn" || !strings.Contains(got.Remedy, "--resume") {
		t.Errorf("%+v", got)
	}
}

func TestCheckInAPipe(t *testing.T) {
	tr := newTrial(t, lookersim.Options{Seed: 3})
	for line := range strings.Lines(tr.must("check")) {
		if n := strings.Count(line, "\t"); n != 3 {
			t.Errorf("%q has %d columns, want 4", line, n+1)
		}
	}
}

// closedPort is an address of this machine where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// certificateUntil makes a certificate for this machine, signed by itself.
func certificateUntil(t *testing.T, end time.Time) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: end.Add(-2000 * time.Hour), NotAfter: end,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// trust makes the program trust a certificate.
func (tr *trial) trust(certificate *tls.Certificate) {
	tr.t.Helper()
	file := filepath.Join(tr.t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Certificate[0]})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		tr.t.Fatal(err)
	}
	tr.environ = append(tr.environ, "LOOKERVAULT_LOOKER__CA_FILE="+file)
}
