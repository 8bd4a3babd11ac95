package config_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/config"
)

// FuzzLoad reads any bytes as the configuration file. Nothing panics, an error is always a list of problems of one line each,
// and a secret in the environment comes out only where a value was meant to hold it.
func FuzzLoad(f *testing.F) {
	data, err := os.ReadFile(shipped)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, seed := range []string{"", "a: &a [*a]", "a: &a\n  b: *a", "looker: &x {<<: *x}", "kinds: [all, \"${S}\"]", "looker: {ini: \"${S}#${S}\"}",
		"stages: {fetch: {workers: \"${S:-1}\"}}", "? [a]\n: b", "sink: !!binary AAAA", "looker: {base_url: \"${S}://${S}\"}", "---\n---\n", "%YAML 9.9\n---",
		"looker: {timeout: 1e9, max_body: .5}", "log: {level: \"$${S} ${S\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, readOnly := range []bool{false, true} {
			loaded, err := config.LoadBytes(config.Sources{Environ: []string{"S=" + hidden}, ReadOnly: readOnly, Cores: 2}, "c.yaml", data)
			if err == nil {
				if text := strings.Join(loaded.Warnings, "\n"); strings.Contains(text, hidden) && !strings.Contains(string(data), hidden) {
					t.Errorf("a warning shows the secret: %s", text)
				}
				loaded.Config.Redacted()
				continue
			}
			var problems *config.Problems
			if !errors.As(err, &problems) || len(problems.List) == 0 {
				t.Fatalf("an error without problems: %v", err)
			}
			if strings.Count(err.Error(), "\n") != len(problems.List)-1 {
				t.Errorf("%d problems on other than one line each:\n%s", len(problems.List), err)
			}
			if strings.Contains(err.Error(), hidden) && !strings.Contains(string(data), hidden) {
				t.Errorf("a problem shows the secret: %s", err)
			}
		}
	})
}

// FuzzINI reads any bytes as looker.ini.
func FuzzINI(f *testing.F) {
	for _, seed := range []string{"[Looker]\nbase_url=x\n", "", "[", "=", "a=`", "a=\"\"\"", "[a]\n[a.b]\nc=%(d)s", "\xef\xbb\xbf[Looker]", "[Looker]\ntimeout='"} {
		f.Add([]byte(seed))
	}
	path := f.TempDir() + "/looker.ini"
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(config.Sources{Set: []string{"looker.ini=" + path}}); err != nil {
			var problems *config.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("an error without problems: %v", err)
			}
		}
	})
}

// FuzzSize: what is read prints so that it reads as the same, and any number of bytes does.
func FuzzSize(f *testing.F) {
	for _, seed := range []string{"64MiB", "1.5GiB", "500k", "0.07 GB", "9223372036854775807", "8388607.999999TiB"} {
		f.Add(seed, int64(len(seed))<<50)
	}
	f.Fuzz(func(t *testing.T, text string, n int64) {
		sizes := []config.Size{config.Size(max(n, 0))}
		if size, err := config.ParseSize(text); err == nil {
			sizes = append(sizes, size)
		}
		for _, size := range sizes {
			if again, err := config.ParseSize(size.String()); err != nil || again != size || size < 0 {
				t.Errorf("%d prints as %q, which reads as %d, %v", size, size, again, err)
			}
		}
	})
}

// FuzzDuration is FuzzSize for durations.
func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"120s", "2m30s", "300", "1h0m0s", "20h10m", "0.1", "2562047h47m16s"} {
		f.Add(seed, int64(len(seed))*1e12)
	}
	f.Fuzz(func(t *testing.T, text string, n int64) {
		durations := []config.Duration{config.Duration(max(n, 0))}
		if d, err := config.ParseDuration(text); err == nil {
			durations = append(durations, d)
		}
		for _, d := range durations {
			if again, err := config.ParseDuration(d.String()); err != nil || again != d || d < 0 {
				t.Errorf("%d prints as %q, which reads as %d, %v", d, d, again, err)
			}
		}
	})
}
