package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lookervault/lookervault/config"
)

// errorText is the text of an error that must be Problems.
func errorText(_ *config.Loaded, err error) string {
	var problems *config.Problems
	if !errors.As(err, &problems) {
		return fmt.Sprintf("no problems but %v", err)
	}
	return problems.Error()
}

func TestProblemsOfTheFile(t *testing.T) {
	for _, test := range []struct{ name, yaml, want string }{
		{"typo", "stages:\n  fetch:\n    wokers: 3\n", "c.yaml:3: stages.fetch.wokers: unknown key; did you mean stages.fetch.workers?"},
		{"typo in a section", "stage: {fetch: {workers: 3}}", "c.yaml:1: stage: unknown key; did you mean stages?"},
		{"capitals", "Looker: {}", "c.yaml:1: Looker: unknown key; did you mean looker?"},
		{"wrong section", "stages: {fetch: {page_size: 3}}", "c.yaml:1: stages.fetch.page_size: unknown key; did you mean stages.list.page_size?"},
		{"section left out", "fetch: {workers: 3}", "c.yaml:1: fetch: unknown key; did you mean stages.fetch?"},
		{"several sections possible", "workers: 3", "c.yaml:1: workers: unknown key; did you mean restore.workers or stages.fetch.workers or stages.list.workers or stages.serialize.workers?"},
		{"nothing near", "log: {colour: red}", "c.yaml:1: log.colour: unknown key; log has level, format"},
		{"nothing near at the top", "x: 1", "c.yaml:1: x: unknown key; there are looker, kinds, exclude, folders, rate_limit, retry, stages, limits, sink, log, shutdown, hooks, metrics, prune, refresh, trust_dates, after, restore"},
		{"no workers in batch", "stages: {batch: {workers: 2}}", "c.yaml:1: stages.batch.workers: unknown key; stages.batch has records, bytes, every, buffer"},
		{"dotted key", "stages.fetch.workers: 3", "c.yaml:1: stages.fetch.workers: keys with a dot are not read; write each part as a section of its own"},
		{"twice", "log:\n  level: info\n  format: text\n  level: warn\n", "c.yaml:4: log.level: set twice, first at line 2"},
		{"section twice", "log: {level: info}\nlog: {format: text}\n", "c.yaml:2: log: set twice, first at line 1"},
		{"later version", "snapshot:\n  keep: true\n", "c.yaml:1: snapshot: not available in this version"},
		{"prune", "prune:\n  keep_last: -1\n  keep_deleted: 90\nafter:\n  prune: true\n",
			"c.yaml:2: prune.keep_last: -1 is out of range; allowed: 0 to 100000\n" +
				"c.yaml:3: prune.keep_deleted: \"90\" is not an age; write it as 90d, 2w, 36h or 0d\n" +
				"c.yaml:5: after.prune: needs a rule that says which runs stay, such as prune.keep_daily"},
		{"metrics without a port", "metrics: {listen: localhost}", `c.yaml:1: metrics.listen: "localhost" is not an address; write it as 127.0.0.1:9090 or :9090`},
		{"hooks as a list", "hooks: {on_success: [true]}", "c.yaml:1: hooks.on_success: is a list; a single value is expected"},
		{"not a number", "stages: {fetch: {workers: many}}", `c.yaml:1: stages.fetch.workers: "many" is not a whole number; allowed: 1 to 50`},
		{"fraction", "stages: {fetch: {workers: 1.5}}", `c.yaml:1: stages.fetch.workers: "1.5" is not a whole number; allowed: 1 to 50`},
		{"too many", "stages: {fetch: {workers: 51, buffer: 200}}", "c.yaml:1: stages.fetch.workers: 51 is out of range; allowed: 1 to 50"},
		{"none", "stages: {fetch: {workers: 0}}", "c.yaml:1: stages.fetch.workers: 0 is out of range; allowed: 1 to 50"},
		{"records", "stages: {batch: {records: 9}}", "c.yaml:1: stages.batch.records: 9 is out of range; allowed: 10 to 1000"},
		{"page size", "stages: {list: {page_size: 5001}}", "c.yaml:1: stages.list.page_size: 5001 is out of range; allowed: 1 to 5000"},
		{"size", "looker: {max_body: 64Mo}", `c.yaml:1: looker.max_body: "64Mo" is not a size; write it as 64MiB, 8 MB, 1.5GiB, 500k or a number of bytes; allowed: 1KiB to 512MiB`},
		{"size out of range", "looker: {max_body: 1}", "c.yaml:1: looker.max_body: 1B is out of range; allowed: 1KiB to 512MiB"},
		{"duration", "looker: {timeout: 2 minutes}", `c.yaml:1: looker.timeout: "2 minutes" is not a duration; write it as 120s, 2m30s, 500ms or a number of seconds; allowed: 10ms to 1h`},
		{"duration out of range", "shutdown: {grace: 2h}", "c.yaml:1: shutdown.grace: 2h is out of range; allowed: 0s to 1h"},
		{"truth", "looker: {verify_ssl: off}", `c.yaml:1: looker.verify_ssl: "off" is neither true (true, t, yes, y, 1) nor false (false, f, no, n, 0)`},
		{"word", "log: {level: verbose}", `c.yaml:1: log.level: "verbose" is not known; allowed: trace, debug, info, warn, error, off`},
		{"list for a value", "log: {level: [info]}", "c.yaml:1: log.level: is a list; a single value is expected"},
		{"section for a value", "log: {level: {a: b}}", "c.yaml:1: log.level: is a section; a single value is expected"},
		{"section for a list", "kinds: {all: yes}", "c.yaml:1: kinds: is a section; a list is expected"},
		{"lists in a list", "kinds: [[all]]", "c.yaml:1: kinds: holds something that is not a single value; a list of words is expected"},
		{"nothing in a list", "kinds: [all, ]\nexclude: [~]", "c.yaml:2: exclude: holds something that is not a single value; a list of words is expected"},
		{"value for a section", "stages: 3", "c.yaml:1: stages: is a section; set a key in it: list, fetch, redact, serialize, batch"},
		{"no mapping", "- a\n", "c.yaml:1: the file must hold keys and values: looker, kinds, exclude, folders, rate_limit, retry, stages, limits, sink, log, shutdown, hooks, metrics, prune, refresh, trust_dates, after, restore"},
		{"two documents", "log: {level: info}\n---\nlog: {level: warn}\n", "c.yaml:2: a second YAML document; there can be only one"},
		{"syntax", "looker:\n  name: x\n timeout: 3\n", "c.yaml:3: not valid YAML: did not find expected key"},
		{"syntax further down", "kinds:\n  - all\nlooker:\n  name: x\n  ini: [a,\n    b\nlog:\n  level: info\n", "c.yaml:5: not valid YAML: did not find expected ',' or ']'"},
		{"secret behind a star", "looker:\n  client_secret: *topsecret\n", "c.yaml:2: not valid YAML: unknown anchor '...' referenced"},
		{"tab", "looker:\n\tname: x\n", "c.yaml:2: not valid YAML: found character that cannot start any token"},
		{"far too long to search", strings.Repeat("#\n", 1000) + "a: [", "c.yaml: not valid YAML: did not find expected node content"},
		{"control characters", "\"lo\\e[31m\\ng\": 1", "c.yaml:1: lo [31m g: unknown key; there are looker, kinds, exclude, folders, rate_limit, retry, stages, limits, sink, log, shutdown, hooks, metrics, prune, refresh, trust_dates, after, restore"},
		{"not text", "\xff\xfe\xff", "c.yaml:1: not valid YAML: incomplete UTF-16 character"},
		{"kinds", "kinds: [Dashboards, \"- looks\"]", "c.yaml:1: kinds: \"Dashboards\" is not a kind as in the API (dashboards), all, or a kind to leave out (-color_collections)\n" +
			"c.yaml:1: kinds: \"- looks\" is not a kind as in the API (dashboards), all, or a kind to leave out (-color_collections)"},
		{"no kinds", "kinds: []", "c.yaml:1: kinds: names no kind; write [all] for all of them"},
		{"only without", "kinds: [-looks]", "c.yaml:1: kinds: only leaves kinds out; write all in front: [all, -looks]"},
		{"without all", "kinds: [looks, -all]", "c.yaml:1: kinds: leaves everything out"},
		{"exclude", "exclude: [17]", `c.yaml:1: exclude: "17" is not kind/id (dashboards/17), or kind/# for rows that cannot be stored`},
		{"folder", "folders: {ids: [a b]}", `c.yaml:1: folders.ids: "a b" is not the id of a folder (42)`},
		{"name", "looker: {name: \"import:x\"}", `c.yaml:1: looker.name: "import:x" is taken: names with import: are those of imported backups`},
		{"scheme", "looker: {base_url: \"ftp://x\"}", `c.yaml:1: looker.base_url: "ftp://x" begins with neither https:// nor http://`},
		{"no URL", "looker: {base_url: \"https://my looker\"}", `c.yaml:1: looker.base_url: "https://my looker" is not a URL; write it as https://mycompany.looker.com`},
		{"user in the URL", "looker: {base_url: \"https://me:topsecret@x\"}", `c.yaml:1: looker.base_url: "https://me:***@x" holds a user; use looker.client_id and looker.client_secret`},
		{"no path", "sink: {path: \"\"}", "c.yaml:1: sink.path: is empty; name the file of the vault"},
		{"word that may be empty", "restore: {conflict: ask}", `c.yaml:1: restore.conflict: "ask" is not known; allowed: skip, update, rename, fail`},
		{"port", "metrics: {listen: \"127.0.0.1:99999\"}", `c.yaml:1: metrics.listen: "127.0.0.1:99999" is not an address; write it as 127.0.0.1:9090 or :9090`},
		{"sink", "sink: {type: postgres}", `c.yaml:1: sink.type: "postgres" is not known; allowed: sqlite`},
		{"rates", "rate_limit: {per_second: 100, per_minute: 60}", "c.yaml:1: rate_limit.per_second: per_second 100 is more than per_minute 60; lower it, or set it to 0 for no limit a second"},
		{"rate against the default", "rate_limit: {per_minute: 5}", "c.yaml:1: rate_limit.per_minute: per_second 10 is more than per_minute 5; lower it, or set it to 0 for no limit a second"},
		{"buffer", "stages: {list: {buffer: 3}}", "c.yaml:1: stages.list.buffer: buffer 3 is less than workers 4; it must hold at least one value for each worker"},
		{"buffer of the default", "stages: {list: {workers: 17}}", "c.yaml:1: stages.list.workers: buffer 16 is less than workers 17; it must hold at least one value for each worker"},
		{"items", "stages: {fetch: {workers: 11}}\nlimits: {in_flight_items: 10}", "c.yaml:2: limits.in_flight_items: 10 is less than stages.fetch.workers 11"},
		{"variable", "looker:\n  name: ${NOPE}", "c.yaml:2: looker.name: needs the environment variable NOPE, which is not set; set it, or write ${NOPE:-default}"},
		{"half a variable", "looker: {name: \"${A\"}", "c.yaml:1: looker.name: has a ${ that begins no ${VAR} or ${VAR:-default}; write $${ for a plain ${"},
		{"no variable", "exclude: [\"looks/${a b}\"]", "c.yaml:1: exclude: has a ${ that begins no ${VAR} or ${VAR:-default}; write $${ for a plain ${"},
		{"all at once, by line", "sink: {pathh: x}\nkinds: [a-b]\nlog:\n  level: loud\n  fromat: text\nretry: {attempts: 0}\n",
			"c.yaml:1: sink.pathh: unknown key; did you mean sink.path?\n" +
				"c.yaml:2: kinds: \"a-b\" is not a kind as in the API (dashboards), all, or a kind to leave out (-color_collections)\n" +
				"c.yaml:4: log.level: \"loud\" is not known; allowed: trace, debug, info, warn, error, off\n" +
				"c.yaml:5: log.fromat: unknown key; did you mean log.format?\n" +
				"c.yaml:6: retry.attempts: 0 is out of range; allowed: 1 to 20"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := errorText(config.LoadBytes(config.Sources{Cores: 2}, "c.yaml", []byte(test.yaml)))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemsElsewhere(t *testing.T) {
	for _, test := range []struct {
		name    string
		environ []string
		flags   []string
		set     []string
		want    string
	}{
		{name: "variable", environ: []string{"LOOKERVAULT_STAGES__FETCH__WOKERS=3"},
			want: "LOOKERVAULT_STAGES__FETCH__WOKERS: unknown variable; did you mean LOOKERVAULT_STAGES__FETCH__WORKERS?"},
		{name: "one underscore", environ: []string{"LOOKERVAULT_STAGES_FETCH_WORKERS=3"},
			want: "LOOKERVAULT_STAGES_FETCH_WORKERS: unknown variable; did you mean LOOKERVAULT_STAGES__FETCH__WORKERS?"},
		{name: "wrong prefix", environ: []string{"LOOKERVAULT_BASE_URL=x"},
			want: "LOOKERVAULT_BASE_URL: unknown variable; it must be a key in capitals with two underscores for a dot, like LOOKERVAULT_STAGES__FETCH__WORKERS"},
		{name: "former name", environ: []string{"LOOKERVAULT_CLIENT_SECRET=topsecret"},
			want: "LOOKERVAULT_CLIENT_SECRET: unknown variable; use LOOKERSDK_CLIENT_SECRET"},
		{name: "section", environ: []string{"LOOKERVAULT_LOG=info"},
			want: "LOOKERVAULT_LOG: is a section; set a key in it: level, format"},
		{name: "later", environ: []string{"LOOKERVAULT_SNAPSHOT__COPY=x"},
			want: "LOOKERVAULT_SNAPSHOT__COPY: snapshot: not available in this version"},
		{name: "value in a variable", environ: []string{"LOOKERSDK_VERIFY_SSL=maybe", "LOOKERVAULT_STAGES__FETCH__WORKERS=99"},
			want: `LOOKERSDK_VERIFY_SSL: looker.verify_ssl: "maybe" is neither true (true, t, yes, y, 1) nor false (false, f, no, n, 0)` + "\n" +
				"LOOKERVAULT_STAGES__FETCH__WORKERS: stages.fetch.workers: 99 is out of range; allowed: 1 to 50"},
		{name: "flag", flags: []string{"--workers=0"}, want: "--workers: stages.fetch.workers: 0 is out of range; allowed: 1 to 50"},
		{name: "set", set: []string{"stages.fetch.workers=x"}, want: `--set: stages.fetch.workers: "x" is not a whole number; allowed: 1 to 50`},
		{name: "set unknown", set: []string{"stages.fetch.worker=3"}, want: "--set: stages.fetch.worker: unknown key; did you mean stages.fetch.workers?"},
		{name: "set with a slip in the section", set: []string{"stage.fetch.workers=3"}, want: "--set: stage.fetch.workers: unknown key; did you mean stages.fetch.workers?"},
		{name: "set far off", set: []string{"stages.foo.bar=3"}, want: "--set: stages.foo.bar: unknown key; stages has list, fetch, redact, serialize, batch"},
		{name: "set something long", set: []string{"log.level=" + strings.Repeat("ä", 200)},
			want: `--set: log.level: "` + strings.Repeat("ä", 80) + `…" is not known; allowed: trace, debug, info, warn, error, off`},
		{name: "set a section", set: []string{"stages.fetch=3"}, want: "--set: stages.fetch: is a section; set a key in it: workers, buffer"},
		{name: "set nothing", set: []string{"topsecret"}, want: "--set: wants key=value, like stages.fetch.workers=8"},
		{name: "set no key", set: []string{"=topsecret"}, want: "--set: wants key=value, like stages.fetch.workers=8"},
		{name: "set later", set: []string{"snapshot.x=y"}, want: "--set: snapshot: not available in this version"},
		{name: "set a secret", set: []string{"looker.client_secret=topsecret"},
			want: "--set: looker.client_secret: secrets do not belong on the command line; use LOOKERSDK_CLIENT_SECRET or ${VAR} in lookervault.yaml"},
		{name: "set a hook", set: []string{"hooks.on_failure=curl topsecret"},
			want: "--set: hooks.on_failure: secrets do not belong on the command line; use LOOKERVAULT_HOOKS__ON_FAILURE or ${VAR} in lookervault.yaml"},
		{name: "secret by a flag", flags: []string{"--secret=topsecret"},
			want: "--secret: looker.client_secret: secrets do not belong on the command line; use LOOKERSDK_CLIENT_SECRET or ${VAR} in lookervault.yaml"},
		{name: "set twice", set: []string{"log.level=info", "log.level=warn"}, want: "--set: log.level: set twice by --set"},
		{name: "flag and set", flags: []string{"--workers=3"}, set: []string{"stages.fetch.workers=4"},
			want: "--set: stages.fetch.workers: set twice on the command line, by --workers and by --set"},
		{name: "order of layers", environ: []string{"LOOKERSDK_TIMEOUT=soon"}, set: []string{"x=1"}, flags: []string{"--workers=77"},
			want: `LOOKERSDK_TIMEOUT: looker.timeout: "soon" is not a duration; write it as 120s, 2m30s, 500ms or a number of seconds; allowed: 10ms to 1h` + "\n" +
				"--set: x: unknown key; there are looker, kinds, exclude, folders, rate_limit, retry, stages, limits, sink, log, shutdown, hooks, metrics, prune, refresh, trust_dates, after, restore\n" +
				"--workers: stages.fetch.workers: 77 is out of range; allowed: 1 to 50"},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := config.Sources{Environ: test.environ, Flags: flags(t, test.flags...), FlagKeys: flagKeys, Set: test.set}
			if diff := cmp.Diff(test.want, errorText(config.Load(src))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemsOfFiles(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"ok.ini": "[Looker]\ntimeout=1\n[Staging]\n", "bad.ini": "[Looker]\nclient_secret topsecret\n", "empty.ini": "# nothing\n",
		"open.ini": "[Looker\n", "value.ini": "[Looker]\ntimeout=soon\n", "big.yaml": strings.Repeat("#", 1<<20+1),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ name, path, yaml, want string }{
		{name: "no file", path: "none.yaml", want: "DIR/none.yaml: no such file or directory"},
		{name: "a folder", path: ".", want: "DIR: is a directory"},
		{name: "too large", path: "big.yaml", want: "DIR/big.yaml: is larger than 1MiB"},
		{name: "no ini", yaml: "none.ini", want: "DIR/c.yaml:1: looker.ini: none.ini: no such file or directory"},
		{name: "no such section", yaml: "ok.ini#Stagin", want: "DIR/c.yaml:1: looker.ini: ok.ini has no section [Stagin]; did you mean Staging?"},
		{name: "no section near", yaml: "ok.ini#x", want: "DIR/c.yaml:1: looker.ini: ok.ini has no section [x]; there are Looker, Staging"},
		{name: "no section at all", yaml: "empty.ini", want: "DIR/c.yaml:1: looker.ini: empty.ini has no section"},
		{name: "broken line", yaml: "bad.ini", want: "bad.ini:2: not a valid ini file; lines are [section] or key=value"},
		{name: "broken section", yaml: "open.ini", want: "open.ini: not a valid ini file; lines are [section] or key=value"},
		{name: "value", yaml: "value.ini", want: `value.ini#Looker: looker.timeout: "soon" is not a duration; write it as 120s, 2m30s, 500ms or a number of seconds; allowed: 10ms to 1h`},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(folder, test.path)
			if test.path == "" {
				path = filepath.Join(folder, "c.yaml")
				if err := os.WriteFile(path, []byte("looker: {ini: \""+test.yaml+"\"}"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := strings.ReplaceAll(errorText(config.Load(config.Sources{Path: path})), folder, "DIR")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	folder := t.TempDir()
	ini := filepath.Join(folder, "sdk.ini")
	if err := os.WriteFile(ini, []byte("[Looker]\nbase_url=https://b\ntimeout=5\nverify_ssl=yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, yaml string
		want       []string
	}{
		{name: "none", yaml: "looker: {base_url: \"http://127.0.0.1:9999\"}"},
		{name: "many workers", yaml: "stages: {fetch: {workers: 17, buffer: 68}}", want: []string{"c.yaml:1: stages.fetch.workers: 17 workers are hard on Looker's nodes and seldom faster than 16"}},
		{name: "buffer", yaml: "stages: {fetch: {workers: 16, buffer: 63}, serialize: {workers: 20}}", want: []string{
			"c.yaml:1: stages.fetch.buffer: buffer 63 is less than four times the 16 workers, which may have to wait for each other",
			"stages.serialize.buffer: buffer 64 is less than four times the 20 workers, which may have to wait for each other"}},
		{name: "least buffer", yaml: "stages: {fetch: {workers: 16, buffer: 16}}", want: []string{
			"c.yaml:1: stages.fetch.buffer: buffer 16 is less than four times the 16 workers, which may have to wait for each other"}},
		{name: "no TLS", yaml: "looker: {base_url: \"http://looker.example.com\"}", want: []string{"c.yaml:1: looker.base_url: http:// sends the client secret unencrypted; use https://"}},
		{name: "TLS not verified", yaml: "looker: {verify_ssl: n}", want: []string{"c.yaml:1: looker.verify_ssl: anybody between here and Looker can read the client secret; name the certificate authority in looker.ca_file instead"}},
		{name: "large bodies", yaml: "limits: {in_flight_bytes: 32MiB}", want: []string{"looker.max_body: 64MiB is more than limits.in_flight_bytes 32MiB; a single body of that size goes beyond it"}},
		{name: "ini overrules", yaml: "looker:\n  ini: " + ini + "\n  base_url: https://a\n  timeout: 120\n  verify_ssl: yes\n", want: []string{
			"c.yaml:3: looker.base_url: not used: " + ini + "#Looker says otherwise; keep it in one of the two"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			loaded, err := config.LoadBytes(config.Sources{Cores: 2}, "c.yaml", []byte(test.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, loaded.Warnings); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if err := os.WriteFile(filepath.Join(folder, "lookervault.yml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(config.Sources{Dir: folder})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(folder, "lookervault.yml") + " is not read; name it lookervault.yaml, or pass it with -c"}
	if diff := cmp.Diff(want, loaded.Warnings); diff != "" || loaded.File != "" {
		t.Errorf("File %q, warnings (-want +got):\n%s", loaded.File, diff)
	}
}

func TestEveryNumberHasBounds(t *testing.T) {
	bounds, keys := config.Bounds(), config.Keys()
	for key, kind := range keys {
		_, bounded := bounds[key]
		if number := kind == "int" || kind == "config.Size" || kind == "config.Duration"; number != bounded {
			t.Errorf("%s is of type %s; has bounds: %t", key, kind, bounded)
		}
	}
	for key := range bounds {
		if keys[key] == "" {
			t.Errorf("bounds of %s, which is no key", key)
		}
	}
}

func TestRequireLooker(t *testing.T) {
	c := config.Default(1)
	const rest = " in the environment, or looker in lookervault.yaml (the secret as ${VAR}), or looker.ini there to the path of an SDK's looker.ini; --demo needs none of it"
	want := "no Looker to talk to: looker.base_url, looker.client_id and looker.client_secret are not set; " +
		"set LOOKERSDK_BASE_URL, LOOKERSDK_CLIENT_ID and LOOKERSDK_CLIENT_SECRET" + rest
	if diff := cmp.Diff(want, errorText(nil, c.RequireLooker(false))); diff != "" {
		t.Errorf("nothing set (-want +got):\n%s", diff)
	}
	c.Looker.BaseURL, c.Looker.ClientID = "https://x", "id"
	want = "no Looker to talk to: looker.client_secret is not set; set LOOKERSDK_CLIENT_SECRET" + rest
	if diff := cmp.Diff(want, errorText(nil, c.RequireLooker(false))); diff != "" {
		t.Errorf("secret not set (-want +got):\n%s", diff)
	}
	const hint = "; there is a looker.ini here: LOOKERVAULT_LOOKER__INI=looker.ini takes it"
	if diff := cmp.Diff(want+hint, errorText(nil, c.RequireLooker(true))); diff != "" {
		t.Errorf("looker.ini lies there (-want +got):\n%s", diff)
	}
	c.Looker.INI = "other.ini"
	if diff := cmp.Diff(want, errorText(nil, c.RequireLooker(true))); diff != "" {
		t.Errorf("another one is named (-want +got):\n%s", diff)
	}
	c.Looker.ClientSecret = config.NewSecret("s")
	if err := c.RequireLooker(true); err != nil {
		t.Errorf("all set: %v", err)
	}
}

// Names in restore.secrets hold dots, and values are shown by nobody, however wrong they are.
func TestSecretsOfRestores(t *testing.T) {
	tests := map[string]struct{ yaml, set, want string }{
		"a value with its name": {yaml: "restore: {secrets: {connections/a.b.password: \" " + hidden + " \"}}"},
		"no table":              {yaml: "restore: {secrets: " + hidden + "}", want: "is a table; write restore.secrets: {connections/thelook.password: ${VAR}}"},
		"a list":                {yaml: "restore: {secrets: {connections/a.password: [" + hidden + "]}}", want: "is a list; a single value is expected"},
		"on the command line":   {set: "restore.secrets.connections/a.password=" + hidden, want: "secrets do not belong on the command line; use ${VAR} in lookervault.yaml"},
		"the table itself":      {set: "restore.secrets=" + hidden, want: "is a table; set a key in it, as restore.secrets.connections/thelook.password: ${VAR}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			src := config.Sources{}
			if tt.set != "" {
				src.Set = []string{tt.set}
			}
			loaded, err := config.LoadBytes(src, "c.yaml", []byte(tt.yaml))
			var problems *config.Problems
			switch {
			case tt.want == "" && err != nil:
				t.Fatal(err)
			case tt.want == "":
				if got := loaded.Config.Restore.Secrets["connections/a.b.password"].Reveal(); got != " "+hidden+" " {
					t.Errorf("got %q", got)
				}
			case !errors.As(err, &problems) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), hidden):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
