package vault_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/vault"
)

// ran is a run of the whole instance that began at a moment.
func ran(id int64, at string, more ...func(*record.Run)) record.Run {
	began, err := time.Parse("2006-01-02 15:04", at)
	if err != nil {
		panic(err)
	}
	run := record.Run{ID: id, Started: began, Finished: began, Outcome: record.RunComplete, Scope: record.Scope{All: true}}
	for _, change := range more {
		change(&run)
	}
	return run
}

func ended(outcome record.Outcome) func(*record.Run) {
	return func(run *record.Run) { run.Outcome = outcome }
}

func inFolders(run *record.Run) { run.Scope = record.Scope{Folders: []string{"5"}} }

func ofKinds(run *record.Run) { run.Scope = record.Scope{Kinds: []record.Kind{"looks"}} }

func prunedRun(run *record.Run) { run.Pruned = true }

// aLesserKey is the caller of a run that was complete for this key.
func aLesserKey(run *record.Run) { run.Caller.Admin = new(bool) }

// What a key sees that is no administrator's replaces no backup of everything.
func TestRunsOfALesserKeyAreLesserBackups(t *testing.T) {
	whole, lesser := ran(1, "2026-03-01 04:00"), ran(2, "2026-03-01 20:00", aLesserKey)
	if at := vault.NewestComplete([]record.Run{lesser, whole}); at != 1 {
		t.Errorf("the newest complete run is at %d, want that of the administrator", at)
	}
	if at := vault.NewestComplete([]record.Run{lesser}); at != 0 {
		t.Errorf("the newest complete run is at %d, want the only one", at)
	}
}

func TestKeepRules(t *testing.T) {
	history := []record.Run{
		ran(12, "2026-03-04 20:00", ofKinds),
		ran(11, "2026-03-04 04:00", ended(record.RunPartial)),
		ran(10, "2026-03-03 12:00", inFolders),
		ran(9, "2026-03-03 04:00"),
		ran(8, "2026-03-02 04:00", ended(record.RunFailed)),
		ran(7, "2026-03-01 22:00"), // a Sunday
		ran(6, "2026-03-01 04:00"),
		ran(5, "2026-02-28 23:30"),
		ran(4, "2026-02-01 04:00", prunedRun),
		ran(3, "2026-01-31 04:00"),
		ran(2, "2025-12-31 04:00"),
		ran(1, "2024-12-31 04:00", inFolders),
	}
	tests := []struct {
		name  string
		rules vault.KeepRules
		zone  *time.Location
		runs  []record.Run
		want  []string // runs that are kept, with their reasons
	}{
		{
			"runs that were refused do not count", vault.KeepRules{Last: 2}, time.UTC,
			append([]record.Run{ran(14, "2026-03-06 04:00", ended(record.RunFailed), func(run *record.Run) { run.Scope = record.Scope{} })}, history...),
			[]string{"12 [last]", "11 [last]", "9 [newest complete]"},
		},
		{"nothing but what no rule removes", vault.KeepRules{}, time.UTC, history, []string{"9 [newest complete]"}},
		{"the last two", vault.KeepRules{Last: 2}, time.UTC, history, []string{"12 [last]", "11 [last]", "9 [newest complete]"}},
		{"a day's best run, and no day without one", vault.KeepRules{Daily: 3}, time.UTC, history,
			[]string{"12 [daily]", "9 [daily newest complete]", "7 [daily]"}},
		{"weeks begin on Monday", vault.KeepRules{Weekly: 2}, time.UTC, history, []string{"9 [weekly newest complete]", "7 [weekly]"}},
		{
			"a day's best run is that of an administrator", vault.KeepRules{Daily: 1}, time.UTC,
			[]record.Run{ran(2, "2026-03-01 20:00", aLesserKey), ran(1, "2026-03-01 04:00")}, []string{"1 [daily newest complete]"},
		},
		{"months", vault.KeepRules{Monthly: 4}, time.UTC, history,
			[]string{"9 [monthly newest complete]", "5 [monthly]", "3 [monthly]", "2 [monthly]"}},
		{"years, also one with a part only", vault.KeepRules{Yearly: 9}, time.UTC, history,
			[]string{"9 [yearly newest complete]", "2 [yearly]", "1 [yearly]"}},
		{"the calendar of a zone", vault.KeepRules{Monthly: 2}, time.FixedZone("", 3600), history,
			[]string{"9 [monthly newest complete]", "3 [monthly]"}},
		{"several rules", vault.KeepRules{Last: 1, Daily: 1, Yearly: 1}, time.UTC, history,
			[]string{"12 [last daily]", "9 [yearly newest complete]"}},
		{"one that can be resumed", vault.KeepRules{Daily: 1}, time.UTC,
			[]record.Run{ran(3, "2026-03-04 04:00", ended(record.RunInterrupted)), ran(2, "2026-03-03 04:00"), ran(1, "2026-03-02 04:00")},
			[]string{"3 [unfinished]", "2 [daily newest complete]"}},
		{"no run of everything", vault.KeepRules{Last: 1}, time.UTC,
			[]record.Run{ran(3, "2026-03-04 04:00", inFolders), ran(2, "2026-03-03 04:00", ofKinds), ran(1, "2026-03-02 04:00", ofKinds)},
			[]string{"3 [last]", "2 [newest complete]"}},
		{"no run", vault.KeepRules{Last: 1}, time.UTC, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, k := range tt.rules.Choose(tt.runs, tt.zone) {
				if k.Keep() {
					got = append(got, fmt.Sprint(k.Run.ID, " ", k.Reasons))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
}

// A run that was pruned before is not listed, and every other one is, newest first.
func TestKeepRulesListEveryRun(t *testing.T) {
	var got []int64
	runs := []record.Run{ran(3, "2026-03-04 04:00"), ran(2, "2026-03-03 04:00", prunedRun), ran(1, "2026-03-02 04:00")}
	for _, k := range (vault.KeepRules{Last: 1}).Choose(runs, time.UTC) {
		got = append(got, k.Run.ID)
	}
	if !slices.Equal(got, []int64{3, 1}) {
		t.Errorf("got %v", got)
	}
}

// TestKeepRulesAreTheModel compares rules in combination with a naive model of restic's: of each
// of the newest so many periods in which there is a backup the newest one stays, and every run
// that any rule wants. All runs are complete here.
func TestKeepRulesAreTheModel(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin") // with a day of 23 hours and one of 25
	if err != nil {
		t.Skip(err)
	}
	formats := map[string]func(time.Time) string{
		vault.KeptDaily:   func(t time.Time) string { return fmt.Sprint(t.Year(), t.YearDay()) },
		vault.KeptMonthly: func(t time.Time) string { return fmt.Sprint(t.Year(), t.Month()) },
		vault.KeptYearly:  func(t time.Time) string { return fmt.Sprint(t.Year()) },
		vault.KeptWeekly: func(t time.Time) string {
			return t.AddDate(0, 0, -(int(t.Weekday())+6)%7).Format(time.DateOnly) // its Monday
		},
	}
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		at := time.Date(2024+random.IntN(3), time.Month(1+random.IntN(12)), 1+random.IntN(28), random.IntN(24), random.IntN(60), 0, 0, time.UTC)
		var runs []record.Run
		for i := range 40 {
			run := ran(int64(40-i), "2026-01-01 00:00")
			run.Started = at
			runs = append(runs, run)
			at = at.Add(-time.Duration(random.Int64N(int64(time.Hour) << (2 * random.IntN(6)))))
		}
		rules := vault.KeepRules{Last: random.IntN(4), Daily: random.IntN(5), Weekly: random.IntN(5), Monthly: random.IntN(5), Yearly: random.IntN(4)}
		want := map[int64][]string{runs[0].ID: {vault.KeptNewestComplete}}
		for i := range rules.Last {
			want[runs[i].ID] = append(want[runs[i].ID], vault.KeptLast)
		}
		for reason, n := range map[string]int{vault.KeptDaily: rules.Daily, vault.KeptWeekly: rules.Weekly, vault.KeptMonthly: rules.Monthly, vault.KeptYearly: rules.Yearly} {
			last := ""
			for _, run := range runs {
				if period := formats[reason](run.Started.In(zone)); period != last && n > 0 {
					last = period
					n--
					want[run.ID] = append(want[run.ID], reason)
				}
			}
		}
		for _, k := range rules.Choose(runs, zone) {
			slices.Sort(want[k.Run.ID])
			slices.Sort(k.Reasons)
			if diff := cmp.Diff(want[k.Run.ID], k.Reasons); diff != "" {
				t.Errorf("seed %d, %+v, run %d of %s (-want +got)\n%s", seed, rules, k.Run.ID, k.Run.Started.In(zone), diff)
			}
		}
	}
}
