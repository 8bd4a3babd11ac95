package fetch_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

// namelessRows is a server that leaves the ids out of lists of whole documents, unless it
// is asked for certain ones.
type namelessRows struct{ *stagestest.Looker }

func (s namelessRows) Get(ctx context.Context, call stages.Call) (stages.Answer, error) {
	answer, err := s.Looker.Get(ctx, call)
	if call.Query.Get("limit") != "" && call.Query.Get("fields") == "" {
		answer.Body = []byte(strings.ReplaceAll(string(answer.Body), `{"id":`, `{"other":`))
	}
	return answer, err
}

// TestFewWithoutNames: where no row of the page of few documents tells whose it is, the
// documents are listed by their ids and asked for one by one.
func TestFewWithoutNames(t *testing.T) {
	dashboards := stagestest.KindOf(t, "dashboards")
	looker := &stagestest.Looker{Things: stagestest.Things(3)}
	r := stagestest.NewRig(looker, dashboards)
	r.Server = namelessRows{looker}
	items := r.Fetch(t, record.Ask{Kind: dashboards.Name, How: record.Whole, State: record.Present, Limit: 100})
	if diff := cmp.Diff(stagestest.Numbers(1, 3), stagestest.IDs(items, stagestest.HasBody)); diff != "" || len(items) != 3 {
		t.Errorf("%d items, %v (-want +got):\n%s", len(items), stagestest.Short(looker.Calls), diff)
	}
}
