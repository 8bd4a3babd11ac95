package lookersim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// pair is one key=value of the text form of rules and changes.
type pair struct{ key, value string }

// pairs splits a line into key=value words. A word without "=" continues the
// value before it, so that "route=GET /dashboards/{id}" needs no quotes; the
// value of the key called rest takes everything that follows.
func pairs(line, rest string) ([]pair, error) {
	var list []pair
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimLeft(line, " \t") {
		word, after, _ := strings.Cut(line, " ")
		key, value, ok := strings.Cut(word, "=")
		switch {
		case ok && key == rest:
			_, value, _ = strings.Cut(line, "=")
			return append(list, pair{key, value}), nil
		case ok && key != "":
			list = append(list, pair{key, value})
		case len(list) == 0:
			return nil, fmt.Errorf("%q: want key=value", word)
		default:
			list[len(list)-1].value += " " + word
		}
		line = after
	}
	return list, nil
}

// sizeUnits are the suffixes of sizes, the longer ones first.
var sizeUnits = []struct {
	suffix string
	factor int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}, {"", 1},
}

func parseSize(s string) (int64, error) {
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n < 0 || n > 1<<50/u.factor {
			break
		}
		return n * u.factor, nil
	}
	return 0, fmt.Errorf("%q is not a size such as 10MB or 64KiB", s)
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is not a number from 0 on", s)
	}
	return n, nil
}

func parsePause(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration such as 200ms", s)
	}
	return d, nil
}
