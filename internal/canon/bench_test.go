package canon_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/lookersim"
)

// BenchmarkNormal makes the normal forms of dashboards of about 150 KB.
func BenchmarkNormal(b *testing.B) {
	opts := lookersim.Options{Seed: 1, Sizes: lookersim.DefaultSizes(), DashboardBytes: 150_000}
	opts.Sizes.Dashboards = 20
	sim, err := lookersim.New(opts)
	if err != nil {
		b.Fatal(err)
	}
	defer sim.Close()
	kind, ok := catalogue.Find("dashboards")
	if !ok {
		b.Fatal("no dashboards")
	}
	var bodies [][]byte
	size := 0
	for item := range sim.Items("dashboards") {
		bodies = append(bodies, item.Body)
		size += len(item.Body)
	}
	b.SetBytes(int64(size / len(bodies)))
	b.ReportAllocs()
	for i := range b.N {
		if _, err := canon.Normal(kind, bodies[i%len(bodies)], canon.Itself); err != nil {
			b.Fatal(err)
		}
	}
}
