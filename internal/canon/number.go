package canon

import (
	"bytes"
	"strconv"
)

// SameValues reports whether two documents are the same but for what does not matter and
// for how numbers are spelled: 1e21 and 1E+21, 5 and 5.0. A proxy that reads and writes
// JSON changes no more than that. A document that cannot be read is like no other.
func SameValues(rules *Rules, one, other []byte) bool {
	a, errA := byValue(rules, one)
	b, errB := byValue(rules, other)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// byValue returns the canonical form of a document with numbers spelled by their value.
func byValue(rules *Rules, document []byte) ([]byte, error) {
	r := NewReader()
	r.wanted, r.values = true, true
	if _, err := r.Read(rules, document); err != nil {
		return nil, err
	}
	return r.out, nil
}

// appendNumber appends a number as its significant digits, of which the last is not 0,
// and the exponent that belongs to them: 1.50e3 is 15e2. Zero has no sign.
func appendNumber(to, number []byte) []byte {
	mantissa, exponent := number, 0
	if i := bytes.IndexAny(number, "eE"); i >= 0 {
		n, err := strconv.Atoi(string(number[i+1:]))
		if err != nil {
			return append(to, number...) // beyond all numbers that somebody writes
		}
		mantissa, exponent = number[:i], n
	}
	mantissa, negative := bytes.CutPrefix(mantissa, []byte("-"))
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	digits := bytes.TrimLeft(append(bytes.Clone(whole), fraction...), "0")
	exponent -= len(fraction)
	significant := bytes.TrimRight(digits, "0")
	if len(significant) == 0 {
		return append(to, '0')
	}
	exponent += len(digits) - len(significant)
	if negative {
		to = append(to, '-')
	}
	to = append(append(to, significant...), 'e')
	return strconv.AppendInt(to, int64(exponent), 10)
}
