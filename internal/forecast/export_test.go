package forecast

import "github.com/lookervault/lookervault/internal/catalogue"

// Amounts are what a pure part of the forecast works out, for tests.
type Amounts [3]float64

func (a amount) amounts() Amounts { return Amounts{a.low, a.likely, a.high} }

// Enumeration is how many calls list n ids.
func Enumeration(kind *catalogue.Spec, n int, totals bool) Amounts {
	k := newKnowledge(kind, Glance{HasTotal: totals}, nil, past{})
	return k.enumeration(exactly(n)).amounts()
}

// Fields is what a small call for a kind asks for.
var Fields = fields

// Learn is what a forecast takes from earlier runs, as the kinds whose rows are
// poor and the number of documents that are not there.
var Learn = learn

// Poor and Dangling are parts of what [Learn] returns.
func (p past) Poor() bool { return p.poor }

// Dangling is explained at Poor.
func (p past) Dangling() int { return p.dangling }

// RedactedAs is explained in the file that it is in.
var RedactedAs = redactedAs
