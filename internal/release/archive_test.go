package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// files writes files with their names as contents, of a given age.
func files(t *testing.T, touched time.Time, names ...string) (members []member) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte("content of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, touched, touched); err != nil {
			t.Fatal(err)
		}
		members = append(members, member{name: "top/" + name, file: file, program: name == "program"})
	}
	return members
}

// The same files give the same bytes, wherever they lie, whenever they were made, in
// whatever order.
func TestArchiveIsReproducible(t *testing.T) {
	at := time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)
	var packed [][]byte
	for _, members := range [][]member{
		files(t, at.AddDate(1, 0, 0), "program", "a", "b"),
		files(t, at.AddDate(2, 0, 0), "b", "program", "a"),
	} {
		path := filepath.Join(t.TempDir(), "a.tar.gz")
		if err := pack(path, members, at); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		packed = append(packed, content)
	}
	if !bytes.Equal(packed[0], packed[1]) {
		t.Error("two archives of the same files differ")
	}
	uncompressed, err := gzip.NewReader(bytes.NewReader(packed[0]))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for archive := tar.NewReader(uncompressed); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %o %d %s %s", head.Name, head.Mode, head.Uid, head.ModTime.UTC().Format(time.RFC3339), content))
	}
	want := []string{
		"top/a 644 0 2026-03-01T18:00:00Z content of a",
		"top/b 644 0 2026-03-01T18:00:00Z content of b",
		"top/program 755 0 2026-03-01T18:00:00Z content of program",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the archive holds (-want +got):\n%s", diff)
	}
}

func TestSums(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"lookervault_1_linux_amd64.tar.gz", "lookervault_1_linux_amd64.deb"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := sums(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, "lookervault_1_linux_amd64.sha256"))
	if err != nil {
		t.Fatal(err)
	}
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	want := strings.Join([]string{empty + "  lookervault_1_linux_amd64.deb", empty + "  lookervault_1_linux_amd64.tar.gz", ""}, "\n")
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the sums are (-want +got):\n%s", diff)
	}
}

func TestPackageVersion(t *testing.T) {
	at := time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)
	tests := []struct{ described, want string }{
		{"v1.2.3", "1.2.3"},
		{"1.2.3", "1.2.3"},
		{"0123abc", "0.0.0~20260301180000.0123abc"},
		{"v1.2.3-5-g0123abc", "1.2.3+5.g0123abc"},
		{"v1.2.3-dirty", "1.2.3+dirty"},
		{"v1.2.3-rc.1", "1.2.3~rc.1"},
		{"v1.2.3-rc.1-5-g0123abc", "1.2.3~rc.1+5.g0123abc"},
		{"12345678", "0.0.0~20260301180000.12345678"}, // a commit of digits alone
		{"0123abc-dirty", "0.0.0~20260301180000.0123abc.dirty"},
	}
	for _, test := range tests {
		if got := (build{version: test.described, at: at}).packageVersion(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.described, got, test.want)
		}
	}
}

func TestNewest(t *testing.T) {
	tests := []struct {
		versions []string
		want     int
	}{
		{nil, 0},
		{[]string{"", "GCC_3.0", "GLIBC_PRIVATE"}, 0},
		{[]string{"GLIBC_2.2.5", "GLIBC_2.34", "GLIBC_2.4"}, 34},
	}
	for _, test := range tests {
		if got := newest(test.versions); got != test.want {
			t.Errorf("%q: got %d, want %d", test.versions, got, test.want)
		}
	}
}
