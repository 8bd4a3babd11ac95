package ui

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/lookervault/lookervault/internal/duration"
	"github.com/lookervault/lookervault/internal/record"
)

// What holds up a run: the words of [Diagnosis.Reason], stable in events and
// summaries.
const (
	ReasonNone        = "none"
	ReasonRateLimit   = "rate_limit"     // the configured limit of calls
	ReasonServerLimit = "server_limit"   // Looker answers 429
	ReasonAtOnce      = "server_at_once" // Looker takes so many calls at once
	ReasonRetries     = "retries"        // calls that fail and are repeated
	ReasonLatency     = "latency"        // all workers wait for answers
	ReasonSlowKind    = "slow_kind"      // the answers of one kind take long
	ReasonWrite       = "write"          // the disk, or the one writer
	ReasonMachine     = "machine"        // a stage between fetch and write: the processor
)

// Use is what a diagnosis is drawn from.
type Use struct {
	Seconds   float64
	Stages    []record.StageUse
	Kinds     []record.KindUse // may be empty: then no kind is blamed
	Waited    float64          // seconds that fetch workers waited for the in-flight limits, summed; part of their busy time
	Calls     int64
	Retries   int64
	Answering float64 // seconds that calls were in the air, summed; 0 = not measured, and the stages' busy time stands for it
	Throttled int64
	Paused    float64 // seconds
	Rate      float64 // calls a second that were allowed last; 0 = no limit
	AtOnce    int     // calls that Looker was found to take at once; 0 = it was not seen to limit them
	Bears     float64 // calls a second that Looker was found to bear; 0 = not known
	Limit     float64 // calls a second that the configuration allows; 0 = no limit
}

// Diagnosis says what held up a run.
type Diagnosis struct {
	Stage  string // that the others waited for, "" when none stands out
	Reason string
	Share  float64 // of the time that the stage was busy, 0..1
	Held   float64 // of fetch's time that it could not go on because of what is behind it, 0..1

	calls   float64 // a second
	answer  time.Duration
	slow    record.KindUse // the kind to blame
	workers int
	working float64 // of them, on average over the whole time
}

// What makes a share large: below, a stage is no bottleneck but has a bad moment.
const (
	mostly = 0.6
	partly = 0.25
	nearly = 0.8 // of a limit
	// brief is how many seconds a run lasts at least of which answers that took their time
	// tell something: shorter ones need no advice.
	brief = 0.5
	// manyRetries is the share of calls from which repeats, with their waits, are what
	// takes the time: a wait is half a second at first, an answer a tenth.
	manyRetries = 0.05
	// alone is the share of a run from which one answer is what the run waited for.
	alone = 0.5
	// muchSlower is how many times as long as another answer a slow kind's takes: pages
	// of large documents take two or three times as long as others everywhere.
	muchSlower = 4
)

// diagnose finds what held up a run. A stage that is busy while fetch cannot hand
// on what it has is the limit; where nothing behind fetch is, the calls are, and
// then it is either what is allowed or how long an answer takes.
func diagnose(u Use) Diagnosis {
	fetch, list := use(u.Stages, "fetch"), use(u.Stages, "list")
	d := Diagnosis{Reason: ReasonNone}
	if u.Seconds <= 0 {
		return d
	}
	calling := cmp.Or(u.Answering, max(fetch.Busy+list.Busy-u.Waited, 0))
	d.calls = float64(u.Calls) / u.Seconds
	if u.Calls > 0 {
		d.answer = seconds(calling / float64(u.Calls))
	}
	if time := fetch.Busy + fetch.Blocked + fetch.Starved; time > 0 {
		d.Held = min((fetch.Blocked+u.Waited)/time, 1)
	}
	if d.behind(u) {
		return d
	}
	d.Stage = fetch.Name
	asking := fetch
	if busyShare(list) > busyShare(fetch) && busyShare(fetch) < mostly {
		asking = list
	}
	d.Stage, d.Share, d.workers, d.working = asking.Name, busyShare(asking), asking.Workers, asking.Busy/u.Seconds
	switch {
	case u.AtOnce > 0 && u.AtOnce < fetch.Workers:
		d.Reason = ReasonAtOnce
	case u.Throttled > 0 && (u.Paused >= partly*u.Seconds/2 || float64(u.Throttled) >= 0.05*float64(u.Calls) || d.pressed(u)):
		d.Reason = ReasonServerLimit
	case d.Share >= partly && u.Calls > 0 && float64(u.Retries-u.Throttled) >= manyRetries*float64(u.Calls):
		d.Reason = ReasonRetries
	case u.Limit > 0 && d.calls >= nearly*u.Limit:
		d.Reason = ReasonRateLimit
	case d.oneKind(u):
		d.Reason = ReasonSlowKind
	case d.waitedToRepeat(u, fetch.Busy+list.Busy):
		d.Reason = ReasonRetries
	case d.Share >= mostly && d.answer >= 5*time.Millisecond && u.Seconds >= brief:
		d.Reason = ReasonLatency
	default:
		d.Stage = ""
	}
	return d
}

// waitedToRepeat reports whether the run waited for the few calls that it repeated: its
// workers were busy for most of the run and longer than calls were in the air.
func (d *Diagnosis) waitedToRepeat(u Use, busy float64) bool {
	waited := busy - u.Waited - u.Answering
	return u.Retries > u.Throttled && u.Answering > 0 && u.Seconds >= brief && waited >= mostly*u.Seconds && waited > u.Answering
}

// oneKind reports whether one kind is to blame: its answers took most of the time
// that calls were in the air, and several times as long as those of the others, or a
// single one of them took half of the run. Others must have been asked for as well:
// of a run of one kind, that kind is no news.
func (d *Diagnosis) oneKind(u Use) bool {
	var all record.KindUse
	for _, k := range u.Kinds {
		all.Calls += k.Calls
		all.Answering += k.Answering
		if k.Answering > d.slow.Answering {
			d.slow = k
		}
	}
	k := d.slow
	if k.Calls == 0 || k.Calls == all.Calls {
		return false
	}
	if d.alone(u) {
		return true
	}
	others := (all.Answering - k.Answering) / float64(all.Calls-k.Calls)
	return d.Share >= mostly && k.Answering >= mostly*all.Answering && k.Answering/float64(k.Calls) >= muchSlower*others &&
		seconds(k.Answering/float64(k.Calls)) >= 100*time.Millisecond
}

// alone reports whether a single answer of the kind to blame is what the run waited
// for. In runs of a second or two that says nothing.
func (d Diagnosis) alone(u Use) bool { return d.slow.Longest >= max(alone*u.Seconds, 1) }

// pressed reports whether refusals have lowered the rate, and the run goes as fast
// as that.
func (d *Diagnosis) pressed(u Use) bool {
	return u.Rate > 0 && d.calls >= mostly*u.Rate && (u.Limit == 0 || u.Rate < 0.95*u.Limit)
}

// behind looks for the limit behind fetch.
func (d *Diagnosis) behind(u Use) bool {
	for _, s := range u.Stages {
		switch s.Name {
		case "list", "fetch":
			continue
		}
		// A stage of few workers may drain what fetch brought long after that ended.
		busy := max(busyShare(s), s.Busy/float64(max(s.Workers, 1))/u.Seconds)
		if busy >= mostly && busy >= d.Share && (d.Held >= partly || s.Busy >= mostly*u.Seconds*float64(s.Workers)) {
			d.Stage, d.Share, d.Reason, d.workers = s.Name, min(busy, 1), ReasonMachine, s.Workers
			if s.Name == "write" {
				d.Reason = ReasonWrite
			}
		}
	}
	return d.Stage != ""
}

func use(stages []record.StageUse, name string) record.StageUse {
	for _, s := range stages {
		if s.Name == name {
			return s
		}
	}
	return record.StageUse{Name: name}
}

func busyShare(s record.StageUse) float64 {
	if sum := s.Busy + s.Blocked + s.Starved; sum > 0 {
		return s.Busy / sum
	}
	return 0
}

// crowd is how many workers are many: beyond it Looker's nodes suffer.
const crowd = 16

// Advise says in one line what held up a run that is over, and what would help.
func Advise(u Use) (Diagnosis, string) {
	d := diagnose(u)
	answer := d.answer.Round(time.Millisecond)
	switch d.Reason {
	case ReasonWrite:
		text := fmt.Sprintf("Write is the limit: it was busy %s of the time", share(d.Share))
		if d.Held >= 0.01 {
			text += fmt.Sprintf(", and fetch was held up by it %s of its time", share(d.Held))
		}
		return d, text + ". A faster disk would help, more workers would not."
	case ReasonMachine:
		return d, fmt.Sprintf("%s is the limit: its %s were busy %s of the time, and fetch was held up by it %s of its time. More cores would help.",
			title(d.Stage), Plural(int64(d.workers), "worker", "workers"), share(d.Share), share(d.Held))
	case ReasonServerLimit:
		return d, fmt.Sprintf("The rate limit of Looker is the limit: it answered %s with 429, and %s got through. More workers would not help. %s",
			Plural(u.Throttled, "call", "calls"), perSecond(d.through(u)), bearable(u.Bears))
	case ReasonAtOnce:
		return d, fmt.Sprintf("The calls in the air are the limit: this server takes %s at once: --workers %d (stages.fetch.workers, now %d) would spare the refusals.",
			Plural(int64(u.AtOnce), "call", "calls"), u.AtOnce, use(u.Stages, "fetch").Workers)
	case ReasonRateLimit:
		return d, fmt.Sprintf("The rate limit is the limit: %s of %s that the configuration allows. A higher rate_limit would help, as far as Looker bears it.",
			perSecond(min(d.calls, u.Limit)), perSecond(u.Limit))
	case ReasonRetries:
		return d, fmt.Sprintf("Retries are the limit: %s of %s failed and were repeated, each after a wait. More workers would not help; see what fails with --verbose.",
			Count(u.Retries-u.Throttled), Plural(u.Calls, "call", "calls"))
	case ReasonSlowKind:
		return d, d.slowKind(u)
	case ReasonLatency:
		text := fmt.Sprintf("Server latency is the limit: an answer took %s, and %s was busy with calls %s of its time. ", duration.Text(answer), d.Stage, share(d.Share))
		if d.working < float64(d.workers)/2 {
			if d.Stage == "list" {
				return d, text + "A list is read page after page: more workers or smaller pages would not help."
			}
			return d, text + fmt.Sprintf("Only %.1f of its %d workers had something to do: smaller pages (stages.list.page_size) would share the work better, at the price of calls: half the size, twice the calls of lists.", d.working, d.workers)
		}
		if d.workers >= crowd {
			return d, text + fmt.Sprintf("With %d workers this is as fast as this Looker is.", d.workers)
		}
		return d, text + fmt.Sprintf("More %s workers would help (stages.%s.workers, now %d; %d at most).", d.Stage, d.Stage, d.workers, crowd)
	}
	if u.Seconds < 2 {
		return d, "The run was too short to tell what limits it."
	}
	return d, "Nothing held the run up: every stage kept pace with the calls."
}

// slowKind is the advice about a kind whose answers take long.
func (d Diagnosis) slowKind(u Use) string {
	k := d.slow
	each := seconds(k.Answering / float64(k.Calls)).Round(time.Millisecond)
	text := fmt.Sprintf("One kind is the limit: %s: %s of %s each. ", k.Kind, Plural(k.Calls, "answer", "answers"), duration.Text(each))
	out := fmt.Sprintf("kinds: [all, -%s] leaves it out of runs that need not have it.", k.Kind)
	fetch := use(u.Stages, "fetch")
	switch {
	case d.alone(u):
		text = fmt.Sprintf("One kind is the limit: %s: a single answer took %s of the run's %s. More workers would not help; ",
			k.Kind, duration.Seconds(k.Longest), duration.Seconds(u.Seconds))
		return text + out
	case d.workers >= crowd || k.Calls <= int64(fetch.Workers):
		return text + "More workers would not help; " + out
	}
	return text + fmt.Sprintf("More %s workers would help (stages.%s.workers, now %d; %d at most); ", d.Stage, d.Stage, d.workers, crowd) + out
}

// bearable advises the rate that Looker was found to bear, rounded down to a number
// that people write. Where a run did not find out, it says so instead of guessing.
func bearable(bears float64) string {
	const fine = 20 // a tenth of a call is half a per cent of it
	switch {
	case bears < 0.1:
		return "This run does not tell which rate_limit.per_second would spare the refusals."
	case bears < fine:
		bears = math.Floor(10*bears) / 10
	default:
		bears = math.Floor(bears)
	}
	return "rate_limit.per_second: " + strconv.FormatFloat(bears, 'f', -1, 64) + " would spare the refusals."
}

// through is how many calls a second were not refused for their rate.
func (d Diagnosis) through(u Use) float64 {
	if u.Calls == 0 {
		return 0
	}
	return d.calls * float64(u.Calls-u.Throttled) / float64(u.Calls)
}

func title(s string) string {
	if s == "" {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

// bottleneck is the diagnosis of the window of a frame.
func bottleneck(u Use) (stage, reason string) {
	d := diagnose(u)
	if d.Stage == "" {
		return "", ""
	}
	return d.Stage, d.Reason
}
