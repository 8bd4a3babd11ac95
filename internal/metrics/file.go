package metrics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/lookervault/lookervault/internal/outfile"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/view"
)

// lastSuccess is the one metric that outlives the run that set it: without a scope
// label when a run of everything was complete last, with one when a run was that
// looked at less, or whose key saw less.
const lastSuccess = "lookervault_last_success_timestamp_seconds"

// exitVault is the exit code of a run whose vault is damaged: it is no success, whatever
// came.
const exitVault = 5

// Before is what the vault knows of the runs up to the newest one; empty where it cannot be
// read.
type Before struct {
	// Oldest is when the oldest observation of each kind was made.
	Oldest map[record.Kind]time.Time
	// Complete are complete runs of everything.
	Complete []record.Run
}

// WriteFile writes how a run ended to a file for node_exporter's textfile
// collector, as [outfile.Write] does. Since a run that failed, or that looked at less, says
// nothing about the last complete one, the time of that comes from the vault and from the
// file that was there before, whichever knows of a newer one.
func WriteFile(ctx context.Context, path string, s view.Summary, before Before) error {
	registry := prometheus.NewRegistry()
	successes, err := successesBefore(path, s.Instance)
	if err != nil {
		return fmt.Errorf("read the metrics of the run before: %w", err)
	}
	for _, run := range before.Complete {
		if run.ID != s.Run {
			label := scopeLabel(run.Scope, run.ForThisKey())
			successes[label] = max(successes[label], seconds(run.Finished))
		}
	}
	if s.Outcome == record.RunComplete && s.ExitCode != exitVault {
		successes[scopeLabel(s.Scope, s.PartialView)] = seconds(s.Time)
	}
	f := file{registry, prometheus.Labels{"instance_name": s.Instance}}
	registry.MustRegister(successCollector{s.Instance, successes})
	f.summary(s)
	f.observations(before.Oldest)
	families, err := registry.Gather()
	if err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return fmt.Errorf("write metrics: %w", err)
		}
	}
	if err := outfile.Write(ctx, path, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}

// file fills a registry with the metrics of one instance.
type file struct {
	registry *prometheus.Registry
	labels   prometheus.Labels
}

func (f file) gauge(name, help string, v float64) {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: f.labels})
	g.Set(v)
	f.registry.MustRegister(g)
}

// vector is a gauge with one more label or two.
func (f file) vector(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: f.labels}, labels)
	f.registry.MustRegister(g)
	return g
}

func (f file) summary(s view.Summary) {
	for _, m := range []struct {
		name, help string
		v          float64
	}{
		{"run_id", "The newest run.", float64(s.Run)},
		{"run_timestamp_seconds", "When the newest run ended.", seconds(s.Time)},
		{"run_duration_seconds", "How long it took, in its last process.", s.Seconds},
		{"run_exit_code", "Its exit code: 0 complete, 4 incomplete, others failed.", float64(s.ExitCode)},
		{"run_bytes", "Bytes of the documents that came, before compression.", float64(s.Bytes)},
		{"run_retries", "Calls that were not the first attempt.", float64(s.Retries)},
		{"run_throttled", "Calls that Looker answered with 429.", float64(s.Throttled)},
		{"run_paused_seconds", "Time that everybody waited because Looker asked for it.", s.Paused},
		{"run_peak_memory_bytes", "The most memory that it had.", float64(s.PeakMemory)},
		{"vault_bytes", "Size of the vault.", float64(s.VaultBytes)},
	} {
		f.gauge("lookervault_"+m.name, m.help, m.v)
	}
	partialView := 0.0
	if s.PartialView {
		partialView = 1
	}
	f.gauge("lookervault_run_partial_view", "1 when the key of the newest run sees less than an administrator's.", partialView)
	outcome := f.vector("lookervault_run_outcome", "How the newest run ended: 1 for its outcome.", "outcome")
	for _, o := range []record.Outcome{record.RunComplete, record.RunPartial, record.RunInterrupted, record.RunFailed} {
		outcome.WithLabelValues(string(o)).Set(0)
	}
	outcome.WithLabelValues(string(s.Outcome)).Set(1)
	calls := f.vector("lookervault_run_calls", "Calls to the API by the quota that they are drawn from.", "class")
	for class, n := range s.CallsByClass {
		calls.WithLabelValues(class).Set(float64(n))
	}
	month := f.vector("lookervault_month_calls", "Calls to the API in the calendar month (UTC) in which the newest run started.", "class")
	for class, n := range s.CallsMonth {
		month.WithLabelValues(class).Set(float64(n))
	}
	documents := f.vector("lookervault_run_documents", "What became of the documents of the newest run.", "kind", "result")
	for _, k := range s.Kinds {
		for result, n := range map[string]int64{"listed": k.Listed, "new": k.New, "changed": k.Changed, "same": k.Same, "gone": k.Gone, "failed": k.Failed, "dangling": k.Dangling, "deferred": k.Deferred, "trusted": k.Trusted, "trash_deferred": k.TrashDeferred} {
			documents.WithLabelValues(string(k.Kind), result).Set(float64(n))
		}
	}
}

// observations says how old what is known of each kind is: runs may leave documents alone
// of which that is young enough.
func (f file) observations(oldest map[record.Kind]time.Time) {
	if len(oldest) == 0 {
		return
	}
	seen := f.vector("lookervault_oldest_observation_timestamp_seconds", "When the run began that saw the document of the kind which was not seen for the longest time.", "kind")
	for kind, at := range oldest {
		seen.WithLabelValues(string(kind)).Set(seconds(at))
	}
}

// scopeLabel tells apart the successes of runs that are not complete runs of
// everything: "" is everything, as an administrator sees it.
func scopeLabel(scope record.Scope, partialView bool) string {
	label := scope.String()
	if scope.All || len(scope.Kinds) == 0 {
		label = ""
	}
	if partialView {
		label = strings.TrimPrefix(label+", this key", ", ")
	}
	return label
}

// seconds is a time as metrics have it.
func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

// successCollector collects the last success of each scope. It describes nothing
// beforehand, since metrics of one name may then differ in their labels.
type successCollector struct {
	instance  string
	successes map[string]float64 // by scope
}

func (successCollector) Describe(chan<- *prometheus.Desc) {}

func (c successCollector) Collect(metrics chan<- prometheus.Metric) {
	for scope, success := range c.successes {
		labels := prometheus.Labels{"instance_name": c.instance}
		if scope != "" {
			labels["scope"] = scope
		}
		desc := prometheus.NewDesc(lastSuccess, "When a complete run ended last; without scope one of everything.", nil, labels)
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, success)
	}
}

// successesBefore reads the times of the last complete runs of an instance, by
// scope, from the file of the run before.
func successesBefore(path, instance string) (map[string]float64, error) {
	successes := make(map[string]float64)
	// A pipe or a device holds no run of before, and reading it could take for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return successes, nil
	}
	old, err := os.Open(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return successes, nil
	}
	if err != nil {
		return nil, err
	}
	defer old.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	// What cannot be read of the old file is lost with it, as it would be anyway.
	families, _ := parser.TextToMetricFamilies(old)
	for _, m := range families[lastSuccess].GetMetric() {
		if label(m, "instance_name") == instance {
			successes[label(m, "scope")] = m.GetGauge().GetValue()
		}
	}
	return successes, nil
}

// label is the value of a label, "" when the metric has none of that name.
func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
