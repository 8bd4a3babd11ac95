package main

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/record"
)

// What a restore sends of secrets is taken out of everything that the program says.
func TestSecretsOfRestoresAreScrubbed(t *testing.T) {
	c := config.Default(1)
	c.Restore.Secrets = map[string]config.Secret{
		"connections/thelook.password":  config.NewSecret("hunter2-and-a-tail"),
		"connections/thelook.file_type": config.NewSecret(".json"),
	}
	got := secretsOf(c).Scrub("refused: hunter2-and-a-tail of key.json")
	if strings.Contains(got, "hunter2") || !strings.Contains(got, "key.json") {
		t.Errorf("got %q", got)
	}
}

func TestSecretMember(t *testing.T) {
	tests := []struct {
		name   string
		ref    record.Ref
		member string
		why    string // part of it
	}{
		{"connections/thelook.password", record.Ref{Kind: "connections", ID: "thelook"}, "password", ""},
		{"connections/the.look.password", record.Ref{Kind: "connections", ID: "the.look"}, "password", ""},
		{"connections/thelook.pdt_context_override.password", record.Ref{Kind: "connections", ID: "thelook"}, "pdt_context_override.password", ""},
		{"integration_hubs/3.authorization_token", record.Ref{Kind: "integration_hubs", ID: "3"}, "authorization_token", ""},
		{"settings/oidc_config.secret", record.Ref{Kind: "settings", ID: "oidc_config"}, "secret", ""},
		{"settings/cloud_storage.custom_s3_secret", record.Ref{Kind: "settings", ID: "cloud_storage"}, "custom_s3_secret", ""},
		{"settings/saml_config.secret", record.Ref{}, "", "settings/saml_config has no secrets"},
		{"settings/oidc_config.secert", record.Ref{}, "", "did you mean settings/oidc_config.secret?"},
		{"connections/thelook.host", record.Ref{}, "", "of connections/thelook there are password, certificate"},
		{"connections/thelook.paswrod", record.Ref{}, "", "did you mean connections/thelook.password?"},
		{"conections/thelook.password", record.Ref{}, "", "did you mean connections/thelook.password?"},
		{"connections/thelook", record.Ref{}, "", "names no member: write it as connections/thelook.password"},
		{"connections/.password", record.Ref{}, "", "names no member"},
		{"connections", record.Ref{}, "", "names no member"},
		{"users/3.password", record.Ref{}, "", "secrets are of "},
		{"", record.Ref{}, "", "secrets are of "},
	}
	for _, tt := range tests {
		ref, member, why := secretMember(tt.name)
		if member != tt.member || member != "" && ref != tt.ref || !strings.Contains(why, tt.why) || (why == "") != (tt.why == "") {
			t.Errorf("%q: %s, %q, %q, want %s, %q, %q", tt.name, ref, member, why, tt.ref, tt.member, tt.why)
		}
	}
}
