package config

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// Size is a number of bytes.
type Size int64

// Sizes of the binary units.
const (
	KiB Size = 1 << (10 * (iota + 1))
	MiB
	GiB
	TiB
)

// units are the units of a size, in the spelling that is printed; the binary ones first, so that they win a tie.
var units = []struct {
	name string
	size Size
}{
	{"TiB", TiB}, {"GiB", GiB}, {"MiB", MiB}, {"KiB", KiB},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1},
}

// errSize and errSizeRange are what can be wrong with a size.
var (
	errSize      = errors.New("is not a size; write it as 64MiB, 8 MB, 1.5GiB, 500k or a number of bytes")
	errSizeRange = errors.New("is too large for a size")
)

// maxDecimals is how many decimals of a size count: a millionth of the largest unit still fits an int64.
const maxDecimals = 6

// ParseSize reads a size as people write it: a number with up to six decimals and a unit, with or without a space, in any
// case. KiB, MiB, GiB and TiB count by 1024; kB, MB, GB, TB and their first letters alone by 1000; no unit means bytes.
// Fractions of a byte are dropped.
func ParseSize(s string) (Size, error) {
	s = strings.TrimSpace(s)
	end := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		end = len(s)
	}
	unit, ok := parseUnit(strings.TrimSpace(s[end:]))
	whole, decimals, dotted := strings.Cut(s[:end], ".")
	if !ok || whole == "" || dotted && (decimals == "" || len(decimals) > maxDecimals || strings.Contains(decimals, ".")) {
		return 0, errSize
	}
	n, err := strconv.ParseUint(whole, 10, 64)
	if err != nil {
		return 0, errSizeRange
	}
	high, low := bits.Mul64(n, uint64(unit))
	if high != 0 || low > math.MaxInt64 {
		return 0, errSizeRange
	}
	total := low
	if dotted {
		d, err := strconv.ParseUint(decimals, 10, 64)
		if err != nil {
			return 0, errSize
		}
		total += d * uint64(unit) / uint64(math.Pow10(len(decimals)))
	}
	if total > math.MaxInt64 {
		return 0, errSizeRange
	}
	return Size(total), nil
}

// parseUnit finds the unit of that name in any case; a letter alone is the decimal unit, nothing at all is bytes.
func parseUnit(name string) (Size, bool) {
	if name == "" {
		return 1, true
	}
	for _, u := range units {
		if strings.EqualFold(name, u.name) || len(u.name) == 2 && strings.EqualFold(name, u.name[:1]) {
			return u.size, true
		}
	}
	return 0, false
}

// String is the size in the shortest exact form with at most two decimals ("64MiB", "1.5GiB", "500kB", "1023B", "0");
// [ParseSize] reads it back as the same number.
func (s Size) String() string {
	if s == 0 {
		return "0"
	}
	best := strconv.FormatInt(int64(s), 10) + "B"
	for _, u := range units {
		if s < u.size {
			continue
		}
		cents := s % u.size * 100 // below 2^47
		if cents%u.size != 0 {
			continue
		}
		text := strconv.FormatInt(int64(s/u.size), 10)
		if cents /= u.size; cents != 0 {
			text += "." + strings.TrimRight(strconv.FormatInt(int64(cents)+100, 10)[1:], "0")
		}
		if text += u.name; len(text) < len(best) {
			best = text
		}
	}
	return best
}

// MarshalText is [Size.String].
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is [ParseSize].
func (s *Size) UnmarshalText(text []byte) error {
	size, err := ParseSize(string(text))
	if err == nil {
		*s = size
	}
	return err
}
