package vault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Point is a moment in the history of an instance. What a vault holds at a
// point is what was known by then: what the run of that number observed, and for
// what that run did not look at, the newest observation before it. What was gone
// by then is gone.
//
// The zero Point is now: the newest version of each document, also of one that
// is gone.
//
// [AtRun], [Latest], [AtTime] and [ParsePoint] make points; engines read their fields.
type Point struct {
	Run     int64 // a run by its number, 0 for none
	Newest  bool  // counted back from the newest run
	Back    int   // runs before the newest
	Backups bool  // runs that a restore looked by do not count
	// Until means the newest run that ended by then; the zero time for none.
	Until time.Time
}

// AtRun is the point of a run. AtRun(0) is the zero Point.
func AtRun(run int64) Point { return Point{Run: run} }

// Latest is the point of the newest run of an instance, or of the run that many
// runs before it. Runs that were pruned do not count.
func Latest(back int) Point { return Point{Newest: true, Back: back} }

// OfBackups is the point where it counts back from the newest run, and then over backups
// alone: a run that a restore looked at the instance by is none. Other points stay.
func (p Point) OfBackups() Point {
	p.Backups = p.Newest
	return p
}

// AtTime is the point of the newest run that ended by a time.
func AtTime(t time.Time) Point { return Point{Until: t} }

// ParsePoint reads a point as people write it: "12", "latest" or "latest-1".
func ParsePoint(text string) (Point, error) {
	if run, err := strconv.ParseInt(text, 10, 64); err == nil && run > 0 {
		return AtRun(run), nil
	}
	if text == "latest" {
		return Latest(0), nil
	}
	if digits, ok := strings.CutPrefix(text, "latest-"); ok {
		if back, err := strconv.ParseUint(digits, 10, 31); err == nil {
			return Latest(int(back)), nil
		}
	}
	return Point{}, fmt.Errorf("%q is not a run: give its number, latest, or latest-1 for the one before", text)
}

// IsNow reports whether p is the zero Point.
func (p Point) IsNow() bool { return p == Point{} }

// String is the point as [ParsePoint] reads it, "" for now.
func (p Point) String() string {
	switch {
	case !p.Until.IsZero():
		return p.Until.UTC().Format(time.RFC3339)
	case p.Newest && p.Back > 0:
		return fmt.Sprintf("latest-%d", p.Back)
	case p.Newest:
		return "latest"
	case p.Run == 0:
		return ""
	}
	return strconv.FormatInt(p.Run, 10)
}
