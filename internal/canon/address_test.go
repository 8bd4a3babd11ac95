package canon_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lookervault/lookervault/internal/canon"
	"github.com/lookervault/lookervault/internal/record"
)

// moved is a restore that gave some documents other ids.
var moved = canon.Addresses{
	Hosts: []string{"looker.example:9999", "looker.example"},
	Host:  "new.example",
	Resolve: resolver(map[string]string{
		"dashboards/42": "7", "looks/3": "33", "folders/5": "5", "boards/1": "11", "lookml_dashboards/shop::kpi": "store::kpi", "lookml_models/shop": "store",
	}),
	Slug: func(slug string) (string, bool) { return "DdT8Pnsg6kAB63KqoqgCzb", slug == "DdT8Pnsg6kAB63KqoqgCza" },
}

func TestAddresses(t *testing.T) {
	tests := []struct {
		name, text, want string
		left             []record.Ref
	}{
		{name: "alone", text: `/dashboards/42`, want: `/dashboards/7`},
		{name: "in HTML", text: `<a href="/dashboards/42?Date=7+days&amp;x=1">x</a>`, want: `<a href="/dashboards/7?Date=7+days&amp;x=1">x</a>`},
		{name: "in Markdown", text: `see [it](/looks/3), or /embed/dashboards-next/42.`, want: `see [it](/looks/33), or /embed/dashboards-next/7.`},
		{name: "with the host", text: `https://looker.example/dashboards/42 http://LOOKER.example:9999/looks/3`, want: `https://new.example/dashboards/7 http://new.example/looks/33`},
		{name: "JSON in a text", text: `"{\"href\":\"\\/dashboards\\/42\",\"t\":\"\/looks\/3\"}"`, want: `"{\"href\":\"\\/dashboards\\/7\",\"t\":\"\/looks\/33\"}"`},
		{name: "in a URL", text: `x?u=https%3A%2F%2Flooker.example%2Fdashboards%2F42&v=%22%2Flooks%2F3%22`, want: `x?u=https%3A%2F%2Fnew.example%2Fdashboards%2F7&v=%22%2Flooks%2F33%22`},
		{name: "behind escapes", text: `"a\n/looks/3 b\u003e/looks/3 \u002flooks\u002f3 \nhttps://looker.example/looks/3"`, want: `"a\n/looks/33 b\u003e/looks/33 \u002flooks\u002f33 \nhttps://new.example/looks/33"`},
		{name: "all sorts", text: `/spaces/5 /folders/5 /boards/1 /explore/shop/orders /embed/explore/shop/orders?f=1`, want: `/spaces/5 /folders/5 /boards/11 /explore/store/orders /embed/explore/store/orders?f=1`},
		{name: "LookML", text: `/dashboards/shop::kpi`, want: `/dashboards/store::kpi`},
		{name: "a slug", text: `/dashboards/DdT8Pnsg6kAB63KqoqgCza /dashboards/DdT8Pnsg6kAB63Kqoqg000`, want: `/dashboards/DdT8Pnsg6kAB63KqoqgCzb /dashboards/DdT8Pnsg6kAB63Kqoqg000`},
		{name: "what nothing stands for", text: `/dashboards/43 https://looker.example/looks/4 /dashboards/43`, want: `/dashboards/43 https://looker.example/looks/4 /dashboards/43`,
			left: []record.Ref{{Kind: "dashboards", ID: "43"}, {Kind: "looks", ID: "4"}}},
		{name: "what is none", text: `/dashboards/42a /dashboards/42-x /dashboards/ /my/dashboards/42 a/dashboards/42 dashboards/42 ./looks/3 //looks/3 /dashboards/42_x`,
			want: `/dashboards/42a /dashboards/42-x /dashboards/ /my/dashboards/42 a/dashboards/42 dashboards/42 ./looks/3 //looks/3 /dashboards/42_x`},
		{name: "another host", text: `https://other.example/dashboards/42 https://notlooker.example/looks/3 https://looker.example.org/looks/3`,
			want: `https://other.example/dashboards/42 https://notlooker.example/looks/3 https://looker.example.org/looks/3`},
		{name: "our host, another page", text: `https://looker.example/admin/42`, want: `https://looker.example/admin/42`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, left := moved.Rewrite([]byte(test.text))
			if diff := cmp.Diff(test.want, string(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.left, left); diff != "" {
				t.Errorf("left (-want +got)\n%s", diff)
			}
		})
	}
}

// TestAddressesInMembers: only in members that may hold some, but in all texts of free JSON.
func TestAddressesInMembers(t *testing.T) {
	body := `{"model":"/looks/3","vis_config":{"a":["/looks/3",{"b":"x /dashboards/42"}],"n":1.0,"c":"/looks/9"},"dynamic_fields":"[{\"html\":\"\\/looks\\/3\"}]"}`
	want := `{"model":"/looks/3","vis_config":{"a":["/looks/33",{"b":"x /dashboards/7"}],"n":1.0,"c":"/looks/9"},"dynamic_fields":"[{\"html\":\"\\/looks\\/33\"}]"}`
	got, left, err := moved.Document(writeOf(t, "queries"), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]record.Ref{{Kind: "looks", ID: "9"}}, left); diff != "" {
		t.Errorf("left (-want +got)\n%s", diff)
	}
}

func FuzzAddresses(f *testing.F) {
	for _, seed := range []string{`"\\/dashboards\\/42"`, `"https:\/\/looker.example\/looks\/3"`, `"%2Flooks%2F3 \u003e/boards/1"`, `"/explore/shop/x /dashboards/shop::kpi"`} {
		f.Add([]byte(seed))
	}
	same := canon.Addresses{Hosts: moved.Hosts, Resolve: canon.Itself}
	nobody := canon.Addresses{Hosts: moved.Hosts, Host: "new.example", Resolve: resolver(nil)}
	// What was rewritten leads to where nothing moves any more.
	again := moved
	again.Hosts, again.Slug = []string{"new.example"}, nil
	again.Resolve = func(kind record.Kind, id string) (string, bool) {
		if to, ok := moved.Resolve(kind, id); ok && to != id {
			return "", false
		}
		return id, true
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, a := range []canon.Addresses{same, nobody} {
			if got, _ := a.Rewrite(text); !bytes.Equal(got, text) {
				t.Errorf("%q became %q", text, got)
			}
		}
		got, _ := moved.Rewrite(text)
		if json.Valid(text) && !json.Valid(got) {
			t.Errorf("%q became %q, which is not valid", text, got)
		}
		if twice, _ := again.Rewrite(got); !bytes.Equal(twice, got) {
			t.Errorf("%q became %q, and then %q", text, got, twice)
		}
	})
}
