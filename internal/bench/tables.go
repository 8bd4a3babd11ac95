package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// throughput compares a first run, and a second one in which nothing changed,
// with the floor.
func throughput(rounds int) error {
	b, err := newBench()
	if err != nil {
		return err
	}
	defer b.close()
	fmt.Printf("%s; command: go run ./internal/bench\n\n", machine())
	fmt.Println("| dashboards | floor | first run | of the floor | CPU a document | second run | first / second | peak memory | vault / JSON | calls |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, size := range []struct{ n, bytes int }{{50_000, 8_000}, {5_000, 20_000}, {3_000, 150_000}} {
		if err := b.size(rounds, size.n, size.bytes); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) size(rounds, n, bytes int) error {
	url, stop, err := b.simulator("--dashboards", fmt.Sprint(n), "--dashboard-bytes", fmt.Sprint(bytes), "--trash", "-1")
	if err != nil {
		return err
	}
	defer stop()
	db := filepath.Join(b.dir, "vault.db")
	var floors, firsts, seconds, cpus []time.Duration
	var ratios, gains []float64
	var last measured
	var rss int64
	for range rounds {
		floor, err := b.floorOf(url, n)
		if err != nil {
			return fmt.Errorf("floor: %w", err)
		}
		remove(db)
		first, err := b.backup(url, db)
		if err != nil {
			return fmt.Errorf("first run: %w", err)
		}
		second, err := b.backup(url, db)
		if err != nil {
			return fmt.Errorf("second run: %w", err)
		}
		floors, firsts, seconds = append(floors, floor.wall), append(firsts, first.wall), append(seconds, second.wall)
		cpus = append(cpus, first.cpu/time.Duration(n))
		ratios = append(ratios, first.wall.Seconds()/floor.wall.Seconds())
		gains = append(gains, first.wall.Seconds()/second.wall.Seconds())
		last, rss = first, max(rss, first.rss)
	}
	remove(db)
	fmt.Printf("| %d of %d kB | %s | %s | %.2f | %s | %s | %.1f | %d MB | %.0f %% | %d |\n",
		n, bytes/1000, round(median(floors)), round(median(firsts)), median(ratios), median(cpus).Round(time.Microsecond), round(median(seconds)),
		median(gains), rss/1_000_000, 100*float64(last.vault)/float64(last.bytes), last.calls)
	return nil
}

func round(d time.Duration) string { return d.Round(10 * time.Millisecond).String() }

// scaling compares calls a second with the ideal, workers divided by latency.
func scaling(rounds int) error {
	b, err := newBench()
	if err != nil {
		return err
	}
	defer b.close()
	const latency = 50 * time.Millisecond
	fmt.Printf("%s; command: go run ./internal/bench scaling\n\n", machine())
	fmt.Printf("| workers | pages of 10 | single documents |\n| --- | --- | --- |\n")
	for _, workers := range []int{1, 2, 4, 8, 16, 32} {
		calls := 400 * workers // twenty seconds
		cells := []string{fmt.Sprint(workers)}
		for _, way := range []struct {
			perCall int
			flags   []string
		}{{10, nil}, {1, []string{"--poor-rows", "dashboards"}}} {
			share, err := b.share(rounds, workers, calls, way.perCall, latency, way.flags)
			if err != nil {
				return err
			}
			cells = append(cells, fmt.Sprintf("%.1f %% of the ideal", 100*share))
		}
		fmt.Printf("| %s |\n", strings.Join(cells, " | "))
	}
	return nil
}

// share is which part of the ideal rate of calls was reached.
func (b *bench) share(rounds, workers, calls, perCall int, latency time.Duration, flags []string) (float64, error) {
	flags = append(flags, "--dashboards", fmt.Sprint(calls*perCall), "--dashboard-bytes", "2000", "--trash", "-1", "--latency", latency.String())
	url, stop, err := b.simulator(flags...)
	if err != nil {
		return 0, err
	}
	defer stop()
	db := filepath.Join(b.dir, "vault.db")
	var shares []float64
	for range rounds {
		remove(db)
		m, err := b.backup(url, db, "--workers", fmt.Sprint(workers), "--set", fmt.Sprintf("stages.list.page_size=%d", perCall),
			"--set", fmt.Sprintf("stages.fetch.buffer=%d", 4*workers))
		if err != nil {
			return 0, err
		}
		ideal := time.Duration(float64(m.calls) / float64(workers) * float64(latency))
		shares = append(shares, ideal.Seconds()/m.wall.Seconds())
	}
	remove(db)
	return median(shares), nil
}
