package sinks

import "errors"

// ErrNothingOpen is returned by Begin when a resume finds no unfinished run of
// the instance.
var ErrNothingOpen = errors.New("no unfinished run to resume")
