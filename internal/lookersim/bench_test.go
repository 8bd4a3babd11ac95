package lookersim_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// benchmarkGet asks a server without a network between, so that what is
// measured is the simulator's own work.
func benchmarkGet(b *testing.B, opts lookersim.Options, path func(i int) string) {
	s, c := start(b, opts)
	var bytes int64
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := httptest.NewRequest(http.MethodGet, "/api/4.0"+path(i), nil)
		r.Header.Set("Authorization", "token "+c.token)
		w := discard{header: http.Header{}}
		s.ServeHTTP(&w, r)
		if w.status != http.StatusOK {
			b.Fatalf("status %d", w.status)
		}
		bytes += w.n
	}
	b.SetBytes(bytes / int64(b.N))
	b.ReportMetric(float64(bytes)/float64(b.N), "bytes/answer")
}

type discard struct {
	header http.Header
	status int
	n      int64
}

func (d *discard) Header() http.Header    { return d.header }
func (d *discard) WriteHeader(status int) { d.status = status }
func (d *discard) Write(p []byte) (int, error) {
	if d.status == 0 {
		d.status = http.StatusOK
	}
	d.n += int64(len(p))
	return io.Discard.Write(p)
}

func BenchmarkPage(b *testing.B) {
	for _, size := range []int{8_000, 20_000, 150_000} {
		b.Run(fmt.Sprintf("dashboards=%dKB", size/1000), func(b *testing.B) {
			opts := lookersim.Options{Sizes: lookersim.Sizes{Dashboards: 50_000, Looks: 100}, DashboardBytes: size}
			benchmarkGet(b, opts, func(i int) string {
				return fmt.Sprintf("/dashboards/search?sorts=id&limit=100&offset=%d", i*100%40_000)
			})
		})
	}
	b.Run("fields", func(b *testing.B) {
		opts := lookersim.Options{Sizes: lookersim.Sizes{Dashboards: 50_000, Looks: 100}, DashboardBytes: 20_000}
		benchmarkGet(b, opts, func(i int) string {
			return fmt.Sprintf("/dashboards/search?fields=id,updated_at&sorts=id&limit=100&offset=%d", i*100%40_000)
		})
	})
}

func BenchmarkSingle(b *testing.B) {
	for _, size := range []int{8_000, 150_000} {
		b.Run(fmt.Sprintf("dashboard=%dKB", size/1000), func(b *testing.B) {
			opts := lookersim.Options{Sizes: lookersim.Sizes{Dashboards: 10_000, Looks: 100}, DashboardBytes: size, TrashShare: -1}
			benchmarkGet(b, opts, func(i int) string { return fmt.Sprintf("/dashboards/%d", 1+i%24) })
		})
	}
}

// BenchmarkNew makes a server of half a million dashboards; what stays in
// memory is what its rows take.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		s := newSim(b, lookersim.Options{Sizes: lookersim.Sizes{Dashboards: 500_000, Looks: 1000}, DashboardBytes: 8_000})
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "heap-MB")
		runtime.KeepAlive(s)
	}
}

// BenchmarkDeepPage asks for pages of a long list, of which only the first
// costs a look at every row.
func BenchmarkDeepPage(b *testing.B) {
	opts := lookersim.Options{Sizes: lookersim.Sizes{Dashboards: 500_000, Looks: 100}, DashboardBytes: 1_000}
	benchmarkGet(b, opts, func(i int) string {
		return fmt.Sprintf("/dashboards/search?sorts=id&limit=10&offset=%d", i*997%400_000)
	})
}

// BenchmarkOverHTTP is the whole way, client included: what a run against the
// simulator cannot beat.
func BenchmarkOverHTTP(b *testing.B) {
	opts := lookersim.Options{Sizes: lookersim.Sizes{Dashboards: 50_000, Looks: 100}, DashboardBytes: 20_000, TrashShare: -1}
	for name, path := range map[string]func(i int) string{
		"page": func(i int) string {
			return fmt.Sprintf("/dashboards/search?sorts=id&limit=100&offset=%d", i*100%40_000)
		},
		"single": func(i int) string { return fmt.Sprintf("/dashboards/%d", 1+i%24) },
	} {
		b.Run(name, func(b *testing.B) {
			_, c := start(b, opts)
			var sum int64
			for i := 0; b.Loop(); i++ {
				sum += c.drain(path(i))
			}
			b.SetBytes(sum / int64(b.N))
		})
	}
}

// drain reads an answer without keeping it.
func (c *client) drain(path string) int64 {
	req, err := http.NewRequest(http.MethodGet, c.base+"/api/4.0"+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+c.token)
	r, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		c.t.Fatalf("status %d: %v", r.StatusCode, err)
	}
	return n
}
