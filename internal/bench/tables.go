package main

import (
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// throughput compares a first run, and a second one in which nothing changed,
// with the floor.
func (b *bench) throughput(rounds int) error {
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
	db := b.vault()
	var floors, firsts, seconds, cpus []time.Duration
	var ratios, gains []float64
	var last measured
	var rss int64
	for range rounds {
		floor, err := b.floorOf(url, n, 8)
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

// latency is that of the simulated Looker that scaling is measured with.
const latency = 50 * time.Millisecond

// scaling compares calls a second with the ideal, workers divided by latency, and
// does the same with a client that does nothing but GET. Both are what more calls
// take longer, so that beginning and end are left out.
func (b *bench) scaling(rounds int) error {
	fmt.Printf("%s; command: go run ./internal/bench scaling\n\n", machine())
	fmt.Printf("| workers | bare client | pages of 10 | single documents |\n| --- | --- | --- | --- |\n")
	for _, workers := range []int{1, 2, 4, 8, 16, 32} {
		cells := []string{fmt.Sprint(workers)}
		for _, way := range []way{{bare: true, perCall: 1}, {perCall: 10}, {perCall: 1, flags: []string{"--poor-rows", "dashboards"}}} {
			share, err := b.share(rounds, workers, way)
			if err != nil {
				return err
			}
			cells = append(cells, fmt.Sprintf("%.1f %%", 100*share))
		}
		fmt.Printf("| %s |\n", strings.Join(cells, " | "))
	}
	return nil
}

// way is how dashboards are asked for.
type way struct {
	bare    bool // by the floor
	perCall int
	flags   []string // of the simulated Looker
}

// share is which part of the ideal rate of calls was reached.
func (b *bench) share(rounds, workers int, way way) (float64, error) {
	var shares []float64
	for range rounds {
		var calls int64
		var wall time.Duration
		for _, n := range []int{-100 * workers, 400 * workers} { // five seconds of calls, and twenty
			m, err := b.paced(workers, max(n, -n), way)
			if err != nil {
				return 0, err
			}
			if n < 0 {
				m.calls, m.wall = -m.calls, -m.wall
			}
			calls, wall = calls+m.calls, wall+m.wall
		}
		ideal := float64(calls) / float64(workers) * latency.Seconds()
		shares = append(shares, ideal/wall.Seconds())
	}
	return median(shares), nil
}

// paced backs up what takes so many calls of a simulated Looker with a latency.
func (b *bench) paced(workers, calls int, way way) (measured, error) {
	flags := append(way.flags, "--dashboards", fmt.Sprint(calls*way.perCall), "--dashboard-bytes", "2000", "--trash", "-1", "--latency", latency.String())
	url, stop, err := b.simulator(flags...)
	if err != nil {
		return measured{}, err
	}
	defer stop()
	if way.bare {
		m, err := b.floorOf(url, calls, workers)
		m.calls = int64(calls)
		return m, err
	}
	defer remove(b.vault())
	return b.backup(url, b.vault(), "--workers", fmt.Sprint(workers), "--set", fmt.Sprintf("stages.list.page_size=%d", way.perCall),
		"--set", fmt.Sprintf("stages.fetch.buffer=%d", 4*workers), "--set", fmt.Sprintf("stages.list.buffer=%d", 4*workers))
}

// cost compares what few and many documents of the same size take.
func (b *bench) cost() error {
	fmt.Printf("%s; command: go run ./internal/bench cost\n\n", machine())
	fmt.Println("| dashboards of 8 kB | time | CPU for 10,000 | peak memory | vault / JSON |\n| --- | --- | --- | --- | --- |")
	for _, n := range []int{50_000, 500_000} {
		m, err := b.once(n)
		if err != nil {
			return err
		}
		fmt.Printf("| %d | %s | %s | %d MB | %.1f %% |\n", n, round(m.wall), round(m.cpu*10_000/time.Duration(n)), m.rss/1_000_000, 100*float64(m.vault)/float64(m.bytes))
	}
	return nil
}

// once backs n dashboards up into a vault that stays.
func (b *bench) once(n int) (measured, error) {
	url, stop, err := b.simulator("--dashboards", fmt.Sprint(n), "--dashboard-bytes", "8000", "--trash", "-1")
	if err != nil {
		return measured{}, err
	}
	defer stop()
	remove(b.vault())
	return b.backup(url, b.vault())
}

// startup measures commands that somebody waits for.
func (b *bench) startup(rounds int) error {
	if _, err := b.once(50_000); err != nil {
		return err
	}
	fmt.Printf("%s; command: go run ./internal/bench startup\n\n", machine())
	fmt.Println("| command | wall | CPU |\n| --- | --- | --- |")
	for _, command := range []struct {
		what string
		args []string
	}{
		{"`version`", []string{"version"}},
		{"`list dashboards`, 50,000 of them, in a pipe", []string{"list", "dashboards", "--db", b.vault()}},
		{"`list dashboards --json`", []string{"list", "dashboards", "--json", "--db", b.vault()}},
		{"`cat dashboards 17`", []string{"cat", "dashboards", "17", "--db", b.vault()}},
	} {
		var walls, cpus []time.Duration
		for range 7 * rounds {
			m, _, err := process(exec.Command(b.program, command.args...))
			if err != nil {
				return err
			}
			walls, cpus = append(walls, m.wall), append(cpus, m.cpu)
		}
		fmt.Printf("| %s | %s | %s |\n", command.what, median(walls).Round(time.Millisecond), median(cpus).Round(time.Millisecond))
	}
	return nil
}
