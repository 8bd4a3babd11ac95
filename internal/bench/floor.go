package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"
	_ "github.com/mattn/go-sqlite3" // the same driver as the vault's
)

// floor is the least that a backup can do: GET each of n dashboards over a few
// connections, compress it and INSERT it in transactions of 200. It checks
// nothing, remembers nothing and keeps one table.
func floor(base, path string, n, connections int) error {
	token, err := login(base)
	if err != nil {
		return err
	}
	ids, err := list(base, token, n)
	if err != nil {
		return err
	}
	bodies := make(chan []byte, 64)
	failed := make(chan error, connections+1)
	work := make(chan string, len(ids))
	for _, id := range ids {
		work <- id
	}
	close(work)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	var fetchers sync.WaitGroup
	for range connections {
		fetchers.Go(func() {
			encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
			for id := range work {
				var body []byte
				if err == nil {
					body, err = get(client, base+"/api/4.0/dashboards/"+url.PathEscape(id), token)
				}
				if err != nil {
					failed <- err
					return
				}
				bodies <- encoder.EncodeAll(body, nil)
			}
		})
	}
	var closer sync.WaitGroup
	closer.Go(func() {
		fetchers.Wait()
		close(bodies)
	})
	if err := insert(path, bodies); err != nil {
		return err
	}
	closer.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func login(base string) (string, error) {
	response, err := http.PostForm(base+"/api/4.0/login", url.Values{"client_id": {clientID}, "client_secret": {clientSecret}})
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var token struct {
		Text string `json:"access_token"`
	}
	return token.Text, json.NewDecoder(response.Body).Decode(&token)
}

// list returns the ids of n dashboards, the trash left out.
func list(base, token string, n int) ([]string, error) {
	body, err := get(http.DefaultClient, fmt.Sprintf("%s/api/4.0/dashboards/search?fields=id&limit=%d&sorts=id", base, n), token)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return ids, nil
}

func get(client *http.Client, url, token string) ([]byte, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "token "+token)
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, response.Status)
	}
	body := make([]byte, max(response.ContentLength, 0))
	if len(body) == 0 {
		return io.ReadAll(response.Body)
	}
	_, err = io.ReadFull(response.Body, body)
	return body, err
}

// insert writes bodies in transactions of 200, with the vault's settings.
func insert(path string, bodies <-chan []byte) error {
	_ = os.Remove(path)
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for statement := range strings.SplitSeq("PRAGMA page_size=16384;PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;CREATE TABLE bodies (id INTEGER PRIMARY KEY, data BLOB)", ";") {
		if _, err := db.Exec(statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	for more := true; more; {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		put, err := tx.Prepare("INSERT INTO bodies (data) VALUES (?)") //nolint:sqlclosecheck // it ends with the transaction
		if err != nil {
			return err
		}
		for range 200 {
			body, ok := <-bodies
			if more = ok; !ok {
				break
			}
			if _, err := put.Exec(body); err != nil {
				return err
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}
