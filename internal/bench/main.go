package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 3, "rounds of each measurement; medians are printed")
	url := flag.String("url", "", "of the simulated Looker, for the floor")
	n := flag.Int("n", 0, "documents, for the floor")
	connections := flag.Int("c", 8, "connections, for the floor")
	db := flag.String("db", "", "file to make, for the floor; the vault to read, or to make where there is none, for reads and verify")
	docs := flag.Int("docs", 100_000, "documents of the vault, for reads and verify")
	runs := flag.Int("runs", 1000, "runs of the vault, for reads and verify")
	tiles := flag.Int("tiles", 0, "tiles of each dashboard of the vault, for reads and verify; 0 for 2 to 4")
	inner := flag.Int("inner", 2, "places and texts of one dashboard that are written at the same time, for restores")
	only := flag.String("only", "", "only commands with this in their name, for reads")
	flag.Parse()
	made := historySize{db: *db, documents: *docs, runs: *runs, tiles: *tiles}
	measurements := map[string]func(b *bench) error{
		"throughput": func(b *bench) error { return b.throughput(*rounds) },
		"scaling":    func(b *bench) error { return b.scaling(*rounds) },
		"cost":       (*bench).cost,
		"startup":    func(b *bench) error { return b.startup(*rounds) },
		"reads":      func(b *bench) error { return b.reads(*rounds, *only, made) },
		"verify":     func(b *bench) error { return b.verify(*rounds, made) },
		"restores":   func(b *bench) error { return b.restores(*inner) },
	}
	var err error
	switch name := cmp.Or(flag.Arg(0), "throughput"); name {
	case "history":
		err = makeHistory(context.Background(), made)
	case "floor":
		err = floor(*url, *db, *n, *connections)
	default:
		measure, ok := measurements[name]
		if !ok {
			err = fmt.Errorf("unknown measurement %q: throughput, scaling, cost, startup, reads, verify or restores", name)
			break
		}
		err = withBench(measure)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is a folder with the two binaries.
type bench struct{ dir, program, self string }

// withBench builds the two binaries and measures with them.
func withBench(measure func(b *bench) error) error {
	dir, err := os.MkdirTemp("", "lookervault-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{dir: dir, program: filepath.Join(dir, "lookervault"), self: filepath.Join(dir, "bench")}
	for out, pkg := range map[string]string{b.program: "./cmd/lookervault", b.self: "./internal/bench"} {
		linked := out + ".linked"
		build := exec.Command("go", "build", "-o", linked, pkg)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build %s: %w", pkg, err)
		}
		if err := install(linked, out); err != nil {
			return err
		}
	}
	return measure(b)
}

// install copies a program, as an installation does, and removes what it copied. What the linker
// wrote by a mapping lies in larger pieces in the memory of the system, of which those that a
// process touches count as its own: 11 MB more.
func install(linked, program string) (err error) {
	from, err := os.Open(linked)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close(), os.Remove(linked)) }()
	to, err := os.OpenFile(program, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700) //nolint:gosec // a program is executed
	if err != nil {
		return err
	}
	// In parts: what this process holds counts as the peak of each one that it starts.
	_, err = io.Copy(struct{ io.Writer }{to}, from)
	return errors.Join(err, to.Close())
}

// machine is one line about where this was measured.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, ok := strings.CutPrefix(line, "model name"); ok {
				model = strings.TrimSpace(strings.TrimLeft(name, "\t :"))
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s %s/%s, %s", model, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, time.Now().Format(time.DateOnly))
}
