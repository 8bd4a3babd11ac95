package metrics

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/lookervault/lookervault/internal/outfile"
	"github.com/lookervault/lookervault/internal/record"
	"github.com/lookervault/lookervault/internal/ui"
)

// lastSuccess is the one metric that outlives the run that set it.
const lastSuccess = "lookervault_last_success_timestamp_seconds"

// WriteFile writes how a run ended to a file for node_exporter's textfile
// collector, as [outfile.Write] does. Since a run that failed says nothing about the
// last one that did not, the time of that is taken over from the file that was
// there before.
func WriteFile(ctx context.Context, path string, s ui.Summary) error {
	registry := prometheus.NewRegistry()
	success, err := successBefore(path, s.Instance)
	if err != nil {
		return fmt.Errorf("read the metrics of the run before: %w", err)
	}
	if s.Outcome == record.RunComplete {
		success = float64(s.Time.UnixMilli()) / 1000
	}
	f := file{registry, prometheus.Labels{"instance_name": s.Instance}}
	if success > 0 {
		f.gauge(lastSuccess, "When a complete run ended last.", success)
	}
	f.summary(s)
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

func (f file) summary(s ui.Summary) {
	for _, m := range []struct {
		name, help string
		v          float64
	}{
		{"run_id", "The newest run.", float64(s.Run)},
		{"run_timestamp_seconds", "When the newest run ended.", float64(s.Time.UnixMilli()) / 1000},
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
		for result, n := range map[string]int64{"listed": k.Listed, "new": k.New, "changed": k.Changed, "same": k.Same, "gone": k.Gone, "failed": k.Failed} {
			documents.WithLabelValues(string(k.Kind), result).Set(float64(n))
		}
	}
}

// successBefore reads the time of the last complete run of an instance from the
// file of the run before; 0 when there was none.
func successBefore(path, instance string) (float64, error) {
	// A pipe or a device holds no run of before, and reading it could take for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return 0, nil
	}
	old, err := os.Open(filepath.Clean(path))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer old.Close()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	// What cannot be read of the old file is lost with it, as it would be anyway.
	families, _ := parser.TextToMetricFamilies(old)
	for _, m := range families[lastSuccess].GetMetric() {
		if labelled(m, instance) {
			return m.GetGauge().GetValue(), nil
		}
	}
	return 0, nil
}

func labelled(m *dto.Metric, instance string) bool {
	for _, l := range m.GetLabel() {
		if l.GetName() == "instance_name" {
			return l.GetValue() == instance
		}
	}
	return false
}
