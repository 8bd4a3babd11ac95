package secret_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lookervault/lookervault/internal/secret"
)

// answers is a server that sends exactly these bytes.
func answers(t *testing.T, raw string) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 4096))
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String()
}

func TestCauseQuotesNothing(t *testing.T) {
	for _, test := range []struct{ name, answer, want string }{
		{"no http", "SSH-canary\r\n\r\n", "malformed HTTP response ..."},
		{"status", "HTTP/1.1 canary canary\r\n\r\n", "malformed HTTP status code ..."},
		{"version", "HTTP/canary 200 OK\r\n\r\n", "malformed HTTP version ..."},
		{"header without a colon", "HTTP/1.1 200 OK\r\ncanary\r\n\r\n", "the answer has a malformed header"},
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n", "bad Content-Length ..."},
		{"lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: canary\r\n\r\n", "http: message cannot contain multiple Content-Length headers; got [... ...]"},
		{"encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: canary\r\n\r\n", "unsupported transfer encoding: ..."},
		{"location", "HTTP/1.1 302 Found\r\nLocation: http://can%ary/\r\nContent-Length: 0\r\n\r\n", "failed to parse Location header ...: parse ...: invalid URL escape ..."},
		{"scheme", "HTTP/1.1 302 Found\r\nLocation: canary://x\r\nContent-Length: 0\r\n\r\n", "unsupported protocol scheme ..."},
		{"redirected to nowhere", "HTTP/1.1 302 Found\r\nLocation: http://canary.invalid/\r\nContent-Length: 0\r\n\r\n", ""},
		{"nothing", "", "EOF"},
		{"cut", "HTTP/1.1 200 OK\r\nContent-Type: x\r\n", "unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			resp, err := client.Get(answers(t, test.answer) + "/canary")
			if err == nil {
				resp.Body.Close()
				t.Fatal("no error")
			}
			got := secret.Cause(err)
			if strings.Contains(got, "canary") || strings.Contains(got, "can%ary") || strings.Contains(got, "127.0.0.1") {
				t.Errorf("quotes: %s", got)
			}
			if test.want != "" && got != test.want {
				t.Errorf("is %q, want %q (of %v)", got, test.want, err)
			}
		})
	}
}

func TestCause(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	_, unknown := (&http.Client{Transport: &http.Transport{}}).Get(server.URL)
	pool := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	_, other := (&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "canary"}}}).Get(server.URL)
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for want, err := range map[string]error{
		"no such host":                 fmt.Errorf("x: %w", &net.DNSError{Name: "canary", IsNotFound: true}),
		"the name cannot be looked up": dial(&net.DNSError{Name: "canary", Server: "canary", IsTemporary: true}),
		"connection refused":           dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)),
		"the address cannot be used":   dial(&net.AddrError{Err: "missing port", Addr: "canary"}),
		"no answer in time":            fmt.Errorf("canary: %w", context.DeadlineExceeded),
		"unknown ... sort":             fmt.Errorf("outer canary: %w", errors.New(`unknown "can\"ary" sort`)),
		"cut ...":                      errors.New(`cut "canary`),
		"the certificate is signed by an unknown authority": unknown,
		"the certificate is for other names":                other,
	} {
		if got := secret.Cause(err); got != want {
			t.Errorf("is %q, want %q (of %v)", got, want, err)
		}
	}
}

func TestQuiet(t *testing.T) {
	err := secret.NewSet("token").Quiet(fmt.Errorf("canary: %w", fmt.Errorf("with token %w", io.ErrUnexpectedEOF)))
	if got := fmt.Sprintf("%v %+v %s", err, err, err); got != "unexpected EOF unexpected EOF unexpected EOF" {
		t.Errorf("says %q", got)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("does not wrap its cause")
	}
	if got := secret.NewSet("token").Quiet(errors.New("no token")).Error(); got != "no ***" {
		t.Errorf("says %q", got)
	}
}
