package fetch

import (
	"context"
	"fmt"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
)

// noteDoubles records the arrays of a row that show up in rows of another kind as well: of the
// permission set that a role holds, and of a permission set.
func (t *task) noteDoubles(m *matched) {
	self := record.Ref{Kind: t.kind.Name, ID: m.want.ID}
	for _, d := range t.kind.Doubles() {
		if d.Of == t.kind.Name {
			t.Ledger.Shows(self, self, arraysOf(t.rules, m.row))
			continue
		}
		held := canon.Member(m.row, d.Member)
		if id := canon.Text(canon.Member(held, "id")); id != "" {
			t.Ledger.Shows(record.Ref{Kind: d.Of, ID: id}, self, arraysOf(canon.Compile(catalogue.Lookup(d.Of)), held))
		}
	}
}

// holdAgainstBacks holds what a document names against rows of that, which name it back.
func (t *task) holdAgainstBacks(want record.Listed, document []byte) {
	for i := range t.kind.Relations {
		relation := &t.kind.Relations[i]
		if relation.Back == "" {
			continue
		}
		t.Ledger.Names(record.Ref{Kind: t.kind.Name, ID: want.ID})
		for _, id := range canon.Named(document, relation) {
			t.Ledger.IsNamed(record.Ref{Kind: relation.Kind, ID: id}, record.Ref{Kind: t.kind.Name, ID: want.ID}, relation.Back)
		}
	}
}

// arraysOf returns how many elements the arrays of a document have that are members of it.
func arraysOf(rules *canon.Rules, document []byte) map[string]int {
	arrays := make(map[string]int)
	for name, part := range canon.Members(rules, document) {
		if part.Container && !part.Object {
			arrays[name] = part.Elements
		}
	}
	return arrays
}

// holdAgainstRow compares a document that takes the place of a row with what was stored of that row.
// Where the row was poorer, rows of the kind are not to be trusted.
func (t *task) holdAgainstRow(ctx context.Context, want record.Listed, document []byte) error {
	if !want.Replaces || t.kind.Listing.Followed || t.known() == poor {
		return nil
	}
	stored, err := t.Store.Body(ctx, record.Ref{Kind: t.ask.Kind, ID: want.ID})
	if err != nil {
		return fmt.Errorf("read what is stored of %s/%s: %w", t.ask.Kind, want.ID, err)
	}
	if lost := t.lost(stored, document); stored != nil && len(lost) > 0 {
		t.poorer(matched{want: want}, fmt.Sprintf("rows of the list are poorer than single documents (%s), fetching one by one", lost[0]))
		t.judge(want.ID, poor)
	}
	return nil
}

// lost returns what a row has less than its document, also of documents that this one holds.
func (t *task) lost(row, document []byte) []string {
	lost := canon.Lost(t.rules, row, document)
	for _, d := range t.kind.Doubles() {
		if d.Holder != t.kind.Name {
			continue
		}
		rules := canon.Compile(catalogue.Lookup(d.Of))
		for _, name := range canon.Lost(rules, canon.Member(row, d.Member), canon.Member(document, d.Member)) {
			lost = append(lost, d.Member+"."+name)
		}
	}
	return lost
}
