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

	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/view"
)

// trial is a simulated Looker and the environment that points to it and to a vault in an
// empty folder.
type trial struct {
	t       *testing.T
	sim     *lookersim.Server
	dir     string // "": the working directory, which no variable names
	environ []string
}

// newTrial makes a trial with a folder of its own, so that it can run beside others.
func newTrial(t *testing.T, o lookersim.Options) *trial {
	t.Helper()
	return trialIn(t, o, t.TempDir())
}

// trialHere makes a trial in an empty working directory, for what is read or shown as it lies there.
func trialHere(t *testing.T, o lookersim.Options) *trial {
	t.Helper()
	t.Chdir(t.TempDir())
	return trialIn(t, o, "")
}

func trialIn(t *testing.T, o lookersim.Options, dir string) *trial {
	t.Helper()
	o.SmallTiles = true
	if o.Sizes == (lookersim.Sizes{}) {
		o.Sizes = lookersim.Sizes{Dashboards: 10, Looks: 10, Folders: 8, MergedTiles: 2, MergeQueries: 2, SourceQueries: 4, ColorCollections: 2, Themes: 2, Boards: 3, UserAttributes: 3, ScheduledPlans: 20}
	}
	sim, url := simtest.New(t, o)
	tr := &trial{t: t, sim: sim, dir: dir}
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
	if tr.dir != "" {
		tr.environ = append(tr.environ, "LOOKERVAULT_SINK__PATH="+tr.file("looker.db"))
	}
}

// file is the path of a file of the trial.
func (tr *trial) file(name string) string { return filepath.Join(tr.dir, name) }

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

// closedPort is an address of this machine where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	address, err := testenv.ClosedPort(t.Context(), t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	return address
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
