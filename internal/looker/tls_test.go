package looker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/lookervault/lookervault/internal/looker"
	"github.com/lookervault/lookervault/internal/testenv"
)

// certificate makes a self-signed one.
func certificate(t *testing.T, until time.Time, names []string, ips []net.IP) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: until.Add(-365 * 24 * time.Hour), NotAfter: until,
		DNSNames: names, IPAddresses: ips, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secure is a server with that certificate, and the file that makes it trusted.
func secure(t *testing.T, cert tls.Certificate, most uint16) (base, caFile string) {
	t.Helper()
	s := httptest.NewUnstartedServer(granting(func(w http.ResponseWriter, r *http.Request) {
		if r.Proto != "HTTP/1.1" {
			t.Errorf("spoke %s, want HTTP/1.1", r.Proto)
		}
		io.WriteString(w, `{}`)
	}))
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: most}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	if err := os.WriteFile(caFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return s.URL, caFile
}

func TestTLS(t *testing.T) {
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	soon := time.Now().Add(time.Hour)
	tests := []struct {
		name     string
		cert     tls.Certificate
		most     uint16
		trusted  bool
		insecure bool
		want     string // "": works
	}{
		{"trusted by ca_file", certificate(t, soon, nil, loopback), 0, true, false, ""},
		{"unknown authority", certificate(t, soon, nil, loopback), 0, false, false,
			"the certificate is signed by an unknown authority; set looker.ca_file to"},
		{"expired", certificate(t, time.Date(2020, 2, 1, 0, 0, 0, 0, time.UTC), nil, loopback), 0, true, false,
			"the certificate is valid from 2019-02-01 to 2020-02-01 only; renew it"},
		{"other host", certificate(t, soon, []string{"looker.example.com"}, nil), 0, true, false,
			"the certificate is for other names than 127.0.0.1 (looker.example.com); set looker.base_url to"},
		{"not verified", certificate(t, soon, []string{"looker.example.com"}, nil), 0, false, true, ""},
		{"TLS 1.1", certificate(t, soon, nil, loopback), tls.VersionTLS11, true, false, "TLS 1.2 or newer is needed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base, caFile := secure(t, tt.cert, tt.most)
			var l logs
			c := client(t, base, func(cfg *looker.Config) {
				cfg.VerifySSL = !tt.insecure
				cfg.Log = l.at(hclog.Warn)
				if tt.trusted {
					cfg.CAFile = caFile
				}
			})
			if warned := strings.Contains(l.String(), "certificates are not verified"); warned != tt.insecure {
				t.Errorf("warned %t, want %t", warned, tt.insecure)
			}
			connectError(t, c, base, tt.want)
			if tt.want == "" {
				if _, err := c.Get(t.Context(), look1); err != nil {
					t.Errorf("get: %v", err)
				}
			}
		})
	}
}

// connectError checks that the login works, or ends with one line that says
// where, what and what to do.
func connectError(t *testing.T, c *looker.Client, base, want string) {
	t.Helper()
	err := c.Login(t.Context())
	if want == "" {
		if err != nil {
			t.Errorf("login: %v", err)
		}
		return
	}
	var connect *looker.ConnectError
	if !errors.As(err, &connect) || looker.Class(err) != looker.FaultNetwork {
		t.Fatalf("got %v (%T), want a ConnectError", err, err)
	}
	text := err.Error()
	if !strings.Contains(text, "connect to "+base+": ") || !strings.Contains(text, want) || strings.Contains(text, "\n") {
		t.Errorf("error %q, want %q and %q on one line", text, base, want)
	}
	t.Log(text)
}

func TestConnectErrors(t *testing.T) {
	plain := httptest.NewServer(granting(func(http.ResponseWriter, *http.Request) {}))
	defer plain.Close()
	closed, err := testenv.ClosedPort(t.Context(), t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, base, want string }{
		{"http server", strings.Replace(plain.URL, "http:", "https:", 1), "the server speaks http, not https; set looker.base_url to " + plain.URL},
		{"closed port", "http://" + closed, "connection refused; check looker.base_url; is it running?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			connectError(t, client(t, tt.base, nil), tt.base, tt.want)
		})
	}
}

func TestDialErrors(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	tests := []struct {
		name, base string
		err        error
		logins     int
		want       string
	}{
		{"no such host", "https://looker.example.com", dial(&net.DNSError{Err: "no such host", IsNotFound: true}), 1, "no such host; check looker.base_url"},
		{"no dns", "https://looker.example.com", dial(&net.DNSError{Err: "server misbehaving"}), 3, "the name cannot be looked up; check the network"},
		{"no answer", "https://looker.example.com", dial(os.ErrDeadlineExceeded), 3, "no answer within 15s; check looker.base_url and the firewall; older instances have their API on port 19999"},
		{"refused", "https://looker.example.com:19999", dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), 3,
			"connection refused; check looker.base_url; instances hosted by Google have their API on port 443: https://looker.example.com"},
		{"proxy", "https://looker.example.com", &net.OpError{Op: "proxyconnect", Err: syscall.ECONNREFUSED}, 3, "the proxy of HTTPS_PROXY cannot be reached: connection refused; check HTTPS_PROXY"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{login: func(int, *http.Request) (*http.Response, error) { return nil, tt.err }}
				c := fakeClient(t, f, func(cfg *looker.Config) { cfg.BaseURL = tt.base })
				connectError(t, c, tt.base, tt.want)
				if logins, _ := f.counts(); logins != tt.logins {
					t.Errorf("%d logins, want %d", logins, tt.logins)
				}
			})
		})
	}
}

func TestPlainHTTPToATLSServer(t *testing.T) {
	base, _ := secure(t, certificate(t, time.Now().Add(time.Hour), nil, nil), 0)
	err := client(t, strings.Replace(base, "https:", "http:", 1), nil).Login(t.Context())
	if !errors.Is(err, looker.ErrNotLooker) || !strings.Contains(err.Error(), "the server may want https") {
		t.Errorf("got %v", err)
	}
}

func TestBadCAFile(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.pem")
	if err := os.WriteFile(none, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{none, none + ".missing"} {
		cfg := config("https://looker.example.com")
		cfg.CAFile = file
		if _, err := looker.New(cfg); err == nil || !strings.Contains(err.Error(), "looker.ca_file") {
			t.Errorf("%s: %v, want an error that names looker.ca_file", file, err)
		}
	}
}

func TestProxyRefuses(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	const base = "https://looker.example.com"
	c, err := looker.NewWith(config(base), via(t, strings.Replace(proxy.URL, "//", "//user:hunter2@", 1), base), func() float64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	connectError(t, c, base, "the proxy "+strings.TrimPrefix(proxy.URL, "http://")+" answered 407 Proxy Authentication Required; it wants a user and a password: set HTTPS_PROXY")
	if err := c.Login(t.Context()); strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error shows the password: %v", err)
	}
}
