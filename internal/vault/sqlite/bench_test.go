package sqlite_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lookervault/lookervault/internal/codec"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// benchBodies makes records of about 8 KB that are stored as about 2.5 KB.
func benchBodies(b *testing.B, n int) record.Batch {
	b.Helper()
	enc, err := codec.NewEncoder(record.Zstd, nil)
	if err != nil {
		b.Fatal(err)
	}
	batch := make(record.Batch, n)
	for i := range batch {
		batch[i] = benchRecord(enc, i)
	}
	return batch
}

func benchRecord(enc *codec.Encoder, i int) record.Record {
	r := rand.New(rand.NewPCG(uint64(i), 8))
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"id":"%d","title":"Dashboard %d","elements":[`, i, i)
	for b.Len() < 8000 {
		fmt.Fprintf(&b, `{"id":"%d","title":"Orders and revenue by region","slug":"%x%x%x%x","query":{"id":"%d","view":"orders","fields":["orders.count","users.region"]}},`,
			r.IntN(1e8), r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64(), r.IntN(1e8))
	}
	b.WriteString("{}]}")
	stored, used, _ := enc.Encode("dashboards", b.Bytes(), nil)
	return record.Record{
		Ref: record.Ref{Kind: "dashboards", ID: fmt.Sprint(i)}, State: record.Present, Policy: 1, Codec: used,
		Body: stored, Size: int64(b.Len()), Hash: sha256.Sum256(b.Bytes()), Fingerprint: sha256.Sum256(b.Bytes()),
		Stamp: sha256.Sum256(b.Bytes()), Name: "Orders and revenue by region", Folder: "120", Owner: "7",
		Updated: "2026-02-03T04:05:06.000+00:00", Route: "GET /dashboards/search", At: time.Unix(1_770_000_000, 0),
	}
}

func benchStart() record.Start {
	return record.Start{Instance: "acme", BaseURL: "https://acme.looker.com", Origin: "api", Policy: 1,
		Scope: record.Scope{Kinds: []record.Kind{"dashboards"}}, At: time.Unix(1_770_000_000, 0)}
}

const benchBatch = 200

// benchRun opens a vault and begins a run. The writer is the caller's to close.
func benchRun(b testing.TB, path string) *sqlite.Writer {
	b.Helper()
	w, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := w.Begin(b.Context(), benchStart()); err != nil {
		b.Fatal(err)
	}
	return w
}

func commitAll(b testing.TB, w *sqlite.Writer, records record.Batch) {
	b.Helper()
	for batch := range slices.Chunk(records, benchBatch) {
		if err := w.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSQLiteAlone inserts the same bytes into one table and does nothing
// else: what the driver and the disk cost by themselves.
func BenchmarkSQLiteAlone(b *testing.B) {
	records := benchBodies(b, 10_000)
	n, cpu := 0, startCPU()
	for b.Loop() {
		b.StopTimer()
		insert, done, err := sqlite.OneTable(filepath.Join(b.TempDir(), "alone.db"))
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		cpu.resume()
		for i := 0; i < len(records); i += benchBatch {
			if err := insert(records[i : i+benchBatch]); err != nil {
				b.Fatal(err)
			}
		}
		cpu.pause()
		n += len(records)
		b.StopTimer()
		if err := done(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	cpu.report(b, n)
}

// A stopwatch of the processor time of this process.
type cpuTime struct{ total, since time.Duration }

func startCPU() *cpuTime { return &cpuTime{} }

func (c *cpuTime) resume() { c.since = usedCPU() }

func (c *cpuTime) pause() { c.total += usedCPU() - c.since }

func (c *cpuTime) report(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
	b.ReportMetric(float64(c.total.Nanoseconds())/float64(n), "cpu-ns/record")
}

func usedCPU() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCommitNew is the cost of a new document, in ns/record: see the floor
// without any feature in docs/BENCHMARKS.md.
func BenchmarkCommitNew(b *testing.B) {
	records := benchBodies(b, 10_000)
	var path string
	var stored int64
	for _, rec := range records {
		stored += int64(len(rec.Body))
	}
	n, cpu := 0, startCPU()
	for b.Loop() {
		b.StopTimer()
		path = filepath.Join(b.TempDir(), "looker.db")
		w := benchRun(b, path)
		b.StartTimer()
		cpu.resume()
		commitAll(b, w, records)
		cpu.pause()
		n += len(records)
		b.StopTimer()
		mustClose(b, w)
		b.StartTimer()
	}
	cpu.report(b, n)
	b.ReportMetric(float64(stored)/float64(len(records)), "stored-B/record")
}

// BenchmarkCommitSame is the cost of a document that the stamps prove unchanged.
func BenchmarkCommitSame(b *testing.B) {
	benchUnchanged(b, func(rec record.Record) record.Record {
		return record.Record{Ref: rec.Ref, State: record.Present, Same: true, Policy: 1}
	})
}

// BenchmarkCommitFetchedSame is the cost of a document that was fetched and found
// to be what the vault holds.
func BenchmarkCommitFetchedSame(b *testing.B) {
	benchUnchanged(b, func(rec record.Record) record.Record { return rec })
}

func benchUnchanged(b *testing.B, again func(record.Record) record.Record) {
	records := benchBodies(b, 10_000)
	path := filepath.Join(b.TempDir(), "looker.db")
	fill(b, path, records)
	ids := make([]string, len(records))
	for i := range records {
		ids[i], records[i] = records[i].ID, again(records[i])
	}
	n, cpu := 0, startCPU()
	for b.Loop() {
		b.StopTimer()
		w := benchRun(b, path)
		if _, err := w.Known(b.Context(), "dashboards", ids); err != nil { // as list does
			b.Fatal(err)
		}
		b.StartTimer()
		cpu.resume()
		commitAll(b, w, records)
		cpu.pause()
		n += len(records)
		b.StopTimer()
		mustClose(b, w)
		b.StartTimer()
	}
	cpu.report(b, n)
}

// fill writes one complete run.
func fill(b testing.TB, path string, records record.Batch) record.Run {
	b.Helper()
	w := benchRun(b, path)
	commitAll(b, w, records)
	run, err := w.Finish(b.Context(), record.Finish{At: time.Unix(1_770_000_100, 0),
		Kinds: []record.End{{Kind: "dashboards", Listing: record.Complete, Listed: int64(len(records))}}})
	if err != nil {
		b.Fatal(err)
	}
	mustClose(b, w)
	return run
}

// BenchmarkKnown is the cost of asking for the stamps of a page.
func BenchmarkKnown(b *testing.B) {
	records := benchBodies(b, 10_000)
	path := filepath.Join(b.TempDir(), "looker.db")
	fill(b, path, records)
	w := benchRun(b, path)
	defer w.Close()
	var ids []string
	for i := range 100 {
		ids = append(ids, fmt.Sprint(i*97))
	}
	for b.Loop() {
		known, err := w.Known(b.Context(), "dashboards", ids)
		if err != nil || len(known) != len(ids) {
			b.Fatalf("%d known, %v", len(known), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ids)), "ns/id")
}

// BenchmarkEntries lists 50,000 documents.
func BenchmarkEntries(b *testing.B) {
	records := benchBodies(b, 50_000)
	path := filepath.Join(b.TempDir(), "looker.db")
	run := fill(b, path, records)
	r, err := sqlite.OpenReader(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	for _, q := range []struct {
		name  string
		query vault.Query
		want  int
	}{
		{"now", vault.Query{Kind: "dashboards"}, len(records)},
		{"run", vault.Query{At: vault.AtRun(run.ID)}, len(records)},
		{"deleted", vault.Query{Deleted: true}, 0},
		{"run-deleted", vault.Query{At: vault.AtRun(run.ID), Deleted: true}, 0},
	} {
		b.Run(q.name, func(b *testing.B) {
			for b.Loop() {
				n := 0
				for _, err := range r.Entries(b.Context(), q.query) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != q.want {
					b.Fatalf("%d entries, want %d", n, q.want)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/list")
		})
	}
	b.Run("dump", func(b *testing.B) {
		for b.Loop() {
			for _, err := range r.Documents(b.Context(), vault.Query{}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/dump")
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if found, err := r.Verify(b.Context()); err != nil || len(found) > 0 {
				b.Fatal(found, err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/verify")
	})
}
