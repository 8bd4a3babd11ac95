package stages_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// namelessRows is a server that leaves the ids out of lists of whole documents, unless it
// is asked for certain ones.
type namelessRows struct{ *fakeLooker }

func (s namelessRows) Get(ctx context.Context, call stages.Call) (stages.Answer, error) {
	answer, err := s.fakeLooker.Get(ctx, call)
	if call.Query.Get("limit") != "" && call.Query.Get("fields") == "" {
		answer.Body = []byte(strings.ReplaceAll(string(answer.Body), `{"id":`, `{"other":`))
	}
	return answer, err
}

// TestFewWithoutNames: where no row of the page of few documents tells whose it is, the
// documents are listed by their ids and asked for one by one.
func TestFewWithoutNames(t *testing.T) {
	dashboards := kindOf(t, "dashboards")
	looker := &fakeLooker{things: things(3)}
	r := newRig(looker, dashboards)
	r.server = namelessRows{looker}
	items := r.fetch(t, record.Ask{Kind: dashboards.Name, How: record.Whole, State: record.Present, Limit: 100})
	if diff := cmp.Diff(numbers(1, 3), ids(items, hasBody)); diff != "" || len(items) != 3 {
		t.Errorf("%d items, %v (-want +got):\n%s", len(items), short(looker.calls), diff)
	}
}
