package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// loss is something that is lost on an instance, and how it is asked back.
type loss struct {
	what    string
	changes []string // of the simulator, a line each
	tiles   int      // that are to be made anew
	args    []string // of lookervault restore
}

// losses are what the goals of restores are about: of 1,000 dashboards in the trash, of one
// edited tile, of 200 dashboards that are gone for ever, and of the largest one.
func losses(url string) ([]loss, error) {
	ids, tiles, tile, err := contentOf(url)
	if err != nil {
		return nil, err
	}
	if len(ids) < 1500 || tile == "" {
		return nil, fmt.Errorf("the simulator has %d dashboards, and no tile in the last one", len(ids))
	}
	var trashed, gone []string
	lost, most := 0, ids[1200]
	for _, id := range ids[1200 : len(ids)-1] {
		if tiles[id] > tiles[most] {
			most = id
		}
	}
	for _, id := range ids[:1000] {
		trashed = append(trashed, "op=trash kind=dashboards id="+id)
	}
	for _, id := range ids[1000:1200] {
		gone = append(gone, "op=remove kind=dashboards id="+id)
		lost += tiles[id]
	}
	edit := fmt.Sprintf(`op=edit kind=dashboard_elements id=%s value={"title":"Edited since"}`, tile)
	return []loss{
		{"1,000 dashboards in the trash", trashed, 0, []string{"plan", "dashboards", "--lost"}},
		{"a tile that was edited", []string{edit}, 0, []string{"plan", "dashboards/" + ids[len(ids)-1], "--run", "1", "--only"}},
		{"200 dashboards gone for ever", gone, lost, []string{"plan", "dashboards", "--lost"}},
		{"the largest dashboard gone for ever", []string{"op=remove kind=dashboards id=" + most}, tiles[most], []string{"plan", "dashboards/" + most}},
	}, nil
}

// restores measures what it takes to put back what was lost, on a server of 50 ms. So many places
// and texts of one dashboard are written at the same time.
func (b *bench) restores(inner int) error {
	url, stop, err := b.simulator("--dashboards", "2000", "--latency", "50ms", "--small-tiles", "--trash", "-1")
	if err != nil {
		return err
	}
	defer stop()
	db := b.vault()
	if _, err := b.restoring(url, "run", "--db", db, "-q"); err != nil {
		return err
	}
	lost, err := losses(url)
	if err != nil {
		return err
	}
	fmt.Printf("%s; command: go run ./internal/bench -inner %d restores\n\n", machine(), inner)
	fmt.Println("| lost | tiles | actions | calls of look and plan | calls of applying and checking | took | writes | a second, from the first to the last | second plan: to do, calls |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, l := range lost {
		if err := change(url, l.changes); err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
		if err := b.putBack(url, db, inner, l); err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
	}
	return nil
}

// putBack plans, applies and plans once more, and prints a row.
func (b *bench) putBack(url, db string, inner int, l loss) error {
	plan := func() (number int64, actions []map[string]any, calls int64, err error) {
		before, err := callsOf(url)
		if err != nil {
			return 0, nil, 0, err
		}
		out, err := b.restoring(url, append(append([]string{"restore"}, l.args...), "--db", db, "--json", "--rate-limit-per-second", "0")...)
		if err != nil {
			return 0, nil, 0, err
		}
		var planned struct {
			Plan    int64            `json:"plan"`
			Actions []map[string]any `json:"actions"`
		}
		if err := json.Unmarshal(out, &planned); err != nil {
			return 0, nil, 0, err
		}
		after, err := callsOf(url)
		return planned.Plan, planned.Actions, after - before, err
	}
	number, actions, looked, err := plan()
	if err != nil {
		return err
	}
	before, err := callsOf(url)
	if err != nil {
		return err
	}
	if _, err := ask(http.MethodDelete, url+"/sim/writes", nil); err != nil {
		return err
	}
	began := time.Now()
	out, err := b.restoring(url, "restore", "apply", fmt.Sprint(number), "--db", db, "--json", "--yes", "--rate-limit-per-second", "0", "--set", "restore.workers=16", "--set", fmt.Sprintf("restore.inner=%d", inner))
	if err != nil {
		return fmt.Errorf("%w: %s", err, lastLine(out))
	}
	took := time.Since(began)
	after, err := callsOf(url)
	if err != nil {
		return err
	}
	written, rate, err := writesOf(url)
	if err != nil {
		return err
	}
	_, left, again, err := plan()
	if err != nil {
		return err
	}
	fmt.Printf("| %s | %d | %d | %d | %d | %s | %d | %s | %d, %d |\n", l.what, l.tiles, writing(actions), looked, after-before, took.Round(10*time.Millisecond), written, rate, writing(left), again)
	return nil
}

// writing counts the actions of a plan that would write.
func writing(actions []map[string]any) (n int) {
	for _, a := range actions {
		switch a["action"] {
		case "create", "update", "undelete", "move", "delete":
			n++
		}
	}
	return n
}

// restoring runs the program against a simulated Looker and returns what it prints. Exit
// code 4 says that some of it cannot be put back.
func (b *bench) restoring(url string, args ...string) ([]byte, error) {
	cmd := b.against(url, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() == 4 {
		return out, nil // of some documents others have the name now
	}
	if err != nil {
		err = fmt.Errorf("lookervault %s: %w: %s", args[0], err, lastLine(said.Bytes()))
	}
	return out, err
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// ask makes a request to the simulator's controls or API.
func ask(method, url string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, text)
	}
	return text, err
}

func change(url string, lines []string) error {
	_, err := ask(http.MethodPost, url+"/sim/mutate", []byte(strings.Join(lines, "\n")))
	return err
}

// callsOf is how many calls the server has counted.
func callsOf(url string) (int64, error) {
	text, err := ask(http.MethodGet, url+"/sim/counts", nil)
	var counts struct {
		Calls int64 `json:"calls"`
	}
	if err == nil {
		err = json.Unmarshal(text, &counts)
	}
	return counts.Calls, err
}

// writesOf is how many writes the server has seen, and how many of them came in a second, from the
// first to the last; "-" of fewer than two.
func writesOf(url string) (n int, rate string, err error) {
	text, err := ask(http.MethodGet, url+"/sim/writes", nil)
	if err != nil {
		return 0, "", err
	}
	var first, last time.Time
	for line := range bytes.Lines(text) {
		var write struct {
			Time time.Time `json:"time"`
		}
		if err := json.Unmarshal(line, &write); err != nil {
			return 0, "", err
		}
		if n++; n == 1 || write.Time.Before(first) {
			first = write.Time
		}
		if write.Time.After(last) {
			last = write.Time
		}
	}
	if n < 2 || !last.After(first) {
		return n, "-", nil
	}
	return n, fmt.Sprintf("%.0f", float64(n-1)/last.Sub(first).Seconds()), nil
}

// contentOf are the ids of all dashboards of a simulated Looker, how many tiles each has,
// and a tile of the last one.
func contentOf(url string) (ids []string, tiles map[string]int, tile string, err error) {
	text, err := ask(http.MethodGet, url+"/sim/items?kind=dashboards&body=true", nil)
	if err != nil {
		return nil, nil, "", err
	}
	tiles = make(map[string]int)
	for line := range bytes.Lines(text) {
		var item struct {
			ID   string `json:"id"`
			Body struct {
				Elements []struct {
					ID string `json:"id"`
				} `json:"dashboard_elements"`
			} `json:"body"`
		}
		if err := json.Unmarshal(line, &item); err != nil {
			return nil, nil, "", err
		}
		ids = append(ids, item.ID)
		tiles[item.ID] = len(item.Body.Elements)
		for _, e := range item.Body.Elements {
			tile = e.ID
		}
	}
	return ids, tiles, tile, nil
}
