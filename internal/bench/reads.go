package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
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
	{"`find` of a word, 2,500 hits", []string{"find", "susu"}},
	{"`find --field`, few hits", []string{"find", "--field", "baba.rare"}},
	{"`find --user`, 2 % of all", []string{"find", "--user", "7"}},
	{"`find --history` of two words", []string{"find", "--history", "nonu", "4711"}},
	{"`tree`", []string{"tree"}},
	{"`tree 7`", []string{"tree", "7"}},
	{"`runs --limit 20`", []string{"runs", "--limit", "20"}},
	{"`stats`", []string{"stats"}},
}

// reads measures the commands that read a vault of many documents and runs. A vault
// that is named stays, and is made only where there is none.
func reads(rounds, documents, runs int, db, only string) error {
	b, err := newBench()
	if err != nil {
		return err
	}
	defer b.close()
	if db == "" {
		db = b.vault()
	}
	fmt.Printf("%s; command: go run ./internal/bench -docs %d -runs %d reads\n\n", machine(), documents, runs)
	if _, err := os.Stat(db); err != nil {
		began := time.Now()
		// In a process of its own: what a process begins is told to be as large as itself.
		if _, _, err := process(exec.Command(b.self, "-db", db, "-docs", fmt.Sprint(documents), "-runs", fmt.Sprint(runs), "history")); err != nil {
			return err
		}
		info, err := os.Stat(db)
		if err != nil {
			return err
		}
		fmt.Printf("%d documents in %d runs, a vault of %d MB, made in %s.\n\n", documents, runs, info.Size()/1_000_000, time.Since(began).Round(time.Second))
	}
	fmt.Println("| command | wall | CPU | peak memory |\n| --- | --- | --- | --- |")
	for _, c := range readCommands {
		if !strings.Contains(c.what, only) {
			continue
		}
		var walls, cpus []time.Duration
		var rss int64
		for range 1 + rounds { // the first one warms up
			m, err := b.unseen(append(c.args, "--db", db)...)
			if err != nil {
				return fmt.Errorf("%s: %w", c.what, err)
			}
			walls, cpus, rss = append(walls, m.wall), append(cpus, m.cpu), max(rss, m.rss)
		}
		fmt.Printf("| %s | %s | %s | %d MB |\n", c.what, median(walls[1:]).Round(time.Millisecond), median(cpus[1:]).Round(time.Millisecond), rss/1_000_000)
	}
	return nil
}

// unseen runs a command whose output nobody reads: kept here, it would count as memory
// of the commands behind it.
func (b *bench) unseen(args ...string) (m measured, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return m, err
	}
	defer null.Close()
	cmd := exec.Command(b.program, args...)
	cmd.Stdout = null
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return m, err
	}
	m.wall, m.cpu = time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		m.rss = usage.Maxrss << 10
	}
	return m, nil
}
