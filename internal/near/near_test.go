package near_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/near"
)

func TestWord(t *testing.T) {
	words := []string{"dashboards", "boards", "looks", "name", "title", "id", "stages.fetch.workers"}
	tests := []struct{ given, want string }{
		{"dashbords", "dashboards"},
		{"dashboard", "dashboards"},
		{"look", "looks"},
		{"tilte", "title"},
		{"naem", "name"},
		{"stages.fetch.wrokers", "stages.fetch.workers"},
		{"ix", "id"},
		{"dash", "dashboards"},
		{"stages.fetch.wor", "stages.fetch.workers"},
		{"stages.fetch.wo", ""},
		{"tit", "title"},
		{"da", ""},
		{"zz", ""},
		{"folders", ""},
		{"", ""},
	}
	for _, tt := range tests {
		if got, found := near.Word(tt.given, words); got != tt.want || found != (tt.want != "") {
			t.Errorf("%q: %q, %v; want %q", tt.given, got, found, tt.want)
		}
	}
}
