package main

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// member is a file of an archive.
type member struct {
	name    string // in the archive
	file    string // on the disk
	program bool   // may be run
}

// pack writes an archive in which nothing but names, contents and the given time shows:
// no owner, no time of the files, in the order of the names.
func pack(path string, members []member, at time.Time) (err error) {
	members = slices.SortedFunc(slices.Values(members), func(a, b member) int { return cmp.Compare(a.name, b.name) })
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	compressed, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, m := range members {
		if err := add(archive, m, at); err != nil {
			return fmt.Errorf("pack %s: %w", m.file, err)
		}
	}
	return errors.Join(archive.Close(), compressed.Close())
}

// add adds one file to an archive.
func add(archive *tar.Writer, m member, at time.Time) error {
	content, err := os.ReadFile(m.file)
	if err != nil {
		return err
	}
	head := &tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(content)), ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
	if m.program {
		head.Mode = 0o755
	}
	if err := archive.WriteHeader(head); err != nil {
		return err
	}
	_, err = archive.Write(content)
	return err
}

// sums writes the SHA-256 of every file in dir, as sha256sum --check reads it. Each
// platform has a file of its own, so that they can lie beside each other.
func sums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var list strings.Builder
	name := ""
	for _, entry := range entries {
		sum, err := sumOf(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sum, entry.Name())
		if before, ok := strings.CutSuffix(entry.Name(), ".tar.gz"); ok {
			name = before
		}
	}
	return os.WriteFile(filepath.Join(dir, name+".sha256"), []byte(list.String()), 0o644) //nolint:gosec // it is to be published
}

func sumOf(path string) (sum []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return nil, err
	}
	return hash.Sum(nil), nil
}
