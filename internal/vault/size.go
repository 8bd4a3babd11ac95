package vault

import "github.com/lookervault/lookervault/internal/record"

// Stats says what is in a vault and how large it is.
type Stats struct {
	FileBytes   int64 // of the database file
	LogBytes    int64 // of the write-ahead log beside it
	FreeBytes   int64 // of the file: pages that hold nothing
	Runs        int64
	Versions    int64
	Bodies      int64
	BodyBytes   int64 // of the bodies as they came
	StoredBytes int64 // of the bodies as they are stored
	Refs        int64
	Faults      int64
	OpenFaults  int64
	Kinds       []KindStats // by instance and kind
}

// KindStats says what is held of a kind.
type KindStats struct {
	Instance string
	Kind     record.Kind
	Present  int64
	Trashed  int64
	Gone     int64
	Bytes    int64 // of the newest bodies of what is present or trashed, as they came
}

// Files is what the files of a vault tell without being opened.
type Files struct {
	Missing  bool   // there is no file of that name
	Folder   bool   // the folder that it is in, or would be in, is there
	Bytes    int64  // of the vault's file
	LogBytes int64  // of SQLite's log beside it: while there are any, only both files together are the vault
	Log      string // name of the log, without its folder
}

// All is how many bytes the vault has in all its files.
func (f Files) All() int64 { return f.Bytes + f.LogBytes }

// Health is what can be said of a vault before it is opened, or before it is made: its
// files, its lock, and the disk that it is on.
type Health struct {
	Files

	Held    bool  // a run is writing to it
	Holder  int   // the process that does, 0 when it is not known
	LockErr error // why the lock cannot be looked at; an [*Error] says that the lock file is none

	Free     int64 // bytes that this user may still write to the disk
	Writable bool  // files can be made in the folder
	DiskErr  error // why the disk cannot be looked at; errors.ErrUnsupported where the system does not tell
}
