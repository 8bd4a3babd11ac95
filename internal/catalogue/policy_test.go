package catalogue_test

import (
	"slices"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// TestWhatAPolicyNames: a new policy makes a run read all documents of the kind again,
// and an old one lets it trust stamps that other rules made.
func TestWhatAPolicyNames(t *testing.T) {
	row, _ := catalogue.Find("looks")
	policy := row.Policy(nil)
	tests := []struct {
		name     string
		change   func(*catalogue.Spec)
		redacted []string
		want     bool // another policy
	}{
		{name: "nothing", change: func(*catalogue.Spec) {}},
		{name: "the order of volatile members", change: func(k *catalogue.Spec) {
			k.Volatile = slices.Clone(k.Volatile)
			slices.Reverse(k.Volatile)
		}},
		{name: "what it is called", change: func(k *catalogue.Spec) { k.Title, k.Remark = "other looks", "a remark" }},
		{name: "how it is listed", change: func(k *catalogue.Spec) { k.Listing.Page, k.Size = 7, 9 }},
		{name: "a relation that is not kept", change: func(k *catalogue.Spec) {
			k.Relations = append(slices.Clone(k.Relations), catalogue.Relation{Path: "team_id", Kind: "groups"})
		}},
		{name: "a volatile member", want: true, change: func(k *catalogue.Spec) { k.Volatile = append(slices.Clone(k.Volatile), "mood") }},
		{name: "one less", want: true, change: func(k *catalogue.Spec) { k.Volatile = k.Volatile[1:] }},
		{name: "a set", want: true, change: func(k *catalogue.Spec) { k.Unordered = []string{"tags"} }},
		{name: "a member that means something", want: true, change: func(k *catalogue.Spec) { k.Meant = []string{"url"} }},
		{name: "the member of another list", want: true, change: func(k *catalogue.Spec) { k.Unordered, k.Volatile = k.Volatile, nil }},
		{name: "a list that is worked out", want: true, change: func(k *catalogue.Spec) {
			k.Derived = []catalogue.Derived{{Path: "tags", When: "all_tags"}}
		}},
		{name: "a column", want: true, change: func(k *catalogue.Spec) { k.Fields.Owner = "owner_id" }},
		{name: "the order of names", want: true, change: func(k *catalogue.Spec) { k.Fields.Names = []string{"label"} }},
		{name: "a reference that is kept", want: true, change: func(k *catalogue.Spec) {
			k.Relations = append(slices.Clone(k.Relations), catalogue.Relation{Path: "team_id", Kind: "groups", Stored: true})
		}},
		{name: "what is redacted", want: true, change: func(*catalogue.Spec) {}, redacted: []string{"public_url"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := row.With(tt.change).Policy(tt.redacted); got != policy != tt.want {
				t.Errorf("policy %d, and %d before: another one is %v, want %v", got, policy, got != policy, tt.want)
			}
		})
	}
}

// TestPolicyIsStable: a policy is stored, so the same rules must have the same number
// in every process and version. Where canon makes something else of the same rules,
// [catalogue.Form] is raised, and this number changes with it, as with the members that
// are volatile in every kind.
func TestPolicyIsStable(t *testing.T) {
	row := &catalogue.Spec{
		Name: "things", Volatile: []string{"views", "**.can"}, Unordered: []string{"tags"},
		Derived:   []catalogue.Derived{{Path: "models", When: "all_access"}},
		Fields:    catalogue.Fields{ID: "id", Names: []string{"title", "label"}},
		Relations: []catalogue.Relation{{Path: "query_id", Kind: "queries", Follow: true}, {Path: "query.id", Kind: "queries", Nested: true}},
	}
	if got, want := row.Policy([]string{"token"}), 1079960491; got != want {
		t.Errorf("policy %d, want %d", got, want)
	}
}

// TestPolicyOfAllKinds: the number of a run shows whether any of its kinds has
// other rules.
func TestPolicyOfAllKinds(t *testing.T) {
	all := map[record.Kind]int{"looks": 1 << 30, "users": 1<<30 + 1}
	one := catalogue.Policies(all)
	all["users"]++
	if two := catalogue.Policies(all); two == one {
		t.Errorf("the rules of users are others, and the policy of all kinds is still %d", two)
	}
}
