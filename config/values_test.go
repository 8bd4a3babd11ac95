package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/config"
	"go.yaml.in/yaml/v3"
)

func TestParseSize(t *testing.T) {
	for _, test := range []struct {
		in   string
		want config.Size
		text string // how it prints
	}{
		{"64MiB", 64 << 20, "64MiB"},
		{"64 mib", 64 << 20, "64MiB"},
		{"8 MB", 8_000_000, "8MB"},
		{"1.5GiB", 3 << 29, "1.5GiB"},
		{"1.25TiB", 5 << 38, "1.25TiB"},
		{"500k", 500_000, "500kB"},
		{"1KB", 1000, "1kB"},
		{"2T", 2e12, "2TB"},
		{" 4096 ", 4096, "4KiB"},
		{"1023", 1023, "1023B"},
		{"12b", 12, "12B"},
		{"0", 0, "0"},
		{"0.000001TB", 1_000_000, "1MB"},
		{"0.3", 0, "0"},
		{"9223372036854775807", math.MaxInt64, "9223372036854775807B"},
	} {
		got, err := config.ParseSize(test.in)
		if err != nil || got != test.want || got.String() != test.text {
			t.Errorf("ParseSize(%q) = %d, %v and prints %q; want %d, %q", test.in, got, err, got, test.want, test.text)
		}
	}
	for _, bad := range []string{"", "x", "MiB", "-1", "1.", ".5k", "1.2.3k", "1e3", "0x10", "1,5k", "1 PB", "1kk", "1.1234567k",
		"9223372036854775808", "99999999999999999999", "9000000TiB", "9223372.9TB", "8388608TiB"} {
		if got, err := config.ParseSize(bad); err == nil {
			t.Errorf("ParseSize(%q) = %d; want an error", bad, got)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for _, test := range []struct {
		in   string
		want time.Duration
		text string
	}{
		{"120s", 2 * time.Minute, "2m"},
		{"120", 2 * time.Minute, "2m"},
		{"0.5", 500 * time.Millisecond, "500ms"},
		{"2m30s", 150 * time.Second, "2m30s"},
		{"1h", time.Hour, "1h"},
		{"1h0m5s", time.Hour + 5*time.Second, "1h0m5s"},
		{"90m", 90 * time.Minute, "1h30m"},
		{"10m", 10 * time.Minute, "10m"},
		{"7d", 7 * 24 * time.Hour, "168h"},
		{"2w", 14 * 24 * time.Hour, "336h"},
		{"20h10m", 20*time.Hour + 10*time.Minute, "20h10m"},
		{" 1s ", time.Second, "1s"},
		{"0", 0, "0s"},
	} {
		got, err := config.ParseDuration(test.in)
		if err != nil || got.Std() != test.want || got.String() != test.text {
			t.Errorf("ParseDuration(%q) = %d, %v and prints %q; want %d, %q", test.in, got, err, got, test.want, test.text)
		}
	}
	for _, bad := range []string{"", "soon", "-5s", "-5", "5 m", "1.2.3", ".", "1y", "-1d", "99999999999"} {
		if got, err := config.ParseDuration(bad); err == nil {
			t.Errorf("ParseDuration(%q) = %v; want an error", bad, got)
		}
	}
}

func TestSizesAndDurationsAreTextInJSON(t *testing.T) {
	type both struct {
		Size     config.Size
		Duration config.Duration
	}
	in := both{Size: 3 << 29, Duration: config.Duration(2 * time.Minute)}
	data, err := json.Marshal(in)
	if want := `{"Size":"1.5GiB","Duration":"2m"}`; err != nil || string(data) != want {
		t.Errorf("Marshal = %s, %v; want %s", data, err, want)
	}
	var out both
	if err := json.Unmarshal(data, &out); err != nil || out != in {
		t.Errorf("Unmarshal = %+v, %v; want %+v", out, err, in)
	}
	if err := json.Unmarshal([]byte(`{"Size":"big"}`), &out); err == nil {
		t.Error("a size that is none was read")
	}
	if err := json.Unmarshal([]byte(`{"Duration":"long"}`), &out); err == nil {
		t.Error("a duration that is none was read")
	}
}

func TestSecretDoesNotPrint(t *testing.T) {
	const hidden = "hunter2-do-not-print"
	type holder struct {
		Open   config.Secret
		closed config.Secret // fmt does not ask the methods of what an unexported field holds
	}
	secret := config.NewSecret(hidden)
	held := holder{secret, secret}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "held", held)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", secret, "pointer", &secret, "held", held)
	shown := map[string]string{"slog": log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t", "%10s", "%-3q", "%!", "%w"} {
		for name, value := range map[string]any{"value": secret, "pointer": &secret, "held": held, "held by pointer": &held,
			"slice": []config.Secret{secret}, "map": map[string]config.Secret{"k": secret}, "key": map[config.Secret]int{secret: 1}} {
			shown[verb+" "+name] = fmt.Sprintf(verb, value)
		}
	}
	asJSON, err := json.Marshal(held)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(map[string]any{"secret": secret})
	if err != nil {
		t.Fatal(err)
	}
	shown["json"], shown["yaml"], shown["panic"] = string(asJSON), string(asYAML), fmt.Sprint(fmt.Errorf("%v", secret))
	for how, text := range shown {
		if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
			t.Errorf("%s shows the secret: %s", how, text)
		}
	}
	for _, test := range []struct{ verb, full, empty string }{
		{"%v", "***", ""}, {"%+v", "***", ""}, {"%s", "***", ""}, {"%q", `"***"`, `""`}, {"%#v", `"***"`, `""`},
	} {
		if got := fmt.Sprintf(test.verb, secret); got != test.full {
			t.Errorf("%s prints %s; want %s", test.verb, got, test.full)
		}
		if got := fmt.Sprintf(test.verb, config.Secret{}); got != test.empty {
			t.Errorf("%s of nothing prints %s; want %s", test.verb, got, test.empty)
		}
	}
	if string(asJSON) != `{"Open":"***"}` {
		t.Errorf("JSON is %s", asJSON)
	}
	if secret.Reveal() != hidden || !secret.Equal(config.NewSecret(hidden)) || secret.Equal(config.Secret{}) ||
		secret.Empty() || !config.NewSecret("").Empty() || (config.Secret{}).Reveal() != "" {
		t.Error("a secret must still be its value")
	}
}
