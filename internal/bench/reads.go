package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lookervault/lookervault/internal/vault/sqlite"
)

// readCommand is a command that reads a vault, and what it is asked to be.
type readCommand struct {
	what string
	args []string
}

// readCommands are the questions that somebody waits for.
var readCommands = []readCommand{
	{"`list dashboards --limit 100`", []string{"list", "dashboards", "--limit", "100"}},
	{"`list --limit 100`", []string{"list", "--limit", "100"}},
	{"`list dashboards`, all", []string{"list", "dashboards"}},
	{"`cat dashboards 17`", []string{"cat", "dashboards", "17"}},
	{"`log --limit 50`", []string{"log", "--limit", "50"}},
	{"`log dashboards 17`", []string{"log", "dashboards", "17"}},
	{"`diff`, the last two complete runs", []string{"diff"}},
	{"`diff latest-500 latest-499`", []string{"diff", "latest-500", "latest-499"}},
	{"`find` of two words, few hits", []string{"find", "nonu", "4711"}},
	{"`find` of a word in many", []string{"find", "susu"}},
	{"`find --field`, few hits", []string{"find", "--field", "baba.rare"}},
	{"`find --user`, 2 % of all", []string{"find", "--user", "7"}},
	{"`find --history` of two words", []string{"find", "--history", "nonu", "4711"}},
	{"`tree`", []string{"tree"}},
	{"`tree 7`", []string{"tree", "7"}},
	{"`runs --limit 20`", []string{"runs", "--limit", "20"}},
	{"`stats`", []string{"stats"}},
}

// made makes a vault where there is none at its path, in a process of its own: what a process
// begins is told to be as large as itself. A vault that is named stays.
func (b *bench) made(size *historySize, measurement string) error {
	fmt.Printf("%s; command: go run ./internal/bench -docs %d -runs %d -tiles %d %s\n\n", machine(), size.documents, size.runs, size.tiles, measurement)
	if size.db == "" {
		size.db = b.vault()
	}
	if _, err := os.Stat(size.db); err == nil {
		return nil
	}
	began := time.Now()
	_, _, err := process(exec.Command(b.self, "-db", size.db, "-docs", fmt.Sprint(size.documents), "-runs", fmt.Sprint(size.runs),
		"-tiles", fmt.Sprint(size.tiles), "history"))
	if err != nil {
		return err
	}
	info, err := os.Stat(size.db)
	if err != nil {
		return err
	}
	fmt.Printf("%d documents in %d runs, a vault of %d MB, made in %s.\n\n", size.documents, size.runs, info.Size()/1_000_000, time.Since(began).Round(time.Second))
	return nil
}

// reads measures the commands that read a vault of many documents and runs.
func (b *bench) reads(rounds int, only string, size historySize) error {
	if err := b.made(&size, "reads"); err != nil {
		return err
	}
	fmt.Println("| command | wall | CPU | peak memory |\n| --- | --- | --- | --- |")
	for _, c := range readCommands {
		if !strings.Contains(c.what, only) {
			continue
		}
		var walls, cpus []time.Duration
		var rss int64
		for range 1 + rounds { // the first one warms up
			m, err := unseen(b.program, append(c.args, "--db", size.db)...)
			if err != nil {
				return fmt.Errorf("%s: %w", c.what, err)
			}
			walls, cpus, rss = append(walls, m.wall), append(cpus, m.cpu), max(rss, m.rss)
		}
		fmt.Printf("| %s | %s | %s | %d MB |\n", c.what, median(walls[1:]).Round(time.Millisecond), median(cpus[1:]).Round(time.Millisecond), rss/1_000_000)
	}
	return nil
}

// verify measures verify and, in turn with it, sha256sum of as many bytes as the documents of
// the vault have.
func (b *bench) verify(rounds int, size historySize) error {
	if err := b.made(&size, "verify"); err != nil {
		return err
	}
	bytes, err := documentBytes(context.Background(), size.db)
	if err != nil {
		return err
	}
	same := filepath.Join(b.dir, "same.bin")
	if err := os.WriteFile(same, make([]byte, bytes), 0o600); err != nil {
		return err
	}
	var walls, cpus, wallsOfSum, cpusOfSum []time.Duration
	for range rounds {
		m, err := unseen(b.program, "verify", "--quiet", "--db", size.db)
		if err != nil {
			return err
		}
		sum, err := unseen("sha256sum", same)
		if err != nil {
			return err
		}
		walls, cpus = append(walls, m.wall), append(cpus, m.cpu)
		wallsOfSum, cpusOfSum = append(wallsOfSum, sum.wall), append(cpusOfSum, sum.cpu)
	}
	fmt.Printf("%d MB of documents, %d rounds\n\n| | least wall | median wall | least CPU | median CPU |\n| --- | --- | --- | --- | --- |\n", bytes/1_000_000, rounds)
	for _, row := range []struct {
		name        string
		walls, cpus []time.Duration
	}{{"`verify`", walls, cpus}, {"`sha256sum`", wallsOfSum, cpusOfSum}} {
		fmt.Printf("| %s | %s | %s | %s | %s |\n", row.name, slices.Min(row.walls).Round(time.Millisecond), median(row.walls).Round(time.Millisecond),
			slices.Min(row.cpus).Round(time.Millisecond), median(row.cpus).Round(time.Millisecond))
	}
	return nil
}

// documentBytes is how many bytes the documents of a vault have.
func documentBytes(ctx context.Context, path string) (int64, error) {
	reader, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		return 0, err
	}
	stats, err := reader.Stats(ctx)
	return stats.BodyBytes, errors.Join(err, reader.Close())
}

// unseen runs a command whose output nobody reads: kept here, it would count as memory
// of the commands behind it.
func unseen(program string, args ...string) (m measured, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return m, err
	}
	defer null.Close()
	cmd := exec.Command(program, args...)
	cmd.Stdout = null
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return m, err
	}
	return used(cmd, began), nil
}
