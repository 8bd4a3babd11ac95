package fetch

import (
	"crypto/sha256"
	"testing"

	"github.com/lookervault/lookervault/internal/catalogue"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/stages"
)

// TestListsThatShouldHaveRows: an overview tells, where there is one and it was read; else what is stored,
// and where nothing is, the kind.
func TestListsThatShouldHaveRows(t *testing.T) {
	told := &catalogue.Overview{}
	some := record.Digest{1}
	tests := []struct {
		name    string
		listing catalogue.Listing
		want    record.Listed
		rows    bool
	}{
		{name: "nothing is known"},
		{name: "nothing is stored of a kind with rows", listing: catalogue.Listing{Filled: true}, rows: true},
		{name: "rows are stored", want: record.Listed{Size: 3}, rows: true},
		{name: "a list without rows is stored", listing: catalogue.Listing{Filled: true}, want: record.Listed{Size: 2}},
		{name: "an overview tells of some", listing: catalogue.Listing{Overview: told}, want: record.Listed{Stamp: some, Size: 2}, rows: true},
		{name: "an overview tells of none", listing: catalogue.Listing{Overview: told, Filled: true}, want: record.Listed{Stamp: stages.NoParts, Size: 3}},
		{name: "an overview that was not read", listing: catalogue.Listing{Overview: told}, want: record.Listed{Size: 2}},
		{name: "a stamp of another list", want: record.Listed{Stamp: some, Size: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind := &catalogue.Spec{Listing: tt.listing}
			if got := (&task{habits: &habits{kind: kind}}).hasRows(tt.want); got != tt.rows {
				t.Errorf("has rows: %t, want %t", got, tt.rows)
			}
		})
	}
}

// TestAddresses: no path may lead to what stands above a kind.
func TestAddresses(t *testing.T) {
	for path, want := range map[string]bool{
		"/dashboards/1": true, "/dashboards/..": false, "/dashboards/.": false, "/dashboards/../x": false, "/dashboards/...": true, "/dashboards/a.b": true,
	} {
		if got := addressable(path); got != want {
			t.Errorf("%s: %t, want %t", path, got, want)
		}
	}
}

// TestWhatIsStoredByteForByte: a text begins with the body of a document that is stored, and with no other.
func TestWhatIsStoredByteForByte(t *testing.T) {
	body := `{"id":"1"}`
	hash := record.Digest(sha256.Sum256([]byte(body)))
	tests := []struct {
		name string
		text string
		of   record.Listed
		want bool
	}{
		{"the body", body, record.Listed{Hash: hash, Size: 10}, true},
		{"the body, and more", body + `,{"id":"2"}]`, record.Listed{Hash: hash, Size: 10}, true},
		{"another one", `{"id":"2"}`, record.Listed{Hash: hash, Size: 10}, false},
		{"too short", `{"id":"1"`, record.Listed{Hash: hash, Size: 10}, false},
		{"of unknown size", body, record.Listed{Hash: hash}, false},
		{"of unknown hash", body, record.Listed{Size: 10}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := begins([]byte(tt.text), &tt.of); got != tt.want {
				t.Errorf("begins: %t, want %t", got, tt.want)
			}
		})
	}
}
