package simtest

import (
	"flag"
	"runtime"
	"strconv"
)

// atOnce is how many tests of runs may be under way at once, at least.
const atOnce = 6

// WaitTogether lets more tests run at once than there are processors, unless -parallel says how
// many: tests of restores and of the whole program wait for servers, pauses and processes for more than
// half of their time. With two processors those of restores took 58 s in place of 80, those of
// commands 65 in place of 82. It is for TestMain, before the flags are read.
func WaitTogether() {
	if runtime.GOMAXPROCS(0) < atOnce {
		_ = flag.Set("test.parallel", strconv.Itoa(atOnce)) // a flag of every test binary
	}
}
