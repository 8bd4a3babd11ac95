package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lookervault/lookervault/internal/simtest"
	"github.com/lookervault/lookervault/internal/testenv"
)

// TestMain makes this binary the programs that scripts run:
//
//	lookervault ARG...                  the program itself
//	exits CODE lookervault ARG...       the same; succeeds if it exits with CODE
//	full BYTES CODE lookervault ARG...  the same where no file may grow above BYTES
//	nobody CODE lookervault ARG...      the same as a user whom permissions stop
//	tty COLUMNS lookervault ARG...      the program on a terminal, whose raw output
//	                                    is standard output; what stdin gives is typed
func TestMain(m *testing.M) {
	time.Local = time.UTC // for tables on terminals; before anything else runs, that reads it
	// Cobra keeps the flags of every command that was ever made, so the heap of hundreds of runs in
	// this process grows to 130 MB, and the collector took half of the processor time.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(1 << 30) // of runs side by side, each of which makes a simulated Looker
	simtest.WaitTogether()
	testenv.TempInMemory()
	testscript.Main(m, map[string]func(){"lookervault": main, "exits": exits, "full": full, "nobody": nobody, "tty": tty})
}

// run is the program in this process, whose memory it leaves alone: the tests share it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	return runProcess(args, stdin, stdout, stderr, environ, nil)
}

// TestScripts runs the whole program as people do: testdata/script says how.
//
// Beside what testscript brings, a script may say:
//
//	sim [FLAG...]          start a simulated Looker and point the environment to it; see simFlags
//	web html|json|escapes|login
//	                       start a server that is no Looker, and point the environment to it
//	rules [RULE...]        replace the faults of the simulator
//	mutate CHANGE...       change what it holds
//	put KIND ID FILE       make a file's content one of its documents
//	await N                wait until N requests came since the start or forget
//	dies N|never           cut every connection after N requests
//	forget                 count from zero again
//	asked WHAT N           N requests were made: calls, logins, or a route such as GET /dashboards/search
//	serves KIND ID FILE    write the bytes that the simulator serves for a document
//	holds KIND             the JSON array on stdout is what the simulator holds
//	complains PATTERN      stderr tells of one problem, in one line, stdout is empty
//	array FILE N           a JSON array of N values, and nothing else
//	objects FILE [N]       lines, each a JSON object; how many
//	field FILE NAME VALUE  the last line's JSON object has that member, dots lead inside
//	sound FILE             the vault verifies
//	result VAULT RUN KIND NAME=VALUE...
//	                       how a run ended for a kind, or for total: new=3 failed=0 listing=complete
//	dumped FILE VAULT      what dump printed is every document of the vault, but for line breaks
//	corpus KIND ID FILE    copy a document of LOOKERVAULT_TEST_CORPUS
//	patch FILE OFFSET HEX  write bytes into a file
//	cut FILE N             keep its first N bytes
//	flip FILE TEXT         flip a bit of every TEXT in it
//	ini FILE               write a looker.ini with a section Company for the simulator
//	secretless FILE...     neither the client secret nor a token of the simulator is in them
//	fits COLUMNS FILE      no line is wider
//	screen FILE OUT        what a terminal shows after it got the bytes of FILE
//	freeport NAME          put the address of a port where nobody listens into a variable
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Values[remoteKey{}] = &remote{}
			// Nobody waits for the simulator; see config.txtar for the defaults.
			env.Setenv("LOOKERVAULT_RATE_LIMIT__PER_SECOND", "0")
			env.Setenv("LOOKERVAULT_RESTORE__SETTLE", "200ms")
			env.Setenv("LOOKERVAULT_RETRY__MAX_WAIT", "10ms")
			env.Setenv("PAGER", "cat")                // nobody would end another one
			env.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector would wait a second at every exit
			env.Setenv("CORPUS", os.Getenv("LOOKERVAULT_TEST_CORPUS"))
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "corpus" {
				return os.Getenv("LOOKERVAULT_TEST_CORPUS") != "", nil
			}
			return false, fmt.Errorf("no condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sim": sim, "web": web, "rules": rules, "mutate": mutate, "put": put, "await": await, "forget": forget, "dies": dies, "asked": asked,
			"serves": serves, "holds": holds, "secretless": secretless,
			"complains": complains, "array": array, "objects": objects, "field": field,
			"sound": sound, "result": result, "dumped": dumped, "corpus": corpus, "patch": patch, "cut": cut, "flip": flip, "ini": ini, "fits": fits, "screen": screen, "freeport": freeport,
		},
	})
}
