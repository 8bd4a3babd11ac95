package config_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/config"
)

// TestAValueRunIntoAKeyIsNotShown: without a space behind the colon YAML reads name and
// value as one key. The message names the key, and never what follows.
func TestAValueRunIntoAKeyIsNotShown(t *testing.T) {
	for _, text := range []string{"looker: {client_secret:canary}\n", "looker: {secret:canary}\n", "\"client_secret=canary\": 1\n"} {
		_, err := config.LoadBytes(config.Sources{}, "l.yaml", []byte(text))
		if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: error %v, want one that names the key and shows no value", text, err)
		}
	}
}
