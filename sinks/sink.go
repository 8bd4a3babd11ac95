package sinks

import "github.com/lookervault/lookervault/internal/vault"

// Sink stores what an extraction brings, as a [vault.Writer] says. A sink serves one run:
// Begin, then any number of Known and Commit, then Finish, then Close.
type Sink interface{ vault.Writer }
