package record

import "time"

// Session is what one process measured while it worked on a run. A run that was
// resumed has several. Its JSON names are part of the vault's format.
type Session struct {
	Began    time.Time `json:"began_at"`
	Seconds  float64   `json:"duration_seconds"`
	Items    int64     `json:"items"`         // documents that it committed with a body or as unchanged
	Failed   int64     `json:"failed"`        // faults that it committed
	Bytes    int64     `json:"bytes"`         // of the bodies that it committed, before encoding
	Packed   int64     `json:"bytes_packed"`  // of those of them that were encoded: the others are known to the vault
	Encoded  int64     `json:"bytes_encoded"` // what Packed became
	Calls    int64     `json:"calls"`
	Retries  int64     `json:"retries"`
	Refused  int64     `json:"throttled"`      // answers with 429
	Paused   float64   `json:"paused_seconds"` // that everybody waited because the server asked for it
	Received int64     `json:"bytes_received"`
	Memory   int64     `json:"peak_memory_bytes"`

	// Unfinished says that the process was killed, or is still at work: only Began and
	// Seconds are known, up to its last commit.
	Unfinished bool `json:"unfinished,omitempty"`

	Bottleneck string     `json:"bottleneck"` // a word, see docs/EVENTS.md
	Advice     string     `json:"advice"`     // a sentence for people
	Stages     []StageUse `json:"stages"`
	Kinds      []KindUse  `json:"kinds,omitempty"`
	Samples    []Sample   `json:"samples"`
}

// KindUse is what one kind took of a session.
type KindUse struct {
	Kind      Kind    `json:"kind"`
	Calls     int64   `json:"calls"`             // that brought a good answer
	Answering float64 `json:"answering_seconds"` // that these took, summed
	Longest   float64 `json:"longest_seconds"`   // the longest of them
	Bytes     int64   `json:"bytes"`             // of the documents that came, before encoding
	Unchanged int64   `json:"bytes_unchanged"`   // of Bytes, those that the vault held already
}

// StageUse is how busy a stage was. Times are seconds, summed over its workers.
type StageUse struct {
	Name    string  `json:"name"`
	Workers int     `json:"workers"`
	In      int64   `json:"in"`
	Out     int64   `json:"out"`
	Busy    float64 `json:"busy_seconds"`
	Blocked float64 `json:"blocked_seconds"` // waiting for room behind it
	Starved float64 `json:"starved_seconds"` // waiting for work
}

// Sample is where a session stood at one moment. All but Rate count from its
// beginning.
type Sample struct {
	At      float64 `json:"t"` // seconds since the session began
	Items   int64   `json:"items"`
	Failed  int64   `json:"failed"`
	Bytes   int64   `json:"bytes"`
	Calls   int64   `json:"calls"`
	Refused int64   `json:"throttled"`
	Paused  float64 `json:"paused_seconds"`
	Rate    float64 `json:"rate"` // calls a second that were allowed; 0 = no limit
}
