package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// leastLibc is the oldest version of glibc, like "2.34", that a program can be run with.
func leastLibc(program string) (version string, err error) {
	file, err := elf.Open(program)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", program, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	symbols, err := file.ImportedSymbols()
	if err != nil {
		return "", fmt.Errorf("read the symbols of %s: %w", program, err)
	}
	var versions []string
	for _, symbol := range symbols {
		versions = append(versions, symbol.Version)
	}
	least := newest(versions)
	if least == 0 {
		return "", fmt.Errorf("%s needs no glibc: packaging/nfpm.yaml says that it does", program)
	}
	return fmt.Sprintf("2.%d", least), nil
}

// newest is the highest minor number among versions of symbols, like 34 of GLIBC_2.34 and
// GLIBC_2.2.5; 0 where none is glibc's.
func newest(versions []string) (minor int) {
	for _, version := range versions {
		number, ok := strings.CutPrefix(version, "GLIBC_2.")
		if !ok {
			continue
		}
		number, _, _ = strings.Cut(number, ".")
		if n, err := strconv.Atoi(number); err == nil {
			minor = max(minor, n)
		}
	}
	return minor
}
