package refresh_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/refresh"
)

const day = 24 * time.Hour

// TestNothingGrowsTooOld simulates nights that begin some minutes early or late: nothing is
// older than it may grow when a run begins, and each night asks for a part.
func TestNothingGrowsTooOld(t *testing.T) {
	for _, age := range []time.Duration{2 * day, 7 * day, 30 * day, 36 * time.Hour} {
		for _, jitter := range []time.Duration{0, 7 * time.Minute} {
			t.Run(fmt.Sprintf("%s, %s", age, jitter), func(t *testing.T) {
				const documents = 900
				seen := make(map[int]time.Time)
				begin, before := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC), time.Time{}
				asked, most := 0, 0
				const nights = 90
				for night := range nights {
					now := begin.Add(time.Duration(night) * day).Add(jitter * time.Duration(night%3-1))
					rules := &refresh.Rules{Now: now, Gap: refresh.Between(before, now)}
					n := 0
					for i := range documents {
						if !seen[i].IsZero() && now.Sub(seen[i]) > age+time.Hour {
							t.Fatalf("night %d: document %d is %s old", night, i, now.Sub(seen[i]))
						}
						if !rules.Rests(record.Ref{Kind: "content_access", ID: fmt.Sprint(i)}, age, seen[i]) {
							seen[i] = now
							n++
						}
					}
					if night > 0 {
						asked += n
						most = max(most, n)
					}
					before = now
				}
				share := float64(documents) * float64(day) / float64(age)
				if mean := float64(asked) / (nights - 1); mean < share*0.95 || mean > share*2 || float64(most) > share*2.6 {
					t.Errorf("asks for %.0f a night, %d at most; an equal part is %.0f", mean, most, share)
				}
			})
		}
	}
}

func TestRests(t *testing.T) {
	now := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	ref := record.Ref{Kind: "themes", ID: "1"}
	rules := &refresh.Rules{Now: now, Gap: day, Ages: map[record.Kind]time.Duration{"themes": 30 * day, "settings": 0}}
	rested := 0
	for i := range 1000 {
		if rules.Rests(record.Ref{Kind: "themes", ID: fmt.Sprint(i)}, 30*day, now.Add(-day)) {
			rested++
		}
	}
	if rested < 930 || rested == 1000 {
		t.Errorf("%d of 1000 rest after a day", rested)
	}
	for name, rests := range map[string]bool{
		"no rules":       (*refresh.Rules)(nil).Rests(ref, 30*day, now.Add(-time.Hour)),
		"no age":         rules.Rests(ref, 0, now.Add(-time.Hour)),
		"never seen":     rules.Rests(ref, 30*day, time.Time{}),
		"a clock behind": rules.Rests(ref, 30*day, now.Add(time.Hour)),
		"too old":        rules.Rests(ref, 30*day, now.Add(-31*day)),
		"never listed":   rules.RestsWhole("themes"),
		"in every run":   rules.RestsWhole("settings"),
	} {
		if rests {
			t.Errorf("%s: it rests", name)
		}
	}
}

// TestTrashRests: what lies in the trash rests until it is too old, but for kinds with an age of
// their own.
func TestTrashRests(t *testing.T) {
	now := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	rules := func(seen time.Time, ages map[record.Kind]time.Duration) *refresh.Rules {
		return &refresh.Rules{Now: now, Gap: day, Ages: ages, TrashListed: map[record.Kind]time.Time{"looks": seen}}
	}
	trash := func(age time.Duration) map[record.Kind]time.Duration {
		return map[record.Kind]time.Duration{refresh.Trash: age}
	}
	for _, test := range []struct {
		name  string
		rules *refresh.Rules
		rests bool
	}{
		{"young", rules(now.Add(-time.Hour), trash(30*day)), true},
		{"too old", rules(now.Add(-31*day), trash(30*day)), false},
		{"never listed", rules(time.Time{}, trash(30*day)), false},
		{"in every run", rules(now.Add(-time.Hour), trash(0)), false},
		{"no age", rules(now.Add(-time.Hour), nil), false},
		{"the kind has an age of its own", rules(now.Add(-time.Hour), map[record.Kind]time.Duration{refresh.Trash: 30 * day, "looks": day}), false},
		{"the kind is asked for in every run", rules(now.Add(-time.Hour), map[record.Kind]time.Duration{refresh.Trash: 30 * day, "looks": 0}), true},
		{"no rules", nil, false},
	} {
		if got := test.rules.TrashRests("looks"); got != test.rests {
			t.Errorf("%s: rests %t", test.name, got)
		}
	}
}

// TestRestsByDate: what has the date that it had rests, a fourteenth part a night but for it,
// and only where dates have proven themselves and nobody has set an age.
func TestRestsByDate(t *testing.T) {
	now := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)
	date, other := record.DateOf("2026-03-01T00:00:00Z"), record.DateOf("2026-03-02T00:00:00Z")
	proven := record.DateHistory{Dates: record.Dates{Moved: refresh.ChangesToTrust}}
	few, broken, noIDs := proven, proven, proven
	few.Moved--
	broken.Stayed, broken.Moved = 1, 1000
	noIDs.NoIDs = true
	for _, test := range []struct {
		name          string
		history       record.DateHistory
		ages          map[record.Kind]time.Duration
		date, before  record.Digest
		seen          time.Time
		least, atMost int // of 1,400 documents
	}{
		{"proven", proven, nil, date, date, now.Add(-day), 1250, 1350},
		{"another date", proven, nil, date, other, now.Add(-day), 0, 0},
		{"no date was seen", proven, nil, date, record.Digest{}, now.Add(-day), 0, 0},
		{"no date", proven, nil, record.Digest{}, record.Digest{}, now.Add(-day), 0, 0},
		{"read long ago", proven, nil, date, date, now.Add(-14 * day), 0, 0},
		{"few changes", few, nil, date, date, now.Add(-day), 0, 0},
		{"a counterexample", broken, nil, date, date, now.Add(-day), 0, 0},
		{"no lists of ids", noIDs, nil, date, date, now.Add(-day), 0, 0},
		{"an age", proven, map[record.Kind]time.Duration{"dashboards": 0}, date, date, now.Add(-day), 0, 0},
		{"another kind has an age", proven, map[record.Kind]time.Duration{"themes": 0}, date, date, now.Add(-day), 1250, 1350},
	} {
		t.Run(test.name, func(t *testing.T) {
			rules := &refresh.Rules{Now: now, Gap: day, Ages: test.ages, Dates: map[record.Kind]record.DateHistory{"dashboards": test.history}}
			rested := 0
			for i := range 1400 {
				if rules.RestsByDate(record.Ref{Kind: "dashboards", ID: fmt.Sprint(i)}, test.date, test.before, test.seen) {
					rested++
				}
			}
			if rested < test.least || rested > test.atMost {
				t.Errorf("%d of 1400 rest, want %d to %d", rested, test.least, test.atMost)
			}
		})
	}
	if (*refresh.Rules)(nil).TrustsDates("dashboards") || (&refresh.Rules{}).TrustsDates("dashboards") {
		t.Error("dates are trusted without any evidence")
	}
}
