package sqlite_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// BenchmarkJournal writes the journal of POSTs by workers on a server that answers after
// 50 ms: 16 workers make at most 320 a second. It reports which share of the time went
// into the journal, and how many POSTs a transaction has held.
func BenchmarkJournal(b *testing.B) {
	for _, workers := range []int{1, 8, 16} {
		b.Run(fmt.Sprint(workers), func(b *testing.B) {
			f, err := sqlite.OpenFile(b.Context(), aVaultToRestore(b), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer f.Close()
			plan := aPlan()
			plan.Actions = nil
			for i := range workers {
				plan.Actions = append(plan.Actions, record.Action{Seq: i + 1, Level: 1, Ref: record.Ref{Kind: looks, ID: "1"}, Deed: record.DeedCreate})
			}
			var commits, posts, journal, all atomic.Int64
			r := apply(b, f, putPlan(b, f, plan).ID, func() []record.Calls {
				commits.Add(1)
				return []record.Calls{{Route: "POST /dashboard_elements", Class: "administrative", N: 1}}
			})
			b.ResetTimer()
			var group sync.WaitGroup
			for seq := range workers {
				group.Go(func() {
					var done []record.Step
					began := time.Now()
					for step := 1; posts.Add(1) <= int64(b.N); step++ {
						next := intent(seq+1, step)
						asked := time.Now()
						if err := r.Advance(b.Context(), done, next); err != nil {
							b.Error(err)
							return
						}
						journal.Add(int64(time.Since(asked)))
						<-time.After(50 * time.Millisecond) // the POST
						next.State, next.Target = record.StepDone, "90"
						done = []record.Step{*next}
					}
					all.Add(int64(time.Since(began)))
				})
			}
			group.Wait()
			b.ReportMetric(100*float64(journal.Load())/float64(all.Load()), "%journal")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
			b.ReportMetric(float64(b.N)/float64(commits.Load()), "posts/commit")
		})
	}
}
