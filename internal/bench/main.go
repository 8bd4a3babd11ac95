package main

import (
	"context"
	"flag"
	"fmt"
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
	db := flag.String("db", "", "file to make, for the floor; the vault to read, or to make where there is none, for reads")
	docs := flag.Int("docs", 100_000, "documents of the vault, for reads")
	runs := flag.Int("runs", 1000, "runs of the vault, for reads")
	inner := flag.Int("inner", 2, "places and texts of one dashboard that are written at the same time, for restores")
	only := flag.String("only", "", "only commands with this in their name, for reads")
	flag.Parse()
	var err error
	switch flag.Arg(0) {
	case "", "throughput":
		err = throughput(*rounds)
	case "scaling":
		err = scaling(*rounds)
	case "cost":
		err = cost()
	case "startup":
		err = startup(*rounds)
	case "reads":
		err = reads(*rounds, *docs, *runs, *db, *only)
	case "restores":
		err = restores(*inner)
	case "history":
		err = makeHistory(context.Background(), *db, *docs, *runs)
	case "floor":
		err = floor(*url, *db, *n, *connections)
	default:
		err = fmt.Errorf("unknown measurement %q: throughput, scaling, cost, startup, reads or restores", flag.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is a folder with the two binaries.
type bench struct{ dir, program, self string }

func newBench() (*bench, error) {
	dir, err := os.MkdirTemp("", "lookervault-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, program: filepath.Join(dir, "lookervault"), self: filepath.Join(dir, "bench")}
	for out, pkg := range map[string]string{b.program: "./cmd/lookervault", b.self: "./internal/bench"} {
		build := exec.Command("go", "build", "-o", out, pkg)
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return nil, fmt.Errorf("build %s: %w", pkg, err)
		}
	}
	return b, nil
}

func (b *bench) close() { _ = os.RemoveAll(b.dir) }

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
