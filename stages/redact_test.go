package stages_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/budget"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
	"github.com/lookervault/lookervault/stages/stagestest"
)

func TestRedact(t *testing.T) {
	secrets, err := stages.NewSecrets([]string{"looks.public_url", "*.embed_url"})
	if err != nil {
		t.Fatal(err)
	}
	items := []record.Item{
		bodyItem("users", "1", `{"id":"1","credentials_email":{"password_reset_url":"https://x/reset/abc","email":"a@b"}}`),
		bodyItem("looks", "2", `{"id":"2","public_url":"p","embed_url":"e"}`),
		bodyItem("dashboards", "3", `{"id":"3","public_url":"content"}`),
		{Ref: record.Ref{Kind: "users", ID: "4"}, Same: true},
	}
	for i := range items {
		items[i].Read = &record.Document{ID: items[i].ID}
	}
	limits := budget.New(budget.Load{Bytes: 1 << 20, Items: 10})
	var left []record.Item
	var held budget.Load
	paths := map[string][]string{}
	for _, item := range through(t, stages.Redact(1, 1, secrets), stagestest.Reserve(limits, items...)...) {
		paths[item.Ref.String()] = item.Redacted
		if strings.Contains(string(item.Body), "abc") {
			t.Errorf("%s: %s", item.Ref, item.Body)
		}
		if (item.Read == nil) != (len(item.Redacted) > 0) {
			t.Errorf("of %s was read %+v: right only of a body that stayed", item.Ref, item.Read)
		}
		if item.Lease != nil {
			left = append(left, item)
			held.Bytes += int64(len(item.Body))
			held.Items++
		}
	}
	want := map[string][]string{
		"users/1": {"credentials_email.password_reset_url"}, "looks/2": {"embed_url", "public_url"},
		"dashboards/3": nil, "users/4": nil,
	}
	if diff := cmp.Diff(want, paths); diff != "" {
		t.Errorf("redacted (-want +got):\n%s", diff)
	}
	if now, _ := limits.Used(); now != held {
		t.Errorf("in flight %+v, want %+v", now, held)
	}
	for _, item := range left {
		item.Drop()
	}
	if now, _ := limits.Used(); now != (budget.Load{}) {
		t.Errorf("%+v is in flight when everybody has left", now)
	}
}

func TestNewSecretsRefuses(t *testing.T) {
	for _, path := range []string{"public_url", "lookz.public_url", "looks.", ""} {
		if _, err := stages.NewSecrets([]string{path}); err == nil {
			t.Errorf("NewSecrets(%q): no error", path)
		}
	}
}
