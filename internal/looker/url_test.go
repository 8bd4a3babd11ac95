package looker_test

import (
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/looker"
)

func TestNormalizeBaseURL(t *testing.T) {
	tests := []struct{ in, want string }{
		{"https://example.cloud.looker.com", "https://example.cloud.looker.com"},
		{"  https://example.looker.com/\n", "https://example.looker.com"},
		{"example.looker.com", "https://example.looker.com"},
		{"//example.looker.com", "https://example.looker.com"},
		{"HTTPS://Example.Looker.COM", "https://example.looker.com"},
		{"example.looker.com.", "https://example.looker.com"},
		{"https://example.looker.com:19999", "https://example.looker.com:19999"},
		{"example.looker.com:19999/api/4.0/", "https://example.looker.com:19999"},
		{"https://example.looker.com:443", "https://example.looker.com"},
		{"http://localhost:80", "http://localhost"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"localhost:8080", "https://localhost:8080"},
		{"http://[::1]:8080/api", "http://[::1]:8080"},
		{"https://example.looker.com:019999", "https://example.looker.com:19999"},
		{"https://example.looker.com/api", "https://example.looker.com"},
		{"https://example.looker.com/api/4.0", "https://example.looker.com"},
		{"https://example.looker.com/api/3.1/", "https://example.looker.com"},
		{"https://example.looker.com/login", "https://example.looker.com"},
		{"https://example.looker.com/login/email?x=y#z", "https://example.looker.com"},
		{"https://example.looker.com/dashboards/17?Date=7+days", "https://example.looker.com"},
		{"https://example.looker.com/embed/looks/3", "https://example.looker.com"},
		{"https://example.looker.com/explore/model/view?qid=abc", "https://example.looker.com"},
		{"https://example.looker.com/admin/users", "https://example.looker.com"},
		{"https://tools.example.com/looker", "https://tools.example.com/looker"},
		{"https://tools.example.com/looker//api/4.0", "https://tools.example.com/looker"},
		{"https://tools.example.com/Looker/Dashboards/4", "https://tools.example.com/Looker"},
		{"https://tools.example.com/a/../api", "https://tools.example.com/a"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := looker.NormalizeBaseURL(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("%q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestNormalizeBaseURLRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "  ", "is empty"},
		{"password", "https://user:hunter2@example.looker.com", "password"},
		{"password without a scheme", "user:hunter2@example.looker.com", "password"},
		{"user", "https://hunter2@example.looker.com", "password"},
		{"other scheme", "ftp://hunter2.example.com", "https://"},
		{"no host", "https://", "no host"},
		{"scheme twice", "https://https://hunter2", "no host"},
		{"scheme without a colon", "https//hunter2", "no host"},
		{"bad port", "https://hunter2.example.com:99999", "port"},
		{"no number", "https://hunter2.example.com:https", "not a url"},
		{"space inside", "https://hunter2 example.com", "not a url"},
		{"bad escape", "https://hunter2%zz", "not a url"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := looker.NormalizeBaseURL(tt.in)
			if err == nil {
				t.Fatalf("accepted as %q", got)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %q, want %q in it and nothing of the address", err, tt.want)
			}
		})
	}
}
