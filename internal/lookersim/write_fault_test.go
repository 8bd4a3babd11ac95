package lookersim_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// TestFaultsBeforeAndAfterAWrite holds each fault to whether the write is
// carried out and what the client learns of it.
func TestFaultsBeforeAndAfterAWrite(t *testing.T) {
	tests := []struct {
		rule, want string // carried out or not, then what came: a status or "cut", and whether the body is a folder
	}{
		{"status=500", "not done, 500"},
		{"status=500 applied=true", "done, 500"},
		{"do=reset", "not done, cut"},
		{"do=reset applied=true", "done, cut"},
		{"do=hang", "not done, cut"},
		{"do=hang applied=true", "done, cut"},
		{"do=html", "not done, 200"},
		{"do=html applied=true", "done, 200"},
		{"do=empty", "not done, 200"},
		{"do=empty applied=true", "done, 200"},
		{"do=truncate", "done, cut"},
		{"do=json", "done, 200"},
		{"do=null", "done, 200"},
		{"do=redirect applied=true", "done, 302"},
		{"delay=1ms", "done, 200 folder"},
		{"delay=1ms applied=true", "done, 200 folder"},
		{"do=late", "not done, cut"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			rule := mustRule(t, "route=POST /folders times=1 "+tt.rule)
			opts := small()
			opts.Rules = []lookersim.Rule{rule}
			s, c := start(t, opts)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a server that never does it
			defer cancel()
			if strings.Contains(tt.rule, "hang") {
				go func() { // give up once the server has it
					for w := s.Writes(); ctx.Err() == nil && (len(w) == 0 || rule.Applied && !w[0].Done()); w = s.Writes() {
						runtime.Gosched()
					}
					cancel()
				}()
			}
			status, body, err := c.sendWith(ctx, "POST", "/folders", `{"name":"n","parent_id":"1"}`)
			came := fmt.Sprint(status)
			if err != nil {
				came = "cut"
			}
			if strings.Contains(string(body), `"name":"n"`) && err == nil && body[len(body)-1] == '}' {
				came += " folder"
			}
			done := "not done"
			if n := len(c.read("/folders/search?name=n").list("rows")); n == 1 {
				done = "done"
			}
			if got := done + ", " + came; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if w := s.Writes(); len(w) != 1 || w[0].Done() != (done == "done") {
				t.Errorf("seen %+v", w)
			}
		})
	}
}

// A request whose connection was reset arrives after the client wrote again.
func TestALateTwin(t *testing.T) {
	opts := small()
	for _, text := range []string{"route=POST /boards times=1 do=late later=2", "route=POST /board_sections times=1 do=late"} {
		rule := mustRule(t, text)
		if rule.String() != text {
			t.Errorf("%q reads back as %q", text, rule)
		}
		opts.Rules = append(opts.Rules, rule)
	}
	s, c := start(t, opts)
	boards := func() int { return len(c.read("/boards/search?title=twice").list("rows")) }
	body := `{"title":"twice"}`
	if _, _, err := c.trySend("POST", "/boards", body); err == nil {
		t.Fatal("the first request is answered")
	}
	if n := boards(); n != 0 {
		t.Fatalf("%d boards before", n)
	}
	id := c.write("POST", "/boards", body).text("id")
	if n := boards(); n != 2 {
		t.Errorf("%d boards after", n)
	}
	section := `{"board_id":"` + id + `","title":"s"}`
	if _, _, err := c.trySend("POST", "/board_sections", section); err == nil {
		t.Fatal("the section is answered")
	}
	c.write("POST", "/board_sections", section)
	if n := s.Arrive(); n != 1 {
		t.Errorf("%d requests arrived", n)
	}
	if n := len(c.read("/boards/" + id).list("board_sections")); n != 2 {
		t.Errorf("%d sections", n)
	}
	var seen []string
	for _, w := range s.Writes() {
		seen = append(seen, fmt.Sprintf("%s %s %d %v", w.Method, w.Path, w.Status, w.Late))
	}
	want := "[POST /boards 0 false POST /boards 200 false POST /boards 200 true POST /board_sections 0 false POST /board_sections 200 false POST /board_sections 200 true]"
	if got := fmt.Sprint(seen); got != want {
		t.Errorf("seen %s\nwant %s", got, want)
	}
	for _, bad := range []string{"do=late applied=true", "do=reset later=2", "do=reset applied=perhaps"} {
		if _, err := lookersim.ParseRule(bad); err == nil {
			t.Errorf("%s: no error", bad)
		}
	}
}
