package catalogue_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// BenchmarkLookups measures what stages, the ledger and the forecast ask of the
// catalogue while documents flow.
func BenchmarkLookups(b *testing.B) {
	b.Run("find", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := catalogue.Find("explores"); !ok {
				b.Fatal("explores is no kind")
			}
		}
	})
	b.Run("wave", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if catalogue.Wave("content_access") != 2 {
				b.Fatal("the access rules of a folder are not in wave 2")
			}
		}
	})
	b.Run("leading to", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if len(catalogue.LeadingTo("queries")) < 3 {
				b.Fatal("few kinds lead to queries")
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, kind := range catalogue.All() {
				if kind.Name == record.Kind("") {
					b.Fatal("a row has no name")
				}
			}
		}
	})
}
