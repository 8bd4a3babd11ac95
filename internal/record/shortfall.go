package record

import (
	"fmt"
	"strings"
)

// Shortfall is a reason that is given of the listings of some kinds, said once for all of
// them.
type Shortfall struct {
	Kinds   []Kind
	Listing Listing // how all of them ended; "" where they ended differently
	Reason  string
}

// Shortfalls are the reasons that are given of kinds, in the order of the first kind of
// each. What ends a whole run, as a budget of calls does, is the reason of many. Kinds
// without a reason are together where they ended in the same way.
func Shortfalls(kinds []Counts) []Shortfall {
	type key struct {
		reason  string
		listing Listing // of those without a reason
	}
	var all []Shortfall
	at := make(map[key]int)
	for _, k := range kinds {
		why := key{reason: k.Reason}
		if k.Reason == "" {
			why.listing = k.Listing
		}
		i, known := at[why]
		if !known {
			i = len(all)
			at[why] = i
			all = append(all, Shortfall{Listing: k.Listing, Reason: k.Reason})
		}
		if all[i].Listing != k.Listing {
			all[i].Listing = ""
		}
		all[i].Kinds = append(all[i].Kinds, k.Kind)
	}
	return all
}

// Who names the kinds, the first most of them where there are more; 0 for all.
func (s Shortfall) Who(most int) string {
	shown := len(s.Kinds)
	if most > 0 {
		shown = min(shown, most)
	}
	var names []string
	for _, kind := range s.Kinds[:shown] {
		names = append(names, string(kind))
	}
	text := strings.Join(names, ", ")
	if left := len(s.Kinds) - shown; left > 0 {
		text += fmt.Sprintf(" and %d more", left)
	}
	return text
}

// Why says how the listings ended and the reason: "denied: GET /groups: 403".
func (s Shortfall) Why() string {
	said := "not complete"
	if s.Listing != "" {
		said = strings.ReplaceAll(string(s.Listing), "_", " ")
	}
	if s.Reason != "" {
		said += ": " + s.Reason
	}
	return said
}
