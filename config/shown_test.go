package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lookervault/lookervault/config"
	"go.yaml.in/yaml/v3"
)

const hidden = "hunter2hunter2"

func TestConfigShowsNoSecret(t *testing.T) {
	loaded, err := config.Load(config.Sources{Environ: []string{"LOOKERSDK_CLIENT_SECRET=" + hidden}})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Config.Looker.ClientSecret.Reveal() != hidden {
		t.Fatal("the secret was not read")
	}
	asJSON, err := json.Marshal(loaded)
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{string(asJSON)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		shown = append(shown, fmt.Sprintf(verb, loaded.Config), fmt.Sprintf(verb, *loaded), fmt.Sprintf(verb, &loaded.Config))
	}
	asYAML, err := yaml.Marshal(loaded.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(shown, string(asYAML)) {
		if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
			t.Errorf("shows the secret: %s", text)
		}
	}
}

func TestProblemsAndWarningsShowNoSecret(t *testing.T) {
	ini := write(t, "sdk.ini", "[Looker]\nclient_secret="+hidden+"\nbase_url=https://u:"+hidden+"@x\n")
	for name, yaml := range map[string]string{
		"list":                  "looker: {client_secret: [" + hidden + "]}",
		"section":               "looker: {client_secret: {" + hidden + ": 1}}",
		"anchor":                "looker: {client_secret: *" + hidden + "}",
		"variable in a number":  "stages: {fetch: {workers: \"${SECRET}\"}}",
		"variable in a size":    "looker: {max_body: \"1${SECRET}\"}",
		"variable in a truth":   "looker: {verify_ssl: \"${SECRET}\"}",
		"variable in a word":    "log: {level: \"${SECRET}\"}",
		"variable in a list":    "exclude: [ \"${SECRET}\" ]",
		"variable in a URL":     "looker: {base_url: \"ftp://${SECRET}\"}",
		"variable in a path":    "looker: {ini: \"${SECRET}.ini#x\"}",
		"default of a variable": "looker: {client_secret: [\"${NOPE:-" + hidden + "}\"]}",
		"password in a URL":     "looker: {base_url: \"https://u:" + hidden + "/@x\"}",
		"ini":                   "looker: {ini: \"" + ini + "\", verify_ssl: maybe}",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.LoadBytes(config.Sources{Environ: []string{"SECRET=" + hidden}}, "c.yaml", []byte(yaml))
			var problems *config.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("want problems, got %v", err)
			}
			if text := fmt.Sprintf("%v %+v", err, problems.List); strings.Contains(text, hidden) {
				t.Errorf("shows the secret: %s", text)
			}
		})
	}
}

func TestRedacted(t *testing.T) {
	c := config.Default(4)
	c.Looker.ClientID, c.Looker.ClientSecret = "the-client-id", config.NewSecret(hidden)
	c.Looker.BaseURL = "https://me:" + hidden + "@looker.example.com:19999"
	c.Sink.Path = "host=db password=" + hidden + " user=me"
	c.Exclude = []string{"looks/1"}
	c.Restore.Secrets = map[string]config.Secret{"connections/thelook.password": config.NewSecret(hidden)}
	c.Hooks.OnFailure = "https://hc.example.com/" + hidden
	got, err := json.Marshal(c.Redacted())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"after":{"prune":false},"exclude":["looks/1"],"folders":{"ids":[],"recursive":true},` +
		`"hooks":{"on_failure":"***","on_partial":"","on_success":"","timeout":"10m"},"kinds":["all"],` +
		`"limits":{"in_flight_bytes":"96MiB","in_flight_items":2000},"log":{"format":"text","level":"info"},` +
		`"looker":{"base_url":"https://me:***@looker.example.com:19999","ca_file":"","client_secret":"***","ini":"","max_body":"64MiB","name":"","partial_view":false,"protected":false,"quota":{"administrative":0,"query":0},"timeout":"2m","verify_ssl":true},"metrics":{"file":"","listen":""},` +
		`"prune":{"keep_daily":0,"keep_deleted":"","keep_last":0,"keep_monthly":0,"keep_weekly":0,"keep_yearly":0},` +
		`"rate_limit":{"adaptive":true,"max_calls":0,"per_minute":0,"per_second":10},` +
		`"refresh":{},"restore":{"conflict":"","inner":2,"keep":"2160h","links":"auto","max_age":"24h","orphans_to":"","secrets":{"connections/thelook.password":"***"},"settle":"10s","trash":"undelete","wake":"auto","workers":8},"retry":{"attempts":5,"max_wait":"1m"},` +
		`"shutdown":{"grace":"15s"},"sink":{"path":"host=db password=*** user=me","type":"sqlite"},` +
		`"stages":{"batch":{"buffer":2,"bytes":"8MiB","every":"1s","records":200},"fetch":{"buffer":64,"workers":8},` +
		`"list":{"buffer":16,"page_size":100,"workers":4},"redact":{"enabled":true,"paths":[]},"serialize":{"buffer":64,"codec":"zstd","workers":4}},"trust_dates":"never"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStripPasswords(t *testing.T) {
	for in, want := range map[string]string{
		"https://looker.example.com:19999/a": "https://looker.example.com:19999/a",
		"looker.db":                          "looker.db",
		"/data/looker@night.db":              "/data/looker@night.db",
		"https://u:p@h/x":                    "https://u:***@h/x",
		"https://u@h/x":                      "https://u@h/x",
		"redis://:pw@h":                      "redis://:***@h",
		"postgres://u:p/w@d@h:5432/db":       "postgres://u:***@h:5432/db",
		"/data/postgres:/u:p/w@h/db":         "/data/postgres:/u:***@h/db",
		"u:p@tcp(h:3306)/db":                 "u:***@tcp(h:3306)/db",
		"u:/p@tcp(h)/db":                     "u:***@tcp(h)/db",
		"postgres://h/db?user=u&password=a&x=1&sslpassword=b":       "postgres://h/db?user=u&password=***&x=1&sslpassword=***",
		"host=h PASSWORD = 'a b' dbname=x":                          "host=h PASSWORD = *** dbname=x",
		"https://h/?access_token=abc&api_key=d":                     "https://h/?access_token=***&api_key=***",
		"see https://a:b@c and https://d:e@f, written as two links": "see https://a:***@c and https://d:***@f, written as two links",
	} {
		if got := config.StripPasswords(in); got != want {
			t.Errorf("StripPasswords(%q) = %q, want %q", in, got, want)
		}
	}
}
