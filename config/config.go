package config

import "time"

// Config is every setting of LookerVault. It is plain data: copy it freely, change a copy, share it for reading.
// Its secrets are of type [Secret], so that printing, logging or marshalling a Config shows none of them.
type Config struct {
	Looker    Looker    `koanf:"looker"`
	Kinds     []string  `koanf:"kinds"`   // "all", "-color_collections", "dashboards"; resolved by [Loaded.SelectKinds]
	Exclude   []string  `koanf:"exclude"` // "dashboards/17": kind and id, or "lookml_models/#": rows that cannot be stored; resolved by [Loaded.ExcludedIDs]
	Folders   Folders   `koanf:"folders"`
	RateLimit RateLimit `koanf:"rate_limit"`
	Retry     Retry     `koanf:"retry"`
	Stages    Stages    `koanf:"stages"`
	Limits    Limits    `koanf:"limits"`
	Sink      Sink      `koanf:"sink"`
	Log       Log       `koanf:"log"`
	Shutdown  Shutdown  `koanf:"shutdown"`
	Hooks     Hooks     `koanf:"hooks"`
	Metrics   Metrics   `koanf:"metrics"`
	Prune     Prune     `koanf:"prune"`
	// Refresh is how old what is known of a document of a kind may grow before a run asks for it again: a kind, or trash for
	// what lies in the trash of any kind, to an age for [ParseAge]. Resolved by [Loaded.RefreshAges].
	Refresh map[string]string `koanf:"refresh"`
	// TrustDates is whether a document rests whose date in a list has not moved: [DatesNever] or [DatesLearned].
	TrustDates string  `koanf:"trust_dates"`
	After      After   `koanf:"after"`
	Restore    Restore `koanf:"restore"`
}

// Values of trust_dates.
const (
	DatesNever   = "never"
	DatesLearned = "learned" // once the vault has seen that dates move with changes
)

// Looker says which instance to back up and how to reach it.
type Looker struct {
	Name         string   `koanf:"name"`     // instance name in the vault; empty = the normalised base URL
	BaseURL      string   `koanf:"base_url"` // as pasted; the API client normalises it
	ClientID     string   `koanf:"client_id"`
	ClientSecret Secret   `koanf:"client_secret"`
	INI          string   `koanf:"ini"` // "path#section"; no section = [Looker], else the first one
	VerifySSL    bool     `koanf:"verify_ssl"`
	CAFile       string   `koanf:"ca_file"` // PEM file of further certificate authorities; empty = the system's only
	Timeout      Duration `koanf:"timeout"` // of one request
	MaxBody      Size     `koanf:"max_body"`
	PartialView  bool     `koanf:"partial_view"` // a key that sees less than an administrator's is wanted
	Protected    bool     `koanf:"protected"`    // what writes to it wants its name
	Quota        Quota    `koanf:"quota"`
}

// Quota is how many API calls a month the licence includes, by what they are counted as. 0 means that nobody has said. A run
// makes no more than the month has left, and saves calls.
type Quota struct {
	Administrative int `koanf:"administrative"`
	Query          int `koanf:"query"`
}

// Counted reports whether calls are counted, so that a run saves them.
func (q Quota) Counted() bool { return q != Quota{} }

// Folders restricts a run to some folders; no ids = no restriction.
type Folders struct {
	IDs       []string `koanf:"ids"`
	Recursive bool     `koanf:"recursive"` // also the folders below them
}

// RateLimit bounds the requests of a run. 0 means no limit.
type RateLimit struct {
	PerSecond int  `koanf:"per_second"`
	PerMinute int  `koanf:"per_minute"`
	Adaptive  bool `koanf:"adaptive"` // go slower after a 429, faster again after success
	MaxCalls  int  `koanf:"max_calls"`
}

// Retry says how stubborn a single request is.
type Retry struct {
	Attempts int      `koanf:"attempts"` // the first one included
	MaxWait  Duration `koanf:"max_wait"` // between two attempts, whatever Retry-After asks for
}

// Stages are the stages of an extraction, in its order.
type Stages struct {
	List      ListStage      `koanf:"list"`
	Fetch     FetchStage     `koanf:"fetch"`
	Redact    RedactStage    `koanf:"redact"`
	Serialize SerializeStage `koanf:"serialize"`
	Batch     BatchStage     `koanf:"batch"`
}

// ListStage plans the calls.
type ListStage struct {
	Workers  int `koanf:"workers"`
	Buffer   int `koanf:"buffer"`    // planned calls that may wait
	PageSize int `koanf:"page_size"` // rows asked for at once
}

// FetchStage makes the calls. Its workers are also the most requests that are in the
// air at once, logins and those of list included.
type FetchStage struct {
	Workers int `koanf:"workers"`
	Buffer  int `koanf:"buffer"` // fetched items that may wait
}

// RedactStage replaces one-time tokens and links before anything is stored.
type RedactStage struct {
	Enabled bool     `koanf:"enabled"`
	Paths   []string `koanf:"paths"` // further members to replace
}

// SerializeStage fingerprints and compresses.
type SerializeStage struct {
	Workers int    `koanf:"workers"`
	Buffer  int    `koanf:"buffer"` // records that may wait
	Codec   string `koanf:"codec"`  // "zstd" or "none"
}

// BatchStage says when a transaction is closed: at the first of the three.
type BatchStage struct {
	Records int      `koanf:"records"`
	Bytes   Size     `koanf:"bytes"`
	Every   Duration `koanf:"every"`
	Buffer  int      `koanf:"buffer"` // batches that may wait for the writer
}

// Limits bound what a run holds in memory between request and commit.
type Limits struct {
	InFlightBytes Size `koanf:"in_flight_bytes"`
	InFlightItems int  `koanf:"in_flight_items"`
}

// Sink is where records end up.
type Sink struct {
	Type string `koanf:"type"` // "sqlite"
	Path string `koanf:"path"` // relative to the working directory
}

// Log is about the log on stderr.
type Log struct {
	Level  string `koanf:"level"`  // "trace", "debug", "info", "warn", "error" or "off"
	Format string `koanf:"format"` // "text" or "json"
}

// Shutdown is about the time after the first Ctrl-C or SIGTERM.
type Shutdown struct {
	Grace Duration `koanf:"grace"` // for committing what is already fetched; 0 = none
}

// Hooks are what is done when a run is over: an http:// or https:// URL is told, with the summary as the body of a POST;
// anything else is a command for sh, with the summary as its standard input. Empty = nothing. They may hold tokens, so they
// are never shown.
type Hooks struct {
	OnSuccess string   `koanf:"on_success"` // the run is complete
	OnPartial string   `koanf:"on_partial"` // it went to its end, but something is missing
	OnFailure string   `koanf:"on_failure"` // it failed, was interrupted, or did not even begin
	Timeout   Duration `koanf:"timeout"`    // of one hook
}

// Metrics are for whoever watches many runs. Empty = none.
type Metrics struct {
	Listen string `koanf:"listen"` // address to serve /metrics and /healthz at while a run lasts
	File   string `koanf:"file"`   // to write at the end, for node_exporter's textfile collector; relative to the working directory
}

// Prune says which runs stay when a vault is pruned: those that any rule keeps. 0 means that there is no such rule.
type Prune struct {
	KeepLast    int    `koanf:"keep_last"`
	KeepDaily   int    `koanf:"keep_daily"`
	KeepWeekly  int    `koanf:"keep_weekly"`
	KeepMonthly int    `koanf:"keep_monthly"`
	KeepYearly  int    `koanf:"keep_yearly"`
	KeepDeleted string `koanf:"keep_deleted"` // an age for [ParseAge] after which documents that are gone go; empty = never
}

// HasRule reports whether a rule says which runs stay.
func (p Prune) HasRule() bool {
	return p.KeepLast > 0 || p.KeepDaily > 0 || p.KeepWeekly > 0 || p.KeepMonthly > 0 || p.KeepYearly > 0
}

// After says what is done to the vault after a complete run.
type After struct {
	Prune bool `koanf:"prune"` // by the rules of [Prune]
}

// Restore is about giving documents back to an instance. The flags of lookervault restore say the same for one plan.
type Restore struct {
	Workers   int      `koanf:"workers"`    // documents that are written at the same time
	Inner     int      `koanf:"inner"`      // places and texts of one dashboard that are written at the same time
	Conflict  string   `koanf:"conflict"`   // "skip", "update", "rename" or "fail": what is there and differs; empty = update what is named by its id, skip the rest
	Trash     string   `koanf:"trash"`      // "undelete", "recreate" or "skip": what is in the trash
	Wake      string   `koanf:"wake"`       // "auto", "as-was" or "never": schedules and alerts that were active
	Links     string   `koanf:"links"`      // "auto", "rewrite" or "keep": addresses in texts that lead to what has another id now; auto = rewrite
	OrphansTo string   `koanf:"orphans_to"` // user who gets what belongs to nobody on the instance, by id or mail address
	Settle    Duration `koanf:"settle"`     // how long a server may be at work on a write whose answer was lost
	MaxAge    Duration `koanf:"max_age"`    // of what a plan has seen of the instance, when it is applied
	Keep      Duration `koanf:"keep"`       // how long prune leaves what a restore could need to be undone
	// Secrets are members that no backup holds, as "connections/thelook.password".
	Secrets map[string]Secret `koanf:"secrets"`
}

// Default is the configuration that holds where nothing else is set, on a machine with that many cores (at least 1).
func Default(cores int) Config {
	return Config{
		Looker: Looker{
			VerifySSL: true,
			Timeout:   Duration(120 * time.Second), // the SDKs' own default: slow searches need more than a minute
			MaxBody:   64 * MiB,                    // far above any real body; more is a broken or hostile answer
		},
		Kinds:   []string{"all"},
		Exclude: []string{},
		Folders: Folders{IDs: []string{}, Recursive: true},
		RateLimit: RateLimit{
			PerSecond: 10,   // goes unnoticed by people who work on the instance at the same time
			PerMinute: 0,    // no public source knows of a limit per minute
			Adaptive:  true, // the server's real limit is not published either
		},
		Retry: Retry{Attempts: 5, MaxWait: Duration(time.Minute)}, // rides out a short outage
		Stages: Stages{
			List:      ListStage{Workers: 4, Buffer: 16, PageSize: 100},
			Fetch:     FetchStage{Workers: 8, Buffer: 64}, // enough to reach the rate limit at 800 ms an answer
			Redact:    RedactStage{Enabled: true, Paths: []string{}},
			Serialize: SerializeStage{Workers: max(1, min(cores, 4)), Buffer: 64, Codec: "zstd"}, // 4 outpace any writer
			Batch: BatchStage{
				Records: 200, // from 50 to 2,000 the cost of an item is the same
				Bytes:   8 * MiB,
				Every:   Duration(time.Second), // bounds what a crash can lose
				Buffer:  2,                     // one being written, one ready
			},
		},
		Limits:   Limits{InFlightBytes: 96 * MiB, InFlightItems: 2000}, // keep a run below about 150 MB
		Sink:     Sink{Type: "sqlite", Path: "looker.db"},
		Log:      Log{Level: "info", Format: "text"},
		Shutdown: Shutdown{Grace: Duration(15 * time.Second)}, // half of what Kubernetes waits before it kills
		Hooks:    Hooks{Timeout: Duration(10 * time.Minute)},  // a copy of a large vault to somewhere else takes a while
		Refresh:  map[string]string{},
		// Nobody promises that a date moves when a tile is edited.
		TrustDates: DatesNever,
		Restore: Restore{
			Workers: 8, // as many as fetch
			Inner:   2, // halves the time of one large dashboard, and leaves most of the client's calls to the others
			Trash:   "undelete", Wake: "auto", Links: "auto",
			Settle: Duration(10 * time.Second), // few writes take longer
			MaxAge: Duration(24 * time.Hour), Keep: Duration(90 * 24 * time.Hour),
			Secrets: map[string]Secret{},
		},
	}
}
