package extract_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/extract"
	"github.com/lookervault/lookervault/internal/lookersim"
	"github.com/lookervault/lookervault/internal/record"
)

// dated is a rig whose runs may learn to trust dates, on a server of a release.
type dated struct {
	*rig
	edits int
	full  bool
}

func newDated(t *testing.T, quirks lookersim.Quirks) *dated {
	t.Helper()
	r := newRig(t, lookersim.Options{Seed: 3, Quirks: quirks, SmallTiles: true, Tiles: [2]int{3, 5}, TrashShare: 0.05,
		Sizes: lookersim.Sizes{Dashboards: 140, Looks: 40, Folders: 8, Users: 6, Groups: 4, MergedTiles: 8, MergeQueries: 8, SourceQueries: 20}})
	r.refresh = map[record.Kind]time.Duration{}
	r.config.TrustDates = config.DatesLearned
	r.config.Stages.List.PageSize = 10
	r.release = "25.6.1"
	return &dated{rig: r}
}

// night makes a run, and returns it with the calls for dashboards, slim lists included.
func (d *dated) night() (extract.Result, int) {
	d.t.Helper()
	at, began := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC).Add(time.Duration(d.nights)*aDay), time.Now()
	d.now = func() time.Time { return at.Add(time.Since(began)) }
	d.nights++
	d.sim.ResetCounts()
	s := start(defaults()...)
	s.Full = d.full
	result := d.run(record.RunComplete, s)
	return result, d.sim.Counts().Routes["GET /dashboards/search"]
}

// editTile changes a tile of a dashboard through the API, which moves the dashboard's date
// on a server where it does that.
func (d *dated) editTile(dashboard string) {
	d.t.Helper()
	tiles, err := canon.Rows(canon.Member(d.sim.Document("dashboards", dashboard), "dashboard_elements"))
	if err != nil || len(tiles) == 0 {
		d.t.Fatalf("dashboard %s has no tiles: %v", dashboard, err)
	}
	d.edits++
	body := fmt.Sprintf(`{"note_text":"edit %d","title":"Edit %d"}`, d.edits, d.edits)
	if status, answer := d.sim.Do("PATCH", "/dashboard_elements/"+canon.Text(canon.Member(tiles[0], "id")), []byte(body)); status != 200 {
		d.t.Fatalf("edit a tile: %d %s", status, answer)
	}
}

// live are the ids of dashboards that are not in the trash.
func (d *dated) live() (ids []string) {
	for _, id := range d.sim.IDs("dashboards") {
		if string(canon.Member(d.sim.Document("dashboards", id), "deleted")) != "true" {
			ids = append(ids, id)
		}
	}
	return ids
}

// learn makes nights with edits until dates are trusted.
func (d *dated) learn() {
	d.t.Helper()
	d.night()
	ids := d.live()
	for n := range 6 {
		for i := range 6 {
			d.editTile(ids[6*n+i])
		}
		result, _ := d.night()
		if c := countsOf(d.t, result, "dashboards"); c.Dates != (record.Dates{Moved: 6}) || c.Deferred > 0 && n < 5 {
			d.t.Fatalf("night %d: %+v", n, c)
		}
	}
}

func hasNote(result extract.Result, words string) bool {
	return slices.ContainsFunc(result.Run.Notes, func(n string) bool { return strings.Contains(n, words) })
}

// TestDatesProveThemselves: after thirty changes with which the date moved, what has not
// moved rests, a fourteenth part of it is read every night, and each change is found.
func TestDatesProveThemselves(t *testing.T) {
	t.Parallel()
	_, all := newDated(t, lookersim.Quirks{}).night()
	all-- // a first run looks once behind the list
	d := newDated(t, lookersim.Quirks{})
	d.learn()
	ids, read := d.live(), make(map[string]int)
	for n := range 15 {
		d.editTile(ids[n])
		mutate(t, d.rig, lookersim.Change{Op: lookersim.OpMove, Kind: "dashboards", ID: ids[60+n], Value: "4"})
		if n == 3 {
			mutate(t, d.rig, lookersim.Change{Op: lookersim.OpTrash, Kind: "dashboards", ID: ids[90]},
				lookersim.Change{Op: lookersim.OpDelete, Kind: "dashboards", ID: ids[91]},
				lookersim.Change{Op: lookersim.OpAdd, Kind: "dashboards"})
		}
		result, calls := d.night()
		c := countsOf(t, result, "dashboards")
		if c.Trusted == 0 || c.Trusted != c.Deferred || c.Settled()+c.Trusted != c.Listed || c.Gone != map[int]int64{3: 1}[n] {
			t.Errorf("night %d: %+v", n, c)
		}
		if calls > all*2/3 {
			t.Errorf("night %d: %d calls, all dashboards take %d", n, calls, all)
		}
		if !hasNote(result, "dashboards (their dates have not moved)") {
			t.Errorf("night %d does not say what it did not read: %q", n, result.Run.Notes)
		}
		compare(t, d.rig, "dashboards")
		for ref, doc := range d.stored() {
			if ref.Kind == "dashboards" && doc.LastRun == result.Run.ID {
				read[ref.ID]++
			}
		}
	}
	stored := d.stored()
	for ref := range d.served(defaults()...) {
		if _, ok := stored[ref]; !ok {
			t.Errorf("%s is not stored", ref)
		}
	}
	for _, id := range d.live() {
		if read[id] == 0 {
			t.Errorf("dashboard %s was not read in 15 nights", id)
		}
	}
	d.full = true
	if _, calls := d.night(); calls < all {
		t.Errorf("a full run makes %d calls for dashboards, want %d", calls, all)
	}
	d.full, d.release = false, "25.8.0"
	if result, calls := d.night(); calls < all || countsOf(t, result, "dashboards").Deferred > 0 {
		t.Errorf("on another release %d calls, want %d", calls, all)
	}
}

// TestStillDatesAreNotTrusted: on a server where edits of tiles do not move the date of their
// dashboard, no dashboard ever rests, and each change is found the night after.
func TestStillDatesAreNotTrusted(t *testing.T) {
	t.Parallel()
	d := newDated(t, lookersim.Quirks{StillDates: true})
	_, all := d.night()
	ids := d.live()
	for n := range 9 {
		for i := range 5 {
			d.editTile(ids[5*n+i])
		}
		result, calls := d.night()
		if c := countsOf(t, result, "dashboards"); c.Deferred > 0 || c.Dates != (record.Dates{Stayed: 5}) || calls < all-2 {
			t.Errorf("night %d: %d calls, %+v", n, calls, c)
		}
		if !hasNote(result, "dashboards: 5 changed and their dates did not move: ") {
			t.Errorf("night %d: %q", n, result.Run.Notes)
		}
		compare(t, d.rig, "dashboards")
	}
}

// TestFirstCounterexampleEndsTrust: a change without a new date is found within the
// rotation, is told, and the next run reads everything.
func TestFirstCounterexampleEndsTrust(t *testing.T) {
	t.Parallel()
	_, all := newDated(t, lookersim.Quirks{}).night()
	d := newDated(t, lookersim.Quirks{})
	d.learn()
	ids := d.live()
	mutate(t, d.rig, lookersim.Change{Op: lookersim.OpColour, Kind: "dashboards", ID: ids[70], Value: "123456"})
	found := -1
	for n := range 15 {
		result, calls := d.night()
		c := countsOf(t, result, "dashboards")
		switch {
		case found >= 0:
			if c.Deferred > 0 || calls < all-2 {
				t.Errorf("night %d after it: %d calls, %+v", n-found, calls, c)
			}
		case c.Dates.Stayed > 0:
			found = n
			if !hasNote(result, "dashboards: 1 changed and their dates did not move: "+ids[70]+"; dates are not trusted any more, the next run reads everything") {
				t.Errorf("%q", result.Run.Notes)
			}
		case c.Trusted == 0:
			t.Errorf("night %d: %+v", n, c)
		}
	}
	if found < 0 {
		t.Error("the change was not found in 15 nights")
	}
	compare(t, d.rig, "dashboards")
}

// TestEchoesAreNoEvidence: what a dashboard shows of another document changes without its
// date, which says nothing of its own changes.
func TestEchoesAreNoEvidence(t *testing.T) {
	d := newDated(t, lookersim.Quirks{})
	d.learn()
	d.config.TrustDates = config.DatesNever
	shown := 0
	for _, id := range d.sim.IDs("looks") {
		mutate(t, d.rig, lookersim.Change{Op: lookersim.OpEdit, Kind: "looks", ID: id, Value: fmt.Sprintf(`{"title":"Other title of %s"}`, id)})
		shown++
	}
	mutate(t, d.rig, lookersim.Change{Op: lookersim.OpTitle, Kind: "folders", ID: "4", Value: "Another folder"})
	result, _ := d.night()
	c := countsOf(t, result, "dashboards")
	if c.Changed == 0 || c.Dates != (record.Dates{}) || c.Deferred > 0 {
		t.Errorf("%d looks edited: %+v", shown, c)
	}
}

// TestForecastOfTrustedDates: what nights cost in which dates are trusted is known before.
func TestForecastOfTrustedDates(t *testing.T) {
	t.Parallel()
	d := newDated(t, lookersim.Quirks{})
	d.learn()
	for n := range 4 {
		at := time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC).Add(time.Duration(d.nights) * aDay)
		d.now = func() time.Time { return at }
		f, err := d.foresee()
		if err != nil {
			t.Fatal(err)
		}
		_, calls := d.night()
		foreseen := int64(0)
		for _, k := range f.Kinds {
			if k.Kind == "dashboards" {
				foreseen = k.Calls().Likely
			}
		}
		if off := foreseen - int64(calls); off < -1 || off > 2 { // a document alone is asked for elsewhere
			t.Errorf("night %d: %d calls for dashboards were foreseen, %d made", n, foreseen, calls)
		}
		if made, total := d.sim.Counts().Calls, f.Total().Likely; math.Abs(float64(total-int64(made))) > 0.05*float64(made) {
			t.Errorf("night %d: %d calls foreseen, %d made", n, total, made)
		}
	}
}
