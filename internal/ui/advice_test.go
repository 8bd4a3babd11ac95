package ui_test

import (
	"testing"

	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

// useOf is ten seconds of a pipeline whose stages were busy and blocked so many
// seconds a worker.
func useOf(list, fetch, serialize, write [2]float64) []record.StageUse {
	stage := func(name string, workers int, spent [2]float64) record.StageUse {
		n := float64(workers)
		return record.StageUse{Name: name, Workers: workers, Busy: n * spent[0], Blocked: n * spent[1], Starved: n * (10 - spent[0] - spent[1])}
	}
	return []record.StageUse{stage("list", 4, list), stage("fetch", 8, fetch), stage("serialize", 2, serialize), stage("batch", 1, [2]float64{}), stage("write", 1, write)}
}

func TestAdvise(t *testing.T) {
	none := [2]float64{}
	for _, test := range []struct {
		name          string
		use           ui.Use
		stage, reason string
		want          string
	}{
		{
			"slow disk", ui.Use{Seconds: 10, Calls: 100, Stages: useOf([2]float64{1, 8}, [2]float64{4, 6}, [2]float64{1, 8}, [2]float64{9.8, 0})},
			"write", ui.ReasonWrite, "Write is the limit: it was busy 98% of the time, and fetch was held up by it 60% of its time. A faster disk would help, more workers would not.",
		},
		{
			"slow disk, fetch waits for room in flight", ui.Use{Seconds: 10, Calls: 100, Waited: 48, Stages: useOf(none, [2]float64{9, 0}, none, [2]float64{9, 0})},
			"write", ui.ReasonWrite, "Write is the limit: it was busy 90% of the time, and fetch was held up by it 60% of its time. A faster disk would help, more workers would not.",
		},
		{
			"slow disk, everything was fetched soon", ui.Use{Seconds: 10, Calls: 10, Stages: useOf(none, [2]float64{0.5, 0}, none, [2]float64{9, 0})},
			"write", ui.ReasonWrite, "Write is the limit: it was busy 90% of the time. A faster disk would help, more workers would not.",
		},
		{
			"few cores", ui.Use{Seconds: 10, Calls: 100, Stages: useOf(none, [2]float64{4, 6}, [2]float64{9, 0}, [2]float64{3, 0})},
			"serialize", ui.ReasonMachine, "Serialize is the limit: its 2 workers were busy 90% of the time, and fetch was held up by it 60% of its time. More cores would help.",
		},
		{
			"slow server", ui.Use{Seconds: 10, Calls: 160, Rate: 100, Limit: 100, Stages: useOf([2]float64{1, 8}, [2]float64{9.5, 0}, none, none)},
			"fetch", ui.ReasonLatency, "Server latency is the limit: an answer took 500 ms, and fetch was busy with calls 95% of its time. More fetch workers would help (stages.fetch.workers, now 8; 16 at most).",
		},
		{
			"slow server, what fetch waits for room is no part of an answer", ui.Use{Seconds: 10, Calls: 160, Waited: 16, Stages: useOf([2]float64{1, 8}, [2]float64{9.5, 0}, none, none)},
			"fetch", ui.ReasonLatency, "Server latency is the limit: an answer took 400 ms, and fetch was busy with calls 95% of its time. More fetch workers would help (stages.fetch.workers, now 8; 16 at most).",
		},
		{
			"slow server, one large page", ui.Use{Seconds: 10, Calls: 90, Stages: []record.StageUse{{Name: "list", Workers: 4, Busy: 0.1}, {Name: "fetch", Workers: 8, Busy: 10, Starved: 2}}},
			"fetch", ui.ReasonLatency, "Server latency is the limit: an answer took 112 ms, and fetch was busy with calls 83% of its time. Only 1.0 of its 8 workers had something to do: smaller pages (stages.list.page_size) would share the work better, at the price of calls: half the size, twice the calls of lists.",
		},
		{
			"one kind's whole list", ui.Use{Seconds: 10, Calls: 60, Stages: useOf(none, [2]float64{1.2, 0}, none, none), Kinds: []record.KindUse{
				{Kind: "dashboards", Calls: 59, Answering: 4, Longest: 0.3}, {Kind: "scheduled_plans", Calls: 1, Answering: 8, Longest: 8},
			}},
			"fetch", ui.ReasonSlowKind, "One kind is the limit: scheduled_plans: a single answer took 8 s of the run's 10 s. More workers would not help; kinds: [all, -scheduled_plans] leaves it out of runs that need not have it.",
		},
		{
			"one slow kind", ui.Use{Seconds: 10, Calls: 160, Stages: useOf(none, [2]float64{9.5, 0}, none, none), Kinds: []record.KindUse{
				{Kind: "alerts", Calls: 40, Answering: 60, Longest: 2}, {Kind: "dashboards", Calls: 120, Answering: 16, Longest: 0.3},
			}},
			"fetch", ui.ReasonSlowKind, "One kind is the limit: alerts: 40 answers of 1.5 s each. More fetch workers would help (stages.fetch.workers, now 8; 16 at most); kinds: [all, -alerts] leaves it out of runs that need not have it.",
		},
		{
			"one slow kind, no more calls than workers", ui.Use{Seconds: 10, Calls: 108, Stages: useOf(none, [2]float64{9.5, 0}, none, none), Kinds: []record.KindUse{
				{Kind: "alerts", Calls: 8, Answering: 38, Longest: 4.9}, {Kind: "dashboards", Calls: 100, Answering: 20, Longest: 0.3},
			}},
			"fetch", ui.ReasonSlowKind, "One kind is the limit: alerts: 8 answers of 4.8 s each. More workers would not help; kinds: [all, -alerts] leaves it out of runs that need not have it.",
		},
		{
			"all kinds are slow", ui.Use{Seconds: 10, Calls: 160, Stages: useOf(none, [2]float64{9.5, 0}, none, none), Kinds: []record.KindUse{
				{Kind: "alerts", Calls: 100, Answering: 50, Longest: 2}, {Kind: "dashboards", Calls: 60, Answering: 26, Longest: 1},
			}},
			"fetch", ui.ReasonLatency, "Server latency is the limit: an answer took 475 ms, and fetch was busy with calls 95% of its time. More fetch workers would help (stages.fetch.workers, now 8; 16 at most).",
		},
		{
			"a short run, one answer", ui.Use{Seconds: 1, Calls: 10, Stages: []record.StageUse{{Name: "fetch", Workers: 8, Busy: 0.8, Starved: 7.2}}, Kinds: []record.KindUse{
				{Kind: "alerts", Calls: 1, Answering: 0.6, Longest: 0.6}, {Kind: "dashboards", Calls: 9, Answering: 0.2, Longest: 0.1},
			}},
			"", ui.ReasonNone, "The run was too short to tell what limits it.",
		},
		{
			"a short run, all of whose answers take their time", ui.Use{Seconds: 0.4, Calls: 60, Stages: useOf(none, [2]float64{9.5, 0}, none, none)},
			"", ui.ReasonNone, "The run was too short to tell what limits it.",
		},
		{
			"slow server, listing", ui.Use{Seconds: 10, Calls: 100, Stages: useOf([2]float64{9, 0}, [2]float64{2, 0}, none, none)},
			"list", ui.ReasonLatency, "Server latency is the limit: an answer took 520 ms, and list was busy with calls 90% of its time. More list workers would help (stages.list.workers, now 4; 16 at most).",
		},
		{
			"slow server, one list", ui.Use{Seconds: 10, Calls: 30, Stages: []record.StageUse{{Name: "list", Workers: 4, Busy: 9.5, Starved: 0.5}, {Name: "fetch", Workers: 8, Busy: 1, Starved: 79}}},
			"list", ui.ReasonLatency, "Server latency is the limit: an answer took 350 ms, and list was busy with calls 95% of its time. A list is read page after page: more workers or smaller pages would not help.",
		},
		{
			"own limit", ui.Use{Seconds: 10, Calls: 98, Rate: 10, Limit: 10, Stages: useOf(none, [2]float64{9.9, 0}, none, none)},
			"fetch", ui.ReasonRateLimit, "The rate limit is the limit: 9.8/s of 10/s that the configuration allows. A higher rate_limit would help, as far as Looker bears it.",
		},
		{
			"Looker's limit", ui.Use{Seconds: 10, Calls: 60, Throttled: 6, Paused: 3, Rate: 6, Stages: useOf(none, [2]float64{9.9, 0}, none, none)},
			"fetch", ui.ReasonServerLimit, "The rate limit of Looker is the limit: it answered 6 calls with 429, and 5.4/s got through. More workers would not help. This run does not tell which rate_limit.per_second would spare the refusals.",
		},
		{
			"no more than is allowed got through", ui.Use{Seconds: 10, Calls: 120, Rate: 10, Limit: 10, Stages: useOf(none, [2]float64{9.9, 0}, none, none)},
			"fetch", ui.ReasonRateLimit, "The rate limit is the limit: 10/s of 10/s that the configuration allows. A higher rate_limit would help, as far as Looker bears it.",
		},
		{
			"repeats", ui.Use{Seconds: 10, Calls: 200, Retries: 40, Throttled: 1, Stages: useOf(none, [2]float64{9.5, 0}, none, none)},
			"fetch", ui.ReasonRetries, "Retries are the limit: 39 of 200 calls failed and were repeated, each after a wait. More workers would not help; see what fails with --verbose.",
		},
		{
			"slow server, what workers wait for a place is no part of an answer", ui.Use{Seconds: 10, Calls: 160, Answering: 48, Stages: useOf([2]float64{1, 8}, [2]float64{9.5, 0}, none, none)},
			"fetch", ui.ReasonLatency, "Server latency is the limit: an answer took 300 ms, and fetch was busy with calls 95% of its time. More fetch workers would help (stages.fetch.workers, now 8; 16 at most).",
		},
		{
			"what Looker was found to bear", ui.Use{Seconds: 10, Calls: 60, Throttled: 6, Paused: 3, Rate: 4, Bears: 5.79, Stages: useOf(none, [2]float64{9.9, 0}, none, none)},
			"fetch", ui.ReasonServerLimit, "The rate limit of Looker is the limit: it answered 6 calls with 429, and 5.4/s got through. More workers would not help. rate_limit.per_second: 5.7 would spare the refusals.",
		},
		{
			"what Looker was found to bear, more", ui.Use{Seconds: 10, Calls: 600, Throttled: 36, Paused: 3, Rate: 70, Bears: 57.9, Stages: useOf(none, [2]float64{9.9, 0}, none, none)},
			"fetch", ui.ReasonServerLimit, "The rate limit of Looker is the limit: it answered 36 calls with 429, and 56/s got through. More workers would not help. rate_limit.per_second: 57 would spare the refusals.",
		},
		{
			"one document, asked for again and again", ui.Use{Seconds: 2.3, Calls: 111, Retries: 4, Answering: 1, Stages: []record.StageUse{
				{Name: "list", Workers: 4, Busy: 0.5, Starved: 0.1}, {Name: "fetch", Workers: 8, Busy: 5, Starved: 0.8},
			}},
			"fetch", ui.ReasonRetries, "Retries are the limit: 4 of 111 calls failed and were repeated, each after a wait. More workers would not help; see what fails with --verbose.",
		},
		{
			"so many calls at once", ui.Use{Seconds: 10, Calls: 600, Throttled: 6, AtOnce: 4, Rate: 100, Stages: useOf(none, [2]float64{9.9, 0}, none, none)},
			"fetch", ui.ReasonAtOnce, "The calls in the air are the limit: this server takes 4 calls at once: --workers 4 (stages.fetch.workers, now 8) would spare the refusals.",
		},
		{
			"a stray 429 does not matter", ui.Use{Seconds: 10, Calls: 98, Throttled: 1, Paused: 0.1, Rate: 10, Limit: 10, Stages: useOf(none, [2]float64{9.9, 0}, none, none)},
			"fetch", ui.ReasonRateLimit, "The rate limit is the limit: 9.8/s of 10/s that the configuration allows. A higher rate_limit would help, as far as Looker bears it.",
		},
		{"nothing to do", ui.Use{Seconds: 10, Calls: 5, Stages: useOf(none, none, none, none)}, "", ui.ReasonNone, "Nothing held the run up: every stage kept pace with the calls."},
		{"fast server", ui.Use{Seconds: 10, Calls: 80_000, Stages: useOf(none, [2]float64{9, 0}, none, none)}, "", ui.ReasonNone, "Nothing held the run up: every stage kept pace with the calls."},
		{"no time at all", ui.Use{}, "", ui.ReasonNone, "The run was too short to tell what limits it."},
		{"a moment", ui.Use{Seconds: 0.5, Calls: 5, Stages: useOf(none, none, none, none)}, "", ui.ReasonNone, "The run was too short to tell what limits it."},
	} {
		t.Run(test.name, func(t *testing.T) {
			diagnosis, got := ui.Advise(test.use)
			if diagnosis.Stage != test.stage || diagnosis.Reason != test.reason || got != test.want {
				t.Errorf("%s %s: %s\nwant %s %s: %s", diagnosis.Stage, diagnosis.Reason, got, test.stage, test.reason, test.want)
			}
		})
	}
}

func TestAdviceForManyWorkers(t *testing.T) {
	stages := []record.StageUse{{Name: "fetch", Workers: 20, Busy: 190, Starved: 10}}
	_, got := ui.Advise(ui.Use{Seconds: 10, Calls: 190, Stages: stages})
	if want := "Server latency is the limit: an answer took 1 s, and fetch was busy with calls 95% of its time. With 20 workers this is as fast as this Looker is."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
