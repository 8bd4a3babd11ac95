//go:build unix

package hooks

import (
	"os/exec"
	"syscall"
)

// isolate puts a command in a process group of its own: a Ctrl-C is not meant
// for it, and what it started ends with it when its time is over.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
