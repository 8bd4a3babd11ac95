package catalogue

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/lookervault/lookervault/internal/record"
)

// Form is the version of the canonical form that fingerprints are made of. Raise it
// when canon makes another one of the same rules: the fingerprints of all kinds are
// computed again then.
const Form = 2

// Policy names the rules behind the stamps and fingerprints of a kind's documents, and
// behind what is read from them: two rows with the same rules have the same policy,
// whatever else is in them and in whatever order. What the vault holds under another
// policy is computed again from stored bodies, and its stamps are not trusted once. So
// whoever changes the rules of one kind makes that kind's documents read again, and no
// others.
//
// redacted are the members that are redacted before a document is read. The number is
// positive and has 31 bits.
func (k *Spec) Policy(redacted []string) int {
	rules := [][]string{
		{fmt.Sprint(Form)}, Everywhere, Opaque, k.Volatile, k.Unordered, redacted, derivations(k.Derived), k.columns(), k.references(),
	}
	if len(k.Meant) > 0 {
		rules = append(rules, k.Meant)
	}
	sum := sha256.New()
	for _, list := range rules {
		list = slices.Clone(list)
		slices.Sort(list)
		fmt.Fprintf(sum, "%q\n", slices.Compact(list))
	}
	return positive(sum.Sum(nil))
}

// Policies is one number for the policies of several kinds.
func Policies(all map[record.Kind]int) int {
	var kinds []string
	for kind, policy := range all {
		kinds = append(kinds, fmt.Sprint(kind, " ", policy))
	}
	slices.Sort(kinds)
	sum := sha256.Sum256([]byte(strings.Join(kinds, "\n")))
	return positive(sum[:])
}

// positive makes a number of a sum that is no version of former catalogues, which
// counted from 1.
func positive(sum []byte) int { return int(binary.BigEndian.Uint32(sum)>>1 | 1<<30) }

func derivations(all []Derived) (rules []string) {
	for _, d := range all {
		rules = append(rules, d.Path+" when "+d.When)
	}
	return rules
}

// columns are the members that become columns. The order of names counts: the first
// that a document has is what it is called.
func (k *Spec) columns() []string {
	f := k.Fields
	return []string{fmt.Sprintf("%q", []string{f.ID, f.Name, f.Updated, f.Folder, f.Owner, f.Alias, f.Trashed}), fmt.Sprintf("%q", f.Names)}
}

// references are the relations that are kept with a document.
func (k *Spec) references() (rules []string) {
	kept := make(map[record.Kind]bool)
	for _, r := range k.Relations {
		if r.Follow || r.Stored {
			kept[r.Kind] = true
			rules = append(rules, fmt.Sprintf("%q", []string{r.Path, string(r.Kind), r.Unless, r.Join}))
		}
	}
	for _, r := range k.Relations {
		if r.Nested && kept[r.Kind] {
			rules = append(rules, fmt.Sprintf("nested %q", []string{r.Path, string(r.Kind)}))
		}
	}
	return rules
}
