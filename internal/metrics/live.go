package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lookervault/lookervault/internal/job"
)

// Live are the metrics of a run under way. They are read from the run when they
// are asked for: nothing is counted twice.
type Live struct {
	state func() (run int64, s job.Snapshot, ok bool)
	tool  string
}

// NewLive makes the metrics of the run that state tells of. It is called by any
// goroutine, and answers false while there is no run yet.
func NewLive(tool string, state func() (run int64, s job.Snapshot, ok bool)) *Live {
	return &Live{state: state, tool: tool}
}

// desc describes a metric of this program.
func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("lookervault_"+name, help, labels, nil)
}

// The metrics of a run under way. Counters begin at nothing with each process.
var (
	descBuild      = desc("build_info", "The version of LookerVault, always 1.", "version")
	descRun        = desc("run_id", "The run under way.")
	descListed     = desc("documents_listed", "Documents that are known to exist.", "kind")
	descCommitted  = desc("documents_committed_total", "Documents that were committed, faults included.", "kind")
	descFaults     = desc("faults_total", "Documents that could not be fetched.", "kind")
	descBytes      = desc("committed_bytes_total", "Bytes of the documents that were committed, before compression.", "kind")
	descCalls      = desc("api_calls_total", "Calls to the API by how they were answered, retries included.", "result")
	descRetries    = desc("api_retries_total", "Calls that were not the first attempt.")
	descReceived   = desc("api_received_bytes_total", "Bytes of answers, unpacked.")
	descPaused     = desc("api_paused_seconds_total", "Time that everybody waited because Looker asked for it.")
	descRate       = desc("api_rate_limit", "Calls a second that are allowed now, 0 without a limit.")
	descStageTime  = desc("stage_seconds_total", "Time of a stage's workers by what they did.", "stage", "state")
	descStageItems = desc("stage_values_total", "Values that a stage took in and gave out.", "stage", "direction")
	descWorkers    = desc("stage_workers", "Workers of a stage.", "stage")
	descQueue      = desc("stage_queue_length", "Values that wait behind a stage.", "stage")
	descCapacity   = desc("stage_queue_capacity", "Values that may wait behind a stage.", "stage")
)

// Describe is prometheus.Collector.
func (l *Live) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		descBuild, descRun, descListed, descCommitted, descFaults, descBytes, descCalls, descRetries, descReceived, descPaused, descRate,
		descStageTime, descStageItems, descWorkers, descQueue, descCapacity,
	} {
		out <- d
	}
}

// Collect is prometheus.Collector.
func (l *Live) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge(descBuild, 1, l.tool)
	run, s, ok := l.state()
	if !ok {
		return
	}
	gauge(descRun, float64(run))
	for _, k := range s.Kinds {
		kind := string(k.Kind)
		gauge(descListed, float64(k.Listed), kind)
		counter(descCommitted, float64(k.Committed), kind)
		counter(descFaults, float64(k.Failed), kind)
		counter(descBytes, float64(k.Bytes), kind)
	}
	for result, n := range map[string]int64{
		"good": s.API.Good, "refused": s.API.Refused, "throttled": s.API.Throttled, "failed": s.API.Failed, "broken": s.API.Broken,
	} {
		counter(descCalls, float64(n), result)
	}
	counter(descRetries, float64(s.API.Retries))
	counter(descReceived, float64(s.API.Bytes))
	counter(descPaused, s.API.Paused.Seconds())
	gauge(descRate, s.API.Rate)
	for _, st := range s.Stages {
		counter(descStageTime, st.Busy.Seconds(), st.Name, "busy")
		counter(descStageTime, st.Blocked.Seconds(), st.Name, "blocked")
		counter(descStageTime, st.Starved.Seconds(), st.Name, "starved")
		counter(descStageItems, float64(st.In), st.Name, "in")
		counter(descStageItems, float64(st.Out), st.Name, "out")
		gauge(descWorkers, float64(st.Workers), st.Name)
		gauge(descQueue, float64(st.Queued), st.Name)
		gauge(descCapacity, float64(st.Capacity), st.Name)
	}
}
