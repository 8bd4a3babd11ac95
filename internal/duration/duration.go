// Package duration writes how long something took, as people read it. Programs get seconds,
// logs what Go writes.
package duration

import (
	"fmt"
	"strings"
	"time"
)

// Text is a duration in the same words everywhere: "850 ms", "12.3 s", "1 min 30 s",
// "2 h 5 min", "3 d 4 h". It is rounded to what is shown. Nothing and less is "0 ms".
func Text(d time.Duration) string {
	const day = 24 * time.Hour
	d = max(d, 0)
	if short := d.Round(time.Millisecond); short < time.Second {
		return fmt.Sprintf("%d ms", short/time.Millisecond)
	}
	if short := d.Round(100 * time.Millisecond); short < time.Minute {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", short.Seconds()), ".0") + " s"
	}
	if d.Round(time.Second) < time.Hour {
		return pair(d, time.Minute, "min", time.Second, "s")
	}
	if d.Round(time.Minute) < day {
		return pair(d, time.Hour, "h", time.Minute, "min")
	}
	return pair(d, day, "d", time.Hour, "h")
}

// Seconds is Text of a number of seconds.
func Seconds(s float64) string { return Text(time.Duration(s * float64(time.Second))) }

// pair is a duration in two units, without the second where nothing is left for it.
func pair(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	d = d.Round(small)
	text := fmt.Sprintf("%d %s", d/large, largeName)
	if rest := d % large / small; rest > 0 {
		text += fmt.Sprintf(" %d %s", rest, smallName)
	}
	return text
}
