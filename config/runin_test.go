package config_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/config"
)

// TestAValueRunIntoAKeyIsNotShown: without a space behind the colon YAML reads name and
// value as one key. The message names the key, and never what follows.
func TestAValueRunIntoAKeyIsNotShown(t *testing.T) {
	for _, text := range []string{"looker: {client_secret:canary}\n", "looker: {secret:canary}\n", "\"client_secret=canary\": 1\n",
		"looker: {client_secret-canary: 1}\n", "looker: {client_secretcanary: 1}\n",
		"looker: {\"client_secret\\ncanary\": 1}\n", "looker:\n  ? [client_secret, canary]\n  : 1\n",
	} {
		_, err := config.LoadBytes(config.Sources{}, "l.yaml", []byte(text))
		if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v, want one that names the key and shows no value", text, err)
		}
	}
}

// TestAValueRunIntoAVariableIsNotShown, nor into the key of --set.
func TestAValueRunIntoAVariableIsNotShown(t *testing.T) {
	for _, sources := range []config.Sources{
		{Environ: []string{"LOOKERVAULT_LOOKER__CLIENT_SECRET:canary=x"}},
		{Environ: []string{"LOOKERVAULT_LOOKER__CLIENT_SECRETcanary=x"}},
		{Environ: []string{"LOOKERVAULT_CLIENT_SECRET-canary=x"}},
		{Set: []string{"looker.client_secret-canary=abc"}},
		{Set: []string{"looker.client_secret:canary"}},
		{Set: []string{"looker.client_secret canary"}},
		{Set: []string{"client_secretcanary=1"}},
	} {
		_, err := config.Load(sources)
		if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(strings.ToLower(err.Error()), "secret") && !strings.Contains(err.Error(), "key=value") {
			t.Errorf("%v: error %v, want one that names the key and shows no value", sources, err)
		}
	}
}

// TestTheVaultIsAFile: the address of a database, which may hold a password, is refused
// without being repeated, by commands that read as well.
func TestTheVaultIsAFile(t *testing.T) {
	for _, path := range []string{
		"postgres://user:canary@host/db", "postgres:canary", "file:x.db?password=canary", "file://u:canary@host/x", "x.db?password=canary",
		"user:canary@tcp(host:3306)/name", "host=h password=canary", "SQLite:canary.db", "https://example.com/?token=canary", "postgres://user:can ary@h/db",
	} {
		for _, readOnly := range []bool{false, true} {
			_, err := config.Load(config.Sources{Set: []string{"sink.path=" + path}, ReadOnly: readOnly})
			if err == nil || strings.Contains(err.Error(), "ary") || !strings.Contains(err.Error(), "a vault is one file") {
				t.Errorf("%s (read only: %v): error %v, want that it is no file, and nothing of it", path, readOnly, err)
			}
		}
	}
	for _, path := range []string{"looker.db", "a:b.db", "/backups/2026-11-28T05:00.db", "C:\\looker.db", "./file:x.db", "password.db", "my vault.db"} {
		if _, err := config.Load(config.Sources{Set: []string{"sink.path=" + path}}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestStandardOutputIsNoFile: a dash makes no file of that name.
func TestStandardOutputIsNoFile(t *testing.T) {
	for _, key := range []string{"sink.path", "metrics.file"} {
		_, err := config.Load(config.Sources{Set: []string{key + "=-"}})
		if err == nil || !strings.Contains(err.Error(), key+": - stands for standard output") {
			t.Errorf("%s: error %v, want that standard output is none", key, err)
		}
		if _, err := config.Load(config.Sources{Set: []string{key + "=./-"}}); err != nil {
			t.Errorf("%s: a file of that name: %v", key, err)
		}
	}
}
