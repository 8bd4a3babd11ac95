package lookersim

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxControl bounds what is read from a request to the controls.
const maxControl = 64 << 20

// control answers requests below /sim/, which steer the server from outside:
//
//	GET    /sim/counts            what was asked so far
//	DELETE /sim/counts            starts the counts anew
//	GET    /sim/rules             the rules in place, one a line
//	POST   /sim/rules             adds rules, one a line
//	DELETE /sim/rules             takes all rules away
//	POST   /sim/mutate            makes changes, one a line
//	GET    /sim/items?kind=K      the items of a kind, one JSON object a line; with body=true the bodies, without the white space between their tokens
//	GET    /sim/writes            the writes that came, one JSON object a line
//	DELETE /sim/writes            forgets them
//	GET    /sim/effects           what is awake, and what was mailed
//	POST   /sim/arrive            lets requests arrive that do=late keeps
//	POST   /sim/forget-tokens     ends every session
func (s *Server) control(w http.ResponseWriter, r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.Path, "/sim/")
	if !ok {
		return false
	}
	if s.dead.Load() {
		panic(http.ErrAbortHandler)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxControl)
	var err error
	switch r.Method + " " + path {
	case "GET counts":
		w.Header().Set("Content-Type", jsonType)
		err = json.NewEncoder(w).Encode(s.Counts())
	case "DELETE counts":
		s.ResetCounts()
	case "GET rules":
		for _, rule := range s.Rules() {
			fmt.Fprintln(w, rule)
		}
	case "POST rules":
		err = lines(r.Body, func(line string) error {
			rule, err := ParseRule(line)
			if err != nil {
				return err
			}
			return s.AddRules(rule)
		})
	case "DELETE rules":
		err = s.SetRules()
	case "POST mutate":
		err = s.controlChanges(w, r)
	case "GET items":
		s.controlItems(w, r)
	case "GET writes":
		e := json.NewEncoder(w)
		for _, seen := range s.Writes() {
			if err = e.Encode(controlWrite{seen.Method, seen.Path, seen.Query, seen.Status, seen.At, seen.Late, string(seen.Body)}); err != nil {
				break
			}
		}
	case "DELETE writes":
		s.ForgetWrites()
	case "GET effects":
		w.Header().Set("Content-Type", jsonType)
		err = json.NewEncoder(w).Encode(s.Effects())
	case "POST arrive":
		fmt.Fprintln(w, s.Arrive())
	case "POST forget-tokens":
		s.ForgetTokens()
	default:
		http.Error(w, "no such control", http.StatusNotFound)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return true
}

// controlWrite is one line of GET /sim/writes.
type controlWrite struct {
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Query  string    `json:"query,omitempty"`
	Status int       `json:"status"`
	Time   time.Time `json:"time"`
	Late   bool      `json:"late,omitempty"`
	Body   string    `json:"body"`
}

func (s *Server) controlChanges(w http.ResponseWriter, r *http.Request) error {
	var done []string
	err := lines(r.Body, func(line string) error {
		ch, err := ParseChange(line)
		if err != nil {
			return err
		}
		ids, err := s.Mutate(ch)
		done = append(done, ids...)
		return err
	})
	if err != nil {
		return fmt.Errorf("after %d changes: %w", len(done), err)
	}
	fmt.Fprintln(w, strings.Join(done, "\n"))
	return nil
}

// controlItem is one line of GET /sim/items.
type controlItem struct {
	Kind   string          `json:"kind"`
	ID     string          `json:"id"`
	State  string          `json:"state"`
	Needs  string          `json:"needs,omitempty"`
	Path   string          `json:"path"`
	Bytes  int             `json:"bytes"`
	SHA256 string          `json:"sha256"`
	Body   json.RawMessage `json:"body,omitempty"`
}

func (s *Server) controlItems(w http.ResponseWriter, r *http.Request) {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for item := range s.Items(r.URL.Query().Get("kind")) {
		sum := sha256.Sum256(item.Body)
		line := controlItem{Kind: item.Kind, ID: item.ID, State: item.State, Needs: item.Needs, Path: item.Path, Bytes: len(item.Body), SHA256: hex.EncodeToString(sum[:])}
		if r.URL.Query().Get("body") == "true" {
			line.Body = item.Body
		}
		if e.Encode(line) != nil {
			return // the client went away
		}
	}
}

// lines calls do for every line that says something.
func lines(r io.Reader, do func(string) error) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxControl)
	for in.Scan() {
		if line := strings.TrimSpace(in.Text()); line != "" && !strings.HasPrefix(line, "#") {
			if err := do(line); err != nil {
				return err
			}
		}
	}
	return in.Err()
}
