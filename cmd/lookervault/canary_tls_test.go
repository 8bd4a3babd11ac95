package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestCanariesOfAServerWithTLS: a certificate whose names hold the secret, which errors
// of verification quote, and, where nobody verifies it, redirects to other hosts, cookies,
// trailers and headers before the answer that say back what the server got.
func TestCanariesOfAServerWithTLS(t *testing.T) {
	const key = "canary-k3y-in-a-name"
	for _, verify := range []bool{true, false} {
		t.Run(fmt.Sprintf("verify=%t", verify), func(t *testing.T) {
			var calls atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				said := key + " " + canaryToken + " " + r.Header.Get("Authorization")
				w.Header().Set("Set-Cookie", "session="+canaryToken+"; Path=/"+key)
				w.Header().Set("Link", "<https://"+key+"/"+canaryToken+">; rel=next")
				w.WriteHeader(http.StatusEarlyHints)
				switch path := strings.TrimPrefix(r.URL.Path, "/api/4.0"); path {
				case "/login":
					fmt.Fprintf(w, `{"access_token":%q,"expires_in":3600}`, canaryToken)
				case "/user":
					io.WriteString(w, `{"id":"1","role_ids":["2"]}`)
				case "/roles":
					io.WriteString(w, `[{"id":"2","name":"Admin","permission_set":{"all_access":true}}]`)
				default:
					switch calls.Add(1) % 4 {
					case 0:
						http.Redirect(w, r, "https://"+key+".example.com/?token="+canaryToken, http.StatusFound)
					case 1:
						http.Redirect(w, r, "canary://"+canaryToken+"@[", http.StatusTemporaryRedirect)
					case 2:
						w.Header().Set("Trailer", "X-Said")
						w.WriteHeader(http.StatusBadRequest)
						fmt.Fprintf(w, `{"message":%q}`, said)
						w.Header().Set("X-Said", said)
					default:
						w.Header().Set("Content-Length", "100000") // an answer that is cut
						fmt.Fprintf(w, `[{"id":%q`, said)
					}
				}
			}))
			server.TLS = &tls.Config{Certificates: []tls.Certificate{aCertificate(t, key+".example.com", canaryToken+".example.com")}}
			server.Config.ErrorLog = nil
			server.StartTLS()
			defer server.Close()
			t.Chdir(t.TempDir())
			environ := []string{
				"PATH=" + os.Getenv("PATH"), "LOOKERSDK_BASE_URL=" + server.URL, "LOOKERSDK_CLIENT_ID=id", "LOOKERSDK_CLIENT_SECRET=" + key,
				fmt.Sprintf("LOOKERSDK_VERIFY_SSL=%t", verify), "LOOKERVAULT_RETRY__ATTEMPTS=1", "LOOKERVAULT_RETRY__MAX_WAIT=1s",
				"LOOKERVAULT_LOG__LEVEL=trace", "LOOKERVAULT_RATE_LIMIT__PER_SECOND=0",
			}
			shown := leavings(t, environ)
			if held := shown["the file looker.db"] != ""; held == verify {
				t.Errorf("there is a vault: %t", held)
			}
			if verify {
				if said := shown["check"]; !strings.Contains(said, "certificate") {
					t.Errorf("check does not say what is wrong: %s", said)
				}
				for place, text := range shown {
					for _, secret := range []string{key, canaryToken} {
						if strings.Contains(text, secret) {
							t.Errorf("%s holds %s: %s", place, secret, text)
						}
					}
				}
				return
			}
			hides(t, shown, key, canaryToken)
		})
	}
}

// aCertificate is one that signs itself, for names.
func aCertificate(t *testing.T, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: names[0], Organization: names[1:]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
