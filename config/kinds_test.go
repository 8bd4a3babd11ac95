package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lookervault/lookervault/config"
)

var (
	known    = []string{"dashboards", "looks", "lookml_models", "explores"}
	defaults = []string{"dashboards", "looks", "lookml_models"}
	aliases  = map[string]string{"models": "lookml_models"}
)

func TestSelectKinds(t *testing.T) {
	for _, test := range []struct {
		name  string
		kinds []string
		want  []string
		err   string
	}{
		{name: "all", kinds: []string{"all"}, want: defaults},
		{name: "all and more", kinds: []string{"explores", "all"}, want: known},
		{name: "all but", kinds: []string{"-models", "all"}, want: []string{"dashboards", "looks"}},
		{name: "some, in the known order", kinds: []string{"models", "looks", "looks"}, want: []string{"looks", "lookml_models"}},
		{name: "both", kinds: []string{"looks", "-looks"}, err: "--set: kinds: [looks, -looks] leaves no kind to back up"},
		{name: "unknown", kinds: []string{"dashbord", "-modles", "reports"}, err: "--set: kinds: dashbord is not a kind; did you mean dashboards?\n" +
			"--set: kinds: modles is not a kind; did you mean models?\n" +
			"--set: kinds: reports is not a kind; there are all, dashboards, explores, lookml_models, looks"},
	} {
		t.Run(test.name, func(t *testing.T) {
			loaded, err := config.Load(config.Sources{Set: []string{"kinds=" + join(test.kinds)}})
			if test.err == "" && err != nil {
				t.Fatal(err)
			}
			if loaded == nil {
				t.Fatal(err)
			}
			got, err := loaded.SelectKinds(known, defaults, aliases)
			if test.err != "" {
				if diff := cmp.Diff(test.err, errorText(nil, err)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func join(items []string) string {
	joined := ""
	for _, item := range items {
		joined += item + ","
	}
	return joined[:len(joined)-1]
}

func TestExcludedIDs(t *testing.T) {
	loaded := &config.Loaded{Config: config.Config{Exclude: []string{"dashboards/17", "looks/1", "dashboards/m::a/b", "models/x", "models/#"}}}
	got, err := loaded.ExcludedIDs(known, aliases)
	want := map[string][]string{"dashboards": {"17", "m::a/b"}, "looks": {"1"}, "lookml_models": {"x", "#"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	loaded.Config.Exclude = []string{"lokos/1"}
	_, err = loaded.ExcludedIDs(known, aliases)
	loaded.Config.Exclude = []string{"models/#2"}
	_, positional := loaded.ExcludedIDs(known, aliases)
	if diff := cmp.Diff("exclude: models/#2 names a row of a list by its position, which moves; models/# stands for all rows of the kind that cannot be stored", errorText(nil, positional)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("exclude: lokos is not a kind; did you mean looks?", errorText(nil, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
