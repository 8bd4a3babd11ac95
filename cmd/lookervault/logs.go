package main

import (
	"fmt"

	"github.com/hashicorp/go-hclog"

	"github.com/lookervault/lookervault/config"
	"github.com/lookervault/lookervault/internal/table"
)

// logger is the one logger of the program. On a terminal nobody wants time-stamped lines
// unless they ask for them: by --verbose, or by log.level. A file that only spells out the
// default, as the one that comes with the program does, asks for nothing.
func (s *streams) logger(loaded *config.Loaded) hclog.Logger {
	c := loaded.Config.Log
	level := hclog.LevelFromString(c.Level)
	switch {
	case s.quiet:
		level = hclog.Off
	case s.verbose > 1:
		level = min(level, hclog.Debug)
	case s.verbose == 1:
		level = min(level, hclog.Info)
	case s.err.tty && c.Level == config.Default(1).Log.Level && !loaded.SetByHand("log.level"):
		level = hclog.Off
	}
	return hclog.New(&hclog.LoggerOptions{
		Name: "lookervault", Level: level, JSONFormat: c.Format == "json", Output: s.err.verbatim(),
		TimeFormat: "2006-01-02T15:04:05.000Z07:00",
	})
}

// warn logs a warning; where nobody reads logs it is a sentence.
func (s *streams) warn(log hclog.Logger, text string) {
	if log.IsWarn() {
		log.Warn(text)
		return
	}
	fmt.Fprintln(s.err, table.Paint("Note: ", table.Unsure, s.colors(s.err))+plainText(text))
}

// quietLogger logs warnings only: what is shown is what differs.
func (s *streams) quietLogger() hclog.Logger {
	level := hclog.Warn
	if s.verbose > 0 {
		level = hclog.Debug
	}
	return hclog.New(&hclog.LoggerOptions{Name: "lookervault", Level: level, Output: s.err.verbatim()})
}
