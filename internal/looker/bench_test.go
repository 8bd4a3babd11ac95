package looker_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/looker"
)

// BenchmarkGet is one call for a body of 12.5 KB on the loopback; its server
// works on the same cores.
func BenchmarkGet(b *testing.B) {
	body := []byte(`{"a":"` + strings.Repeat("x", 12_500) + `"}`)
	s := httptest.NewServer(granting(func(w http.ResponseWriter, r *http.Request) { w.Write(body) }))
	defer s.Close()
	b.Run("client", func(b *testing.B) {
		for name, limits := range map[string]looker.Limits{"none": {}, "adaptive": {Adaptive: true}, "fixed": {PerSecond: 1e6}} {
			b.Run(name, func(b *testing.B) {
				cfg := config(s.URL)
				cfg.Limits = limits
				c, err := looker.New(cfg)
				if err != nil {
					b.Fatal(err)
				}
				defer c.Close()
				if err := c.Login(b.Context()); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := c.Get(b.Context(), look1); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
	// The same through net/http's transport and nothing else.
	b.Run("transport", func(b *testing.B) {
		rt, err := looker.Transport(config(s.URL))
		if err != nil {
			b.Fatal(err)
		}
		buf := make([]byte, len(body))
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			req, _ := http.NewRequestWithContext(b.Context(), http.MethodGet, s.URL+"/api/4.0/looks/1", nil)
			resp, err := rt.RoundTrip(req)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := io.ReadFull(resp.Body, buf); err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	})
}
