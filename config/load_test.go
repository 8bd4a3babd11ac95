package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/lookervault/lookervault/config"
	"github.com/spf13/pflag"
)

// flagKeys are flags of the kinds that commands have.
var flagKeys = map[string]string{
	"workers": "stages.fetch.workers", "db": "sink.path", "folder-ids": "folders.ids", "recursive": "folders.recursive",
	"secret": "looker.client_secret",
}

// flags parses args as a command would.
func flags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	set := pflag.NewFlagSet("test", pflag.ContinueOnError)
	set.Int("workers", 8, "")
	set.String("db", "looker.db", "")
	set.StringSlice("folder-ids", nil, "")
	set.Bool("recursive", true, "")
	set.String("secret", "", "")
	set.Bool("json", false, "")
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return set
}

// write makes a file in a new folder and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLayers(t *testing.T) {
	path := write(t, "my.yaml", "stages:\n  fetch:\n    workers: 2\n    buffer: 40\nlooker: {timeout: 10, base_url: https://file}\n")
	folder := filepath.Dir(path)
	if err := os.WriteFile(filepath.Join(folder, "sdk.ini"), []byte("[Looker]\ntimeout=20\n[other]\ntimeout = 21\nbase_url='https://ini'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const workers, timeout = "stages.fetch.workers", "looker.timeout"
	for _, test := range []struct {
		name string
		src  config.Sources
		key  string
		want string // the value
		from string
	}{
		{"nothing", config.Sources{}, workers, "8", "default"},
		{"file", config.Sources{Path: path}, workers, "2", path + ":3"},
		{"key that the file does not have", config.Sources{Path: path}, "stages.list.workers", "4", "default"},
		{"environment over file", config.Sources{Path: path, Environ: []string{"LOOKERVAULT_STAGES__FETCH__WORKERS=3"}},
			workers, "3", "LOOKERVAULT_STAGES__FETCH__WORKERS"},
		{"flag over environment", config.Sources{Path: path, Environ: []string{"LOOKERVAULT_STAGES__FETCH__WORKERS=3"},
			Flags: flags(t, "--workers=4")}, workers, "4", "--workers"},
		{"flag that was not given", config.Sources{Path: path, Flags: flags(t)}, workers, "2", path + ":3"},
		{"set over environment", config.Sources{Path: path, Environ: []string{"LOOKERVAULT_STAGES__FETCH__WORKERS=3"},
			Flags: flags(t), Set: []string{"stages.fetch.workers=5"}}, workers, "5", "--set"},
		{"empty variable is not set", config.Sources{Path: path, Environ: []string{"LOOKERVAULT_STAGES__FETCH__WORKERS=", "LOOKERSDK_TIMEOUT="}},
			workers, "2", path + ":3"},
		{"timeout of the file", config.Sources{Path: path}, timeout, "10s", path + ":5"},
		{"ini over file", config.Sources{Path: path, Set: []string{"looker.ini=" + folder + "/sdk.ini"}},
			timeout, "20s", folder + "/sdk.ini#Looker"},
		{"section of the ini", config.Sources{Path: path, Set: []string{"looker.ini=" + folder + "/sdk.ini#other"}},
			timeout, "21s", folder + "/sdk.ini#other"},
		{"SDK's variable over ini", config.Sources{Path: path, Environ: []string{"LOOKERSDK_TIMEOUT=30", "LOOKERVAULT_LOOKER__INI=" + folder + "/sdk.ini"}},
			timeout, "30s", "LOOKERSDK_TIMEOUT"},
		{"own variable over the SDK's", config.Sources{Path: path, Environ: []string{"LOOKERVAULT_LOOKER__TIMEOUT=1m", "LOOKERSDK_TIMEOUT=30"}},
			timeout, "1m", "LOOKERVAULT_LOOKER__TIMEOUT"},
		{"ini is not read by readers", config.Sources{Path: path, ReadOnly: true, Set: []string{"looker.ini=" + folder + "/sdk.ini"}},
			timeout, "10s", path + ":5"},
		{"list flag", config.Sources{Flags: flags(t, "--folder-ids", "1,2", "--folder-ids=3")}, "folders.ids", "[1 2 3]", "--folder-ids"},
		{"bool flag", config.Sources{Flags: flags(t, "--recursive=false")}, "folders.recursive", "false", "--recursive"},
		{"list variable", config.Sources{Environ: []string{"LOOKERVAULT_KINDS=all, -looks"}}, "kinds", "[all -looks]", "LOOKERVAULT_KINDS"},
		{"list in --set", config.Sources{Set: []string{"kinds=[all, -looks]"}}, "kinds", "[all -looks]", "--set"},
		{"empty list in --set", config.Sources{Set: []string{"exclude="}}, "exclude", "[]", "--set"},
		{"positional kinds", config.Sources{Kinds: []string{"looks"}, Environ: []string{"LOOKERVAULT_KINDS=all"}}, "kinds", "[looks]", "arguments"},
		{"not ours", config.Sources{Environ: []string{"LOOKERVAULT_TEST_SPEC=x", "LOOKERSDK_API_VERSION=4.0", "lookervault_x=1", "LOOKERVAULT",
			"LOOKERVAULT_SERVICE_HOST=10.0.0.1", "LOOKERVAULT_PORT=tcp://10.0.0.1:80", "LOOKERVAULT_PORT_80_TCP_ADDR=10.0.0.1",
			"LOOKERVAULT_SERVICE_PORT_METRICS=80", "LOOKERVAULT_ACTIVE_HELP=0", "LOOKERVAULT_COMPLETION_DESCRIPTIONS=false"}}, workers, "8", "default"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.src.FlagKeys = flagKeys
			loaded, err := config.Load(test.src)
			if err != nil {
				t.Fatal(err)
			}
			c := loaded.Config
			got := map[string]any{workers: c.Stages.Fetch.Workers, timeout: c.Looker.Timeout, "folders.ids": c.Folders.IDs,
				"folders.recursive": c.Folders.Recursive, "kinds": c.Kinds, "exclude": c.Exclude, "stages.list.workers": c.Stages.List.Workers}
			if diff := cmp.Diff([]string{test.want, test.from}, []string{fmt.Sprint(got[test.key]), loaded.Origin(test.key)}); diff != "" {
				t.Errorf("value and origin of %s (-want +got):\n%s", test.key, diff)
			}
			if loaded.File != test.src.Path {
				t.Errorf("File = %q, want %q", loaded.File, test.src.Path)
			}
		})
	}
}

func TestSpellings(t *testing.T) {
	environ := []string{"HOST=eu", "SECRET=s3cret", "NONE=", "IDS=1, 2"}
	for _, test := range []struct {
		name string
		yaml string
		want func(*config.Config)
	}{
		{"empty file", "", func(*config.Config) {}},
		{"only comments", "# nothing\n---\n", func(*config.Config) {}},
		{"empty sections and keys", "looker:\nstages:\n  fetch:\n    workers:\nlog: ~\nafter: {}\nhooks:\nmetrics: {}\nsnapshot: ''\n", func(*config.Config) {}},
		{"truth", "looker: {verify_ssl: No}\nrate_limit: {adaptive: F}\nfolders: {recursive: 0}\nstages: {redact: {enabled: n}}", func(c *config.Config) {
			c.Looker.VerifySSL, c.RateLimit.Adaptive, c.Folders.Recursive, c.Stages.Redact.Enabled = false, false, false, false
		}},
		{"more truth", "looker: {verify_ssl: T}\nrate_limit: {adaptive: YES}\nfolders: {recursive: y}\nstages: {redact: {enabled: 1}}", func(*config.Config) {}},
		{"text as it is spelled", "looker: {name: 007, client_id: 0x1F}\nfolders: {ids: [1, \"2\"]}", func(c *config.Config) {
			c.Looker.Name, c.Looker.ClientID, c.Folders.IDs = "007", "0x1F", []string{"1", "2"}
		}},
		{"anchors", "looker: {timeout: &t 7}\nretry: {max_wait: *t}", func(c *config.Config) {
			c.Looker.Timeout, c.Retry.MaxWait = config.Duration(7*time.Second), config.Duration(7*time.Second)
		}},
		{"variables", "looker:\n  base_url: https://${HOST}.looker.com:${PORT:-19999}\n  client_secret: ${SECRET}\n  name: a$${HOST}$x\n  client_id: ${NONE}\nlog: {level: \"${NONE:-warn}\"}",
			func(c *config.Config) {
				c.Looker.BaseURL, c.Looker.ClientSecret = "https://eu.looker.com:19999", config.NewSecret("s3cret")
				c.Looker.Name, c.Log.Level = "a${HOST}$x", "warn"
			}},
		{"variables in lists", "folders: {ids: \"${IDS}\"}\nexclude: [\"dashboards/${HOST}::a/b\"]", func(c *config.Config) {
			c.Folders.IDs, c.Exclude = []string{"1", "2"}, []string{"dashboards/eu::a/b"}
		}},
		{"one kind", "kinds: looks", func(c *config.Config) { c.Kinds = []string{"looks"} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			loaded, err := config.Load(config.Sources{Path: write(t, "c.yaml", test.yaml), Environ: environ, Cores: 2})
			if err != nil {
				t.Fatal(err)
			}
			want := config.Default(2)
			test.want(&want)
			if diff := cmp.Diff(want, loaded.Config); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSerializeWorkersFollowTheCores(t *testing.T) {
	for cores, want := range map[int]int{1: 1, 2: 2, 4: 4, 64: 4} {
		loaded, err := config.Load(config.Sources{Cores: cores})
		if err != nil || loaded.Config.Stages.Serialize.Workers != want {
			t.Errorf("%d cores: %v, %v; want %d workers", cores, loaded, err, want)
		}
	}
	if loaded, err := config.Load(config.Sources{}); err != nil || loaded.Config.Stages.Serialize.Workers < 1 {
		t.Errorf("cores of this machine: %v, %v", loaded, err)
	}
}

func TestLookerINI(t *testing.T) {
	const sample = "# for the SDKs\n[Looker]\nbase_url=https://eu.looker.com:19999\nClient_ID: abc\nclient_secret=\"p#a;%(timeout)s\\\"\n" +
		"verify_ssl=False\ntimeout=300\napi_version=4.0\nredirect_uri =\n"
	want := config.Looker{BaseURL: "https://eu.looker.com:19999", ClientID: "abc", ClientSecret: config.NewSecret(`p#a;%(timeout)s\`),
		Timeout: config.Duration(5 * time.Minute), MaxBody: 64 * config.MiB}
	for _, test := range []struct{ name, ini, section string }{
		{"sample", sample, ""},
		{"named", sample, "#Looker"},
		{"Looker is not first", "[a]\nbase_url=https://a\n" + sample, ""},
		{"first", "[x.y]" + sample[len("# for the SDKs\n[Looker]"):] + "[z]\ntimeout=1\n", ""},
		{"dot in the name", "[x]\ntimeout=1\n[x.y]" + sample[len("# for the SDKs\n[Looker]"):], "#x.y"},
		{"without a section", sample[len("# for the SDKs\n[Looker]\n"):], ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, "lookervault.yaml", "looker:\n  ini: sdk.ini"+test.section+"\n  ca_file: ca.pem\n")
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), "sdk.ini"), []byte(test.ini), 0o600); err != nil {
				t.Fatal(err)
			}
			loaded, err := config.Load(config.Sources{Dir: filepath.Dir(path)})
			if err != nil {
				t.Fatal(err)
			}
			want := want
			want.INI, want.CAFile = "sdk.ini"+test.section, filepath.Join(filepath.Dir(path), "ca.pem")
			if diff := cmp.Diff(want, loaded.Config.Looker); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookerINITakesAValueAsItStands(t *testing.T) {
	path := write(t, "sdk.ini", "[a]\nclient_id=above\n[a.b]\nclient_secret=ends in\\\nbase_url=https://x\n")
	loaded, err := config.Load(config.Sources{Set: []string{"looker.ini=" + path + "#a.b"}})
	if err != nil {
		t.Fatal(err)
	}
	got := loaded.Config.Looker
	if got.ClientSecret.Reveal() != `ends in\` || got.BaseURL != "https://x" || got.ClientID != "" {
		t.Errorf("secret %q, base URL %q, client id %q", got.ClientSecret.Reveal(), got.BaseURL, got.ClientID)
	}
}

func TestReadersResolveNothing(t *testing.T) {
	src := config.Sources{
		Path:     write(t, "c.yaml", "looker:\n  base_url: ${URL}\n  client_secret: ${SECRET}\n  name: a$${b}\n  ini: ${HOME}/none.ini\nexclude: [looks/1, \"looks/${X}\"]\nsink:\n  path: ${DATA}/l.db\n"),
		ReadOnly: true, Cores: 1, Flags: flags(t, "--db=my.db"), FlagKeys: flagKeys, Environ: []string{"URL=https://x"},
	}
	loaded, err := config.Load(src)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Default(1)
	want.Looker.Name, want.Sink.Path = "a${b}", "my.db"
	if diff := cmp.Diff(want, loaded.Config); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := loaded.Origin("looker.base_url"), src.Path+":2 (not resolved)"; got != want {
		t.Errorf("Origin = %q, want %q", got, want)
	}
	src.Flags = nil
	if diff := cmp.Diff(src.Path+`:8: sink.path: "${DATA}/l.db" is not replaced by commands that read; name the vault with --db`, errorText(config.Load(src))); diff != "" {
		t.Errorf("without --db (-want +got):\n%s", diff)
	}
}
