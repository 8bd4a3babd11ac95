package job

import (
	"time"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/pipeline"
)

// Snapshot is the state of a job at one moment, for whoever shows or measures it. It
// counts what is done for good: of a backup, what is committed.
type Snapshot struct {
	Items, Bytes, Faults int64
	Packed               int64 // of Bytes, those of bodies that were encoded to be stored
	Encoded              int64 // what Packed became
	Kinds                []KindProgress
	LastFault            string // "dashboards/17: ...", "" when there was none
	API                  Traffic
	Stages               []pipeline.StageStats
	Waited               time.Duration // that workers waited for the in-flight budget, summed
}

// KindProgress is where one kind stands.
type KindProgress struct {
	Kind            record.Kind
	Listing         record.Listing // how the enumeration of what there is to do ended; Open until then
	Listed          int64          // documents in it
	Expected        int64          // documents that it is known to hold before they are read, 0 when nobody knows
	PerCall         float64        // documents that one call brings, as far as is known beforehand; 0 when nobody knows
	Asked, Answered int64
	Absent          int64         // of the answered, those of which nothing remains to be done
	Committed       int64         // documents that this process is done with, faults included
	Failed          int64         // of them faults
	Bytes           int64         // of their bodies
	Unchanged       int64         // of Bytes, those that the vault held already
	Calls           int64         // that brought a good answer
	Answering       time.Duration // that these took, summed
	Longest         time.Duration // the longest of them
}

// Traffic is what a job has called of the API so far.
type Traffic struct {
	Calls     int64         // requests, repeats included
	Good      int64         // of them answered as they should be
	Refused   int64         // 3xx and 4xx, without 429
	Throttled int64         // 429
	Failed    int64         // 5xx
	Broken    int64         // no answer, or none that could be used
	Retries   int64         // calls that were not the first attempt
	Bytes     int64         // of bodies, unpacked
	Answering time.Duration // that calls were in the air, summed
	Paused    time.Duration // how long everybody had to wait because the server asked for it
	Rate      float64       // calls a second allowed now; 0 = no limit
	AtOnce    int           // calls that the server was found to take at once; 0 = it was not seen to limit them
	Bears     float64       // calls a second that the server was found to bear; 0 = not known
}

// Since is the traffic after an earlier moment. How much is allowed and borne is what it is now.
func (t Traffic) Since(was Traffic) Traffic {
	t.Calls -= was.Calls
	t.Good -= was.Good
	t.Refused -= was.Refused
	t.Throttled -= was.Throttled
	t.Failed -= was.Failed
	t.Broken -= was.Broken
	t.Retries -= was.Retries
	t.Bytes -= was.Bytes
	t.Answering -= was.Answering
	t.Paused -= was.Paused
	return t
}
