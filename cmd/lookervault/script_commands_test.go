package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/testenv"
	"github.com/lookervault/lookervault/internal/vault"
	"github.com/lookervault/lookervault/internal/vault/sqlite"
	"github.com/lookervault/lookervault/internal/view"
)

// exits runs the program in this process, so that signals reach it.
func exits() { exitsWith(os.Args[1:]) }

func exitsWith(args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil || args[1] != "lookervault" {
		fmt.Fprintln(os.Stderr, "usage: exits CODE lookervault ARG...")
		os.Exit(99)
	}
	if got := run(args[2:], os.Stdin, os.Stdout, os.Stderr, os.Environ()); got != want {
		fmt.Fprintf(os.Stderr, "exit code %d, want %d\n", got, want)
		os.Exit(99)
	}
}

// full runs the program with a disk that is soon full.
func full() {
	// Without this the first write beyond the limit ends the process.
	signal.Ignore(syscall.SIGXFSZ)
	most, err := strconv.ParseUint(os.Args[1], 10, 64)
	if err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: most})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "full:", err)
		os.Exit(99)
	}
	exitsWith(os.Args[2:])
}

// nobody runs the program as a user who is not root.
func nobody() {
	if os.Getuid() == 0 {
		const id = 65534
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(id), syscall.Setuid(id)); err != nil {
			fmt.Fprintln(os.Stderr, "nobody:", err)
			os.Exit(99)
		}
	}
	exitsWith(os.Args[1:])
}

// arity ends a script that uses a command wrongly.
func arity(ts *testscript.TestScript, neg bool, args []string, least int, usage string) {
	if neg || len(args) < least {
		ts.Fatalf("usage: %s", usage)
	}
}

// logLine is how lines of the log begin.
var logLine = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\S+ \[(INFO|WARN|ERROR|DEBUG|TRACE)\] `)

func complains(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "complains PATTERN")
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("stdout is for data, got %q", out)
	}
	if _, err := shown(ts.ReadFile("stderr")); err != nil {
		ts.Fatalf("stderr: %v", err)
	}
	var problems []string
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		switch line = strings.TrimSuffix(line, "\n"); {
		case strings.HasPrefix(line, "lookervault: "):
			problems = append(problems, line)
		case !logLine.MatchString(line):
			ts.Fatalf("neither a log line nor the problem: %q", line)
		}
	}
	if len(problems) != 1 {
		ts.Fatalf("got %d problems, want 1", len(problems))
	}
	if !regexp.MustCompile(args[0]).MatchString(problems[0]) {
		ts.Fatalf("the problem does not match %q", args[0])
	}
}

func array(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 2, "array FILE N")
	var values []json.RawMessage
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &values))
	if got := strconv.Itoa(len(values)); got != args[1] {
		ts.Fatalf("an array of %s values, want %s", got, args[1])
	}
}

func objects(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "objects FILE [N]")
	n := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		n++
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("line %d: %v", n, err)
		}
	}
	if got := strconv.Itoa(n); len(args) > 1 && got != args[1] {
		ts.Fatalf("%s lines, want %s", got, args[1])
	}
}

func field(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 3, "field FILE NAME VALUE")
	text := strings.TrimSpace(ts.ReadFile(args[0]))
	value := json.RawMessage(text[strings.LastIndexByte(text, '\n')+1:])
	for name := range strings.SplitSeq(args[1], ".") {
		var object map[string]json.RawMessage
		ts.Check(json.Unmarshal(value, &object))
		next, ok := object[name]
		if !ok {
			ts.Fatalf("no member %q in %s", name, args[1])
		}
		value = next
	}
	if !regexp.MustCompile("^(" + args[2] + ")$").Match(value) {
		ts.Fatalf("%s is %s, want %s", args[1], value, args[2])
	}
}

func sound(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "sound FILE")
	findings, err := verify(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	if len(findings) > 0 {
		ts.Fatalf("%s is not as it was written: %v", args[0], findings)
	}
}

// verify reads a vault whole.
func verify(ctx context.Context, path string) (findings []vault.Finding, err error) {
	reader, err := sqlite.OpenReader(ctx, path)
	if err != nil {
		return nil, err
	}
	defer closing(&err, reader)
	return reader.Verify(ctx)
}

func result(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 4, "result VAULT RUN KIND NAME=VALUE...")
	id, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	reader, err := sqlite.OpenReader(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	defer reader.Close()
	stored, err := reader.Run(context.Background(), id)
	ts.Check(err)
	numbers := map[string]any{"total": view.TotalsOf(stored.Kinds)}
	for _, k := range stored.Kinds {
		numbers[string(k.Kind)] = k
	}
	text, err := json.Marshal(numbers[args[2]])
	ts.Check(err)
	got := map[string]any{}
	ts.Check(json.Unmarshal(text, &got))
	for _, arg := range args[3:] {
		name, want, _ := strings.Cut(arg, "=")
		if got := fmt.Sprint(got[name]); got != want {
			ts.Fatalf("%s of run %d: %s is %s, want %s", args[2], id, name, got, want)
		}
	}
}

func dumped(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 2, "dumped FILE VAULT")
	type line struct {
		Instance string          `json:"instance"`
		Kind     record.Kind     `json:"kind"`
		ID       string          `json:"id"`
		Run      int64           `json:"run"`
		Body     json.RawMessage `json:"body"`
	}
	reader, err := sqlite.OpenReader(context.Background(), ts.MkAbs(args[1]))
	ts.Check(err)
	defer reader.Close()
	instance, err := reader.Resolve(context.Background(), "")
	ts.Check(err)
	next, stop := iter.Pull(strings.Lines(ts.ReadFile(args[0])))
	defer stop()
	flat := strings.NewReplacer("\n", " ", "\r", " ")
	for document, err := range reader.Documents(context.Background(), vault.Query{Instance: instance.Name}) {
		ts.Check(err)
		text, _ := next()
		want := line{instance.Name, document.Kind, document.ID, document.LastRun, json.RawMessage(strings.TrimSpace(flat.Replace(string(document.Body))))}
		var got line
		ts.Check(json.Unmarshal([]byte(text), &got))
		if diff := cmp.Diff(want, got); diff != "" {
			ts.Fatalf("%s (-vault +dump):\n%s", document.Ref, diff)
		}
	}
	if text, more := next(); more {
		ts.Fatalf("more than the vault holds: %s", text)
	}
}

func corpus(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 3, "corpus KIND ID FILE")
	files, err := filepath.Glob(filepath.Join(os.Getenv("LOOKERVAULT_TEST_CORPUS"), args[0]+"_"+args[1]+"_*.json"))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%d files, want 1", len(files))
	}
	data, err := os.ReadFile(files[0])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o600))
}

func patch(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 3, "patch FILE OFFSET HEX")
	offset, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	data, err := hex.DecodeString(args[2])
	ts.Check(err)
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_WRONLY, 0)
	ts.Check(err)
	_, err = file.WriteAt(data, offset)
	ts.Check(err)
	ts.Check(file.Close())
}

func cut(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 2, "cut FILE N")
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

func flip(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 2, "flip FILE TEXT")
	before, from := ts.ReadFile(args[0]), []byte(args[1])
	to := bytes.Clone(from)
	to[0] ^= 1
	after := bytes.ReplaceAll([]byte(before), from, to)
	if string(after) == before {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), after, 0o600))
}

func freeport(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "freeport NAME")
	address, err := testenv.ClosedPort(context.Background(), ts.Defer)
	ts.Check(err)
	ts.Setenv(args[0], address)
}

// serves and holds ask the simulator for the truth.
func serves(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 3, "serves KIND ID FILE")
	for item := range theRemote(ts).sim.Items(args[0]) {
		if item.ID == args[1] {
			ts.Check(os.WriteFile(ts.MkAbs(args[2]), item.Body, 0o600))
			return
		}
	}
	ts.Fatalf("no %s %s", args[0], args[1])
}

func holds(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "holds KIND")
	type entry struct {
		ID    string `json:"id"`
		State string `json:"state"`
		Bytes int    `json:"bytes"`
	}
	var got, want []entry
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &got))
	for item := range theRemote(ts).sim.Items(args[0]) {
		want = append(want, entry{item.ID, item.State, len(item.Body)})
	}
	byID := func(a, b entry) int { return strings.Compare(a.ID, b.ID) }
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	if diff := cmp.Diff(want, got); diff != "" {
		ts.Fatalf("%s (-server +vault):\n%s", args[0], diff)
	}
}

func secretless(ts *testscript.TestScript, neg bool, args []string) {
	arity(ts, neg, args, 1, "secretless FILE...")
	secrets := theRemote(ts).secrets()
	if len(secrets) < 2 {
		ts.Fatalf("nobody has logged in yet")
	}
	for _, name := range args {
		data := []byte(ts.ReadFile(name))
		for _, secret := range secrets {
			if at := bytes.Index(data, []byte(secret)); at >= 0 {
				ts.Fatalf("%s holds a secret: %q", name, data[max(0, at-80):at])
			}
		}
	}
}
