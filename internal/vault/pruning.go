package vault

import "time"

// Pruning says what is to be removed of one instance.
type Pruning struct {
	Instance string
	Runs     []int64 // of which only the number stays; all others can still be read afterwards
	// LostBefore lets documents go that were found gone by then, also where kept runs
	// still say that they were gone. The zero time lets none go.
	LostBefore time.Time
	// RestoresBefore gives up restores that were planned before: they can neither be
	// applied nor undone any more. What younger ones need stays, also runs that are
	// named above. The zero time gives up none.
	RestoresBefore time.Time
}

// Pruned counts what a prune removes.
type Pruned struct {
	Runs      int64
	Documents int64 // of which nothing is left
	Versions  int64
	Bodies    int64
	Bytes     int64 // of those bodies, as they were stored
	HeldBack  int64 // documents that kept all their versions, as their newest body is damaged
}

// Shrunk says what Shrink did.
type Shrunk struct {
	Freed   int64  // bytes that the file is smaller
	Left    int64  // bytes of the file that hold nothing, and that the next runs fill
	WhyLeft string // why they were left, "" where there is nothing to say
}
