package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// tty runs the program on a terminal of its own and copies what is written to
// that to standard output.
func tty() {
	code, err := onTerminal(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "tty:", err)
		os.Exit(99)
	}
	os.Exit(code)
}

func onTerminal(columns string, command []string) (code int, err error) {
	width, err := strconv.ParseUint(columns, 10, 16)
	if err != nil {
		return 0, err
	}
	controller, terminal, err := openTerminal(uint16(width))
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if err := terminal.Close(); err != nil {
		return 0, err
	}
	// What a script gives as standard input is typed; it may end before the program does.
	go func() { _, _ = io.Copy(controller, os.Stdin) }()
	// Linux answers EIO once nobody has the terminal open any more.
	if _, err := io.Copy(os.Stdout, controller); err != nil && !errors.Is(err, syscall.EIO) {
		return 0, err
	}
	if err := cmd.Wait(); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit.ExitCode(), nil
		}
		return 0, err
	}
	return 0, nil
}

// openTerminal makes a pseudo terminal, as pts(4) describes it.
func openTerminal(columns uint16) (controller, terminal *os.File, err error) {
	controller, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(controller.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		return nil, nil, err
	}
	terminal, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	return controller, terminal, err
}
