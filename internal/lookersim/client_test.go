package lookersim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/lookervault/lookervault/internal/lookersim"
)

// client is the plainest client that can talk to a server.
type client struct {
	t      testing.TB
	base   string
	http   *http.Client
	token  string
	judged func(method, path, body string, r *http.Response, answer []byte) // told of every answer to a write
}

// startsWith changes the options of servers that start makes, while a test wants
// others to run again; lastStarted is the newest of them.
var (
	startsWith  func(lookersim.Options) lookersim.Options
	lastStarted *lookersim.Server
)

func newSim(t testing.TB, opts lookersim.Options) *lookersim.Server {
	t.Helper()
	s, err := lookersim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start serves opts for the length of a test and logs in.
func start(t testing.TB, opts lookersim.Options) (*lookersim.Server, *client) {
	t.Helper()
	if startsWith != nil {
		opts = startsWith(opts)
	}
	s := newSim(t, opts)
	base, err := s.Start("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	lastStarted = s
	c := &client{t: t, base: base, http: &http.Client{
		Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.Cleanup(c.http.CloseIdleConnections)
	c.judged = writeJudge
	c.login(lookersim.DefaultClientID, lookersim.DefaultClientSecret)
	return s, c
}

func (c *client) login(id, secret string) int {
	c.t.Helper()
	form := url.Values{"client_id": {id}, "client_secret": {secret}}
	r, err := c.http.Post(c.base+"/api/4.0/login", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if r.StatusCode == http.StatusOK {
		if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
			c.t.Fatal(err)
		}
		c.token = answer.Token
	}
	return r.StatusCode
}

// try sends a GET and returns what came, the error of reading included.
func (c *client) try(path string) (*http.Response, []byte, error) {
	c.t.Helper()
	req, err := http.NewRequest(http.MethodGet, c.base+"/api/4.0"+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+c.token)
	r, err := c.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return r, body, err
}

// get is try for answers that must arrive.
func (c *client) get(path string) (*http.Response, []byte) {
	c.t.Helper()
	r, body, err := c.try(path)
	if err != nil {
		c.t.Fatalf("GET %s: %v", path, err)
	}
	return r, body
}

// body is get for answers that must be 200.
func (c *client) body(path string) []byte {
	c.t.Helper()
	r, body := c.get(path)
	if r.StatusCode != http.StatusOK {
		c.t.Fatalf("GET %s: status %d: %s", path, r.StatusCode, body)
	}
	return body
}

// rows cuts an array at its separators, white space around values kept.
func rows(t testing.TB, array []byte) [][]byte {
	t.Helper()
	if len(array) < 2 || array[0] != '[' || array[len(array)-1] != ']' {
		t.Fatalf("not an array: %.80q", array)
	}
	var list [][]byte
	depth, from, quoted := 0, 1, false
	for i := 1; i < len(array)-1; i++ {
		switch b := array[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			depth--
		case b == ',' && depth == 0:
			list = append(list, array[from:i])
			from = i + 1
		}
	}
	if len(array) > 2 {
		list = append(list, array[from:len(array)-1])
	}
	return list
}

// idOf reads the id, or the name, of a document.
func idOf(t testing.TB, doc []byte) string {
	t.Helper()
	var d struct {
		ID   any
		GUID string `json:"client_guid"`
		Name string
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		t.Fatalf("%v: %.200s", err, doc)
	}
	if id, ok := d.ID.(string); ok {
		return id
	}
	return d.GUID + d.Name
}
